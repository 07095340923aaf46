"""The warm workers of one function's revision, and how many may run at once."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ratchet.local_aws.lambda_.worker import Worker

CONCURRENCY = 10
"""The most workers of one function that run at once here; further calls wait."""


class Throttled(Exception):
    """More concurrent calls than the function's reserved concurrency."""


class Pool:
    """Idle workers; a worker serves one call at a time and is kept for the next."""

    def __init__(self, revision: str) -> None:
        self.revision = revision
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._running = 0
        self._retired = False
        self._slots = threading.BoundedSemaphore(CONCURRENCY)

    @contextlib.contextmanager
    def slot(self, reserved: int | None) -> Iterator[None]:
        """Room for one call; raises Throttled beyond `reserved`, waits beyond CONCURRENCY."""
        with self._lock:
            if reserved is not None and self._running >= reserved:
                raise Throttled
            self._running += 1
        try:
            with self._slots:
                yield
        finally:
            with self._lock:
                self._running -= 1

    def take(self) -> Worker | None:
        """The most recently used idle worker; None if all are busy."""
        with self._lock:
            return self._idle.pop() if self._idle else None

    def give_back(self, worker: Worker, *, healthy: bool) -> None:
        """Keep the worker for the next call, or end it."""
        with self._lock:
            keep = healthy and not self._retired
            if keep:
                self._idle.append(worker)
        if not keep:
            worker.stop()

    def retire(self) -> None:
        """End idle workers now, and busy ones when they are returned."""
        with self._lock:
            self._retired = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.stop()
