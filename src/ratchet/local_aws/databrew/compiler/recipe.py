"""A recipe as the API gives it, checked step by step against the operation table."""

from dataclasses import dataclass
from typing import Any

from ratchet.local_aws.databrew.compiler import (
    cases,
    columns,
    dates,
    missing,
    numbers,
    rows,
    scaling,
    structure,
    text,
    values,
)
from ratchet.local_aws.databrew.compiler.conditions import Condition, parse_condition
from ratchet.local_aws.databrew.compiler.documented_names import (
    CONSOLE_KEYS,
    OPERATIONS,
    did_you_mean,
)
from ratchet.local_aws.databrew.compiler.errors import RecipeError
from ratchet.local_aws.databrew.compiler.step import Operation, Select, Step, Table

FAMILIES = (columns, values, missing, text, dates, numbers, scaling, cases, rows, structure)
"""The modules of operations, in the order in which docs/recipes.md shows them."""

SUPPORTED: dict[str, Operation] = {
    name: row for family in FAMILIES for name, row in family.OPERATIONS.items()
}

_MOST_STEPS = 100


@dataclass(frozen=True)
class Recipe:
    """Checked steps, and the console keys that were ignored."""

    steps: tuple[Step, ...]
    warnings: tuple[str, ...]


def parse_recipe(raw_steps: list[dict[str, Any]]) -> Recipe:
    """Check all steps; RecipeError names the step, what is wrong, and the nearest real name."""
    if len(raw_steps) > _MOST_STEPS:
        raise RecipeError(f"a recipe has at most {_MOST_STEPS} steps, not {len(raw_steps)}")
    warnings: list[str] = []
    steps = tuple(_parse_step(n, raw, warnings) for n, raw in enumerate(raw_steps, start=1))
    return Recipe(steps, tuple(warnings))


def compile_step(number: int, step: Step, table: Table) -> Select:
    """The SELECT of a step over a table whose columns are known."""
    try:
        return SUPPORTED[step.operation].build(step, table)
    except RecipeError as error:
        raise RecipeError(f"Step {number} ({step.operation}): {error}") from error


def _parse_step(number: int, raw: dict[str, Any], warnings: list[str]) -> Step:
    action = raw.get("Action") or {}
    name = action.get("Operation", "")
    place = f"Step {number} ({name})"
    try:
        operation = _operation(name)
        given = {_lower_camel(k): v for k, v in (action.get("Parameters") or {}).items()}
        parameters, ignored = _parameters(name, operation, given)
        step = Step(name, parameters, _conditions(operation, raw))
        operation.build(step, Table("checked"))
    except RecipeError as error:
        raise RecipeError(f"{place}: {error}") from error
    warnings.extend(f"{place}: parameter {key} is ignored" for key in ignored)
    return step


def _conditions(operation: Operation, raw: dict[str, Any]) -> tuple[Condition, ...]:
    conditions = tuple(map(parse_condition, raw.get("ConditionExpressions") or []))
    if conditions and not operation.conditional:
        raise RecipeError("takes no ConditionExpressions")
    return conditions


def _operation(name: str) -> Operation:
    if name in SUPPORTED:
        return SUPPORTED[name]
    if name not in OPERATIONS:
        raise RecipeError(
            f"operation {name!r} does not exist in DataBrew{did_you_mean(name, OPERATIONS)}"
        )
    raise RecipeError(
        f"operation {name} exists in DataBrew but is not supported on local AWS;"
        " docs/recipes.md lists what is"
    )


def _parameters(
    name: str, operation: Operation, given: dict[str, str]
) -> tuple[dict[str, str], list[str]]:
    """The parameters the operation reads, and the console keys that are ignored."""
    known = operation.required | operation.optional
    ignored = [key for key in given if key not in known and key in CONSOLE_KEYS]
    for key in given:
        if key not in known and key not in CONSOLE_KEYS:
            raise RecipeError(f"{name} has no parameter {key!r}{did_you_mean(key, known)}")
    missing = sorted(key for key in operation.required if not given.get(key))
    if missing:
        raise RecipeError(f"parameter {missing[0]} is missing")
    return {key: value for key, value in given.items() if key in known}, ignored


def _lower_camel(key: str) -> str:
    return key[:1].lower() + key[1:]
