"""Whether rows that were accepted under one contract can be read under another.

An accepted copy is never written again. It holds numbers and texts as they landed; booleans, dates
and timestamps in a spelling of its own, which a text that lands would not have.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from retraining.rules.belonging import TIME, reserved
from retraining.rules.csv_dialect import CsvDialect
from retraining.rules.data_check.column_rule import FALSE, TRUE, parsed
from retraining.rules.sections.data import key_columns

Column = Mapping[str, Any]
Definition = dict[str, Any]

NUMBERS: Final = ("integer", "number")
TEXTS: Final = ("text", "category")
READABLE: Final[dict[str, tuple[str, ...]]] = {
    "integer": (*NUMBERS, *TEXTS),
    "number": ("number", *TEXTS),
    "boolean": ("boolean",),
    "date": ("date", "timestamp"),
    "timestamp": ("timestamp",),
    "text": TEXTS,
    "category": TEXTS,
}
"""As what the values of a type can be read, whichever they are."""
ALIKE: Final = (NUMBERS, TEXTS, ("boolean",), ("date", "timestamp"))
"""Types that a recipe, which reads all batches as one table, does not tell apart."""
TOLD: Final = 3  # values in a sentence
INSTEAD: Final = (
    "add a column of another name, or push --new-baseline, which trains on what lands from now on"
    " alone"
)


def problems(earlier: Definition, new: Definition) -> list[str]:
    """Why rows accepted under `earlier` cannot be read as `new` says; nothing if they can.

    Which values a text has had is another question: `to_be_seen`.
    """
    found = ((name, _unreadable(earlier, new, name)) for name in _changed(earlier, new))
    return [f"data.columns.{name}: {why}" for name, why in found if why]


def to_be_seen(earlier: Definition, new: Definition) -> list[str]:
    """The columns whose values are listed now and may have been others before."""
    before, after = earlier["data"]["columns"], new["data"]["columns"]
    listed = [name for name in _changed(earlier, new) if after[name].get("values") is not None]
    return [name for name in listed if not _all_listed(before[name], after[name])]


def respelt(earlier: Definition, new: Definition) -> list[str]:
    """The columns in which `1.0`, had it landed before, would be spelt otherwise from now on."""
    before, after = earlier["data"]["columns"], new["data"]["columns"]
    return [
        name
        for name in _changed(earlier, new)
        if before[name]["type"] == "integer" and _as_landed(new, name, after[name])
    ]


def otherwise_spelt(name: str, column: Column) -> str:
    """What is wrong where it has landed."""
    return (
        f"data.columns.{name}: whole numbers of earlier batches landed as 1.0 and are kept as 1,"
        f" and as {column['type']} they would be kept as they land: {INSTEAD}"
    )


def unlike(earlier: Definition, new: Definition) -> str | None:
    """Why copies accepted under `earlier` and new ones are not one table, such as "has no x"."""
    before, after = ([*reserved(one), *one["data"]["columns"]] for one in (earlier, new))
    gone = [name for name in before if name not in after]
    more = [name for name in after if name not in before]
    if gone or more:
        lacks = f"has no {', '.join(more)}" if more else ""
        return " and ".join(filter(None, [f"has {', '.join(gone)}" if gone else "", lacks]))
    if before != after:
        return "has its columns in another order"
    return next(
        filter(None, (_other_type(earlier, new, name) for name in _changed(earlier, new))), None
    )


def _other_type(earlier: Definition, new: Definition, name: str) -> str | None:
    old, kind = (one["data"]["columns"][name]["type"] for one in (earlier, new))
    return None if _alike(old, kind) else f"has {name} as {old}, not {kind}"


def unlisted(name: str, column: Column, seen: Collection[str], others: int) -> str | None:
    """Which values earlier rows have that are not listed; `others`: rows of uncounted values."""
    gone = sorted(set(seen) - {*column["values"], ""})
    if not gone and not others:
        return None
    more = len(gone) - TOLD
    told = [repr(value) for value in gone[:TOLD]] + [f"{more} more"] * (more > 0)
    told += [f"{others:,} rows of values that were not counted"] * bool(others)
    return f"data.columns.{name}: earlier batches have {', '.join(told)}: list them, or {INSTEAD}"


def cannot_follow(before: Column, after: Column) -> bool:
    """Whether what lands as `after` means nothing to a model that has learnt `before`."""
    old, kind = before["type"], after["type"]
    told = kind in READABLE[old] or old in READABLE[kind] or (old == "boolean" and kind in TEXTS)
    return not told


def _as_landed(new: Definition, name: str, column: Column) -> bool:
    """Whether the check leaves `1.0` as it lands, and somebody compares it as a text."""
    if column["type"] in TEXTS:
        return column.get("values") is None  # else it is not among them, and refused
    return column["type"] == "number" and name in _identifying(new)


def _changed(earlier: Definition, new: Definition) -> list[str]:
    before, after = earlier["data"]["columns"], new["data"]["columns"]
    kept = [name for name in after if name in before]
    return [name for name in kept if before[name] != after[name]]


def _unreadable(earlier: Definition, new: Definition, name: str) -> str | None:
    before, after = (one["data"]["columns"][name] for one in (earlier, new))
    old, kind = before["type"], after["type"]
    if old == kind:
        return None
    if not _reads(before, after):
        values = [value for value in _known(before) or () if not _is_a(value, kind)]
        what = f"{values[0]!r}" if values else f"values of type {old}"
        return f"earlier batches have {what}, which cannot be read as {kind}: {INSTEAD}"
    if name in _identifying(new) and not {old, kind} <= {*NUMBERS, *TEXTS}:
        return f"as {kind} its values are spelt otherwise, so no row would find its own: {INSTEAD}"
    if kind in TEXTS and old in NUMBERS and not _plain(earlier["data"]["csv"]):
        return f"earlier batches have numbers in another spelling than texts that land: {INSTEAD}"
    if (earlier["etl"]["recipe"] or new["etl"]["recipe"]) and not _alike(old, kind):
        return f"a recipe reads all batches as one table, and {old} is not {kind}: {INSTEAD}"
    return None


def _reads(before: Column, after: Column) -> bool:
    if before["type"] == "boolean" and after["type"] == "category":
        return after.get("values") is not None  # and then they are spelt as they land
    return after["type"] in READABLE[before["type"]] or _all_read(before, after["type"])


def _all_read(before: Column, kind: str) -> bool:
    """Whether all listed values can be read so."""
    values = before.get("values")
    return bool(values) and all(_is_a(value, kind) for value in values or ())


def _is_a(value: str, kind: str) -> bool:
    if kind == "boolean":
        return value.lower() in (*TRUE, *FALSE)
    return kind in TEXTS or parsed(value, kind) is not None


def _all_listed(before: Column, after: Column) -> bool:
    known = _known(before)
    return known is not None and set(known) <= set(after["values"])


def _known(column: Column) -> list[str] | None:
    """All values that a column may have, where its contract says them."""
    if column["type"] == "boolean":
        return ["true", "false"]
    values: list[str] | None = column.get("values")
    return values


def _identifying(definition: Definition) -> set[str]:
    """The columns by whose spelling rows are told apart; a moment is a number."""
    split = definition["split"]
    column = None if split["by"] == TIME else split["column"]
    named = (*key_columns(definition["data"]["key"]), column, definition["gate"]["cluster"])
    return {name for name in named if name}


def _plain(csv: Mapping[str, Any]) -> bool:
    plain = CsvDialect()
    return (csv["decimal"], csv["thousands"]) == (plain.decimal, plain.thousands)


def _alike(one: str, other: str) -> bool:
    return any({one, other} <= set(group) for group in ALIKE)
