"""A sandbox as its parent sees it: a forked worker, called over pipes."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time
from dataclasses import dataclass, field
from typing import IO, Any

END_MARK = b"\x00ratchet-end "
CHUNK = 1 << 16


@dataclass(frozen=True)
class LogLine:
    """One line that a handler printed, with the time (epoch ms) at which it was read."""

    at: int
    text: str


class WorkerLost(Exception):
    """The worker did not answer; `lines` is what it printed."""

    def __init__(self, lines: list[LogLine]) -> None:
        super().__init__()
        self.lines = lines


class TimedOut(WorkerLost):
    """The handler did not answer in time."""


class Exited(WorkerLost):
    """The worker's process ended before it answered."""


@dataclass
class Exchange:
    """What a request returned: the answer, and the log up to its end mark."""

    answer: bytes = b""
    unread: bytes = b""
    ended: bool = False
    lines: list[LogLine] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Both the answer and everything printed before it have arrived."""
        return self.ended and self.answer.endswith(b"\n")

    def add_log(self, data: bytes, mark: bytes) -> None:
        """Split what was printed into lines, up to the mark."""
        *whole, self.unread = (self.unread + data).split(b"\n")
        at = int(time.time() * 1000)
        for line in whole:
            if line == mark:
                self.ended = True
            elif line:
                self.lines.append(LogLine(at, line.decode("utf-8", "replace")))

    def last_lines(self) -> list[LogLine]:
        """All lines, including an unfinished last one."""
        self.add_log(b"\n", b"")
        return self.lines


class Worker:
    """A worker process; it serves one request at a time, like a sandbox on AWS."""

    def __init__(self, pid: int, requests: IO[bytes], results: int, log: int, stream: str) -> None:
        self.pid = pid
        self.stream = stream
        self.ready: dict[str, Any] | None = None
        self._requests = requests
        self._results = results
        self._log = log
        self._open = True

    def start(self, deadline: float) -> Exchange:
        """Wait until the handler is imported. Raises as `ask` does."""
        exchange = self._await("init", deadline)
        self.ready = json.loads(exchange.answer)
        return exchange

    def ask(self, request: dict[str, Any], deadline: float) -> Exchange:
        """Send one request and wait for its answer until `deadline` (time.monotonic).

        Raises TimedOut or Exited, with the log so far as `lines`.
        """
        with contextlib.suppress(BrokenPipeError):  # the read below then finds the end of file
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()
        return self._await(request["id"], deadline)

    def stop(self) -> None:
        """End the process at once and close the pipes."""
        if not self._open:
            return
        self._open = False
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            self._requests.close()
        os.close(self._results)
        os.close(self._log)

    def _await(self, request_id: str, deadline: float) -> Exchange:
        exchange = Exchange()
        mark = END_MARK + request_id.encode()
        poll = select.poll()
        poll.register(self._results, select.POLLIN)
        poll.register(self._log, select.POLLIN)
        while not exchange.complete:
            events = poll.poll(max(0, deadline - time.monotonic()) * 1000)
            if not events:
                raise TimedOut(exchange.last_lines())
            for fd, _ in events:
                self._take(fd, exchange, mark)
        return exchange

    def _take(self, fd: int, exchange: Exchange, mark: bytes) -> None:
        data = os.read(fd, CHUNK)
        if fd == self._log and data:
            exchange.add_log(data, mark)
        elif fd == self._results and data:
            exchange.answer += data
        elif fd == self._results:
            self._drain_log(exchange, mark)
            raise Exited(exchange.last_lines())

    def _drain_log(self, exchange: Exchange, mark: bytes) -> None:
        """Read a dead worker's last output, without waiting: a grandchild may hold the pipe."""
        os.set_blocking(self._log, False)
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._log, CHUNK):
                exchange.add_log(data, mark)
