"""A file as a table of DuckDB, every field as text, and how its numbers are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ratchet.cli.authoring.header import Header
from ratchet.cli.errors import CliError
from ratchet.cli.screen import plural

NULLS = ("NA", "N/A", "n/a", "NULL", "null", "NaN", "nan", "None", "none", "#N/A", "-", "?", "\\N")
"""How exports spell a missing value."""
FIRST, LAST, MOST_OPEN_ENDS = "1677-09-22", "2262-04-11", 3
"""Beyond these dates pandas has none: a few such moments stand for "always" and "open"."""
LARGEST = "3.4e38"
"""What a feature, a float of 32 bits, can hold."""
POINT = r"[+-]?[0-9]*[.]?[0-9]+([eE][+-]?[0-9]+)?"
COMMA = r"[+-]?([0-9]{1,3}([.][0-9]{3})+|[0-9]+),[0-9]+"  # 1.234,5
GROUPS = r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+([.][0-9]+)?"  # 1,234.5, and not 0,125
DOTTED = r"[+-]?[1-9][0-9]{0,2}([.][0-9]{3})+"  # 1.234, which may be 1234, and 1.234.567
EITHER = r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}"  # of decimals or of thousands
_MILLIONS = r"[+-]?[1-9][0-9]{0,2}([.][0-9]{3}){2,}"
_TOTAL = (
    r"(?i)(grand |sub)?-?(totals?|sum|summe|gesamt|gesamtsumme|zwischensumme|totale|totaal|suma"
    r"|somme|razem|insgesamt)( .{0,20})?:?"
)
"""What stands in the last row of an export that adds up the rows above."""
_FEWEST_ABOVE = 10


@dataclass
class Table:
    """The table `landed` in a database; `dialect` are keys of data.csv that its fields ask for.

    `mark` begins the decimals, where a field of the file leaves no doubt. `total` is the last row,
    where that is a total and not in the table.
    """

    database: Any
    rows: int
    dialect: dict[str, Any] = field(default_factory=dict)
    mark: str | None = None
    total: str | None = None

    def one(self, query: str) -> tuple[Any, ...]:
        """The only row of an answer."""
        row: tuple[Any, ...] = self.database.execute(query).fetchone()
        return row

    def all(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of an answer."""
        rows: list[tuple[Any, ...]] = self.database.execute(query).fetchall()
        return rows

    def number(self, name: str) -> str:
        """SQL for a column's text as a plain number, whatever groups and decimals it has."""
        column = identifier(name)
        if self.dialect.get("decimal") == ",":
            plain = f"replace(replace({column}, '.', ''), ',', '.')"
            dotted = f" OR regexp_full_match({column}, {literal(DOTTED)})"
            grouped = dotted if "thousands" in self.dialect else ""
            return f"CASE WHEN {column} LIKE '%,%'{grouped} THEN {plain} ELSE {column} END"
        if self.dialect.get("thousands") == ",":
            return f"replace({column}, ',', '')"
        return column


@contextmanager
def opened(path: Path, copy: Path, found: Header, *, typed: bool = False) -> Iterator[Table]:
    """The file's table; CliError names `path` and what is wrong with it.

    Where the file is `typed`, as Parquet is, its texts are texts: no dialect makes numbers of them.
    """
    import duckdb

    blank = [f" {place}" for place in range(found.blank)]  # no column's name begins with a space
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in (*found.names, *blank))
    read = (
        f"read_csv({literal(str(copy))}, delim={literal(found.delimiter)}, quote='\"', escape='\"',"
        f" skip={found.above}, header={found.named}, auto_detect=false, columns={{{types}}})"
    )
    try:
        with duckdb.connect() as database:
            database.execute(f"CREATE TABLE landed AS FROM {read}")
            table = Table(database, 0)
            (table.rows,) = table.one("SELECT count(*) FROM landed")
            if not table.rows:
                raise CliError(f"{path} has a header and no rows", "Give a file with rows.")
            _without_blank(table, path, blank)
            _without_total(table, found.names)
            if typed:
                table.mark = "."
            else:
                _settle(table, found.names)
            yield table
    except duckdb.Error as error:
        raise _unreadable(path, str(error).replace(str(copy), str(path))) from error


def _unreadable(path: Path, error: str) -> CliError:
    """What DuckDB says of the first line that has more or fewer fields than the header."""
    found = re.search(
        r"CSV Error on Line: (\d+)\s+Original Line:(.*?)\s+Expected Number of Columns: (\d+)"
        r" Found: (\d+)",
        error,
        re.DOTALL,
    )
    quote = re.search(r"CSV Error on Line: (\d+)\s.*unterminated quote", error, re.DOTALL)
    if found is None and quote is not None:
        what = f"line {quote[1]} opens a quote that nothing closes"
        return CliError(f"{path} cannot be read as CSV: {what}", "Close it, or leave it out.")
    if found is None:
        return CliError(f"{path} cannot be read as CSV: {error.strip().splitlines()[0]}")
    line, text, expected, fields = found.groups()
    few = f"{plural(int(fields), 'field')}, not {expected}"
    many = f"more than {plural(int(expected), 'field')}"  # the rest is not counted
    told = few if int(fields) < int(expected) else many
    what = f"line {line} has {told}: {text.strip()[:60]!r}"
    return CliError(f"{path} cannot be read as CSV: {what}", "Leave it out, or quote its fields.")


def _without_blank(table: Table, path: Path, blank: list[str]) -> None:
    """Take columns out that have neither a name nor a value, as a run does."""
    for column in map(identifier, blank):
        if table.one(f"SELECT count({column}) FROM landed") != (0,):  # noqa: S608
            raise CliError(
                f"{path}: a last column has values and no name", "Name it in the header."
            )
        table.database.execute(f"ALTER TABLE landed DROP COLUMN {column}")


def _without_total(table: Table, names: list[str]) -> None:
    """Take a last row out that adds up the others: it says so, or is half empty where none is."""
    last = "rowid = (SELECT max(rowid) FROM landed)"
    row = table.one(f"SELECT * FROM landed WHERE {last}")  # noqa: S608
    counts = ", ".join(f"count({identifier(name)})" for name in names)
    filled = table.one(f"SELECT {counts} FROM landed")  # noqa: S608
    alone = sum(
        text is None and count == table.rows - 1 for text, count in zip(row, filled, strict=True)
    )
    says = next((n for n, text in enumerate(row) if text and re.fullmatch(_TOTAL, text)), None)
    is_total = 2 * alone >= max(len(names), 4)
    if says is not None and (alone or says == 0):
        same = f"{identifier(names[says])} = {literal(row[says])}"
        is_total |= table.one(f"SELECT count(*) FROM landed WHERE {same}") == (1,)  # noqa: S608
    if is_total and table.rows > _FEWEST_ABOVE:
        table.database.execute(f"DELETE FROM landed WHERE {last}")  # noqa: S608
        table.rows -= 1
        table.total = ", ".join(text for text in row if text)[:60]


class _Spelling(NamedTuple):
    """Fields of a column that hold a value: how many are which kind of number."""

    present: int
    plain: int  # with a decimal point or none
    whole: int
    comma: int  # 1.234,5 or 3,5
    only_comma: int  # of these what cannot be groups of three digits
    dotted: int  # of these with points
    groups: int  # 1,234.5
    in_points: int  # 1.234, plain numbers or groups
    millions: int  # of these 1.234.567
    either: int  # 1.234 or 1,234

    @property
    def has_points(self) -> bool:
        """All plain, some with a point that cannot divide thousands."""
        return self.present == self.plain > self.whole + self.in_points

    @property
    def fits_commas(self) -> bool:
        """All numbers if a comma begins the decimals and points divide thousands."""
        return self.present == self.comma + self.whole + self.in_points

    @property
    def has_commas(self) -> bool:
        """These, and some cannot be anything else."""
        return bool(self.only_comma or self.millions) and self.fits_commas

    @property
    def has_groups(self) -> bool:
        """All numbers if commas divide thousands."""
        return bool(self.groups) and self.present == self.groups + self.plain

    @property
    def has_sure_groups(self) -> bool:
        """These, and some cannot be decimals."""
        return self.has_groups and self.groups + self.in_points > self.either


def _settle(table: Table, names: list[str]) -> None:
    """See how numbers and missing values are written, and take the latter out of the table."""
    spelt = [_spelling(table, name) for name in names]
    points = any(one.has_points for one in spelt)
    if any(one.has_commas for one in spelt) and not points:
        table.mark = table.dialect["decimal"] = ","
        if any((one.dotted or one.in_points) and one.fits_commas for one in spelt):
            table.dialect["thousands"] = "."
    elif any(one.has_groups for one in spelt):
        table.dialect["thousands"] = ","
    if points or any(one.has_sure_groups for one in spelt):
        table.mark = "."
    if nulls := sorted(set(_nulls(table, names))):
        table.dialect["null_values"] = nulls
        known = ", ".join(map(literal, nulls))
        for column in map(identifier, names):
            emptied = f"{column} = NULL WHERE {column} IN ({known})"
            table.database.execute(f"UPDATE landed SET {emptied}")  # noqa: S608


def _spelling(table: Table, name: str) -> _Spelling:
    column = identifier(name)
    nulls = ", ".join(map(literal, NULLS))
    present = f"{column} NOT IN ({nulls})"

    def counted(*patterns: str, more: str = "true") -> str:
        fits = [f"regexp_full_match({column}, {literal(pattern)})" for pattern in patterns]
        return f"count({column}) FILTER ({' AND '.join([present, more, *fits])})"

    no_groups = f"NOT regexp_full_match({column}, {literal(GROUPS)})"
    facts = [counted(), counted(POINT), counted("[+-]?[0-9]+"), counted(COMMA)]
    facts += [counted(COMMA, more=no_groups), counted(COMMA, more=f"{column} LIKE '%.%'")]
    facts += [counted(GROUPS), counted(DOTTED), counted(_MILLIONS), counted(EITHER)]
    return _Spelling(*table.one(f"SELECT {', '.join(facts)} FROM landed"))  # noqa: S608


def _nulls(table: Table, names: list[str]) -> Iterator[str]:
    """Spellings of a missing value in columns that else hold numbers or dates."""
    nulls = ", ".join(map(literal, NULLS))
    for name in names:
        column, number = identifier(name), table.number(name)
        fits = (
            f"regexp_full_match({number}, {literal(POINT)})"
            f" OR try_cast({column} AS TIMESTAMP) IS NOT NULL"
        )
        others, fitting = table.one(
            f"SELECT count({column}) FILTER ({column} NOT IN ({nulls})),"  # noqa: S608
            f" count({column}) FILTER ({column} NOT IN ({nulls}) AND ({fits})) FROM landed"
        )
        if others and others == fitting:
            found = f"SELECT DISTINCT {column} FROM landed WHERE {column} IN ({nulls})"  # noqa: S608
            yield from (value for (value,) in table.all(found))
            beyond = f"NOT ({within(f'try_cast({column} AS TIMESTAMP)')})"
            ends = table.all(f"SELECT DISTINCT {column} FROM landed WHERE {beyond}")  # noqa: S608
            yield from (value for (value,) in ends if len(ends) <= MOST_OPEN_ENDS)


def odd(table: Table, name: str, value: str) -> tuple[str, int] | None:
    """A field that has no value by this SQL, and how many such there are; None if there is none."""
    column = identifier(name)
    others = f"FROM landed WHERE {column} IS NOT NULL AND {value} IS NULL"
    text, rows = table.one(f"SELECT min({column}), count(*) {others}")
    return (str(text), int(rows)) if rows else None


def within(moment: str) -> str:
    """SQL for whether pandas, in which features.py gets dates, holds a moment."""
    return f"{moment} BETWEEN '{FIRST}' AND '{LAST}'"


def literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'
