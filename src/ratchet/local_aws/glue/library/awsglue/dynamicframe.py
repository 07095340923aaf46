"""DynamicFrame: a DataFrame under Glue's names. Every record has the DataFrame's schema."""

from collections.abc import Callable, Iterable
from typing import Any

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as f

Mapping = tuple[str, str, str, str]
"""Source column, source type, target column, target type."""


class DynamicFrame:
    """A named DataFrame; every record has the DataFrame's schema."""

    def __init__(self, data: DataFrame, glue_ctx: Any, name: str = "") -> None:
        self._data = data
        self.glue_ctx = glue_ctx
        self.name = name

    @classmethod
    def fromDF(cls, dataframe: DataFrame, glue_ctx: Any, name: str) -> "DynamicFrame":  # noqa: N802
        return cls(dataframe, glue_ctx, name)

    def toDF(self, options: Any = None) -> DataFrame:  # noqa: N802
        del options
        return self._data

    def count(self) -> int:
        return int(self._data.count())

    def schema(self) -> Any:
        return self._data.schema

    def printSchema(self) -> None:  # noqa: N802
        self._data.printSchema()

    def show(self, num_rows: int = 20) -> None:
        self._data.show(num_rows)

    def select_fields(self, paths: list[str], transformation_ctx: str = "") -> "DynamicFrame":
        return self._made(
            self._data.select(*(_column(_plain(path)) for path in paths)), transformation_ctx
        )

    def drop_fields(self, paths: list[str], transformation_ctx: str = "") -> "DynamicFrame":
        return self._made(self._data.drop(*map(_plain, paths)), transformation_ctx)

    def rename_field(
        self,
        oldName: str,  # noqa: N803
        newName: str,  # noqa: N803
        transformation_ctx: str = "",
    ) -> "DynamicFrame":
        renamed = self._data.withColumnRenamed(_plain(oldName), _plain(newName))
        return self._made(renamed, transformation_ctx)

    def apply_mapping(
        self, mappings: Iterable[Mapping | tuple[str, str]], case_sensitive: bool = False,
        transformation_ctx: str = "",
    ) -> "DynamicFrame":  # fmt: skip
        """Choose, rename and cast; a pair of names casts nothing."""
        del case_sensitive
        return self._made(self._data.select(*map(_mapped, mappings)), transformation_ctx)

    def drop_null_fields(self, transformation_ctx: str = "") -> "DynamicFrame":
        counts = [f.count(_column(name)).alias(name) for name in self._data.columns]
        (found,) = self._data.agg(*counts).collect()
        empty = [name for name in self._data.columns if not found[name]]
        return self._made(self._data.drop(*empty), transformation_ctx)

    def filter(
        self,
        f: Callable[[dict[str, Any]], Any],  # Glue's name
        transformation_ctx: str = "",
    ) -> "DynamicFrame":
        """The records for which the function is true; it sees each as a dictionary."""
        test = f
        kept = self._data.rdd.filter(lambda row: bool(test(row.asDict(recursive=True))))
        session = self._data.sparkSession
        return self._made(session.createDataFrame(kept, self._data.schema), transformation_ctx)

    def map(
        self,
        f: Callable[[dict[str, Any]], dict[str, Any]],  # Glue's name
        preservesPartitioning: bool = False,  # noqa: N803
        transformation_ctx: str = "",
    ) -> "DynamicFrame":
        """What the function makes of each record; Spark infers the types from what it returns.

        Records go by the names of their fields, which each may have in another order or lack.
        """
        del preservesPartitioning
        change = f
        changed = self._data.rdd.map(lambda row: change(row.asDict(recursive=True))).cache()
        first = changed.take(1)
        if not first:
            return self._made(self._data, transformation_ctx)
        others = set(changed.flatMap(list).distinct().collect()) - set(first[0])
        names = [*first[0], *sorted(others)]
        made = changed.map(lambda record: Row(**{name: record.get(name) for name in names}))
        return self._made(self._data.sparkSession.createDataFrame(made), transformation_ctx)

    def resolveChoice(  # noqa: N802
        self,
        specs: Iterable[tuple[str, str]] | None = None,
        choice: str = "",
        transformation_ctx: str = "",
        **_catalog: Any,
    ) -> "DynamicFrame":
        """Cast what `specs` names with cast or project; no column has a choice of types."""
        wanted = dict(specs or [])
        if choice.startswith(("cast:", "project:")):
            wanted = dict.fromkeys(self._data.columns, choice)
        data = self._data
        for name, action in wanted.items():
            kind, _, target = action.partition(":")
            if kind in ("cast", "project"):
                data = data.withColumn(_plain(name), _column(_plain(name)).cast(target))
        return self._made(data, transformation_ctx)

    def _made(self, data: DataFrame, name: str) -> "DynamicFrame":
        return DynamicFrame(data, self.glue_ctx, name)


def _mapped(mapping: Mapping | tuple[str, str]) -> Column:
    if len(mapping) == 2:
        source, target = mapping
        return f.col(source).alias(_plain(target))
    source, _, target, kind = mapping
    return f.col(source).cast(kind).alias(_plain(target))


def _plain(path: str) -> str:
    """A field's name; one with a dot stands in backticks."""
    return path.strip("`")


def _column(name: str) -> Column:
    return f.col(f"`{name.replace('`', '``')}`")
