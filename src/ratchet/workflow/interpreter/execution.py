"""Runs a state machine on asyncio with AWS's semantics, history and errors (Standard)."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import uuid
from collections.abc import Callable
from typing import Any, Protocol

from ratchet.workflow.asl import errors
from ratchet.workflow.asl.errors import HistoryFull, StateError
from ratchet.workflow.asl.model import StateMachine
from ratchet.workflow.asl.payload import Payload
from ratchet.workflow.history.record import MAX_EVENTS, History
from ratchet.workflow.interpreter.branch import Branch
from ratchet.workflow.interpreter.checkpoint import Checkpoint
from ratchet.workflow.interpreter.clock import Clock, Deadline, DeadlinePassed, RealClock
from ratchet.workflow.interpreter.context import Context
from ratchet.workflow.interpreter.environment import Background
from ratchet.workflow.interpreter.identity import Identity
from ratchet.workflow.interpreter.map_run import Child, MapRun
from ratchet.workflow.interpreter.recorder import Recorder
from ratchet.workflow.interpreter.states import run_flow
from ratchet.workflow.interpreter.status import ABORTED, FAILED, RUNNING, SUCCEEDED, TIMED_OUT
from ratchet.workflow.interpreter.tasks import Callbacks, TaskRunner
from ratchet.workflow.interpreter.turn import Turn

log = logging.getLogger(__name__)


class MapRunListener(Protocol):
    """Learns of Map Runs and their children: what a service needs to list and describe them."""

    def started(self, run: MapRun) -> None: ...

    def child(self, run: MapRun, child: Child, execution: Execution) -> None: ...


class Execution:
    """One execution. `await run()` runs it to its end; then status, output and history are final.

    `on_change` is called with the execution when its status changes, in the loop's thread, and
    `map_runs` learns of the runs of distributed Maps and of their child executions. Child
    executions share the `background` of their parent.
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
        map_runs: MapRunListener | None = None,
        background: Background | None = None,
    ) -> None:
        self.machine = machine
        self.input = input
        self.runner = runner
        self.identity = identity or Identity()
        self.clock = clock or RealClock()
        self.callbacks = callbacks or Callbacks()
        self.background = background or Background()
        self.turn = Turn()
        self.history = History()
        self.status = RUNNING
        self.started = self.clock.now()
        self.stopped: float | None = None
        self.output: Payload | None = None
        self.error: str | None = None
        self.cause: str | None = None
        self.redrives = 0
        self.redriven: float | None = None
        self.checkpoint: Checkpoint | None = None
        self._map_runs = map_runs
        self._on_change = on_change
        self._task: asyncio.Task[Any] | None = None
        self._stop: StateError | None = None
        self._context: Context | None = None
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
        await self._go(0)

    async def redrive(self) -> None:
        """Continue from where the execution failed, to the end (RedriveExecution)."""
        if self.status == SUCCEEDED:
            return
        self.restart()
        self._task = asyncio.current_task()
        self._changed()
        previous = len(self.history.events)
        details = {"redriveCount": self.redrives}
        now = self.redriven or self.clock.now()
        checkpoint, self.checkpoint = self.checkpoint, None
        await self._go(self.history.add("ExecutionRedriven", previous, now, details), checkpoint)

    def restart(self) -> bool:
        """Count as running again; False if there is nothing to continue, or it is running.

        `redrive` does this unless it was done before.
        """
        if self.status in (RUNNING, SUCCEEDED):
            return False
        self.status, self.stopped = RUNNING, None
        self.error = self.cause = self._stop = None
        self.redrives += 1
        self.redriven = self.clock.now()
        self._context = None
        self._ended = asyncio.Event()
        return True

    @property
    def context(self) -> Context:
        """The context object until the next redrive."""
        if self._context is None:
            self._context = Context(
                self.identity, self.input, self.started, self.redrives, self.redriven
            )
        return self._context

    async def _go(self, previous: int, checkpoint: Checkpoint | None = None) -> None:
        recorder = Recorder(self.history, self.clock, previous)
        branch = Branch(self, recorder, checkpoint)
        try:
            self._raise_if_stopped()
            async with Deadline(self.clock, self.machine.timeout):
                self.output = await run_flow(branch, self.machine.flow, self.input)
        except StateError as error:
            self._end(branch, FAILED, "ExecutionFailed", error)
        except HistoryFull:
            self._end(branch, FAILED, "ExecutionFailed", _too_many_events())
        except DeadlinePassed:
            self._end(branch, TIMED_OUT, "ExecutionTimedOut", StateError(errors.TIMEOUT))
        except asyncio.CancelledError:
            self._cancelled(branch)
        except Exception as error:
            log.exception(
                "the execution %s failed because of a bug in the interpreter", self.identity.arn
            )
            self._end(branch, FAILED, "ExecutionFailed", _fault(error))
        else:
            self._end(branch, SUCCEEDED, "ExecutionSucceeded")

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

    def announce(self, run: MapRun) -> None:
        """Tell the listener about a Map Run."""
        if self._map_runs is not None:
            self._map_runs.started(run)

    def child(self, run: MapRun, child: Child, machine: StateMachine) -> Execution:
        """A child execution of a distributed Map, with the same runner, clock and callbacks."""
        name = str(uuid.uuid4())
        identity = dataclasses.replace(
            self.identity,
            arn=f"{run.machine_arn.replace(':stateMachine:', ':execution:')}:{name}",
            name=name,
            machine_arn=run.machine_arn,
            machine_name=run.machine_arn.rsplit(":", 1)[-1],
        )
        execution = Execution(
            machine,
            child.payload,
            runner=self.runner,
            identity=identity,
            clock=self.clock,
            callbacks=self.callbacks,
            map_runs=self._map_runs,
            background=self.background,
        )
        child.execution = execution
        if self._map_runs is not None:
            self._map_runs.child(run, child, execution)
        return execution

    async def settled(self) -> None:
        """Wait for what is still running in the background."""
        await self.background.settled()

    def _raise_if_stopped(self) -> None:
        if self._stop is not None:
            raise asyncio.CancelledError

    def _cancelled(self, branch: Branch) -> None:
        if self._stop is None:
            raise asyncio.CancelledError
        if self._task is not None:
            self._task.uncancel()
        self._end(branch, ABORTED, "ExecutionAborted", self._stop)

    def _end(
        self, branch: Branch, status: str, event: str, error: StateError | None = None
    ) -> None:
        if status != SUCCEEDED:
            self.checkpoint = branch.saved()
        branch.close()
        details: dict[str, Any] = error.details if error is not None else {"output": self.output}
        self.stopped = self.clock.now()
        self.history.add(event, self._before_end(branch, status), self.stopped, details, last=True)
        if error is not None:
            self.error, self.cause = error.error, error.cause
        self.status = status
        self._ended.set()
        self._changed()

    def _before_end(self, branch: Branch, status: str) -> int:
        """The id before the last event; AWS gives 0 if the execution was ended from outside."""
        if status in (ABORTED, TIMED_OUT):
            return 0
        count = len(self.history.events)
        return count if count == MAX_EVENTS - 1 else branch.recorder.previous

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
