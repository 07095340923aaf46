"""What is known of the data between states without running them.

A shape is a closed object, of which all members are known, or None: anything. Where flows meet,
members of either one may exist; what is not certain is None.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ratchet.workflow.asl import paths as jsonpath
from ratchet.workflow.asl.model import Choice, Flow, State
from ratchet.workflow.asl.templates import is_expression
from ratchet.workflow.checks import walk

MAX_DEPTH = 4
MAX_MEMBERS = 100


@dataclass(frozen=True, slots=True)
class Closed:
    """An object with these members and no others."""

    members: Mapping[str, Shape]


Shape = Closed | None
ERROR_OUTPUT = Closed({"Error": None, "Cause": None})


def inputs(flow: Flow, given: Shape = None) -> dict[str, Shape]:
    """What each state of a flow may get as its input, when the flow gets `given`."""
    found: dict[str, Shape] = {}
    rounds = 0
    waiting: list[tuple[str, Shape]] = [(flow.start_at or "", given)]
    while waiting:
        name, shape = waiting.pop()
        state = flow.states.get(name)
        merged = joined(found[name], shape) if name in found else shape
        if state is None or (name in found and merged == found[name]):
            continue
        rounds += 1
        # Loops settle in a few rounds; what does not may be anything.
        found[name] = merged if rounds < 20 * len(flow.states) else None
        waiting += list(_outputs(state, found[name]))
    return found


def joined(one: Shape, other: Shape) -> Shape:
    """What may come from either of two sides."""
    if one is None or other is None:
        return None
    names = [*one.members, *(name for name in other.members if name not in one.members)]
    return Closed({name: _either(name, one, other) for name in names})


def _either(name: str, one: Closed, other: Closed) -> Shape:
    if name in one.members and name in other.members:
        return joined(one.members[name], other.members[name])
    return one.members.get(name) if name in one.members else other.members.get(name)


def missing(shape: Shape, steps: tuple[Any, ...]) -> str | None:
    """The first step that cannot exist, or None."""
    for step in steps:
        if shape is None or not isinstance(step, str):
            return None
        if step not in shape.members:
            return step
        shape = shape.members[step]
    return None


def of_value(value: Any, *, is_jsonata: bool, depth: int = 0) -> Shape:
    """The shape of a constant or a template; None for expressions and all but objects."""
    if not isinstance(value, dict) or depth >= MAX_DEPTH or is_expression(value):
        return None
    members: dict[str, Shape] = {}
    for key, part in value.items():
        if not is_jsonata and key.endswith(".$"):
            members[key.removesuffix(".$")] = None
        else:
            members[key] = of_value(part, is_jsonata=is_jsonata, depth=depth + 1)
    return Closed(members)


# what a state passes on


def _outputs(state: State, given: Shape) -> Iterator[tuple[str, Shape]]:
    output = _output(state, given)
    rules = dict(walk.entries(state, "Choices"))
    catches = dict(walk.entries(state, "Catch"))
    for path, target in state.targets():
        if not isinstance(target, str):
            continue
        if path[:-1] in catches:
            yield target, _caught(state, catches[path[:-1]], given)
        elif path[:-1] in rules and "Output" in rules[path[:-1]]:
            yield target, of_value(rules[path[:-1]]["Output"], is_jsonata=True)
        else:
            yield target, output


def _caught(state: State, entry: Mapping[str, Any], given: Shape) -> Shape:
    if state.is_jsonata:
        if "Output" in entry:
            return of_value(entry["Output"], is_jsonata=True)
        return ERROR_OUTPUT
    return _placed(given, entry.get("ResultPath", "$"), ERROR_OUTPUT)


def _output(state: State, given: Shape) -> Shape:
    document = state.document
    if state.is_jsonata:
        if "Output" in document:
            return of_value(document["Output"], is_jsonata=True)
        return given if state.type in ("Pass", "Wait", "Choice") else None
    taken = _taken(state, given)
    result = _result(state, taken) if not isinstance(state, Choice) else taken
    if state.type in ("Pass", "Task", "Parallel", "Map"):
        result = _placed(taken, document.get("ResultPath", "$"), result)
    return _selected(result, document.get("OutputPath", "$"))


def _taken(state: State, given: Shape) -> Shape:
    return _selected(given, state.document.get("InputPath", "$"))


def effective(state: State, given: Shape) -> Shape:
    """What the paths in a JSONPath state's own templates read: its input after InputPath."""
    return given if state.is_jsonata else _taken(state, given)


def _result(state: State, taken: Shape) -> Shape:
    document = state.document
    if state.type == "Pass":
        if "Result" in document:
            return of_value(document["Result"], is_jsonata=True)
        return _template(document["Parameters"]) if "Parameters" in document else taken
    if state.type in ("Task", "Parallel", "Map"):
        return _template(document.get("ResultSelector"))
    return taken


def _template(value: Any) -> Shape:
    return of_value(value, is_jsonata=False)


def _selected(shape: Shape, path: Any) -> Shape:
    if path is None:
        return Closed({})
    steps = _steps(path)
    if steps is None:
        return None
    for step in steps:
        shape = shape.members.get(step) if shape is not None and isinstance(step, str) else None
    return shape


def _placed(given: Shape, path: Any, result: Shape) -> Shape:
    """The input with the result put into it."""
    if path is None:
        return given
    steps = _steps(path)
    if steps is None or len(steps) > MAX_DEPTH:
        return None
    if not steps:
        return result
    if given is None or not isinstance(steps[0], str):
        return None
    if len(given.members) > MAX_MEMBERS:
        return None
    inner = given.members.get(steps[0], Closed({}))
    rest = _within(inner, steps[1:], result)
    return Closed({**given.members, steps[0]: rest})


def _within(shape: Shape, steps: tuple[Any, ...], result: Shape) -> Shape:
    if not steps:
        return result
    if shape is None or not isinstance(steps[0], str):
        return None
    inner = shape.members.get(steps[0], Closed({}))
    return Closed({**shape.members, steps[0]: _within(inner, steps[1:], result)})


def _steps(path: Any) -> tuple[Any, ...] | None:
    """The steps of a definite path into the data; None for any other."""
    if not isinstance(path, str) or not (path == "$" or path.startswith(("$.", "$["))):
        return None
    try:
        compiled = jsonpath.compiled(path)
    except jsonpath.PathSyntaxError:
        return None
    return compiled.steps if not compiled.merged and compiled.function is None else None


def definite(path: str) -> tuple[Any, ...]:
    """The steps of a path that can be followed; none for any other."""
    return _steps(path) or ()


def branch_input(state: State, given: Shape) -> Shape:
    """What the branches of a Parallel get."""
    document = state.document
    if state.is_jsonata:
        return (
            of_value(document["Arguments"], is_jsonata=True) if "Arguments" in document else given
        )
    return _template(document["Parameters"]) if "Parameters" in document else _taken(state, given)
