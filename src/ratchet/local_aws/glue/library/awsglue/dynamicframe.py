"""DynamicFrame, as far as scripts use it to convert from and to DataFrames."""

from typing import Any

from pyspark.sql import DataFrame


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
        names = [f"`{path.replace('`', '``')}`" for path in paths]
        return DynamicFrame(self._data.select(*names), self.glue_ctx, transformation_ctx)

    def drop_fields(self, paths: list[str], transformation_ctx: str = "") -> "DynamicFrame":
        return DynamicFrame(self._data.drop(*paths), self.glue_ctx, transformation_ctx)

    def rename_field(
        self,
        oldName: str,  # noqa: N803
        newName: str,  # noqa: N803
        transformation_ctx: str = "",
    ) -> "DynamicFrame":
        renamed = self._data.withColumnRenamed(oldName, newName)
        return DynamicFrame(renamed, self.glue_ctx, transformation_ctx)
