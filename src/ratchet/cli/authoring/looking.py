"""What a file holds: how it is written, and facts about each column by all its rows.

DuckDB reads every field as text, so that nothing is decided here but what the patterns say, which
are those of the data check.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ratchet.cli.authoring import header, plain, tables
from ratchet.cli.errors import CliError, nearest

MOST_VALUES = 100
"""Values of a column that are remembered; of one with more, the most frequent."""
_DAYS = ("%d.%m.%y", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%d %b %Y")
FORMATS = (
    *_DAYS,
    *(f"{day} {time}" for day in _DAYS for time in ("%H:%M:%S", "%H:%M")),
    "%Y-%m-%d %H:%M",
)
"""Formats of dates and timestamps that are tried in this order."""
AMBIGUOUS = frozenset({"%d/%m/%Y", "%m/%d/%Y"})
FACTS = (
    "filled", "distinct", "integers", "numbers", "dates", "stamps", "low", "high", "spread",
)  # fmt: skip
_AT_ONCE = 60  # columns a query looks at
_INTEGER = "[+-]?[0-9]{1,18}"
_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_PADDED = "[+-]?0[0-9]+"  # 00123 is a code, not a number
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_STAMP = (
    f"{_DATE}[T ][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}([.][0-9]{{1,6}})?(Z|[+-][0-9]{{2}}:[0-9]{{2}})?"
)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A column's name and what all rows hold in it; `values` with how often, the frequent first.

    `format` is that of its dates or timestamps, where they are not ISO 8601; `dates` and `stamps`
    count those of either spelling.
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

    @property
    def empty(self) -> int:
        """Rows without a value."""
        return self.rows - self.filled


@dataclass(frozen=True)
class Look:
    """A file as it was read: what differs from the plain dialect, its columns in their order."""

    path: Path
    dialect: dict[str, Any]
    columns: tuple[Seen, ...]

    @property
    def rows(self) -> int:
        """Rows of the file."""
        return self.columns[0].rows

    def column(self, name: str) -> Seen:
        """The column of this name."""
        return next(column for column in self.columns if column.name == name)


def look(path: Path, wanted: dict[str, str]) -> Look:
    """Read the file; `wanted` are the columns it must have, each with the option that names it."""
    with plain.opened(path) as file:
        found = header.find(path, file.text, list(wanted))
        for name, option in wanted.items():
            if name not in found.names:
                what = f"{option} {name} is not a column of {path}{nearest(name, found.names)}"
                raise CliError(what, f"The file's columns are {', '.join(found.names)}")
        with tables.opened(path, file.copy, found) as table:
            columns = tuple(_columns(table, found.names))
    return Look(path, {**file.dialect, **found.dialect, **table.dialect}, columns)


def _columns(table: tables.Table, names: list[str]) -> Iterator[Seen]:
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        facts = [fact for name in some for fact in _facts(table, name)]
        found = iter(table.one(f"SELECT {', '.join(facts)} FROM landed"))  # noqa: S608
        for name in some:
            numbers = {fact: next(found) for fact in FACTS}
            values = tuple(_values(table, name))
            yield _with_format(table, Seen(name=name, rows=table.rows, values=values, **numbers))


def _facts(table: tables.Table, name: str) -> list[str]:
    column, number = tables.identifier(name), table.number(name)

    def matching(text: str, pattern: str) -> str:
        return f"regexp_full_match({text}, {tables.literal(pattern)})"

    padded = f"coalesce(bool_or({matching(column, _PADDED)}), false)"
    value = f"CASE WHEN {matching(number, _NUMBER)} THEN try_cast({number} AS DOUBLE) END"
    stamp = f"{matching(column, _STAMP)} AND try_cast({column} AS TIMESTAMP) IS NOT NULL"
    return [
        f"count({column})",
        f"count(DISTINCT {column})",
        f"CASE WHEN {padded} THEN 0 ELSE count(*) FILTER ({matching(number, _INTEGER)}) END",
        f"CASE WHEN {padded} THEN 0 ELSE count(*) FILTER (abs({value}) < 3.4e38) END",
        f"count(*) FILTER ({matching(column, _DATE)} AND try_cast({column} AS DATE) IS NOT NULL)",
        f"count(*) FILTER ({stamp})",
        f"min({value})",
        f"max({value})",
        f"CASE WHEN max(abs({value})) < 1e150 THEN stddev_pop({value}) END",
    ]


def _with_format(table: tables.Table, seen: Seen) -> Seen:
    """A column of texts that all are dates of one format."""
    known = {seen.integers, seen.numbers, seen.dates, seen.stamps}
    if not seen.filled or seen.filled in known or not any(c.isdigit() for c in seen.values[0][0]):
        return seen
    column = tables.identifier(seen.name)
    for form in FORMATS:
        fitting = f"count(try_strptime({column}, {tables.literal(form)}))"
        if table.one(f"SELECT {fitting} FROM landed")[0] == seen.filled:  # noqa: S608
            if "%H" in form:
                return replace(seen, format=form, stamps=seen.filled)
            return replace(seen, format=form, dates=seen.filled)
    return seen


def _values(table: tables.Table, name: str) -> Iterator[tuple[str, int]]:
    column = tables.identifier(name)
    yield from table.all(
        f"SELECT {column}, count(*) FROM landed WHERE {column} IS NOT NULL GROUP BY 1"  # noqa: S608
        f" ORDER BY 2 DESC, 1 LIMIT {MOST_VALUES}"
    )
