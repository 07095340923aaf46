"""What all branches of an execution share: names, clock, history, and ways to the outside."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

from ratchet.workflow.asl.model import StateMachine
from ratchet.workflow.history.record import History
from ratchet.workflow.interpreter.clock import Clock
from ratchet.workflow.interpreter.context import Context
from ratchet.workflow.interpreter.identity import Identity
from ratchet.workflow.interpreter.map_run import Child, ChildExecution, MapRun
from ratchet.workflow.interpreter.tasks import Callbacks, TaskRunner
from ratchet.workflow.interpreter.turn import Turn


class Background:
    """Work that nobody waits for, such as stopping a job."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Wait for everything that was started."""
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)


class Environment(Protocol):
    """The execution, as its branches know it."""

    machine: StateMachine
    identity: Identity
    history: History
    clock: Clock
    turn: Turn
    runner: TaskRunner | None
    callbacks: Callbacks
    background: Background

    @property
    def context(self) -> Context: ...

    def announce(self, run: MapRun) -> None:
        """A Map Run has started."""

    def child(self, run: MapRun, child: Child, machine: StateMachine) -> ChildExecution:
        """Give a child its execution, which is not running yet."""
