"""Guesses why a column breaks a rule, from the values that do, and names the key to set."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from retraining.documents.check_report import Problem
from retraining.rules import moments
from retraining.rules.data_check.agreed import CSV, Rules
from retraining.rules.data_check.column_rule import FALSE, INTEGER, NUMBER, TRUE, ColumnRule, parsed
from retraining.rules.problems import Problems

MANY: Final = 0.5  # of the rows: then it is a habit of the file, not a slip in a row
NULLS: Final = frozenset(
    ("na", "n/a", "n.a.", "nd", "nan", "null", "(null)", "none", "nil", "missing", "unknown", "-",
     "--", "---", ".", "?", "\\n", "#n/a", "#na", "<na>")
)  # fmt: skip
GROUPED: Final = {
    ("." , ","): r"[+-]?[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]+)?",
    (",", "."): r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?",
    ("'", "."): r"[+-]?[0-9]{1,3}(?:'[0-9]{3})+(?:\.[0-9]+)?",
    (" ", ","): r"[+-]?[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3})+(?:,[0-9]+)?",
    (" ", "."): r"[+-]?[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3})+(?:\.[0-9]+)?",
}  # fmt: skip
"""How numbers look by what stands between groups of three and before the decimals."""
COMMAS: Final = r"[+-]?[0-9]+,[0-9]+"
MARK: Final = r"[^0-9\s.,+_\u2212-]"
UNIT: Final = re.compile(
    rf"[+-]?[0-9][0-9.,]*(?P<after>\s*(?![eExX][+-]?[0-9]){MARK}\S*)"
    rf"|(?P<before>{MARK}+)\s*[+-]?[0-9.,]+"
)
FORMATS: Final = (
    "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d-%m-%Y", "%m-%d-%Y",
    "%d.%m.%y", "%m/%d/%y", "%d/%m/%y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%B %d, %Y",
    "%b %d, %Y",
)  # fmt: skip
TIMES: Final = ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
YEARS: Final = range(1900, 2100)
TEXTS: Final = ("text", "category")
OFTEN: Final = 5


@dataclass(frozen=True)
class Clue:
    """Some of the values of a column that break its type or its list of values."""

    column: ColumnRule
    values: list[str]
    rules: Rules


def explain(problems: Problems, rules: Rules, rows: int) -> None:
    """Put what is guessed behind the first problem of its kind, and such problems first."""
    by_name = {column.name: column for column in rules.columns}
    for kind in ("type", "category"):
        for name, column in by_name.items():
            same = [p for p in problems.listed if (p.rule, p.column) == (kind, name)]
            many = problems.counts.get((kind, name), 0) >= MANY * rows
            guess = _guess(Clue(column, [p.value or "" for p in same], rules), many=many)
            if guess:
                problems.explain(same[0], guess)
    _explain_fields(problems, rules, rows)


def _guess(clue: Clue, *, many: bool) -> str | None:
    if not clue.values:
        return None
    guesses = (_null, *GUESSES[clue.column.type], _repeated) if many else ALWAYS
    said = (guess(clue) for guess in guesses)
    return next((sentence for sentence in said if sentence), None)


def _null(clue: Clue) -> str | None:
    found = sorted({v for v in clue.values if v.strip().lower() in NULLS})
    if len(found) < len(set(clue.values)) or not found:
        return None
    return f"it looks like a missing value: {_as_missing(clue, found)}"


def _repeated(clue: Clue) -> str | None:
    """The same text wherever a number or a moment should be."""
    found = sorted(set(clue.values))
    if clue.column.type in TEXTS or len(found) > 1 or len(clue.values) < OFTEN:
        return None
    return f"if {found[0]!r} stands for a missing value, {_as_missing(clue, found)}"


def _as_missing(clue: Clue, found: list[str]) -> str:
    listed = ", ".join(f"'{value}'" for value in found)
    nullable = (
        ""
        if clue.column.nullable
        else f", and nullable: true for {clue.column.name} in columns.yaml"
    )
    remedy = f"set data.csv.null_values to [{listed}]" if clue.rules.format == CSV else "write null"
    return f"{remedy}{nullable}"


def _decimal(clue: Clue) -> str | None:
    if clue.rules.format != CSV:
        return None
    wanted = [
        pair
        for pair in GROUPED
        if pair != (clue.rules.dialect.thousands, clue.rules.dialect.decimal)
    ]
    told = _grouped(clue.values, set(wanted))
    if told:
        return told
    if clue.rules.dialect.decimal == "." and all(
        re.fullmatch(COMMAS, value) for value in clue.values
    ):
        return 'the column looks like numbers with decimal commas: set data.csv.decimal to ","'
    if clue.rules.dialect.decimal == "," and all(
        NUMBER.fullmatch(v) and "." in v for v in clue.values
    ):
        return 'the column looks like numbers with decimal points: set data.csv.decimal to "."'
    return None


def _grouped(values: list[str], pairs: Iterable[tuple[str, str]]) -> str | None:
    for (thousands, decimal), pattern in GROUPED.items():
        plain = rf"[+-]?[0-9]{{1,3}}(?:{re.escape(decimal)}[0-9]+)?"
        fits = all(re.fullmatch(f"{pattern}|{plain}", value) for value in values)
        if (
            (thousands, decimal) in pairs
            and fits
            and any(re.fullmatch(pattern, value) for value in values)
        ):
            decimals = f' and data.csv.decimal to "{decimal}"' if decimal == "," else ""
            looks = "decimal commas" if decimal == "," else f"groups of three between {thousands!r}"
            return (
                f"the column looks like numbers with {looks}: set data.csv.thousands to"
                f' "{thousands}"{decimals}'
            )
    return None


def _decimals_of_integers(clue: Clue) -> str | None:
    if all(INTEGER.fullmatch(value) for value in clue.values):
        return "it has more than 64 bits: set the type to text, or to number if digits may be lost"
    if all(NUMBER.fullmatch(value) for value in clue.values):
        return "the column holds decimals: set its type to number in columns.yaml"
    return None


def _truth(clue: Clue) -> str | None:
    if all(value.lower() in (*TRUE, *FALSE) for value in clue.values):
        return "the column looks like booleans: set its type to boolean in columns.yaml"
    return None


def _unit(clue: Clue) -> str | None:
    found = [UNIT.fullmatch(value.strip()) for value in clue.values]
    units = {(m["after"] or m["before"]).strip() for m in found if m}
    if None in found or len(units) != 1:
        return None
    return (
        f"the values carry a unit, {units.pop()!r}: write numbers alone, or set the type to text"
        " and let the transform read them"
    )


def _format(clue: Clue) -> str | None:
    if clue.column.type == "date" and all(parsed(v, "timestamp") for v in clue.values):
        return "the column holds timestamps: set its type to timestamp in columns.yaml"
    times = TIMES if clue.column.type == "timestamp" else ("",)
    fitting = [
        form for date in FORMATS for time in times if _all_in(clue.values, form := f"{date}{time}")
    ]
    if fitting:
        others = "".join(f" (or {form})" for form in fitting[1:3])
        return (
            f"the column looks like {fitting[0]}{others}: set its format to"
            f' "{fitting[0]}" in columns.yaml'
        )
    if clue.column.type == "date" and any(
        _all_in(clue.values, f"{d}{t}") for d in FORMATS for t in TIMES
    ):
        return (
            "the column holds timestamps: set its type to timestamp and its format in columns.yaml"
        )
    for unix in moments.UNIX:
        if clue.column.type == "timestamp" and _all_in(clue.values, unix):
            return f"the column counts from 1970: set its format to {unix} in columns.yaml"
    return None


def _all_in(values: list[str], form: str) -> bool:
    found = [moments.in_format(value, form) for value in values]
    return all(moment is not None and moment.year in YEARS for moment in found)


def _spelling(clue: Clue) -> str | None:
    """Values that an allowed one is without its case, spaces and dots."""
    allowed = {folded(value): value for value in clue.column.values or ()}
    near = {v: allowed[folded(v)] for v in clue.values if folded(v) in allowed}
    if not near:
        return None
    pairs = ", ".join(f"{value!r} and {known!r}" for value, known in list(near.items())[:3])
    spaces = any(v != v.strip() for v in near) and not clue.rules.dialect.trim
    trim = "set data.csv.trim to true, " if spaces and clue.rules.format == CSV else ""
    return (
        f"{pairs} differ only by case, spaces or a dot: {trim}write one spelling, or list both as"
        " values if they differ"
    )


def folded(value: str) -> str:
    """A value without what people do not see: case, spaces and dots."""
    return re.sub(r"[\s._]+", "", value).casefold()


def _explain_fields(problems: Problems, rules: Rules, rows: int) -> None:
    """Rows that all end with a delimiter that the header lacks."""
    same = [p for p in problems.listed if p.rule == "fields"]
    delimiter = rules.dialect.delimiter
    if rules.format != CSV or not same or problems.counts.get(("fields", None), 0) < MANY * rows:
        return
    if all(_ends_with(problem, delimiter) for problem in same):
        guess = (
            f"the rows end with a {delimiter!r} that the header lacks: leave it out of the rows, or"
            " add it to the header, and the column without a name is left out"
        )
        problems.explain(same[0], guess)


def _ends_with(problem: Problem, delimiter: str) -> bool:
    return (problem.value or "").rstrip("\r\n").endswith(delimiter)


Guess = Callable[[Clue], str | None]
ALWAYS: Final[tuple[Guess, ...]] = (_null, _spelling, _repeated)
"""What is guessed from a few values too."""
GUESSES: Final[dict[str, tuple[Guess, ...]]] = {
    "integer": (_decimal, _decimals_of_integers, _truth, _unit),
    "number": (_decimal, _truth, _unit),
    "date": (_format,),
    "timestamp": (_format,),
    "boolean": (),
    "category": (_spelling,),
    "text": (),
}
"""What is guessed by the column's type, the likeliest first."""
