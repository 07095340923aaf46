"""Runs a whole machine with mocked integrations on a simulated clock."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ratchet.workflow.asl.model import StateMachine
from ratchet.workflow.asl.payload import Payload
from ratchet.workflow.history.reader import read_trace
from ratchet.workflow.history.visits import Trace, Way
from ratchet.workflow.interpreter import execution as interpreter
from ratchet.workflow.interpreter.clock import TestClock
from ratchet.workflow.interpreter.execution import Execution
from ratchet.workflow.interpreter.identity import Identity
from ratchet.workflow.interpreter.tasks import Callbacks, TaskCall
from ratchet.workflow.testing.machines import Machine, machine_of, refuse_unknown_states
from ratchet.workflow.testing.runner import Answers, MockRunner, Script


@dataclass(frozen=True)
class Step:
    """One visit of a state. `way` is None while nothing followed; `to` is the state after it."""

    state: str
    way: Way | None = None
    to: str | None = None


@dataclass(frozen=True)
class Wait:
    """The pause between two attempts of a state, in seconds."""

    state: str
    seconds: float


@dataclass(frozen=True)
class MachineRun:
    """A finished execution, with what tests assert on."""

    machine: StateMachine
    execution: Execution
    calls: tuple[TaskCall, ...]
    stopped_jobs: tuple[TaskCall, ...]
    unused_mocks: tuple[str, ...]

    @property
    def status(self) -> str:
        """SUCCEEDED, FAILED, TIMED_OUT or ABORTED."""
        return self.execution.status

    @property
    def output(self) -> Any:
        """The output as plain JSON; None for an execution that failed."""
        return self.execution.output.value if self.execution.output is not None else None

    @property
    def error(self) -> str | None:
        return self.execution.error

    @property
    def cause(self) -> str | None:
        return self.execution.cause

    @property
    def seconds(self) -> float:
        """How long it took on the simulated clock."""
        return (self.execution.stopped or self.execution.started) - self.execution.started

    @cached_property
    def history(self) -> list[dict[str, Any]]:
        """The events as GetExecutionHistory gives them: `draw` colours a machine by them."""
        return [event.as_api() for event in self.execution.history.events]

    @cached_property
    def trace(self) -> Trace:
        """Every visit of a state: in which Map item or branch, its attempts, errors and times."""
        return read_trace(self.history)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Every visit of a state, in the order of entering, and how it was left."""
        return tuple(Step(visit.state, visit.way, visit.to) for visit in self.trace.visits)

    @property
    def path(self) -> list[str]:
        """The states in the order they were entered, those inside a Map once per iteration."""
        return [step.state for step in self.steps]

    @property
    def waits(self) -> list[Wait]:
        """The pauses before each new attempt of a Task, Map or Parallel state."""
        retries = [
            (attempt.event, Wait(visit.state, attempt.waited))
            for visit in self.trace.visits
            for attempt in visit.attempts
            if attempt.waited is not None
        ]
        return [wait for _, wait in sorted(retries, key=lambda retry: retry[0])]

    def retries(self, state: str | None = None) -> int:
        """How often a state was retried, or without a name all states."""
        return sum(state in (None, wait.state) for wait in self.waits)

    def transitions(self, *, without_retries_of: tuple[str, ...] = ()) -> int:
        """State transitions as AWS bills them: one per state entered and one per retry."""
        counted = sum(wait.state not in without_retries_of for wait in self.waits)
        return len(self.steps) + counted

    def arguments(self, state: str) -> Any:
        """The arguments of a state's last call. Raises LookupError if it made none."""
        found = [call.arguments for call in self.calls if call.state == state]
        if not found:
            raise LookupError(f"{state} made no call; these did: {[c.state for c in self.calls]}")
        return found[-1]

    def __repr__(self) -> str:
        ended = self.status if self.error is None else f"{self.status}, {self.error}"
        return f"MachineRun({ended}, path={self.path}, seconds={self.seconds:g})"


def run_machine(
    machine: Machine,
    input: Any = None,  # noqa: A002 - the word of the API
    mocks: Answers | None = None,
    *,
    substitutions: Mapping[str, str] | None = None,
    seconds: Mapping[str, float] | None = None,
    identity: Identity | None = None,
    clock: TestClock | None = None,
) -> MachineRun:
    """Run a machine to its end. Only waits, retries and `seconds` take time.

    `mocks` maps each state that calls something to its answers: one mock for every call, a list
    with one for each call, or a function of the call. `seconds` is how long the calls of a state
    take. Raises InvalidMock for a call without a mock, for a mock that the real API could not
    return and for one of a state that does not exist; InvalidDefinition for a machine that
    cannot run.
    """
    model = machine_of(machine, substitutions)
    refuse_unknown_states(model, [*(mocks or {}), *(seconds or {})])
    clock, callbacks, script = clock or TestClock(), Callbacks(), Script(mocks or {})
    runner = MockRunner(script, callbacks, clock, seconds)
    execution = Execution(
        model,
        Payload({} if input is None else input),
        runner=runner,
        identity=identity,
        clock=clock,
        callbacks=callbacks,
    )
    with _quiet():
        clock.run(_run(execution))
    if runner.invalid is not None:
        raise runner.invalid.with_traceback(None)  # the traceback should point at the test
    called, stopped = tuple(runner.calls), tuple(runner.cancelled)
    return MachineRun(model, execution, called, stopped, tuple(script.unused))


async def _run(execution: Execution) -> None:
    await execution.run()
    await execution.settled()


@contextmanager
def _quiet() -> Iterator[None]:
    """The interpreter logs what a runner raises; here that is a wrong mock, which is raised."""
    log = logging.getLogger(interpreter.__name__)
    before = log.disabled
    log.disabled = True
    try:
        yield
    finally:
        log.disabled = before
