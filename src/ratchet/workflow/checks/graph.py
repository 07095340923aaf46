"""The graph: every target exists, every state can be reached, every flow can end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ratchet.workflow.asl.findings import WARNING, Finding
from ratchet.workflow.asl.model import Choice, Fail, Flow, State, Succeed, UnknownState
from ratchet.workflow.checks.rule import Rule, Subject, nearest


class Targets(Rule):
    """StartAt, Next and Default name states of the same flow."""

    id = "graph-target"
    summary = "StartAt, Next and Default must name a state of the same flow"
    code = "MISSING_TRANSITION_TARGET"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for flow in subject.machine.all_flows():
            if flow.start_at is not None and flow.start_at not in flow.states:
                yield self._missing((*flow.path, "StartAt"), "StartAt", flow.start_at, flow)
            for state in flow.states.values():
                for path, name in state.targets():
                    if isinstance(name, str) and name not in flow.states:
                        yield self._missing(path, str(path[-1]), name, flow)

    def _missing(self, path: tuple[str | int, ...], field: str, name: str, flow: Flow) -> Finding:
        return self.finding(path, f"Missing '{field}' target: {name}", nearest(name, flow.states))


class Endings(Rule):
    """Each state says how it goes on: Next or End, not both, and never on Succeed, Fail, Choice."""

    id = "graph-ending"
    summary = "A state has exactly one of Next and End"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.machine.all_states():
            if not isinstance(state, Choice | Succeed | Fail | UnknownState) and state.document:
                yield from self._state(state)

    def _state(self, state: State) -> Iterator[Finding]:
        goes_on = "Next" in state.document
        if goes_on and state.end:
            yield self.finding(state.path, "Next and End exclude each other", "Keep one of them")
        elif not goes_on and not state.end:
            yield self.finding(state.path, "A state needs Next or End", 'Add "Next" or "End": true')


class Reachable(Rule):
    """Every state can be reached from StartAt, and every flow can come to an end."""

    id = "graph-reach"
    summary = "Every state is reachable and every flow can end"
    code = "UNREACHABLE_STATE"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for flow in subject.machine.all_flows():
            if flow.start_at not in flow.states:
                continue
            reached = _reached(flow)
            for name, state in flow.states.items():
                if name not in reached:
                    yield self.finding(
                        state.path,
                        f"State '{name}' is not reachable",
                        "Lead a Next to it, or drop it",
                    )
            if not any(_is_last(flow.states[name]) for name in reached):
                yield self.finding(
                    (*flow.path, "States"),
                    "No state ends the flow",
                    'Give one state "End": true, or add a Succeed or Fail state',
                    code="MISSING_END_STATE",
                )


def _reached(flow: Flow) -> set[str]:
    reached: set[str] = set()
    waiting = [flow.start_at]
    while waiting:
        name = waiting.pop()
        if name is None or name in reached or name not in flow.states:
            continue
        reached.add(name)
        waiting += [target for _, target in flow.states[name].targets() if isinstance(target, str)]
    return reached


def _is_last(state: State) -> bool:
    return state.end or isinstance(state, Succeed | Fail)


class UniqueNames(Rule):
    """State names are unique in the whole machine, branches and Map processors included."""

    id = "graph-unique"
    summary = "State names are unique across the whole machine"
    code = "DUPLICATE_STATE_NAME"

    def check(self, subject: Subject) -> Iterator[Finding]:
        counts = Counter(state.name for state in subject.machine.all_states())
        seen: set[str] = set()
        for state in subject.machine.all_states():
            if counts[state.name] > 1 and state.name in seen:
                yield self.finding(
                    state.path, f"The state name '{state.name}' is used twice", "Rename one of them"
                )
            seen.add(state.name)
        for key in subject.machine.source.repeated:
            reason = f"The key '{key}' is written twice in one object; only the last one counts"
            yield self.finding((), reason, "Rename or drop one of them")


class ChoiceDefault(Rule):
    """A Choice without Default fails with States.NoChoiceMatched when no rule matches."""

    id = "choice-default"
    summary = "A Choice state should have a Default"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.machine.all_states():
            if isinstance(state, Choice) and "Default" not in state.document:
                yield self.finding(
                    state.path,
                    "Without Default an input that no rule matches fails the execution",
                    "Add a Default; else the error is States.NoChoiceMatched",
                    severity=WARNING,
                )
