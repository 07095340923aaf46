"""What all branches of an execution share: its names, its clock, and ways to the world outside."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from ratchet.workflow.asl.model import StateMachine
from ratchet.workflow.history.recorder import History
from ratchet.workflow.interpreter.clock import Clock
from ratchet.workflow.interpreter.context import Context
from ratchet.workflow.interpreter.identity import Identity
from ratchet.workflow.interpreter.map_run import MapRunHost
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


@dataclass(frozen=True, slots=True)
class Environment:
    """The surroundings of the branches of one execution."""

    machine: StateMachine
    identity: Identity
    context: Context
    history: History
    clock: Clock
    turn: Turn
    runner: TaskRunner | None
    callbacks: Callbacks
    background: Background
    map_runs: MapRunHost
