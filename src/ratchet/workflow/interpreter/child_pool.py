"""Keeps as many child executions of a Map Run running as its limits allow, which may change."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from ratchet.workflow.interpreter.map_run import Child, MapRun

MAX_CONCURRENCY = 10_000  # AWS: child executions of a Map Run at a time


class ChildPool:
    """The children of one run that are still to run, and those that are running.

    `work` runs one child to its end. Every end and every change of the run's limits wakes the
    pool; `may_start` says before each start whether any more may start.
    """

    def __init__(
        self,
        run: MapRun,
        children: Iterable[Child],
        work: Callable[[Child], Awaitable[None]],
        may_start: Callable[[], bool],
    ) -> None:
        self._run = run
        self._waiting = deque(children)
        self._work = work
        self._may_start = may_start
        self._running: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._fault: BaseException | None = None

    async def finish(self) -> None:
        """Run all children; raises what went wrong in `work`."""
        self._run.on_change = self._woken.set
        try:
            while self._start() or self._running:
                await self._woken.wait()
                self._woken.clear()
        finally:
            self._run.on_change = None
        if self._fault is not None:
            raise self._fault

    async def settled(self) -> None:
        """Wait until those that are running have ended, however they do."""
        await asyncio.gather(*self._running, return_exceptions=True)

    def _start(self) -> bool:
        """Start what may start now; whether anything is left to start later."""
        limit = min(self._run.max_concurrency or MAX_CONCURRENCY, MAX_CONCURRENCY)
        if self._fault is not None or not self._may_start():
            self._waiting.clear()
        while self._waiting and len(self._running) < limit:
            task = asyncio.ensure_future(self._work(self._waiting.popleft()))
            self._running.add(task)
            task.add_done_callback(self._ended)
        return bool(self._waiting)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._fault = self._fault or task.exception()
        self._woken.set()
