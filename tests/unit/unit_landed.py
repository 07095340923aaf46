"""Small pipelines and the check of what lands for them."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from retraining.rules.data_check.agreed import Rules
from retraining.rules.data_check.check import Result, check

COLUMNS: dict[str, Any] = {
    "age": {"type": "integer", "min": 0, "max": 120},
    "income": {"type": "number", "nullable": True},
    "plan": {"type": "category", "values": ["basic", "plus"], "nullable": True},
    "churned": {"type": "category", "values": ["no", "yes"]},
}


GOOD = "age,income,plan,churned\n31,1530.37,basic,no\n44,,plus,yes\n"
ROWS: list[dict[str, Any]] = [
    {"age": 31, "income": 1530.37, "plan": "basic", "churned": "no"},
    {"age": 44, "income": None, "plan": "plus", "churned": "yes"},
]


def zipped(files: dict[str, str]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, text in files.items():
            pack.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def parquet(table: pa.Table, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def lines(rows: list[Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


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
