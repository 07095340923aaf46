"""What was agreed on: how objects are written, what they must satisfy, how rows are marked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from retraining.algorithms.catalog import trainer
from retraining.rules import belonging, classes, rows
from retraining.rules.data_check.column_rule import ColumnRule


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written: `data.csv` of the definition."""

    delimiter: str = ","
    header: bool = True
    names: tuple[str, ...] | None = None
    encoding: str = "utf-8"
    quote: str | None = '"'
    escape: str | None = None
    comment: str | None = None
    skip_lines: int = 0
    trim: bool = False
    null_values: tuple[str, ...] = ()
    decimal: str = "."
    thousands: str | None = None

    @classmethod
    def of(cls, csv: dict[str, Any]) -> Dialect:
        """The dialect of a definition's `data.csv`."""
        given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in csv.items()}
        return cls(**given)


@dataclass(frozen=True)
class Tolerance:
    """How many bad rows of an object are set aside alone; both bounds hold."""

    share: float = 0.0
    rows: int | None = None

    @classmethod
    def of(cls, checks: dict[str, Any]) -> Tolerance:
        """The tolerance of a definition's `checks`."""
        given = checks.get("tolerate")
        if given is None:
            return cls()
        share, most = given.get("share"), given.get("rows")
        return cls(1.0 if share is None else float(share), most)

    def allows(self, bad: int, rows_read: int) -> bool:
        """True while so many bad rows of so many do not spoil the object."""
        return bad <= self.share * rows_read and (self.rows is None or bad <= self.rows)

    def lost(self, bad: int) -> bool:
        """True when so many bad rows spoil the object, however many good ones follow."""
        return bad > 0 and (self.share == 0 or (self.rows is not None and bad > self.rows))


@dataclass(frozen=True)
class Rules:
    """What an object must satisfy, and how its rows are marked."""

    columns: tuple[ColumnRule, ...]
    label: str
    format: str
    dialect: Dialect
    ignore_unknown: bool
    fill_missing: bool
    tolerance: Tolerance
    identity: tuple[str, ...]  # the columns whose text identifies a row
    by: str  # what decides on a row's side
    decisive: ColumnRule | None  # the column of the group or of the moment
    cluster: ColumnRule | None
    shares: rows.Shares
    batch: str
    reserved: tuple[str, ...]

    @classmethod
    def of(cls, definition: dict[str, Any], batch: str) -> Rules:
        """The rules of a definition.json."""
        data, split = definition["data"], definition["split"]
        checks = definition.get("checks") or {}
        rules = {name: ColumnRule.of(name, c) for name, c in data["columns"].items()}
        if definition["etl"].get("features"):
            rules = {name: rule.for_features() for name, rule in rules.items()}
        if data["label"] in rules:
            rules[data["label"]] = rules[data["label"]].within(*_label_range(definition))
        key = [data["key"]] if isinstance(data["key"], str) else data["key"]
        return cls(
            columns=tuple(rules.values()),
            label=data["label"],
            format=data.get("format", CSV),
            dialect=Dialect.of(data.get("csv") or {}),
            ignore_unknown=checks.get("unknown_columns") == "ignore",
            fill_missing=checks.get("missing_columns") == "fill",
            tolerance=Tolerance.of(checks),
            identity=tuple(key) if key else tuple(rules),
            by=split["by"],
            decisive=rules.get(split.get("column") or ""),
            cluster=rules.get(belonging.cluster_column(definition) or ""),
            shares=rows.Shares.of(split),
            batch=batch,
            reserved=belonging.reserved(definition),
        )

    @property
    def names(self) -> list[str]:
        """The columns of the contract, in the order of the accepted copy."""
        return [column.name for column in self.columns]

    def typed(self, names: tuple[str, ...]) -> Rules:
        """The rules where these columns land as moments, without a format."""
        columns = (replace(c, format=None) if c.name in names else c for c in self.columns)
        return replace(self, columns=tuple(columns))


CSV: Final = "csv"
JSON_LINES: Final = "jsonl"
PARQUET: Final = "parquet"


def _label_range(definition: dict[str, Any]) -> tuple[float | None, float | None]:
    """The labels that the objective takes, where they reach training as they landed."""
    if not classes.as_landed(definition["etl"]) or classes.coded(definition):
        return None, None
    return trainer(definition["training"]).labels
