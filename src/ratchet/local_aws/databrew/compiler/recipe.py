"""A recipe as the API gives it, checked step by step against the operation table."""

import json
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
from ratchet.local_aws.databrew.compiler.errors import NotSupportedError, RecipeError
from ratchet.local_aws.databrew.compiler.step import Operation, Select, Step, Table

FAMILIES = (columns, values, missing, text, dates, numbers, scaling, cases, rows, structure)
"""The modules of operations, in the order in which docs/recipes.md shows them."""

SUPPORTED: dict[str, Operation] = {
    name: row for family in FAMILIES for name, row in family.OPERATIONS.items()
}

_MOST_STEPS = 100
_STEP_KEYS = ("Action", "ConditionExpressions")
_ACTION_KEYS = ("Operation", "Parameters")
_CONDITION_KEYS = ("Condition", "Value", "TargetColumn")


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
        raise type(error)(f"Step {number} ({step.operation}): {error}") from error


@dataclass(frozen=True)
class Findings:
    """What is wrong with a recipe, step by step, what DataBrew alone runs of it, and doubts."""

    problems: tuple[str, ...]
    unsupported: tuple[str, ...]
    doubts: tuple[str, ...]


def check_recipe(
    raw_steps: list[Any], columns: tuple[str, ...] | None = None, kept: tuple[str, ...] = ()
) -> Findings:
    """What parse_recipe would refuse, of all steps.

    With the dataset's columns, also a column that does not exist when a step asks for it, up to
    the first step whose columns depend on the data, and one of those `kept` that is lost.
    """
    problems, unsupported, doubts = list[str](), list[str](), list[str]()
    lost: dict[str, str] = {}
    if len(raw_steps) > _MOST_STEPS:
        problems.append(f"a recipe has at most {_MOST_STEPS} steps, not {len(raw_steps)}")
    for number, raw in enumerate(raw_steps, start=1):
        before, columns = columns, None
        try:
            step = _parse_step(number, raw, [])
            columns = before and _columns_after(number, step, before)
            gone = [one for one in kept if one in (before or ()) and one not in (columns or kept)]
            doubts += _doubts(number, step)
            lost |= dict.fromkeys(gone, f"Step {number} ({step.operation})")
        except NotSupportedError as error:
            unsupported.append(str(error))
        except RecipeError as error:
            problems.append(str(error))
    problems += [
        f"{place}: column {column!r} is gone afterwards, and a run needs it"
        for column, place in lost.items()
        if columns and column not in columns
    ]
    return Findings(tuple(problems), tuple(unsupported), tuple(doubts))


def _doubts(number: int, step: Step) -> list[str]:
    if not (SUPPORTED[step.operation].fitted or step.get("withExpressions")):
        return []
    place = f"Step {number} ({step.operation})"
    why = "what a run measures on those is flattered, and the figures change with every drop"
    return [f"{place} takes its figures from all rows, held-out ones too: {why}"]


def _columns_after(number: int, step: Step, columns: tuple[str, ...]) -> tuple[str, ...] | None:
    """The columns that a step makes of these, if they do not depend on the data."""
    made = compile_step(number, step, Table("checked", columns)).columns
    return None if SUPPORTED[step.operation].columns_of_data else made


def _parse_step(number: int, raw: Any, warnings: list[str]) -> Step:
    place = f"Step {number}"
    try:
        action = _form(_form(raw, _STEP_KEYS, "a step").get("Action"), _ACTION_KEYS, "Action")
        name = str(action.get("Operation", ""))
        place = f"{place} ({name})"
        operation = _operation(name)
        given = {_lower_camel(k): v for k, v in _texts(action.get("Parameters") or {}).items()}
        parameters, ignored = _parameters(name, operation, given)
        step = Step(name, parameters, _conditions(operation, raw))
        operation.build(step, Table("checked"))
    except RecipeError as error:
        raise type(error)(f"{place}: {error}") from error
    warnings.extend(f"{place}: parameter {key} is ignored" for key in ignored)
    return step


def _form(raw: Any, known: tuple[str, ...], what: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise RecipeError(f"{what} must have the keys {', '.join(known)}, not be {raw!r:.60}")
    for odd in (key for key in raw if key not in known):
        raise RecipeError(f"{what} has no key {odd!r}{did_you_mean(str(odd), known)}")
    return raw


def _texts(parameters: Any) -> dict[str, str]:
    """Parameters, which the API takes as texts alone: lists and numbers are JSON in a text."""
    if not isinstance(parameters, dict):
        raise RecipeError(f"Parameters must be an object, not {parameters!r:.60}")
    for key, value in parameters.items():
        if not isinstance(value, str):
            raise RecipeError(f"parameter {key} must be text, such as {_as_text(value)!r}")
    return parameters


def _as_text(value: Any) -> str:
    return json.dumps(value)[:60]


def _conditions(operation: Operation, raw: dict[str, Any]) -> tuple[Condition, ...]:
    given = raw.get("ConditionExpressions") or []
    if not isinstance(given, list):
        raise RecipeError(f"ConditionExpressions must be a list, not {given!r:.60}")
    forms = [_form(one, _CONDITION_KEYS, "a condition") for one in given]
    conditions = tuple(
        parse_condition({key: value for key, value in form.items() if value is not None})
        for form in forms
    )
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
    raise NotSupportedError(
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
