"""What a file holds: how it is written, and facts about each column by all its rows.

DuckDB reads every field as text, so that nothing is decided here but what the patterns say, which
are those of the data check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ratchet.cli.authoring import header, hints, plain, tables, units
from ratchet.cli.authoring.header import Header
from ratchet.cli.authoring.seen import Seen
from ratchet.cli.errors import CliError, nearest
from ratchet.cli.screen import plural

MOST_VALUES = 100
"""Values of a column that are remembered; of one with more, the most frequent."""
_DAYS = (
    "%d.%m.%y", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%d %b %Y",
    "%d-%b-%Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%a %d %b %Y", "%a, %d %b %Y", "%a %b %d %Y",
    "%a, %b %d, %Y", "%a %d/%m/%Y", "%a %d.%m.%Y", "%a, %d.%m.%Y", "%a %Y-%m-%d", "%A, %d %B %Y",
    "%A %d %B %Y", "%A, %B %d, %Y",
)  # fmt: skip
_TIMES = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
FORMATS = (
    *_DAYS,
    *(f"{day} {time}" for day in _DAYS for time in _TIMES),
    "%Y-%m-%d %H:%M", "%a, %d %b %Y %H:%M:%S %z", "%a %b %d %H:%M:%S %Y",
)  # fmt: skip
"""Formats of dates and timestamps that are tried in this order."""
UNIX = {"unix": (1e9, 2e9), "unix_ms": (1e12, 2e12)}
"""Numbers that are moments of 2001 to 2033, where the column is called like one."""
_MOMENT = re.compile(
    r"(?i:(^|[ _.-])(ts|time|timestamp|datetime|date|at|epoch|unix|when|created|updated)"
    r"([ _.-](ms|s|utc))?)$|[a-z](Ts|Time|Timestamp|Date|At)$"
)
AMBIGUOUS = frozenset({"%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y"})
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


_SEPARATED = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", ":": "colons"}
_FORMATS = {plain.PARQUET: "Parquet", plain.JSON_LINES: "JSON lines"}


@dataclass(frozen=True)
class Look:
    """A file as it was read: what differs from the plain dialect, its columns in their order.

    `leaks` are sentences on columns that alone tell the label. `total` is the last row, where that
    adds up the others; it is not among the rows.
    """

    path: Path
    dialect: dict[str, Any]
    columns: tuple[Seen, ...]
    packed: bool = False
    format: str | None = None
    leaks: tuple[str, ...] = ()
    total: str | None = None

    @property
    def rows(self) -> int:
        """Rows of the file."""
        return self.columns[0].rows

    def column(self, name: str) -> Seen:
        """The column of this name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def described(self) -> str:
        """How the file is written, in words."""
        said = [_FORMATS.get(self.format or "", "CSV")]
        if self.format is None:
            said.append(f"separated by {_SEPARATED[self.dialect.get('delimiter', ',')]}")
        said += ["with no header"] if self.dialect.get("header") is False else []
        if above := self.dialect.get("skip_lines"):
            said.append(f"with {plural(above, 'line')} above the header")
        said += ["with decimal commas"] if self.dialect.get("decimal") == "," else []
        if group := self.dialect.get("thousands"):
            said.append(f"with thousands as in 1{group}000")
        said += [f"in {self.dialect['encoding']}"] if "encoding" in self.dialect else []
        said += ["packed with gzip"] if self.packed else []
        nulls = ", ".join(self.dialect.get("null_values", ()))
        return ", ".join(said) + (f"; {nulls} is a missing value" if nulls else "")


def look(path: Path, wanted: dict[str, str], label: str | None = None) -> Look:
    """Read the file; `wanted` are the columns it must have, each with the option that names it."""
    with plain.opened(path) as file:
        found = _header(path, file, list(wanted))
        for name, option in wanted.items():
            if name not in found.names:
                what = f"{option} {name} is not a column of {path}{nearest(name, found.names)}"
                raise CliError(what, f"The file's columns are {', '.join(found.names)}")
        with tables.opened(path, file.copy, found, typed=bool(file.format)) as table:
            columns = tuple(_columns(table, found.names))
            named = next((one for one in columns if one.name == label), None)
            leaks = tuple(hints.leaks(table, columns, named)) if named else ()
    dialect = {} if file.format else {**file.dialect, **found.dialect, **table.dialect}
    return Look(path, dialect, columns, file.packed, file.format, leaks, table.total)


def _header(path: Path, file: plain.Plain, wanted: list[str]) -> Header:
    """Of Parquet or JSON lines the copy is plain CSV: its first line is the header."""
    return header.first(path, file.text) if file.format else header.find(path, file.text, wanted)


def _columns(table: tables.Table, names: list[str]) -> Iterator[Seen]:
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        facts = [fact for name in some for fact in _facts(table, name)]
        found = iter(table.one(f"SELECT {', '.join(facts)} FROM landed"))  # noqa: S608
        for name in some:
            numbers = {fact: next(found) for fact in FACTS}
            values = tuple(_values(table, name))
            seen = Seen(name=name, rows=table.rows, values=values, **numbers)
            yield units.read(table, _with_format(table, seen))


def _facts(table: tables.Table, name: str) -> list[str]:
    column, number = tables.identifier(name), table.number(name)

    def matching(text: str, pattern: str) -> str:
        return f"regexp_full_match({text}, {tables.literal(pattern)})"

    padded = f"coalesce(bool_or({matching(column, _PADDED)}), false)"
    value = f"CASE WHEN {matching(number, _NUMBER)} THEN try_cast({number} AS DOUBLE) END"
    moment = tables.within(f"try_cast({column} AS TIMESTAMP)")
    return [
        f"count({column})",
        f"count(DISTINCT {column})",
        f"CASE WHEN {padded} THEN 0 ELSE count(*) FILTER ({matching(number, _INTEGER)}) END",
        f"CASE WHEN {padded} THEN 0 ELSE count(*) FILTER (abs({value}) < {tables.LARGEST}) END",
        f"count(*) FILTER ({matching(column, _DATE)} AND {moment})",
        f"count(*) FILTER ({matching(column, _STAMP)} AND {moment})",
        f"min({value})",
        f"max({value})",
        f"CASE WHEN max(abs({value})) < 1e150 THEN stddev_pop({value}) END",
    ]


def _unix(seen: Seen) -> Seen:
    """A column that counts seconds or milliseconds since 1970, or the column as it is."""
    if seen.filled != seen.integers or not _MOMENT.search(seen.name) or seen.low is None:
        return seen
    for form, (low, high) in UNIX.items():
        if low <= seen.low and (seen.high or 0.0) < high:
            return replace(seen, format=form, stamps=seen.filled, integers=0, numbers=0)
    return seen


def _with_format(table: tables.Table, seen: Seen) -> Seen:
    """A column of texts that all are dates of one format."""
    if (moments := _unix(seen)) is not seen:
        return moments
    known = {seen.integers, seen.numbers, seen.dates, seen.stamps}
    if not seen.filled or seen.filled in known or not any(c.isdigit() for c in seen.values[0][0]):
        return seen
    seen = _mostly_plain(table, seen)
    column = tables.identifier(seen.name)
    for form in _forms(table, seen.values[0][0]):
        read = f"try_strptime({column}, {tables.literal(form)})"
        fitting = f"SELECT count(*) FILTER ({tables.within(read)}) FROM landed"  # noqa: S608
        (count,) = table.one(fitting)
        if count == seen.filled:
            if "%M" in form:
                return replace(seen, format=form, stamps=seen.filled, odd=None)
            return replace(seen, format=form, dates=seen.filled, odd=None)
        if 2 * count > seen.filled:
            seen = replace(seen, odd=tables.odd(table, seen.name, read))
    return seen


def _mostly_plain(table: tables.Table, seen: Seen) -> Seen:
    """With one of the others, where most are dates or moments as ISO 8601 has them."""
    if 2 * max(seen.dates, seen.stamps) <= seen.filled:
        return seen
    column = tables.identifier(seen.name)
    pattern = tables.literal(_DATE if seen.dates > seen.stamps else _STAMP)
    moment = tables.within(f"try_cast({column} AS TIMESTAMP)")
    plain = f"CASE WHEN regexp_full_match({column}, {pattern}) AND {moment} THEN 1 END"
    return replace(seen, odd=tables.odd(table, seen.name, plain))


def _forms(table: tables.Table, text: str) -> list[str]:
    """The formats that this text has."""
    tried = (f"try_strptime({tables.literal(text)}, {tables.literal(form)})" for form in FORMATS)
    found = table.one(f"SELECT {', '.join(tried)}")
    return [form for form, moment in zip(FORMATS, found, strict=True) if moment is not None]


def _values(table: tables.Table, name: str) -> Iterator[tuple[str, int]]:
    column = tables.identifier(name)
    yield from table.all(
        f"SELECT {column}, count(*) FROM landed WHERE {column} IS NOT NULL GROUP BY 1"  # noqa: S608
        f" ORDER BY 2 DESC, 1 LIMIT {MOST_VALUES}"
    )
