"""A file as a table of DuckDB, every field as text, and how its numbers are written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ratchet.cli.authoring.header import Header
from ratchet.cli.errors import CliError

NULLS = ("NA", "N/A", "n/a", "NULL", "null", "NaN", "nan", "None", "none", "#N/A", "-", "?", "\\N")
"""How exports spell a missing value."""
FIRST, LAST, MOST_OPEN_ENDS = "1677-09-22", "2262-04-11", 3
"""Beyond these dates pandas has none: a few such moments stand for "always" and "open"."""
POINT = r"[+-]?[0-9]*[.]?[0-9]+([eE][+-]?[0-9]+)?"
COMMA = r"[+-]?([0-9]{1,3}([.][0-9]{3})+|[0-9]+),[0-9]+"  # 1.234,5
GROUPS = r"[+-]?[0-9]{1,3}(,[0-9]{3})+([.][0-9]+)?"  # 1,234.5


@dataclass
class Table:
    """The table `landed` in a database; `dialect` are keys of data.csv that its fields ask for."""

    database: Any
    rows: int
    dialect: dict[str, Any]

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
            return f"CASE WHEN {column} LIKE '%,%' THEN {plain} ELSE {column} END"
        if self.dialect.get("thousands") == ",":
            return f"replace({column}, ',', '')"
        return column


@contextmanager
def opened(path: Path, copy: Path, found: Header) -> Iterator[Table]:
    """The file's table; CliError names `path` and what is wrong with it."""
    import duckdb

    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in found.names)
    read = (
        f"read_csv({literal(str(copy))}, delim={literal(found.delimiter)}, quote='\"', escape='\"',"
        f" skip={found.above}, header={found.named}, auto_detect=false, columns={{{types}}})"
    )
    try:
        with duckdb.connect() as database:
            database.execute(f"CREATE TABLE landed AS FROM {read}")
            table = Table(database, 0, {})
            (table.rows,) = table.one("SELECT count(*) FROM landed")
            if not table.rows:
                raise CliError(f"{path} has a header and no rows", "Give a file with rows.")
            _settle(table, found.names)
            yield table
    except duckdb.Error as error:
        what = str(error).strip().splitlines()[0].replace(str(copy), str(path))
        raise CliError(f"{path} cannot be read as CSV: {what}") from error


class _Spelling(NamedTuple):
    """Fields of a column that hold a value: how many are which kind of number."""

    present: int
    plain: int  # with a decimal point or none
    whole: int
    comma: int  # 1.234,5 or 3,5
    only_comma: int  # of these what cannot be groups of three digits
    dotted: int  # of these with points
    groups: int  # 1,234.5

    @property
    def has_points(self) -> bool:
        """All plain, some with a point."""
        return self.present == self.plain > self.whole

    @property
    def has_commas(self) -> bool:
        """All numbers if a comma begins the decimals."""
        return bool(self.only_comma) and self.present == self.comma + self.whole

    @property
    def has_groups(self) -> bool:
        """All numbers if commas divide thousands."""
        return bool(self.groups) and self.present == self.groups + self.plain


def _settle(table: Table, names: list[str]) -> None:
    """See how numbers and missing values are written, and take the latter out of the table."""
    spelt = [_spelling(table, name) for name in names]
    commas = [one for one in spelt if one.has_commas]
    if commas and not any(one.has_points for one in spelt):
        table.dialect["decimal"] = ","
        if any(one.dotted for one in commas):
            table.dialect["thousands"] = "."
    elif any(one.has_groups for one in spelt):
        table.dialect["thousands"] = ","
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
    facts += [counted(GROUPS)]
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


def within(moment: str) -> str:
    """SQL for whether pandas, in which features.py gets dates, holds a moment."""
    return f"{moment} BETWEEN '{FIRST}' AND '{LAST}'"


def literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'
