"""GlueContext: the Spark session, and DynamicFrames read from and written to S3."""

from typing import Any

from pyspark import SparkContext
from pyspark.sql import SparkSession

from .dynamicframe import DynamicFrame

_FORMATS = ("csv", "json", "parquet", "orc")
_CSV_OPTIONS = {
    "withHeader": "header",
    "separator": "sep",
    "quoteChar": "quote",
    "escaper": "escape",
}


class _Reader:
    def __init__(self, context: "GlueContext") -> None:
        self._context = context

    def from_options(
        self,
        connection_type: str,
        connection_options: dict[str, Any] | None = None,
        format: str | None = None,  # noqa: A002 - Glue's name
        format_options: dict[str, Any] | None = None,
        transformation_ctx: str = "",
        **_further: Any,
    ) -> DynamicFrame:
        return self._context.create_dynamic_frame_from_options(
            connection_type, connection_options, format, format_options, transformation_ctx
        )


class _Writer:
    def __init__(self, context: "GlueContext") -> None:
        self._context = context

    def from_options(
        self,
        frame: DynamicFrame,
        connection_type: str,
        connection_options: dict[str, Any] | None = None,
        format: str | None = None,  # noqa: A002 - Glue's name
        format_options: dict[str, Any] | None = None,
        transformation_ctx: str = "",
    ) -> DynamicFrame:
        return self._context.write_dynamic_frame_from_options(
            frame, connection_type, connection_options, format, format_options, transformation_ctx
        )


class GlueContext:
    """Wraps a SparkContext, as Glue's does."""

    def __init__(self, sparkContext: SparkContext, **_options: Any) -> None:  # noqa: N803
        self.spark_session = SparkSession(sparkContext)
        self.create_dynamic_frame = _Reader(self)
        self.write_dynamic_frame = _Writer(self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.spark_session, name)

    def getSparkContext(self) -> SparkContext:  # noqa: N802
        return self.spark_session.sparkContext

    def get_logger(self) -> Any:
        import logging

        return logging.getLogger("glue")

    def create_dynamic_frame_from_options(
        self,
        connection_type: str,
        connection_options: dict[str, Any] | None = None,
        format: str | None = None,  # noqa: A002 - Glue's name
        format_options: dict[str, Any] | None = None,
        transformation_ctx: str = "",
        **_further: Any,
    ) -> DynamicFrame:
        """Read S3 `paths`; text without header or schema gets Glue's names col0, col1, ..."""
        options = connection_options or {}
        paths = options.get("paths") or ([options["path"]] if "path" in options else [])
        kind = _checked(connection_type, format, paths)
        reader = self.spark_session.read.options(**_spark_options(kind, format_options))
        if options.get("recurse"):
            reader = reader.option("recursiveFileLookup", True)
        data = reader.format(kind).load(paths)
        if kind == "csv" and not (format_options or {}).get("withHeader"):
            data = data.toDF(*[f"col{n}" for n in range(len(data.columns))])
        return DynamicFrame(data, self, transformation_ctx)

    def write_dynamic_frame_from_options(
        self,
        frame: DynamicFrame,
        connection_type: str,
        connection_options: dict[str, Any] | None = None,
        format: str | None = None,  # noqa: A002 - Glue's name
        format_options: dict[str, Any] | None = None,
        transformation_ctx: str = "",
    ) -> DynamicFrame:
        """Append to the S3 `path`, as Glue does; it never overwrites."""
        del transformation_ctx
        options = connection_options or {}
        paths = [options["path"]] if "path" in options else []
        kind = _checked(connection_type, format, paths)
        settings = {"header": True, **(format_options or {})} if kind == "csv" else format_options
        if settings and settings.pop("writeHeader", True) is False:
            settings["header"] = False
        writer = frame.toDF().write.mode("append").options(**_spark_options(kind, settings))
        if options.get("partitionKeys"):
            writer = writer.partitionBy(*options["partitionKeys"])
        writer.format(kind).save(paths[0])
        return frame


def _checked(connection_type: str, kind: str | None, paths: list[str]) -> str:
    if connection_type != "s3":
        msg = f"connection_type {connection_type!r} is not supported on local AWS; use s3"
        raise NotImplementedError(msg)
    kind = "parquet" if kind == "glueparquet" else kind
    if kind not in _FORMATS:
        msg = f"format {kind!r} is not supported on local AWS; use one of {', '.join(_FORMATS)}"
        raise NotImplementedError(msg)
    if not paths:
        msg = "connection_options needs path or paths"
        raise ValueError(msg)
    return kind


def _spark_options(kind: str, options: dict[str, Any] | None) -> dict[str, Any]:
    if kind != "csv":
        return {}
    given = {_CSV_OPTIONS.get(key, key): value for key, value in (options or {}).items()}
    return {key: value for key, value in given.items() if value != -1}
