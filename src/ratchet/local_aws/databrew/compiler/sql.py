"""The few SQL words all operations share: quoting, and text read as a number or a date.

Every column stays text exactly as it was written until a step changes it, so `007`, `1.10` and
ids survive; a step that computes reads the text as a number and leaves null where it cannot.
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
    """The number that a text holds, else null."""
    return f"TRY_CAST({expression} AS DOUBLE)"


def whole(expression: str) -> str:
    """True where a text is an integer that 64 bits hold."""
    return f"regexp_full_match({expression}, '[+-]?[0-9]{{1,18}}')"


def moment(expression: str) -> str:
    """The timestamp that a text holds in one of the usual formats, else null."""
    return f"try_strptime({expression}, [{texts(_TIMESTAMPS)}])"


def missing(expression: str) -> str:
    return f"({expression} IS NULL OR trim({expression}) = '')"


def as_text(expression: str) -> str:
    return f"CAST({expression} AS VARCHAR)"
