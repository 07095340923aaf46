"""Numbers that an export wrote as texts: with their unit (£12.50, 14.8%, 12 kg), or as 1:23:45."""

from __future__ import annotations

from dataclasses import replace

from ratchet.cli.authoring import tables
from ratchet.cli.authoring.seen import Seen

_BEFORE = r"^(\p{Sc}|[A-Z]{3} )\s?"
_AFTER = r"\s?([%‰°]|\p{Sc}|°?[A-Za-z]{1,7})$"
_WHOLE = "[+-]?[0-9]+"
_PADDED = "[+-]?0[0-9]+"  # 007 m is a code
_CLOCK = "([0-9]{1,5}:)?[0-9]{1,5}:[0-5][0-9]([.][0-9]+)?"


def read(table: tables.Table, seen: Seen) -> Seen:
    """A column of texts that all are numbers with one unit or all count time, or it as it is."""
    if seen.filled == seen.numbers and table.mark is None:
        return replace(seen, either=_either(table, tables.identifier(seen.name)))
    known = {seen.integers, seen.numbers, seen.dates, seen.stamps}
    if not seen.filled or seen.filled in known:
        return seen
    if 2 * seen.numbers > seen.filled:
        number = f"abs(try_cast({table.number(seen.name)} AS DOUBLE))"
        fits = f"CASE WHEN {number} < {tables.LARGEST} THEN 1 END"
        return replace(seen, odd=tables.odd(table, seen.name, fits))
    if not any(c.isdigit() for c in seen.values[0][0]):
        return seen
    fitting = f"SELECT {_count(tables.identifier(seen.name), _CLOCK)} FROM landed"  # noqa: S608
    if table.one(fitting)[0] == seen.filled:
        return replace(seen, clock=True)
    return _with_unit(table, seen)


def _with_unit(table: tables.Table, seen: Seen) -> Seen:
    column = tables.identifier(seen.name)
    around = [f"regexp_extract({column}, {tables.literal(each)})" for each in (_BEFORE, _AFTER)]
    rows = f"FROM landed WHERE {column} IS NOT NULL"
    found = table.all(f"SELECT DISTINCT {', '.join(around)} {rows} LIMIT 2")
    if len(found) != 1 or bool(found[0][0]) == bool(found[0][1]):
        return seen
    before, after = found[0]
    number = f"{column}[{len(before) + 1}:length({column}) - {len(after)}]"
    fitting = [
        _count(number, tables.POINT, tables.GROUPS),
        _count(number, tables.COMMA, tables.DOTTED, _WHOLE),
    ]
    point, comma = (
        count == seen.filled for count in table.one(f"SELECT {', '.join(fitting)} {rows}")
    )
    if not (point or comma):
        return seen
    open_to_both = point and comma and table.mark is None
    return replace(
        seen,
        unit=(before + after).strip(),
        decimal=table.mark or "." if point and comma else "." if point else ",",
        either=_either(table, number) if open_to_both else None,
    )


def _either(table: tables.Table, number: str) -> str | None:
    fits = f"regexp_full_match({number}, {tables.literal(tables.EITHER)})"
    found: str | None = table.one(f"SELECT min({number}) FILTER ({fits}) FROM landed")[0]  # noqa: S608
    return found


def _count(text: str, *patterns: str) -> str:
    def fits(pattern: str) -> str:
        return f"regexp_full_match({text}, {tables.literal(pattern)})"

    return f"count(*) FILTER (({' OR '.join(map(fits, patterns))}) AND NOT {fits(_PADDED)})"
