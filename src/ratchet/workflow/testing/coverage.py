"""Which states, Choice rules and Catch entries of a machine a set of runs has taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ratchet.workflow.asl.model import Choice, Map, Parallel, State, StateMachine, Task
from ratchet.workflow.testing.machine_run import MachineRun, Step

Branch = tuple[str, str, str]
"""State, 'next' or 'catch', and the state it leads to."""


class Coverage:
    """Collects runs of one machine; `missing` lists what none of them took.

    Histories contain where a Choice went, but not by which rule: two rules of a state with the
    same target count as one. Inside a distributed Map, whose iterations have separate histories,
    only states that call something are seen.
    """

    def __init__(self, machine: StateMachine) -> None:
        self._machine = machine
        self._states: set[str] = set()
        self._branches: set[Branch] = set()

    def add(self, run: MachineRun) -> MachineRun:
        """Add a run. Returns the run itself, for chaining."""
        self._states.update(run.path)
        self._states.update(call.state for call in run.calls)
        self._branches.update(map(_taken, run.steps))
        return run

    def missing(self) -> list[str]:
        """One sentence for each state, rule and Catch entry never taken; empty if all were."""
        states = list(self._machine.all_states())
        never = [f"{s.name} was never entered" for s in states if s.name not in self._states]
        wanted = dict.fromkeys(branch for state in states for branch in _branches(state))
        return never + [
            f"{name} never went to {target}" + (" by its Catch" if way == "catch" else "")
            for name, way, target in wanted
            if (name, way, target) not in self._branches
        ]


def _taken(step: Step) -> Branch:
    return step.state, step.way or "", step.to or ""


def _branches(state: State) -> Iterator[Branch]:
    if isinstance(state, Choice):
        targets: Iterable[str | None] = [*(rule.next for rule in state.rules), state.default]
        yield from ((state.name, "next", target) for target in targets if target)
    elif isinstance(state, Task | Map | Parallel):
        yield from ((state.name, "catch", c.next) for c in state.catch if c.next)
