# ruff: noqa: S608 - every name and value in the SQL is quoted here
"""The SQL that all operations share: quoting, and text read as a number or a date.

Every column stays text, exactly as written, until a step changes it, so `007`, `1.10` and ids
survive; a step that computes reads the text as a number, and yields null if it is not one.
"""

from collections.abc import Iterable

_TIMESTAMPS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y",
    "%m-%d-%Y",
    "%d %B %Y",
    "%H:%M:%S",
)


PLACE = '"place of the row"'
"""The number of a row in its table, in the SELECTs that need one."""


def name(column: str) -> str:
    """A column's name as SQL identifier."""
    return '"' + column.replace('"', '""') + '"'


def names(columns: Iterable[str]) -> str:
    return ", ".join(map(name, columns))


def text(value: str) -> str:
    """A value as SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def texts(values: Iterable[str]) -> str:
    return ", ".join(map(text, values))


def number(expression: str) -> str:
    """The number in a text, or null."""
    return cast(expression, "DOUBLE")


def cast(expression: str, kind: str) -> str:
    """A text as another type, or null; DuckDB would read 1_000 as a thousand, no one else does."""
    return f"TRY_CAST(replace({expression}, '_', '?') AS {kind})"


def parsed(value: str) -> float:
    """A number of a recipe; ValueError if it is none. Python, too, would take 1_000."""
    return float(value.replace("_", "?"))


def whole(expression: str) -> str:
    """True if a text is an integer that fits 64 bits."""
    return f"regexp_full_match({expression}, '[+-]?[0-9]{{1,18}}')"


def moment(expression: str) -> str:
    """The timestamp in a text, in one of the usual formats, or null."""
    return f"try_strptime({expression}, [{texts(_TIMESTAMPS)}])"


def missing(expression: str) -> str:
    return f"({expression} IS NULL OR trim({expression}) = '')"


def numeric(expression: str, table: str) -> str:
    """True for a table in which every value of a column is a number, missing ones aside."""
    odd = f"{number(expression)} IS NULL AND NOT {missing(expression)}"
    return f"(SELECT count(*) FILTER ({odd}) = 0 FROM {name(table)})"


def statistic(aggregate: str, expression: str, table: str) -> str:
    """An aggregate of the finite numbers of a column, such as median, or quantile_cont:0.25."""
    function, _, argument = aggregate.partition(":")
    numbers = f"SELECT {number(expression)} AS value FROM {name(table)}"
    given = f", {argument}" if argument else ""
    return f"(SELECT {function}(value{given}) FROM ({numbers}) WHERE isfinite(value))"


def as_text(expression: str) -> str:
    return f"CAST({expression} AS VARCHAR)"
