"""The graph: every target exists, every state can be reached, every flow can end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ratchet.workflow.asl.findings import WARNING, Finding, Path
from ratchet.workflow.asl.model import Choice, Fail, Flow, State, Succeed, UnknownState
from ratchet.workflow.checks.rule import Rule, Subject, nearest, shown

_LINK = Rule.link + "statemachine-structure.html"


class Targets(Rule):
    """StartAt, Next and Default name states of the same flow."""

    id = "graph-target"
    summary = "StartAt, Next and Default name a state of the same flow"
    link = _LINK
    code = "MISSING_TRANSITION_TARGET"

    def check(self, subject: Subject) -> Iterator[Finding]:
        elsewhere = {state.name for state in subject.states}
        for flow in subject.machine.all_flows():
            if flow.start_at is not None and flow.start_at not in flow.states:
                path = (*flow.path, "StartAt")
                yield self._missing(path, flow.start_at, flow, elsewhere)
            for state in flow.states.values():
                for path, name in state.targets():
                    if isinstance(name, str) and name not in flow.states:
                        yield self._missing(path, name, flow, elsewhere)

    def _missing(self, path: Path, name: str, flow: Flow, elsewhere: set[str]) -> Finding:
        reason = f"Missing '{path[-1]}' target: {name[:100]}"
        if name in elsewhere:
            return self.finding(path, reason, "That state is in another flow; stay in this one")
        return self.finding(path, reason, nearest(name, flow.states))


class Endings(Rule):
    """Each state has Next or End, not both; Succeed, Fail and Choice have neither."""

    id = "graph-ending"
    summary = "A state has exactly one of Next and End"
    link = _LINK

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            if not isinstance(state, Choice | Succeed | Fail | UnknownState) and state.document:
                yield from self._state(state)

    def _state(self, state: State) -> Iterator[Finding]:
        goes_on = "Next" in state.document
        if goes_on and state.end:
            yield self.finding(state.path, "Next and End exclude each other", "Keep one of them")
        elif not goes_on and not state.end:
            yield self.finding(state.path, "A state needs Next or End", 'Add "Next" or "End": true')


class Reachable(Rule):
    """Every state can be reached from StartAt."""

    id = "graph-reach"
    summary = "Every state can be reached from StartAt"
    link = _LINK
    code = "MISSING_TRANSITION_TARGET"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for flow in subject.machine.all_flows():
            if flow.start_at is None or flow.start_at not in flow.states:
                continue
            reached = _closure({flow.start_at}, _arrows(flow))
            for name, state in flow.states.items():
                if name not in reached:
                    reason = f"State {shown(name)} is not reachable"
                    yield self.finding(state.path, reason, "Point a Next at it, or remove it")


class Terminal(Rule):
    """A machine has a state that ends it: AWS refuses one that can only run forever."""

    id = "graph-end"
    summary = "A state machine has a state that ends it"
    link = _LINK
    code = "MISSING_END_STATE"

    def check(self, subject: Subject) -> Iterator[Finding]:
        if goes_on_for_ever(subject.machine.flow):
            yield self.finding(
                (),
                "Workflow has no terminal state",
                'Give a state "End": true, or point one at a Succeed or Fail state',
            )


def goes_on_for_ever(flow: Flow) -> bool:
    """Whether every state leads to another one. Other rules report invalid endings."""
    states = flow.states.values()
    return bool(states) and all(map(_leads_on, states))


def _leads_on(state: State) -> bool:
    if isinstance(state, Choice):
        return True
    return "Next" in state.document and not state.end and not isinstance(state, Succeed | Fail)


class Loops(Rule):
    """An end can be reached from every state."""

    id = "graph-loop"
    summary = "Every loop has a way out"
    link = _LINK

    def check(self, subject: Subject) -> Iterator[Finding]:
        for flow in subject.machine.all_flows():
            if flow.start_at is None or flow.start_at not in flow.states:
                continue
            if flow is subject.machine.flow and goes_on_for_ever(flow):
                continue
            arrows = _arrows(flow)
            reached = _closure({flow.start_at}, arrows)
            ends = {name for name in reached if _can_end(flow.states[name], arrows[name])}
            caught = reached - _closure(ends, _reversed(arrows))
            for name in flow.states:
                if name in caught:
                    yield self._loop(flow, name, caught)
                    break

    def _loop(self, flow: Flow, name: str, caught: set[str]) -> Finding:
        others = [state for state in flow.states if state in caught and state != name]
        where = f"{shown(name)}, {', '.join(map(shown, others[:3]))}" if others else shown(name)
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        return self.finding(
            flow.states[name].path,
            f"No end can be reached from {where}{more}: the loop has no way out",
            f'Point {"one of them" if others else "it"} at a state with "End": true, '
            "a Succeed or a Fail state",
            severity=WARNING,
        )


def _arrows(flow: Flow) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(
            target
            for _, target in state.targets()
            if isinstance(target, str) and target in flow.states
        )
        for name, state in flow.states.items()
    }


def _reversed(arrows: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    back: dict[str, list[str]] = {name: [] for name in arrows}
    for name, targets in arrows.items():
        for target in targets:
            back[target].append(name)
    return back


def _closure(starts: set[str], arrows: Mapping[str, Any]) -> set[str]:
    reached: set[str] = set()
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += arrows[name]
    return reached


def _can_end(state: State, arrows: tuple[str, ...]) -> bool:
    # A state that leads nowhere is an end too; other rules report what is wrong with it.
    return state.end or isinstance(state, Succeed | Fail) or not arrows


class UniqueNames(Rule):
    """State names are unique in the whole machine, branches and Map processors included."""

    id = "graph-unique"
    summary = "State names are unique across the whole machine"
    link = _LINK
    code = "DUPLICATE_STATE_NAME"

    def check(self, subject: Subject) -> Iterator[Finding]:
        seen: dict[str, State] = {}
        for state in subject.states:
            first = seen.setdefault(state.name, state)
            if first is not state:
                reason = f"The state name {shown(state.name)} is used twice"
                place = "/" + "/".join(str(step) for step in first.path)
                yield self.finding(state.path, reason, f"Rename it; the first is {place}")


class RepeatedKeys(Rule):
    """No key is repeated in one object of the text: only the last one would count."""

    id = "repeated-key"
    summary = "No key is repeated in one object"
    link = _LINK
    code = "DUPLICATE_STATE_NAME"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for path, line, column in subject.machine.source.repetitions():
            reason = (
                f"The key {shown(path[-1])} is repeated in one object; only the last one counts"
            )
            finding = self.finding(path, reason, "Rename or remove one of them")
            yield finding if line is None or column is None else finding.at(line, column)
