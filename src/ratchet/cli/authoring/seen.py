"""What all rows of a file hold in one column."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A column's name and what all rows hold in it; `values` with how often, the frequent first.

    `format` is that of its dates or timestamps, where they are not ISO 8601; `dates` and `stamps`
    count those of either spelling. `unit` is what stands before or after the number in each value
    of a column of texts, and `decimal` the mark of its decimals. `clock` is true of texts that
    count time, such as 1:23:45. `either` is one of its numbers where the mark in all of them may
    be that of decimals or of thousands, such as 1.234, and nothing else in the file tells. `odd` is
    a text of a column that else holds numbers or dates, and in how many rows such are.
    """

    name: str
    rows: int
    filled: int
    distinct: int
    integers: int
    numbers: int
    dates: int
    stamps: int
    low: float | None
    high: float | None
    spread: float | None  # standard deviation
    values: tuple[tuple[str, int], ...]
    format: str | None = None
    unit: str | None = None
    decimal: str = "."
    clock: bool = False
    either: str | None = None
    odd: tuple[str, int] | None = None

    @property
    def empty(self) -> int:
        """Rows without a value."""
        return self.rows - self.filled
