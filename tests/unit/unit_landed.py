"""Small pipelines and the check of what lands for them."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from retraining.rules.data_check.agreed import Rules
from retraining.rules.data_check.check import Result, check

COLUMNS: dict[str, Any] = {
    "age": {"type": "integer", "min": 0, "max": 120},
    "income": {"type": "number", "nullable": True},
    "plan": {"type": "category", "values": ["basic", "plus"], "nullable": True},
    "churned": {"type": "category", "values": ["no", "yes"]},
}


def definition(
    columns: dict[str, Any] | None = None,
    dialect: dict[str, Any] | None = None,
    checks: dict[str, Any] | None = None,
    **data: Any,
) -> dict[str, Any]:
    """A definition.json, as far as the data check reads it."""
    return {
        "data": {
            "format": "csv",
            "csv": dialect or {},
            "label": "churned",
            "key": None,
            "columns": columns or COLUMNS,
            **data,
        },
        "checks": checks or {},
        "split": {"train": 0.7, "validation": 0.15, "holdout": 0.15, "by": "row"},
        "etl": {"recipe": None, "transform": "f" * 64},
        "training": {"algorithm": "xgboost", "hyperparameters": {}},
    }


class Checked:
    """The result of a check, the accepted copy as dictionaries, and the rows set aside."""

    def __init__(self, landed: bytes | str, wanted: dict[str, Any]) -> None:
        raw = landed.encode() if isinstance(landed, str) else landed
        copy, aside = io.BytesIO(), io.BytesIO()
        rules = Rules.of(wanted, "run-000001")
        self.result: Result = check(io.BytesIO(raw), rules, copy, aside=aside)
        self.copy = copy.getvalue().decode()
        self.rows = list(csv.DictReader(io.StringIO(self.copy, newline="")))
        self.aside = [json.loads(line) for line in aside.getvalue().splitlines()]

    @property
    def said(self) -> str:
        """All sentences of the problems."""
        return "\n".join(problem.sentence for problem in self.result.problems.listed)

    def column(self, name: str) -> list[str]:
        """A column of the accepted copy."""
        return [row[name] for row in self.rows]
