"""What a file holds: its dialect by its first lines, and facts about each column by all its rows.

DuckDB reads every field as text, so that nothing is decided here but what the patterns say, which
are those of the data check.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ratchet.cli.errors import CliError, nearest

DELIMITERS = (",", ";", "\t", "|", ":")
RESERVED = ("row_id", "split", "batch", "arrival")
"""Columns that the service adds to the accepted copy."""
MOST_VALUES = 100
"""Values of a column that are remembered; of one with more, the most frequent."""
NULLS = ("NA", "N/A", "n/a", "NULL", "null", "NaN", "nan", "None", "none", "#N/A", "-", "?", "\\N")
"""How exports spell a missing value."""
_HEAD = 256 * 1024
_AT_ONCE = 60  # columns a query looks at
_INTEGER = "[+-]?[0-9]{1,18}"
_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_PADDED = "[+-]?0[0-9]+"  # 00123 is a code, not a number
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"


@dataclass(frozen=True)
class Seen:
    """A column's name and what all rows hold in it; `values` with how often, the frequent first."""

    name: str
    rows: int
    filled: int
    distinct: int
    integers: int
    numbers: int
    dates: int
    missing: int  # fields that spell a missing value, as NA does
    low: float | None
    high: float | None
    spread: float | None  # standard deviation
    values: tuple[tuple[str, int], ...]

    @property
    def empty(self) -> int:
        """Rows without a value."""
        return self.rows - self.filled


@dataclass(frozen=True)
class Look:
    """A file as it was read: its delimiter, and its columns in their order."""

    path: Path
    delimiter: str
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
    head = _text(path)
    delimiter, header = _header(path, head, list(wanted))
    for name, option in wanted.items():
        if name not in header:
            known = f"The file's columns are {', '.join(header)}"
            raise CliError(
                f"{option} {name} is not a column of {path}{nearest(name, header)}", known
            )
    return Look(path, delimiter, tuple(_columns(path, delimiter, header)))


def _text(path: Path) -> str:
    """The beginning of the file, which must be UTF-8 text."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if b"\0" in head or head.startswith((b"\x1f\x8b", b"PK\x03\x04", b"PAR1")):
        raise CliError(f"{path} is not text", "Give a CSV file in UTF-8, unpacked.")
    if not head.strip():
        raise CliError(f"{path} is empty", "Give a CSV file with a header and rows.")
    cut = head if len(head) < _HEAD else head.rpartition(b"\n")[0]
    try:
        return cut.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CliError(f"{path}: byte {error.start} is not UTF-8", "Save it as UTF-8.") from error


def _header(path: Path, head: str, wanted: list[str]) -> tuple[str, list[str]]:
    """The delimiter under which the first line has most of the wanted columns, and its fields."""
    line = head.lstrip("\r\n").splitlines()[0]
    divided = {delimiter: _fields(line, delimiter) for delimiter in DELIMITERS}
    best = max(
        DELIMITERS,
        key=lambda one: (len(set(wanted) & set(divided[one])), len(divided[one])),
    )
    names = divided[best]
    if len(names) < 2:
        raise CliError(
            f"{path}: the first line has one field: {line[:80]!r}",
            "It must name the columns: a label and at least one more.",
        )
    for name in names:
        if problem := _name_problem(name, names):
            raise CliError(f"{path}: column {name!r} {problem}", "Rename it in the first line.")
    return best, names


def _name_problem(name: str, names: list[str]) -> str:
    lower = [other.lower() for other in names]
    if not name or name != name.strip() or not name.isprintable():
        return "has no name, or one that begins or ends with a space or has control characters"
    if lower.count(name.lower()) > 1:
        return "is named twice (upper and lower case are the same to Spark)"
    if name.lower() in RESERVED:
        return f"has a reserved name; reserved are {', '.join(RESERVED)}"
    return ""


def _fields(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []


def _columns(path: Path, delimiter: str, header: list[str]) -> Iterator[Seen]:
    import duckdb

    types = ", ".join(f"{_quoted(name)}: 'VARCHAR'" for name in header)
    read = (
        f"read_csv({_quoted(str(path))}, delim={_quoted(delimiter)}, quote='\"', escape='\"',"
        f" header=true, auto_detect=false, columns={{{types}}})"
    )
    try:
        with duckdb.connect() as database:
            database.execute(f"CREATE TABLE landed AS FROM {read}")
            rows = _one(database, "SELECT count(*) FROM landed")[0]
            if not rows:
                raise CliError(f"{path} has a header and no rows", "Give a file with rows.")
            for start in range(0, len(header), _AT_ONCE):
                yield from _seen(database, header[start : start + _AT_ONCE], rows)
    except duckdb.Error as error:
        what = str(error).strip().splitlines()[0]
        raise CliError(f"{path} cannot be read as CSV: {what}") from error


def _seen(database: Any, names: list[str], rows: int) -> Iterator[Seen]:
    """The facts of these columns, all in one pass."""
    facts = [fact for name in names for fact in _facts(_identifier(name))]
    found = iter(_one(database, f"SELECT {', '.join(facts)} FROM landed"))  # noqa: S608
    for name in names:
        filled, distinct, integers, numbers, dates, missing, low, high, spread = (
            next(found) for _ in range(9)
        )
        yield Seen(
            name, rows, filled, distinct, integers, numbers, dates, missing, low, high, spread,
            tuple(_values(database, name)),
        )  # fmt: skip


def _facts(column: str) -> list[str]:
    def matching(pattern: str) -> str:
        return f"regexp_full_match({column}, {_quoted(pattern)})"

    padded = f"coalesce(bool_or({matching(_PADDED)}), false)"
    number = f"CASE WHEN {matching(_NUMBER)} THEN try_cast({column} AS DOUBLE) END"
    nulls = ", ".join(_quoted(text) for text in NULLS)
    return [
        f"count({column})",
        f"count(DISTINCT {column})",
        f"CASE WHEN {padded} THEN 0 ELSE count(*) FILTER ({matching(_INTEGER)}) END",
        f"CASE WHEN {padded} THEN 0 ELSE count(*) FILTER (abs({number}) < 3.4e38) END",
        f"count(*) FILTER ({matching(_DATE)} AND try_cast({column} AS DATE) IS NOT NULL)",
        f"count(*) FILTER ({column} IN ({nulls}))",
        f"min({number})",
        f"max({number})",
        f"CASE WHEN max(abs({number})) < 1e150 THEN stddev_pop({number}) END",
    ]


def _values(database: Any, name: str) -> Iterator[tuple[str, int]]:
    column = _identifier(name)
    found = database.execute(
        f"SELECT {column}, count(*) FROM landed WHERE {column} IS NOT NULL GROUP BY 1"  # noqa: S608
        f" ORDER BY 2 DESC, 1 LIMIT {MOST_VALUES}"
    )
    yield from found.fetchall()


def _one(database: Any, query: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] = database.execute(query).fetchone()
    return row


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
