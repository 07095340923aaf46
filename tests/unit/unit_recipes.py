"""Recipe steps on small tables, in DuckDB itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import duckdb

from ratchet.local_aws.databrew.compiler import sql
from ratchet.local_aws.databrew.compiler.recipe import parse_recipe
from ratchet.local_aws.databrew.compiler.run_recipe import apply_recipe, described

Rows = list[list[str | None]]
_DATABASE = duckdb.connect()
"""Opened once; a cursor has its own temporary tables."""
NOW = "2026-03-01T23:30:00+00:00"
"""When the run started: already the next day in Berlin."""


def step(operation: str, conditions: list[dict[str, str]] | None = None, **keys: str) -> Any:
    made: dict[str, Any] = {"Action": {"Operation": operation, "Parameters": keys}}
    return made | ({"ConditionExpressions": conditions} if conditions else {})


def when(condition: str, value: str, column: str = "a") -> list[dict[str, str]]:
    return [{"Condition": condition, "Value": value, "TargetColumn": column}]


def apply(steps: list[Any], columns: list[str], rows: Rows) -> tuple[list[str], Rows]:
    """The columns and rows that the steps make of a table of text."""
    with _DATABASE.cursor() as database:
        names = ", ".join(f"{sql.name(c)} VARCHAR" for c in columns)
        database.execute(f"CREATE TEMP TABLE data ({names})")
        if rows:
            marks = ", ".join([f"({', '.join('?' for _ in columns)})"] * len(rows))
            cells = [cell for row in rows for cell in row]
            database.execute(f"INSERT INTO data VALUES {marks}", cells)
        table = described(database, "data", tuple(columns))
        table = replace(table, now=datetime.fromisoformat(NOW))
        made = apply_recipe(database, parse_recipe(steps), table, lambda _line: None)
        found = database.execute(f'SELECT * FROM "{made.name}"').fetchall()
        return list(made.columns or ()), [list(row) for row in found]


def column(made: tuple[list[str], Rows], name: str) -> list[str | None]:
    return [row[made[0].index(name)] for row in made[1]]


def changed(made: Any, values: list[str | None]) -> list[str | None]:
    """Column `a` of these values after the step."""
    return column(apply([made], ["a"], [[value] for value in values]), "a")


def added(made: Any, values: list[str | None]) -> list[str | None]:
    """The new column `t` that the step makes beside column `a` of these values."""
    return column(apply([made], ["a"], [[value] for value in values]), "t")
