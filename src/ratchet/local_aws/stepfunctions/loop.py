"""The thread in which all executions run, and their clock."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from ratchet.local_aws.running.clock import Clock

T = TypeVar("T")


class Loop:
    """One asyncio loop in one thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="executions", daemon=True)
        self._thread.start()

    def call(self, function: Callable[[], T]) -> T:
        """Run a quick function in the loop's thread and return its result."""
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(function())
            except BaseException as error:  # noqa: BLE001 - handed to the caller, whatever it is
                future.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return future.result()

    def soon(self, function: Callable[[], object]) -> None:
        """Schedule a function in the loop's thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function)

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Start a coroutine in the loop without waiting for it."""
        asyncio.run_coroutine_threadsafe(work, self._loop)

    def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the loop and wait for its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """Cancel everything and end the thread."""
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._cancel_all)
        self._thread.join(timeout=10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    def _cancel_all(self) -> None:
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        ending = asyncio.gather(*tasks, return_exceptions=True)
        ending.add_done_callback(lambda _: self._loop.stop())


class TurnableClock:
    """Local AWS's clock for executions: waits and timeouts follow it when it is advanced.

    Timers are kept in a heap in the loop's thread; only the next one due is a timer of
    local AWS's clock.
    """

    def __init__(self, clock: Clock, loop: Loop) -> None:
        self._clock = clock
        self._loop = loop
        self._timers: list[tuple[float, int, _Timer]] = []
        self._order = itertools.count()
        self._asked: float | None = None
        self._cancelled = 0

    def now(self) -> float:
        return self._clock.now().timestamp()

    def call_later(self, seconds: float, call: Callable[[], object]) -> _Timer:
        timer = _Timer(call, self)
        heapq.heappush(self._timers, (self.now() + seconds, next(self._order), timer))
        self._ask()
        return timer

    def dropped(self) -> None:
        """Count a cancelled timer; most are cancelled long before they are due, so remove them."""
        self._cancelled += 1
        if self._cancelled > 1_000 and self._cancelled * 2 > len(self._timers):
            self._timers = [entry for entry in self._timers if entry[2].call is not None]
            heapq.heapify(self._timers)
            self._cancelled = 0

    def _ask(self) -> None:
        """Set a timer of local AWS's clock for the next one due, unless one is set."""
        if not self._timers:
            return
        due = self._timers[0][0]
        if self._asked is None or due < self._asked:
            self._asked = due
            moment = self._clock.now() + timedelta(seconds=max(0.0, due - self.now()))
            self._clock.at(moment, lambda: self._loop.soon(self._fire))

    def _fire(self) -> None:
        self._asked = None
        now = self.now()
        while self._timers and self._timers[0][0] <= now:
            _, _, timer = heapq.heappop(self._timers)
            call, timer.call = timer.call, None
            if call is not None:
                call()
        self._ask()


class _Timer:
    __slots__ = ("_clock", "call")

    def __init__(self, call: Callable[[], object], clock: TurnableClock) -> None:
        self.call: Callable[[], object] | None = call
        self._clock = clock

    def cancel(self) -> None:
        if self.call is not None:
            self.call = None
            self._clock.dropped()
