# ruff: noqa: S608 - every name and value in the SQL is quoted by sql.py
"""The 15 conditions of a recipe step as SQL predicates that are true or false, never null.

A negated condition is the exact opposite of the plain one, so a missing value satisfies it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from ratchet.local_aws.databrew.compiler import sql
from ratchet.local_aws.databrew.compiler.documented_names import CONDITIONS, did_you_mean
from ratchet.local_aws.databrew.compiler.errors import RecipeError

_COMPARISONS = {
    "LESS_THAN": "<",
    "LESS_THAN_EQUAL": "<=",
    "GREATER_THAN": ">",
    "GREATER_THAN_EQUAL": ">=",
}
_TEXT_TESTS = {"CONTAINS": "contains", "STARTS_WITH": "starts_with", "ENDS_WITH": "ends_with"}


@dataclass(frozen=True)
class Condition:
    """One ConditionExpression: the condition's name, its raw value and its column."""

    kind: str
    value: str
    column: str

    def predicate(self, table: str) -> str:
        """SQL over `table` that is true for the rows the step applies to."""
        plain = self.kind.removeprefix("NOT_") if self.kind.startswith("NOT_") else self.kind
        plain = "IS" if plain == "IS_NOT" else plain
        test = _PREDICATES[plain](self, sql.name(self.column), table)
        negated = plain != self.kind
        return f"NOT coalesce({test}, false)" if negated else f"coalesce({test}, false)"


def parse_condition(raw: dict[str, str]) -> Condition:
    """Check one ConditionExpression; RecipeError names what is wrong and the nearest real name."""
    kind = raw.get("Condition", "")
    if kind not in CONDITIONS:
        raise RecipeError(
            f"Condition {kind!r} does not exist in DataBrew{did_you_mean(kind, CONDITIONS)}"
        )
    condition = Condition(kind, raw.get("Value", ""), raw.get("TargetColumn", ""))
    if not condition.column:
        raise RecipeError(f"Condition {kind} needs a TargetColumn")
    condition.predicate("checked")
    return condition


def _values(condition: Condition) -> list[str]:
    """The values of a condition: a JSON list, or a single value."""
    value = condition.value
    if value.lstrip().startswith("["):
        try:
            found = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise RecipeError(
                f"Condition {condition.kind}: Value {value!r:.200} is not a JSON list"
            ) from error
        value_list = [item if isinstance(item, str) else json.dumps(item) for item in found]
    else:
        value_list = [value] if value else []
    if not value_list:
        raise RecipeError(f"Condition {condition.kind} on {condition.column!r} needs a Value")
    return value_list


def _number(value: str) -> float | None:
    try:
        return sql.parsed(value)
    except ValueError:
        return None


def _is(condition: Condition, column: str, _table: str) -> str:
    values = _values(condition)
    numbers = [n for n in map(_number, values) if n is not None]
    test = f"{column} IN ({sql.texts(values)})"
    if not numbers:
        return test
    listed = ", ".join(
        f"CAST({n!r} AS DOUBLE)" for n in numbers if n == n and abs(n) != float("inf")
    )
    return f"({test} OR {sql.number(column)} IN ({listed}))" if listed else test


def _comparison(condition: Condition, column: str, _table: str) -> str:
    values = _values(condition)
    if len(values) != 1:
        raise RecipeError(f"Condition {condition.kind} takes one value, not {condition.value!r}")
    return _compare(column, _COMPARISONS[condition.kind], values[0], condition.kind)


def _compare(column: str, operator: str, value: str, kind: str) -> str:
    if _number(value) is not None:
        return f"{sql.number(column)} {operator} {sql.number(sql.text(value))}"
    if any(c.isdigit() for c in value) and any(c in value for c in "-/:"):
        return f"{sql.moment(column)} {operator} {sql.moment(sql.text(value))}"
    raise RecipeError(f"Condition {kind} compares numbers and dates; {value!r} is neither")


def _between(condition: Condition, column: str, _table: str) -> str:
    values = _values(condition)
    if len(values) == 1:
        values = [part.strip() for part in values[0].split(",")]
    if len(values) != 2:
        raise RecipeError(
            f'Condition IS_BETWEEN takes two values such as ["1","5"], not {condition.value!r}'
        )
    low, high = values
    return (
        f"({_compare(column, '>=', low, condition.kind)}"
        f" AND {_compare(column, '<=', high, condition.kind)})"
    )


def _text_test(condition: Condition, column: str, _table: str) -> str:
    function = _TEXT_TESTS[condition.kind.removeprefix("NOT_")]
    tests = (f"{function}({column}, {sql.text(value)})" for value in _values(condition))
    return "(" + " OR ".join(tests) + ")"


def _missing(_condition: Condition, column: str, _table: str) -> str:
    return sql.missing(column)


def _invalid(_condition: Condition, column: str, table: str) -> str:
    """Not a number in a column that mostly holds numbers; DataBrew also infers types from data."""
    numeric = f"(SELECT 2 * count({sql.number(column)}) > count({column}) FROM {table})"
    return f"({numeric} AND NOT {sql.missing(column)} AND {sql.number(column)} IS NULL)"


_PREDICATES: dict[str, Callable[[Condition, str, str], str]] = {
    "IS": _is,
    "IS_BETWEEN": _between,
    "IS_MISSING": _missing,
    "IS_INVALID": _invalid,
    **dict.fromkeys(_COMPARISONS, _comparison),
    **dict.fromkeys(_TEXT_TESTS, _text_test),
}
