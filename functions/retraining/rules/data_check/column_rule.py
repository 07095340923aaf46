"""What columns.yaml says of one column, and whether one cell satisfies it."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass, replace
from typing import Any, Final

from retraining.rules import moments

INTEGER: Final = re.compile(r"[+-]?[0-9]+")
NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
LARGEST: Final = 3.4e38
TOO_LARGE: Final = "is larger than a 32-bit float, with which models compute, can be (3.4E38)"
FIRST_YEAR: Final = dt.datetime(1, 1, 1)  # noqa: DTZ001 - every moment here is in UTC
FIRST_FEATURE: Final = dt.datetime(1677, 9, 21, 0, 12, 43, 145_225)  # noqa: DTZ001
LAST_FEATURE: Final = dt.datetime(2262, 4, 11, 23, 47, 16, 854_775)  # noqa: DTZ001
"""What pandas' datetime64[ns] holds ("Timestamp limitations" in pandas' guide to time series)."""
NO_FEATURE: Final = (
    "is not between 1677-09-22 and 2262-04-11, and pandas, in which features.py reads it, holds no"
    " other dates: if it stands for a missing value, list it in data.csv.null_values"
)
TRUE: Final = ("true", "t", "yes", "y", "1")
FALSE: Final = ("false", "f", "no", "n", "0")
WANTED: Final = {
    "integer": "an integer",
    "number": "a number",
    "date": "a date (YYYY-MM-DD)",
    "timestamp": "a timestamp (YYYY-MM-DD HH:MM:SS)",
    "boolean": "a boolean (true or false)",
}


@dataclass(frozen=True)
class ColumnRule:
    """The rules of columns.yaml for one column."""

    name: str
    type: str
    nullable: bool = False
    min: Any = None
    max: Any = None
    values: tuple[str, ...] | None = None
    format: str | None = None
    featured: bool = False  # features.py gets it

    @classmethod
    def of(cls, name: str, column: dict[str, Any]) -> ColumnRule:
        """The rule of a column of definition.json."""
        values = column.get("values")
        return cls(
            name,
            column["type"],
            bool(column.get("nullable")),
            column.get("min"),
            column.get("max"),
            tuple(values) if values is not None else None,
            column.get("format"),
        )

    def for_features(self) -> ColumnRule:
        """The rule of a column that features.py gets."""
        return replace(self, featured=True)

    def within(self, low: float | None, high: float | None) -> ColumnRule:
        """The rule of a column whose numbers must also lie in this range; None: unbounded."""
        if self.type == "category":
            kept = (v for v in self.values or () if _lies(parsed(v, "number"), low, high))
            return replace(self, values=None if self.values is None else tuple(kept))
        if self.type not in ("integer", "number"):
            return self
        lows = [bound for bound in (self.min, low) if bound is not None]
        highs = [bound for bound in (self.max, high) if bound is not None]
        return replace(self, min=max(lows, default=None), max=min(highs, default=None))

    @property
    def wanted(self) -> str:
        """What a cell must be."""
        if self.format:
            return f"a {self.type} of the format {self.format}"
        return WANTED[self.type]

    @property
    def below(self) -> str:
        """What a cell is that lies below the minimum."""
        return f"is below the minimum {self.min}"

    @property
    def above(self) -> str:
        """What a cell is that lies above the maximum."""
        return f"is above the maximum {self.max}"

    def bound(self, bound: Any) -> Any:
        """A bound as a value that compares with those of the column."""
        return parsed(bound, self.type) if self.type in ("date", "timestamp") else bound


def _lies(value: float | None, low: float | None, high: float | None) -> bool:
    """True within the range; what is not a number is left to others to refuse."""
    return value is None or ((low is None or value >= low) and (high is None or value <= high))


def parsed(cell: str, kind: str) -> Any:
    """The value of a cell in the accepted copy; None if it is not of that type."""
    if kind == "integer":
        value = int(cell) if INTEGER.fullmatch(cell) and len(cell) < 21 else None
        return value if value is not None and -(2**63) <= value < 2**63 else None
    if kind == "number":
        number = float(cell) if NUMBER.fullmatch(cell) else math.nan
        return number if math.isfinite(number) else None
    return moments.timestamp(cell) if kind == "timestamp" else moments.date(cell)
