"""Time for executions: the real clock, and one for tests that jumps ahead when all is idle."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import selectors
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Timer(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    """The clock of an execution: `now` in epoch seconds, and a call after a delay."""

    def now(self) -> float: ...

    def call_later(self, seconds: float, call: Callable[[], object]) -> Timer: ...


class RealClock:
    """The computer's clock and the running loop's timers."""

    def now(self) -> float:
        return time.time()

    def call_later(self, seconds: float, call: Callable[[], object]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, call)


async def sleep(clock: Clock, seconds: float) -> None:
    """Wait by `clock`; not at all if `seconds` is not positive."""
    if seconds <= 0:
        return
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    timer = clock.call_later(seconds, partial(_finish, done))
    try:
        await done
    finally:
        timer.cancel()


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class DeadlinePassed(Exception):
    """The block under a Deadline took longer than it may."""


class Deadline:
    """`async with Deadline(clock, seconds)`: cancels the block and raises DeadlinePassed.

    None means no limit. Works like asyncio.timeout, by any clock.
    """

    __slots__ = ("_clock", "_passed", "_seconds", "_task", "_timer")

    def __init__(self, clock: Clock, seconds: float | None) -> None:
        self._clock = clock
        self._seconds = seconds
        self._timer: Timer | None = None
        self._task: asyncio.Task[Any] | None = None
        self._passed = False

    def restart(self) -> None:
        """Count from now again."""
        if self._timer is not None and self._seconds is not None and not self._passed:
            self._timer.cancel()
            self._timer = self._clock.call_later(self._seconds, self._expire)

    async def __aenter__(self) -> Deadline:
        if self._seconds is not None:
            self._task = asyncio.current_task()
            self._timer = self._clock.call_later(self._seconds, self._expire)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self._passed or self._task is None:
            return
        if self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise DeadlinePassed from error

    def _expire(self) -> None:
        self._passed = True
        if self._task is not None:
            self._task.cancel()


class TestClock:
    """A clock for tests: time stands still, and jumps to the next timer when all is idle.

    `TestClock().run(coroutine)` runs it in a separate event loop. Nothing in it may wait for
    the real world (threads, sockets).
    """

    __test__ = False  # not a test case, although its name suggests one to pytest

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start.timestamp()
        self._timers: list[tuple[float, int, _TestTimer]] = []
        self._order = itertools.count()

    def now(self) -> float:
        return self._now

    def call_later(self, seconds: float, call: Callable[[], object]) -> Timer:
        timer = _TestTimer(call)
        heapq.heappush(self._timers, (self._now + seconds, next(self._order), timer))
        return timer

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to the end, jumping over every wait.

        Where a loop runs already, as in a cell of a Jupyter notebook, in a thread: a thread has
        one running loop at most.
        """
        if not _a_loop_runs():
            return self._run(work)
        with ThreadPoolExecutor(1, "test-clock") as threads:
            return threads.submit(copy_context().run, self._run, work).result()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        loop = asyncio.SelectorEventLoop(_IdleSelector(self))
        try:
            return loop.run_until_complete(work)
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    def jump(self) -> bool:
        """Go to the next timer and fire it; False if there is none."""
        while self._timers:
            moment, _, timer = heapq.heappop(self._timers)
            if not timer.cancelled:
                self._now = max(self._now, moment)
                timer.call()
                return True
        return False


def _a_loop_runs() -> bool:
    """True in a thread whose event loop is running."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class _TestTimer:
    __slots__ = ("call", "cancelled")

    def __init__(self, call: Callable[[], object]) -> None:
        self.call = call
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class _IdleSelector(selectors.DefaultSelector):
    """Jumps ahead instead of waiting: an event loop waits only when nothing is ready."""

    def __init__(self, clock: TestClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if ready or timeout == 0 or self._clock.jump():
            return ready
        if timeout is None:
            raise RuntimeError("Deadlock: everything is waiting, and no timer is left")
        return super().select(timeout)
