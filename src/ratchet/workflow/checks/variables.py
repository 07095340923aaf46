"""Variables and the context object: what is read exists."""

from __future__ import annotations

from collections.abc import Iterator

from ratchet.workflow.asl import intrinsics
from ratchet.workflow.asl import paths as jsonpath
from ratchet.workflow.asl.findings import WARNING, Finding, Path
from ratchet.workflow.asl.model import Flow, Map, State
from ratchet.workflow.checks import walk
from ratchet.workflow.checks.expressions import uses_of
from ratchet.workflow.checks.functions import FUNCTIONS
from ratchet.workflow.checks.rule import Rule, Subject, nearest, shown


def path_texts(subject: Subject, state: State) -> Iterator[tuple[Path, str]]:
    """Every path a JSONPath state reads, including those inside intrinsic functions."""
    if state.is_jsonata:
        return
    fields = (pair for pair in walk.path_fields(state) if pair[0][-1] != "ResultPath")
    for path, text in (*fields, *walk.references(state)):
        if not isinstance(text, str) or subject.is_open(text):
            continue
        if text.startswith("$"):
            yield path, text
        else:
            yield from ((path, inner) for inner in _arguments(text))


def _arguments(text: str) -> list[str]:
    try:
        return intrinsics.path_arguments(intrinsics.parsed(text))
    except (intrinsics.IntrinsicSyntaxError, RecursionError):
        return []


class UnknownVariables(Rule):
    """A variable that a state reads is assigned by a state of its flow or of an enclosing one."""

    id = "variable-unknown"
    summary = "A variable that is read is assigned in the same flow or in an enclosing one"
    link = Rule.link + "workflow-variables.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        everywhere: set[str] = set()
        for state in subject.states:
            everywhere |= _assigned(state)
        waiting: list[tuple[Flow, frozenset[str]]] = [(subject.machine.flow, frozenset())]
        while waiting:
            flow, outer = waiting.pop()
            visible = outer.union(*(_assigned(state) for state in flow.states.values()))
            for state in flow.states.values():
                yield from self._state(subject, state, visible, everywhere)
                is_distributed = isinstance(state, Map) and state.is_distributed
                inner = frozenset() if is_distributed else visible
                waiting += [(part, inner) for part in state.flows()]

    def _state(
        self, subject: Subject, state: State, visible: frozenset[str], everywhere: set[str]
    ) -> Iterator[Finding]:
        for path, name in _read(subject, state):
            if name not in visible:
                suggestion = (
                    "It is assigned in another branch, iteration or child execution, whose "
                    "variables end with it; pass the value on as output"
                    if name in everywhere
                    else nearest(f"${name}", (f"${known}" for known in visible))
                    or "Assign it in an earlier state"
                )
                reason = f"No state on the way here assigns the variable ${name}"
                yield self.finding(path, reason, suggestion, severity=WARNING)


def _assigned(state: State) -> frozenset[str]:
    names = (name for _, assign in walk.assigns(state) for name in assign)
    return frozenset(name if state.is_jsonata else name.removesuffix(".$") for name in names)


def _read(subject: Subject, state: State) -> Iterator[tuple[Path, str]]:
    for path, text in walk.jsonata_texts(state):
        used = uses_of(subject, text) if "$" in text else None
        for name in sorted(used.variables) if used else ():
            if name and name not in ("$", "states") and name not in FUNCTIONS:
                yield path, name
    for path, text in path_texts(subject, state):
        variable = intrinsics.variable_of(text)
        if variable is not None:
            yield path, variable


_CONTEXT = {
    "Execution": ("Id", "Input", "Name", "RedriveCount", "RedriveTime", "RoleArn", "StartTime"),
    "Map": ("Item",),
    "State": ("EnteredTime", "Name", "PreviousStateName", "RetryCount"),
    "StateMachine": ("Id", "Name"),
    "Task": ("Token",),
}


class ContextObject(Rule):
    """What is read from the context object exists there."""

    id = "context"
    summary = "Fields read from the context object exist"
    link = Rule.link + "input-output-contextobject.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            for path, steps in _contexts(subject, state):
                problem = _missing(steps)
                if problem is not None:
                    yield self.finding(path, *problem, severity=WARNING)


def _contexts(subject: Subject, state: State) -> Iterator[tuple[Path, tuple[str, ...]]]:
    for path, text in walk.jsonata_texts(state):
        used = uses_of(subject, text) if "context" in text else None
        for names in sorted(used.states) if used else ():
            if names[:1] == ("context",):
                yield path, names[1:]
    for path, text in path_texts(subject, state):
        if text.startswith("$$"):
            yield path, _names(text)


def _names(text: str) -> tuple[str, ...]:
    try:
        steps = jsonpath.compiled(intrinsics.path_of(text)).steps or ()
    except jsonpath.PathSyntaxError:
        return ()
    names: list[str] = []
    for step in steps:
        if not isinstance(step, str):
            break
        names.append(step)
    return tuple(names)


def _missing(steps: tuple[str, ...]) -> tuple[str, str] | None:
    if steps and steps[0] not in _CONTEXT:
        return f"The context object has no {shown(steps[0])}", nearest(steps[0], _CONTEXT)
    if len(steps) > 1 and steps[1] not in _CONTEXT[steps[0]]:
        reason = f"The context object's {steps[0]} has no {shown(steps[1])}"
        return reason, nearest(steps[1], _CONTEXT[steps[0]])
    return None
