"""`data`: what lands, and what a row is."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictStr, model_validator

from retraining.rules.columns import ColumnMap
from retraining.rules.csv_dialect import CsvDialect
from retraining.rules.sections.section import Section


class Data(Section):
    """What lands, and what a row is."""

    format: Literal["csv", "jsonl", "parquet"] = Field(
        default="csv", description="Of the files; CSV and JSON lines may be packed (gzip, zip)"
    )
    csv: CsvDialect = Field(default=CsvDialect(), description="How the CSV files are written")
    label: StrictStr = Field(description="The column to predict")
    key: StrictStr | Annotated[list[StrictStr], Field(min_length=1)] | None = Field(
        default=None, description="Column or columns that identify a row; null: the whole row does"
    )
    duplicates: Literal["refuse", "last"] = Field(
        default="refuse",
        description="Two rows of one drop with the same key that differ: refuse the drop, or take"
        " the row that came last",
    )
    history: Literal["all"] = Field(
        default="all", description="Which earlier batches are trained on"
    )

    @model_validator(mode="after")
    def _dialect_of_csv(self) -> Data:
        if self.format != "csv" and self.csv != CsvDialect():
            raise ValueError(f"csv applies to format csv, not to format {self.format}")
        return self


class DataOfFolder(Data):
    """The same, with the columns in a separate file."""

    columns: Literal["columns.yaml"] = "columns.yaml"


class DataOfDefinition(Data):
    """The same, with the columns inlined."""

    columns: ColumnMap


def key_columns(key: str | list[str] | None) -> list[str]:
    """The columns of `data.key`, as a list."""
    if key is None:
        return []
    return [key] if isinstance(key, str) else list(key)
