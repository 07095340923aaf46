"""Runs a state machine on asyncio with AWS's semantics, history and errors (Standard)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from ratchet.workflow.asl import errors
from ratchet.workflow.asl.errors import HistoryFull, StateError
from ratchet.workflow.asl.model import StateMachine
from ratchet.workflow.asl.payload import Payload
from ratchet.workflow.asl.timestamps import iso
from ratchet.workflow.history.recorder import MAX_EVENTS, History
from ratchet.workflow.interpreter.clock import Clock, Deadline, DeadlinePassed, RealClock
from ratchet.workflow.interpreter.lane import Lane
from ratchet.workflow.interpreter.map_run import MapRuns
from ratchet.workflow.interpreter.standing import Standing
from ratchet.workflow.interpreter.states import run_flow
from ratchet.workflow.interpreter.tasks import Callbacks, TaskRunner
from ratchet.workflow.interpreter.turn import Turn

log = logging.getLogger(__name__)

RUNNING = "RUNNING"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"
TIMED_OUT = "TIMED_OUT"
ABORTED = "ABORTED"


@dataclass(frozen=True, slots=True)
class Identity:
    """The names an execution goes by. The defaults are for runs outside any AWS."""

    arn: str = "arn:aws:states:us-east-1:123456789012:execution:machine:execution"
    name: str = "execution"
    machine_arn: str = "arn:aws:states:us-east-1:123456789012:stateMachine:machine"
    machine_name: str = "machine"
    role_arn: str = "arn:aws:iam::123456789012:role/machine"
    region: str = "us-east-1"


class Execution:
    """One execution. `await run()` runs it to its end; afterwards status, output and history stand.

    `on_change` is called with the execution when its status changes, in the loop's thread, and
    `map_runs` hears of the runs of distributed Maps and of their child executions.
    """

    def __init__(
        self,
        machine: StateMachine,
        input: Payload,  # noqa: A002 - the word of the API
        *,
        runner: TaskRunner | None = None,
        identity: Identity | None = None,
        clock: Clock | None = None,
        callbacks: Callbacks | None = None,
        on_change: Callable[[Execution], None] | None = None,
        map_runs: MapRuns | None = None,
    ) -> None:
        self.machine = machine
        self.input = input
        self.runner = runner
        self.identity = identity or Identity()
        self.clock = clock or RealClock()
        self.callbacks = callbacks or Callbacks()
        self.history = History()
        self.status = RUNNING
        self.started = self.clock.now()
        self.stopped: float | None = None
        self.output: Payload | None = None
        self.error: str | None = None
        self.cause: str | None = None
        self.map_runs = map_runs
        self.turn = Turn()
        self.redrives = 0
        self.redriven: float | None = None
        self.standing: Standing | None = None
        self._on_change = on_change
        self._task: asyncio.Task[Any] | None = None
        self._stop: StateError | None = None
        self._contexts: dict[bool, dict[str, Any]] = {}
        self._background: set[asyncio.Task[Any]] = set()
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Run to the end. Never raises for what happens inside the machine."""
        self._task = asyncio.current_task()
        self._changed()
        self.history.add(
            "ExecutionStarted",
            0,
            self.started,
            {"input": self.input, "roleArn": self.identity.role_arn},
        )
        await self._go(Lane(self, 0))

    async def redrive(self) -> None:
        """Go on from where the execution failed, and run to the end (RedriveExecution)."""
        if self.status == SUCCEEDED:
            return
        self.restart()
        self._task = asyncio.current_task()
        self._changed()
        previous = len(self.history.events)
        details = {"redriveCount": self.redrives}
        now = self.redriven or self.clock.now()
        lane = Lane(self, self.history.add("ExecutionRedriven", previous, now, details))
        lane.standing, self.standing = self.standing, None
        await self._go(lane)

    def restart(self) -> bool:
        """Count as running again; False if there is nothing to go on with, or it runs already.

        `redrive` does it unless it was done before.
        """
        if self.status in (RUNNING, SUCCEEDED):
            return False
        self.status, self.stopped = RUNNING, None
        self.error = self.cause = self._stop = None
        self.redrives += 1
        self.redriven = self.clock.now()
        self._contexts.clear()
        self._ended = asyncio.Event()
        return True

    async def _go(self, lane: Lane) -> None:
        try:
            self._raise_if_stopped()
            async with Deadline(self.clock, self.machine.timeout):
                self.output = await run_flow(lane, self.machine.flow, self.input)
        except StateError as error:
            self._end(lane, FAILED, "ExecutionFailed", error)
        except HistoryFull:
            self._end(lane, FAILED, "ExecutionFailed", _too_many_events())
        except DeadlinePassed:
            self._end(lane, TIMED_OUT, "ExecutionTimedOut", StateError(errors.TIMEOUT))
        except asyncio.CancelledError:
            self._cancelled(lane)
        except Exception as error:
            log.exception(
                "the execution %s failed by a fault of the interpreter", self.identity.arn
            )
            self._end(lane, FAILED, "ExecutionFailed", _fault(error))
        else:
            self._end(lane, SUCCEEDED, "ExecutionSucceeded")

    def stop(self, error: str | None = None, cause: str | None = None) -> None:
        """Abort the execution (StopExecution). Must be called in the loop's thread."""
        if self._stop is not None or self.status != RUNNING:
            return
        self._stop = StateError(error, cause)
        if self._task is not None:
            self._task.cancel()

    async def stopped_by(self, error: str | None = None, cause: str | None = None) -> None:
        """Abort the execution and wait until it has ended."""
        self.stop(error, cause)
        await self._ended.wait()

    def child(self, machine: StateMachine, payload: Payload, identity: Identity) -> Execution:
        """A child execution of a distributed Map, in the same world."""
        child = Execution(
            machine,
            payload,
            runner=self.runner,
            identity=identity,
            clock=self.clock,
            callbacks=self.callbacks,
            map_runs=self.map_runs,
        )
        child._background = self._background
        return child

    def in_background(self, work: Coroutine[Any, Any, Any]) -> None:
        """Let something run on beside the execution, such as stopping a job."""
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def settled(self) -> None:
        """Wait for what `in_background` started."""
        if self._background:
            await asyncio.gather(*self._background, return_exceptions=True)

    def context(self, *, bound: bool) -> dict[str, Any]:
        """The part of the context object that all states share; `bound` as JSONata sees it."""
        if bound not in self._contexts:
            redriven = {} if self.redriven is None else {"RedriveTime": iso(self.redriven)}
            self._contexts[bound] = {
                "Execution": {
                    "Id": self.identity.arn,
                    "Input": self.input.bound if bound else self.input.value,
                    "StartTime": iso(self.started),
                    "Name": self.identity.name,
                    "RoleArn": self.identity.role_arn,
                    "RedriveCount": self.redrives,
                    **redriven,
                },
                "StateMachine": {
                    "Id": self.identity.machine_arn,
                    "Name": self.identity.machine_name,
                },
            }
        return self._contexts[bound]

    def _raise_if_stopped(self) -> None:
        if self._stop is not None:
            raise asyncio.CancelledError

    def _cancelled(self, lane: Lane) -> None:
        if self._stop is None:
            raise asyncio.CancelledError
        if self._task is not None:
            self._task.uncancel()
        self._end(lane, ABORTED, "ExecutionAborted", self._stop)

    def _end(self, lane: Lane, status: str, event: str, error: StateError | None = None) -> None:
        if status != SUCCEEDED:
            self.standing = lane.stands()
        lane.close()
        details: dict[str, Any] = error.details if error is not None else {"output": self.output}
        self.stopped = self.clock.now()
        self.history.add(event, self._before_end(lane, status), self.stopped, details, last=True)
        if error is not None:
            self.error, self.cause = error.error, error.cause
        self.status = status
        self._ended.set()
        self._changed()

    def _before_end(self, lane: Lane, status: str) -> int:
        """The event that the last one follows; AWS gives none if the end came from outside."""
        if status in (ABORTED, TIMED_OUT):
            return 0
        count = len(self.history.events)
        return count if count == MAX_EVENTS - 1 else lane.previous

    def _changed(self) -> None:
        if self._on_change is not None:
            self._on_change(self)


def _fault(error: Exception) -> StateError:
    return StateError(errors.RUNTIME, f"Internal error: {type(error).__name__}: {error}")


def _too_many_events() -> StateError:
    return StateError(
        errors.RUNTIME,
        f"The execution reached the maximum number of history events ({MAX_EVENTS}).",
    )


async def execute(
    machine: StateMachine,
    input: Any = None,  # noqa: A002 - the word of the API
    *,
    runner: TaskRunner | None = None,
    clock: Clock | None = None,
    identity: Identity | None = None,
    callbacks: Callbacks | None = None,
) -> Execution:
    """Run a machine once with a plain input and give the finished execution."""
    payload = Payload({} if input is None else input)
    execution = Execution(
        machine, payload, runner=runner, clock=clock, identity=identity, callbacks=callbacks
    )
    await execution.run()
    await execution.settled()
    return execution
