"""What only a person can decide about columns: groups of rows, and columns that tell the label.

The service names such columns in the first batch as well; here nothing has been trained yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ratchet.cli.authoring import tables
from ratchet.cli.authoring.seen import Seen

ID = re.compile(
    r"(?i:(^|[ _.-])(id|ids|uuid|guid|nr|no|number|key|index)\.?)$|[a-z](Id|ID|Nr|No|Key)\.?$"
    r"|(?i:(^|[ _.-])(customer|client|user|member|patient|subject|household|device|merchant"
    r"|seller|buyer|driver|employee|passenger|phone|zip|zipcode|postcode))$"
)
"""How columns are called that say which row it is, or whose."""
MANY = 50  # values, for them not to be those of a category
LEAK = 0.9  # AUC of a column alone, as in the service's rules
STRONG = 0.8  # the same, where it has more than twice the lift of every other column
LINE = 0.98  # share of a numeric label's variance on a straight line of a column
ENOUGH = 50  # rows of each label, to say what gives it away
LONE = 20  # rows that chance would not leave without a value for one label alone
OFTEN = 5  # rows a value of a column of texts has on average, to be counted by value
_SPACE = re.compile(r"\s")
_DAY = re.compile(r"(?i:(^|[ _.-])(date|day|datum|tag|fecha|when))$|[a-z](Date|Day)$")
_SERIAL = (20_000, 60_000)  # days since 30 December 1899: 1954 to 2064
_MONTH = (
    r"\b(jan|feb|f[eé]v|m[aäe]r|apr|a[bv]r|ma[giyj]|ju[iln]|giu|lug|a[gu][go]|ao[uû]|se[pt]|o[ckt]t"
    r"|nov|d[eéi][csz]|ene|gen)"
)
"""How a month begins, in the languages that exports come in most often."""
_DATED = re.compile(
    rf"(?i).*(\b(19|20)[0-9]{{2}}\b.*{_MONTH}|{_MONTH}.*\b(19|20)[0-9]{{2}}\b"
    r"|\b[0-9]{1,2}(?P<mark>[./-])[0-9]{1,2}(?P=mark)([0-9]{2}){1,2}\b"
    r"|\b(19|20)[0-9]{2}[-/. ]?(w|q|kw|m)?[0-9]{1,2}\b).*",
    re.DOTALL,
)
_LONGEST_DATE = 40
_NINES = re.compile("-9{2,6}([.]0+)?|9{3,6}([.]0+)?")
_SAMPLE = "(SELECT * FROM landed USING SAMPLE reservoir(50000 ROWS) REPEATABLE (1))"


def is_id(seen: Seen) -> bool:
    """True of what is called so and has many values."""
    return seen.distinct > MANY and ID.search(seen.name) is not None


def is_word(seen: Seen) -> bool:
    """True where no value has a space, as in a code, a name or an address."""
    return not any(_SPACE.search(value) for value, _ in seen.values)


def is_serial(seen: Seen) -> bool:
    """True of numbers that are days as Excel counts them, by the column's name and their size."""
    if seen.numbers < seen.filled or seen.low is None or seen.high is None:
        return False
    return _SERIAL[0] <= seen.low <= seen.high <= _SERIAL[1] and _DAY.search(seen.name) is not None


def looks_dated(seen: Seen) -> bool:
    """True of texts that all look like dates, though no one format that is known fits all."""
    texts = not (seen.numbers or seen.unit or seen.clock)
    texts = texts and seen.filled not in (seen.dates, seen.stamps)
    return texts and bool(seen.values) and all(is_dated(value) for value, _ in seen.values)


def is_dated(text: str) -> bool:
    """True of a text that looks like a date."""
    return len(text) <= _LONGEST_DATE and _DATED.fullmatch(text) is not None


def alike(seen: Seen) -> tuple[str, str] | None:
    """Two values that differ by case and spaces alone, as Yes and yes do."""
    found: dict[str, str] = {}
    for value, _ in seen.values:
        same = " ".join(value.split()).casefold()
        if same in found:
            return found[same], value
        found[same] = value
    return None


def groups(columns: Sequence[Seen], apart: Sequence[str]) -> Iterator[Seen]:
    """Ids and columns of texts with many values that come again, as those of a customer do."""
    for seen in columns:
        texts = not (seen.numbers or seen.dates or seen.stamps or seen.unit or seen.clock)
        again = seen.distinct > MANY and 2 * seen.distinct <= seen.filled
        if (texts or is_id(seen)) and again and seen.name not in apart:
            yield seen


def filler(seen: Seen) -> tuple[str, int] | None:
    """A value that may stand for a missing one, and its rows: nines at an end of the others."""
    for value, rows in seen.values:
        if _NINES.fullmatch(value) and float(value) in (seen.low, seen.high):
            return (value, rows) if rows >= OFTEN and rows < seen.filled else None
    return None


def leaks(table: tables.Table, columns: Sequence[Seen], label: Seen) -> Iterator[str]:
    """Sentences on columns that alone tell the label."""
    others = [one for one in columns if one.name != label.name and one.filled]
    if label.distinct == 2:
        if min(rows for _, rows in label.values) >= ENOUGH:
            yield from _separating(table, others, label)
        return
    for seen in others:
        if (found := abs(_correlation(table, seen, label))) ** 2 >= LINE:
            yield _told(seen.name, f"correlation {found:.2f}")


def _separating(table: tables.Table, others: Sequence[Seen], label: Seen) -> Iterator[str]:
    missing = {one.name: _missing_for_one(table, one, label) for one in others}
    areas = {one.name: _area(table, one, label) for one in others if not missing[one.name]}
    for name, sentence in missing.items():
        next_best = max((area for other, area in areas.items() if other != name), default=0.5)
        area = areas.get(name, 0.5)
        if sentence:
            yield sentence
        elif area >= LEAK or (area >= STRONG and area - 0.5 > 2 * (next_best - 0.5)):
            yield _told(name, f"AUC {area:.2f}, the next column {next_best:.2f}")


def _told(name: str, how: str) -> str:
    return (
        f"{name} alone tells the label almost perfectly ({how}): is it known before the label is?"
        " If not, leave it out"
    )


def _positive(label: Seen) -> str:
    return f"{tables.identifier(label.name)} = {tables.literal(label.values[0][0])}"


def _missing_for_one(table: tables.Table, seen: Seen, label: Seen) -> str | None:
    if min(seen.empty, seen.filled) < LONE:
        return None
    column, positive = tables.identifier(seen.name), _positive(label)
    known = f"{tables.identifier(label.name)} IS NOT NULL"
    filled, filled_yes, empty, empty_yes = table.one(
        f"SELECT count(*) FILTER ({column} IS NOT NULL),"  # noqa: S608
        f" count(*) FILTER ({column} IS NOT NULL AND {positive}),"
        f" count(*) FILTER ({column} IS NULL),"
        f" count(*) FILTER ({column} IS NULL AND {positive}) FROM landed WHERE {known}"
    )
    for what, rows, yes in (("filled", filled, filled_yes), ("empty", empty, empty_yes)):
        if rows and yes in (0, rows):
            return (
                f"{seen.name} is {what} for one value of the label only: is it known before the"
                " label is? If not, leave it out"
            )
    return None


def _area(table: tables.Table, seen: Seen, label: Seen) -> float:
    """AUC of the column alone, turned so that it is over 0.5: by order, or by its values' rates."""
    column, positive = tables.identifier(seen.name), _positive(label)
    if seen.numbers == seen.filled:
        value = f"try_cast({table.number(seen.name)} AS DOUBLE)"
    elif seen.distinct * OFTEN <= seen.filled:
        value = f"avg(CASE WHEN {positive} THEN 1.0 ELSE 0.0 END) OVER (PARTITION BY {column})"
    else:
        return 0.5
    (area,) = table.one(
        "WITH valued AS (SELECT yes, v FROM (SELECT"  # noqa: S608
        f" ({positive}) AS yes, {value} AS v FROM {_SAMPLE}) WHERE v IS NOT NULL),"
        " ranked AS (SELECT yes, rank() OVER (ORDER BY v)"
        " + (count(*) OVER (PARTITION BY v) - 1) / 2.0 AS place FROM valued)"
        " SELECT (sum(place) FILTER (yes) - n * (n + 1) / 2.0) / (n * (count(*) - n)) FROM ranked,"
        " (SELECT count(*) FILTER (yes) AS n FROM ranked) GROUP BY n"
    )
    found = 0.5 if area is None else float(area)
    return max(found, 1 - found)


def _correlation(table: tables.Table, seen: Seen, label: Seen) -> float:
    if seen.numbers < seen.filled or label.numbers < label.filled:
        return 0.0
    one, other = (f"try_cast({table.number(name)} AS DOUBLE)" for name in (seen.name, label.name))
    (found,) = table.one(f"SELECT corr({one}, {other}) FROM {_SAMPLE}")  # noqa: S608
    return 0.0 if found is None or found != found else float(found)
