"""Data flow: paths to values that no earlier state can have written.

Reports nothing where data comes from outside: an execution's input, a task's result, a Map's item.
"""

from __future__ import annotations

from collections.abc import Iterator

from ratchet.workflow.asl.findings import WARNING, Finding, Path
from ratchet.workflow.asl.model import Flow, Parallel, State
from ratchet.workflow.checks import shapes, walk
from ratchet.workflow.checks.expressions import uses_of
from ratchet.workflow.checks.rule import Rule, Subject, nearest, shown
from ratchet.workflow.checks.shapes import Shape
from ratchet.workflow.checks.variables import path_texts

_AFTERWARDS = frozenset({"ResultSelector", "OutputPath", "Assign", "Catch"})


class UnwrittenPaths(Rule):
    """What a state reads from its input may have been written by an earlier state."""

    id = "data-flow"
    summary = (
        "A path into the state's input leads to something that an earlier state can have written"
    )
    link = Rule.link + "concepts-input-output-filtering.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        waiting: list[tuple[Flow, Shape]] = [(subject.machine.flow, None)]
        while waiting:
            flow, given = waiting.pop()
            known = shapes.inputs(flow, given)
            for name, state in flow.states.items():
                shape = known.get(name)
                if shape is not None:
                    yield from self._state(subject, state, shape)
                is_parallel = isinstance(state, Parallel)
                inner = shapes.branch_input(state, shape) if is_parallel else None
                waiting += [(part, inner) for part in state.flows()]

    def _state(self, subject: Subject, state: State, shape: shapes.Closed) -> Iterator[Finding]:
        optional = _asked_for(state)
        for path, steps in _reads(subject, state):
            is_input_path = path[len(state.path)] == "InputPath"
            here = shape if is_input_path else shapes.effective(state, shape)
            missing = shapes.missing(here, steps)
            if missing is not None and steps not in optional:
                names = _names(here, steps)
                reason = f"No state on the way here writes {shown('.'.join(map(str, steps)))}"
                suggestion = nearest(missing, names) or "The input is empty here"
                yield self.finding(path, reason, suggestion, severity=WARNING)


def _names(shape: Shape, steps: tuple[str | int, ...]) -> list[str]:
    """The members that exist where a step of the path is missing."""
    for step in steps:
        if shape is None or step not in shape.members:
            break
        shape = shape.members[str(step)]
    return list(shape.members) if shape is not None else []


def _reads(subject: Subject, state: State) -> Iterator[tuple[Path, tuple[str | int, ...]]]:
    for path, text in walk.jsonata_texts(state):
        used = uses_of(subject, text) if "input" in text else None
        for names in sorted(used.states) if used else ():
            if names[:1] == ("input",) and len(names) > 1:
                yield path, names[1:]
    for path, text in path_texts(subject, state):
        if path[len(state.path)] not in _AFTERWARDS and not _of_entry(state, path):
            steps = shapes.definite(text)
            if steps:
                yield path, steps


def _of_entry(state: State, path: Path) -> bool:
    """Whether a path belongs to a field that reads something other than the input."""
    return path[len(state.path)] in ("ItemSelector", "ItemBatcher") or (
        state.type == "Map" and path[len(state.path)] == "Parameters"
    )


def _asked_for(state: State) -> set[tuple[str | int, ...]]:
    """Paths by which a Choice tests whether something exists."""
    return {
        shapes.definite(rule["Variable"])
        for _, rule in walk.choice_rules(state)
        if "IsPresent" in rule and isinstance(rule.get("Variable"), str)
    }
