"""Numbers that an export wrote with their unit: £12.50, 14.8%, 12 kg, 3,5 m."""

from __future__ import annotations

from dataclasses import replace

from ratchet.cli.authoring import tables
from ratchet.cli.authoring.seen import Seen

_BEFORE = r"^(\p{Sc}|[A-Z]{3} )\s?"
_AFTER = r"\s?([%‰°]|\p{Sc}|°?[A-Za-z]{1,7})$"
_WHOLE = "[+-]?[0-9]+"
_PADDED = "[+-]?0[0-9]+"  # 007 m is a code


def with_unit(table: tables.Table, seen: Seen) -> Seen:
    """A column of texts that all are numbers with one unit, or the column as it is."""
    read = {seen.integers, seen.numbers, seen.dates, seen.stamps}
    if not seen.filled or seen.filled in read or not any(c.isdigit() for c in seen.values[0][0]):
        return seen
    column = tables.identifier(seen.name)
    around = [f"regexp_extract({column}, {tables.literal(each)})" for each in (_BEFORE, _AFTER)]
    rows = f"FROM landed WHERE {column} IS NOT NULL"
    found = table.all(f"SELECT DISTINCT {', '.join(around)} {rows} LIMIT 2")
    if len(found) != 1 or bool(found[0][0]) == bool(found[0][1]):
        return seen
    before, after = found[0]
    number = f"{column}[{len(before) + 1}:length({column}) - {len(after)}]"
    fitting = [_count(number, tables.POINT, tables.GROUPS), _count(number, tables.COMMA, _WHOLE)]
    point, comma = table.one(f"SELECT {', '.join(fitting)} {rows}")
    if seen.filled not in (point, comma):
        return seen
    mark = "." if point == seen.filled else ","
    return replace(seen, unit=(before + after).strip(), decimal=mark)


def _count(text: str, *patterns: str) -> str:
    def fits(pattern: str) -> str:
        return f"regexp_full_match({text}, {tables.literal(pattern)})"

    return f"count(*) FILTER (({' OR '.join(map(fits, patterns))}) AND NOT {fits(_PADDED)})"
