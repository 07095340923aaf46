# ruff: noqa: S608 - every name and value in the SQL is quoted by sql.py
"""A recipe step, its parameters as an operation reads them, and the table it is applied to."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ratchet.local_aws.databrew.compiler import sql
from ratchet.local_aws.databrew.compiler.conditions import Condition
from ratchet.local_aws.databrew.compiler.documented_names import did_you_mean
from ratchet.local_aws.databrew.compiler.errors import NotSupportedError, RecipeError

_NO_RUN = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class Table:
    """A table of text columns; `columns` is None while only the recipe is checked, without data."""

    name: str
    columns: tuple[str, ...] | None = None
    distinct: Callable[[str], list[str]] = field(default=lambda _column: [])
    """The distinct values of a column, without nulls, in the order of their text."""
    other: Callable[[str], Table] = field(default=lambda _location: Table("other"))
    """The table of another file, by its address in S3."""
    now: datetime = _NO_RUN
    """When the run started."""

    def column(self, column: str) -> str:
        """The quoted name of an existing column."""
        if self.columns is not None and column not in self.columns:
            raise RecipeError(
                f"column {column!r} does not exist{did_you_mean(column, self.columns)}"
            )
        return sql.name(column)

    def absent(self, column: str) -> str:
        """The name of a column to create; columns must differ by more than case."""
        if column.lower() in (known.lower() for known in self.columns or ()):
            raise RecipeError(f"column {column!r} exists already; choose another targetColumn")
        return column


def regular_expression(what: str, value: str) -> str:
    """A regular expression that Java (DataBrew) and RE2 (here) read alike, as SQL."""
    if re.search(r"\(\?(?:[=!>]|<[=!])|\\[1-9]", value):
        raise NotSupportedError(
            f"{what} {value!r} uses a look-around or back reference, not supported on local AWS"
        )
    try:
        re.compile(value)
    except re.error as error:
        raise RecipeError(f"{what} {value!r} is not a regular expression: {error}") from error
    return sql.text(value)


@dataclass(frozen=True)
class Step:
    """One step of a recipe: operation, parameters (lower camel case keys) and conditions."""

    operation: str
    parameters: dict[str, str]
    conditions: tuple[Condition, ...] = ()

    def where(self, table: Table) -> str | None:
        """SQL that is true for the rows that the step applies to; None means all rows."""
        for condition in self.conditions:
            table.column(condition.column)
        tests = [condition.predicate(sql.name(table.name)) for condition in self.conditions]
        return " AND ".join(tests) or None

    def get(self, key: str, default: str = "") -> str:
        return self.parameters.get(key, default)

    def flag(self, key: str) -> bool:
        value = self.get(key, "false").lower()
        if value not in ("true", "false"):
            raise RecipeError(f"{key} must be true or false, not {value!r}")
        return value == "true"

    def one_of(self, key: str, allowed: Collection[str], default: str = "") -> str:
        value = self.get(key) or default
        if value not in allowed:
            raise RecipeError(f"{key} {value!r} is not one of {', '.join(allowed)}")
        return value

    def number(self, key: str, default: str = "") -> float:
        try:
            value = sql.parsed(self.get(key) or default)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise RecipeError(f"{key} must be a number, not {self.get(key)!r}")
        return value

    def integer(self, key: str, low: int, high: int) -> int:
        value = self.get(key)
        if not re.fullmatch(r"\d{1,9}", value) or not low <= int(value) <= high:
            raise RecipeError(f"{key} must be an integer from {low} to {high}, not {value!r}")
        return int(value)

    def items(self, key: str) -> list[str]:
        """A parameter that is a JSON list inside a string."""
        found = self._json(key)
        if not isinstance(found, list) or not found:
            raise RecipeError(f'{key} must be a JSON list such as ["a","b"], not {self.get(key)!r}')
        return [item if isinstance(item, str) else json.dumps(item) for item in found]

    def lists(self, key: str) -> list[list[Any]]:
        """A parameter that is a JSON list of lists inside a string."""
        found = self._json(key)
        if not isinstance(found, list) or not all(isinstance(one, list) for one in found):
            raise RecipeError(f"{key} must be a JSON list of lists, not {self.get(key)!r}")
        return found

    def objects(self, key: str, known: Collection[str]) -> list[dict[str, Any]]:
        """A parameter that is a JSON list of objects, which have these keys, inside a string."""
        found = self._json(key)
        if not isinstance(found, list) or not found or not all(isinstance(o, dict) for o in found):
            raise RecipeError(f"{key} must be a JSON list of objects, not {self.get(key)!r}")
        for odd in (name for each in found for name in each if name not in known):
            raise RecipeError(f"{key} has an object with {odd!r}{did_you_mean(odd, known)}")
        return found

    def mapping(self, key: str) -> dict[str, str]:
        """A parameter that is a JSON object inside a string."""
        found = self._json(key)
        if not isinstance(found, dict) or not found:
            raise RecipeError(f'{key} must be a JSON object such as {{"no":"0"}}')
        return {k: v if isinstance(v, str) else json.dumps(v) for k, v in found.items()}

    def pattern(self, key: str) -> str:
        return regular_expression(key, self.get(key))

    def _json(self, key: str) -> object:
        try:
            return json.loads(self.get(key))
        except (ValueError, RecursionError) as error:
            raise RecipeError(f"{key} is not JSON: {self.get(key)!r:.200}") from error


@dataclass(frozen=True)
class Select:
    """A compiled step: one SELECT, and the columns of its result."""

    statement: str
    columns: tuple[str, ...]


def select(table: Table, expressions: dict[str, str], *, where: str = "", tail: str = "") -> Select:
    """A SELECT of `expressions` by column name, in order."""
    listed = ", ".join(f"{sql.as_text(e)} AS {sql.name(c)}" for c, e in expressions.items())
    condition = f" WHERE {where}" if where else ""
    order = f" {tail}" if tail else ""
    return Select(
        f"SELECT {listed or '*'} FROM {sql.name(table.name)}{condition}{order}", tuple(expressions)
    )


def numbered_rows(table: Table) -> str:
    """A SELECT of the table's rows with their places."""
    return f"SELECT *, row_number() OVER () AS {sql.PLACE} FROM {sql.name(table.name)}"


def numbered(
    table: Table, expressions: dict[str, str], *, order: str = sql.PLACE, first_of: str = ""
) -> Select:
    """A SELECT of `expressions`, which may speak of a row's place, in an order.

    With `first_of`, columns, only the first row of each of their values.
    """
    listed = ", ".join(f"{sql.as_text(e)} AS {sql.name(c)}" for c, e in expressions.items())
    chosen = listed or f"* EXCLUDE ({sql.PLACE})"
    place = f"row_number() OVER (PARTITION BY {first_of} ORDER BY {sql.PLACE})"
    qualify = f" QUALIFY {place} = 1" if first_of else ""
    statement = f"SELECT {chosen} FROM ({numbered_rows(table)}){qualify} ORDER BY {order}"
    return Select(statement, tuple(expressions))


def unchanged(table: Table) -> dict[str, str]:
    return {column: sql.name(column) for column in table.columns or ()}


Build = Callable[[Step, Table], Select]
Expression = Callable[[Step, Table], str]


@dataclass(frozen=True)
class Operation:
    """A row of the operation table: parameters and the SQL of the step."""

    build: Build
    required: frozenset[str]
    optional: frozenset[str] = frozenset()
    conditional: bool = True
    """Whether it uses ConditionExpressions."""
    columns_of_data: bool = False
    """Whether it depends on the values of the data which columns it makes."""
    fitted: bool = False
    """Whether it takes something from all rows, so from those that a pipeline holds out too."""
    doubt: str = ""
    """What differs from DataBrew, or what its reference leaves open and how it is read here."""


def keys(text: str) -> frozenset[str]:
    return frozenset(text.split())


def adds(expression: Expression, required: str, optional: str = "", doubt: str = "") -> Operation:
    """An operation that creates `targetColumn`, null where the conditions do not hold."""

    def build(step: Step, table: Table) -> Select:
        target = table.absent(step.get("targetColumn"))
        made, where = expression(step, table), step.where(table)
        value = f"CASE WHEN {where} THEN {made} END" if where else made
        return select(table, {**unchanged(table), target: value})

    return Operation(build, keys(required) | {"targetColumn"}, keys(optional), doubt=doubt)


def changes(
    expression: Expression, required: str = "", optional: str = "", doubt: str = ""
) -> Operation:
    """An operation that changes `sourceColumn`, only where the conditions hold."""

    def build(step: Step, table: Table) -> Select:
        source = step.get("sourceColumn")
        column = table.column(source)
        made, where = expression(step, table), step.where(table)
        value = f"CASE WHEN {where} THEN {made} ELSE {column} END" if where else made
        return select(table, {**unchanged(table), source: value})

    return Operation(build, keys(required) | {"sourceColumn"}, keys(optional), doubt=doubt)


def source(step: Step, table: Table) -> str:
    """The quoted source column of a step."""
    return table.column(step.get("sourceColumn"))
