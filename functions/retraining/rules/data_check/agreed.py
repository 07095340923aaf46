"""What was agreed on: what an object must satisfy, and how its rows are marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from retraining.algorithms.catalog import label_range
from retraining.rules import rows
from retraining.rules.data_check.cells import ColumnRule
from retraining.rules.names import reserved_columns


@dataclass(frozen=True)
class Rules:
    """What an object must satisfy, and how its rows are marked."""

    columns: tuple[ColumnRule, ...]
    label: str
    delimiter: str
    identity: tuple[str, ...]  # the columns whose text identifies a row
    shares: rows.Shares
    batch: str
    reserved: tuple[str, ...]

    @classmethod
    def of(cls, definition: dict[str, Any], batch: str) -> Rules:
        """The rules of a definition.json."""
        data, split = definition["data"], definition["split"]
        rules = {name: ColumnRule.of(name, c) for name, c in data["columns"].items()}
        rules[data["label"]] = rules[data["label"]].within(*_label_range(definition))
        columns = tuple(rules.values())
        key = [data["key"]] if isinstance(data["key"], str) else data["key"]
        names = tuple(column.name for column in columns)
        identity = tuple(key) if split["by"] == "key" else names
        shares = rows.Shares.of(split)
        reserved = reserved_columns(split["by"])
        return cls(columns, data["label"], data["delimiter"], identity, shares, batch, reserved)


def _label_range(definition: dict[str, Any]) -> tuple[float | None, float | None]:
    """The labels that the objective takes, where they reach training as they landed."""
    etl = definition["etl"]
    changed = etl["recipe"] or etl["transform"]
    return (None, None) if changed else label_range(definition["training"])
