"""The time in local AWS: real time, which tests may turn forward."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

LONGEST_SLEEP = timedelta(hours=1)
"""The sleeping thread wakes at least this often, so that a changed wall clock is noticed."""


class Clock:
    """The current time, and actions at future moments, on a thread that sleeps in between.

    Actions run on that thread one after another, so they must be short.
    """

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._wake = threading.Condition()
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._cancelled: set[int] = set()
        self._thread: threading.Thread | None = None
        self._closed = False

    def now(self) -> datetime:
        """The current time, in UTC."""
        return datetime.now(UTC) + self._ahead

    def turn(self, by: timedelta) -> None:
        """Turn the clock forward: whatever falls due in between happens now, in order."""
        with self._wake:
            self._ahead += by
            self._wake.notify_all()

    def at(self, moment: datetime, action: Callable[[], None]) -> int:
        """Run the action once the moment has come; returns a number for `cancel`."""
        with self._wake:
            number = next(self._numbers)
            heapq.heappush(self._due, (moment, number, action))
            self._start()
            self._wake.notify_all()
            return number

    def cancel(self, number: int) -> None:
        """Cancel an action, unless it is running or has run."""
        with self._wake:
            if any(number == entry[1] for entry in self._due):
                self._cancelled.add(number)

    def close(self) -> None:
        """Stop; actions that are not due yet never run."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _start(self) -> None:
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._run, name="clock", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while (action := self._next()) is not None:
            try:
                action()
            except Exception:
                log.exception("a timed action failed")

    def _next(self) -> Callable[[], None] | None:
        """Wait for the next action that is due; None if the clock is closed."""
        with self._wake:
            while not self._closed:
                wait = LONGEST_SLEEP
                if self._due:
                    wait = min(wait, self._due[0][0] - self.now())
                    if wait <= timedelta():
                        _, number, action = heapq.heappop(self._due)
                        if number not in self._cancelled:
                            return action
                        self._cancelled.discard(number)
                        continue
                self._wake.wait(wait.total_seconds())
            return None
