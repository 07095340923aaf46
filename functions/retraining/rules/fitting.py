"""Whether the sections of a definition fit each other and the columns."""

from __future__ import annotations

from typing import Final

from retraining.rules.belonging import CALENDAR, NUMERIC, TIME
from retraining.rules.classes import NUMBER
from retraining.rules.columns import Column
from retraining.rules.sections.data import DataOfDefinition, key_columns
from retraining.rules.sections.etl import EtlOfDefinition
from retraining.rules.sections.gate import Gate
from retraining.rules.sections.section import in_a_row
from retraining.rules.sections.split import Split

SLICED: Final = ("category", "text", "boolean", "integer")  # types whose values may be few


def problems(data: DataOfDefinition, etl: EtlOfDefinition, split: Split, gate: Gate) -> list[str]:
    """Everything that does not fit, in sentences."""
    return [
        *_label_problems(data, etl),
        *_key_problems(data, split),
        *_split_problems(data, split, gate),
        *_slice_problems(data, gate),
        *_type_problems(data, etl),
    ]


def _label_problems(data: DataOfDefinition, etl: EtlOfDefinition) -> list[str]:
    columns, label = data.columns.root, data.label
    made = etl.recipe or etl.transform
    if label not in columns and not etl.transform:
        return [f"data.label: {label!r} is not a column; the columns are {', '.join(columns)}"]
    if label not in columns:
        return []
    column, found = columns[label], []
    if column.type in CALENDAR and not made:
        found.append(f"data.label: column {label!r} is a {column.type}, which cannot be predicted")
    if column.type == "category" and column.values is None:
        found.append(
            f"data.columns.{label}: the label is a category without values: list them, such as"
            ' values: ["no", "yes"], so that no other spelling counts as another class'
        )
    return found


def _key_problems(data: DataOfDefinition, split: Split) -> list[str]:
    columns, keys = data.columns.root, key_columns(data.key)
    found = [
        f"data.key: {key!r} is not a column; the columns are {', '.join(columns)}"
        for key in keys
        if key not in columns
    ]
    found += [
        f"data.key: column {key!r} must not be nullable"
        for key in keys
        if key in columns and columns[key].nullable
    ]
    if data.label in keys:
        found.append(f"data.key: the label {data.label!r} cannot identify a row")
    if split.by == "key" and not keys:
        found.append("split.by: key requires data.key: name the column that identifies a row")
    return found


def _split_problems(data: DataOfDefinition, split: Split, gate: Gate) -> list[str]:
    columns = data.columns.root
    found = [
        f"{name}: {column!r} is not a column; the columns are {', '.join(columns)}"
        for name, column in (("split.column", split.column), ("gate.cluster", gate.cluster))
        if column is not None and column not in columns
    ]
    column = columns.get(split.column or "")
    if column is None:
        return found
    if split.column == data.label:
        found.append(
            f"split.column: the label {split.column!r} cannot decide which side a row is on"
        )
    if column.nullable:
        found.append(
            f"split.column: column {split.column!r} must not be nullable: a row without it would be"
            " on no side"
        )
    return found + (_time_problems(split, column.type) if split.by == TIME else [])


def _time_problems(split: Split, kind: str) -> list[str]:
    if kind not in (*CALENDAR, *NUMERIC):
        what = f"column {split.column!r} is of type {kind}, which has no order in time"
        return [f"split.column: {what}: name a date, a timestamp or a number that grows with time"]
    if kind in CALENDAR and not isinstance(split.gap, str | None):
        return [f"split.gap: of a {kind} it must be a duration such as 2d, not {split.gap:g}"]
    if kind in NUMERIC and isinstance(split.gap, str):
        what = f"column {split.column!r} holds numbers"
        return [f"split.gap: {what}, so it must be a number, not {split.gap}"]
    return []


def _slice_problems(data: DataOfDefinition, gate: Gate) -> list[str]:
    columns, found = data.columns.root, []
    for name in gate.slices:
        where = f"gate.slices.{name}"
        if name not in columns:
            found.append(f"{where}: not a column; the columns are {', '.join(columns)}")
        elif name == data.label:
            found.append(f"{where}: the label cannot be a slice: of each value it has one class")
        elif columns[name].type not in SLICED:
            kinds = in_a_row(SLICED, "or")
            what = f"column {name!r} is of type {columns[name].type}"
            found.append(f"{where}: {what}; slices are values of a column of type {kinds}")
    return found


def _type_problems(data: DataOfDefinition, etl: EtlOfDefinition) -> list[str]:
    """Without ETL every column must already be numeric: training reads only numbers.

    features.py makes the features alone. A label of a category's values gets their numbers.
    """
    columns = data.columns.root
    if etl.recipe or etl.transform:
        return []
    wanted = [data.label] if etl.features else list(columns)
    add = "etl.recipe or etl.transform" if etl.features else "etl.recipe, transform or features"
    return [
        f"data.columns.{name}: type {columns[name].type}, and nothing converts it to a number:"
        f" add {add}{_or_list(data, name)}"
        for name in wanted
        if name in columns
        and not _numeric(columns[name])
        and not (name == data.label and columns[name].values)
    ]


def _or_list(data: DataOfDefinition, name: str) -> str:
    is_text = name == data.label and data.columns.root[name].type in ("text", "category")
    return ", or make it a category and list its values" if is_text else ""


def _numeric(column: Column) -> bool:
    if column.type in ("integer", "number", "boolean"):
        return True
    return column.type == "category" and all(map(NUMBER.fullmatch, column.values or ["x"]))
