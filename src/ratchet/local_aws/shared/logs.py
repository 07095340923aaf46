"""Lines on their way to a stream of CloudWatch Logs."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ratchet.local_aws.running.processes import LONGEST_LINE, lines_from

log = logging.getLogger(__name__)

FLUSH_SECONDS = 2.0
EVENTS_PER_CALL = 1_000
MOST_KEPT = 32 << 20
"""Characters of a stream: local CloudWatch Logs keeps them in memory."""
EACH = 100
"""What a line takes beside its own characters, counted as such."""
FULL = "(local AWS keeps no more of this log)"


class LogStream:
    """One log stream, created with its group when first needed.

    Lines are sent in batches, at the latest when the stream is closed. CloudWatch Logs failing
    never fails a job: on AWS it would not either. `spelled` is how the service writes a line.
    """

    def __init__(
        self, logs: Any, group: str, stream: str, spelled: Callable[[str], str] = str
    ) -> None:
        self._logs = logs
        self._group = group
        self._stream = stream
        self._spelled = spelled
        self._events: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._made = False
        self._room = MOST_KEPT
        self._flushed = time.monotonic()

    def write(self, line: str) -> None:
        """Add one line, stamped now; an empty one is left out, and what is beyond the most kept."""
        message = self._spelled(line.rstrip("\n"))[:LONGEST_LINE]
        if not message:
            return
        with self._lock:
            if self._room < 0:
                return
            self._room -= len(message) + EACH
            kept = message if self._room >= 0 else FULL
            self._events.append({"timestamp": int(time.time() * 1000), "message": kept})
            if time.monotonic() - self._flushed > FLUSH_SECONDS:
                self._flush()

    def send(self, file: Path) -> None:
        """Send a log file, if there is one, as far as it is kept, and close the stream."""
        with contextlib.suppress(FileNotFoundError), file.open("rb") as printed:
            for text in lines_from(printed):
                for line in text.splitlines():
                    self.write(line)
                if self._room < 0:
                    break
        self.close()

    def close(self) -> None:
        """Send what is left."""
        with self._lock:
            self._flush()

    def _flush(self) -> None:
        events, self._events = self._events, []
        self._flushed = time.monotonic()
        try:
            self._make()
            for start in range(0, len(events), EVENTS_PER_CALL):
                batch = events[start : start + EVENTS_PER_CALL]
                self._logs.put_log_events(
                    logGroupName=self._group, logStreamName=self._stream, logEvents=batch
                )
        except (ClientError, BotoCoreError) as error:
            log.info("%d lines for %s were lost: %s", len(events), self._group, error)

    def _make(self) -> None:
        if self._made:
            return
        names = {"logGroupName": self._group, "logStreamName": self._stream}
        with contextlib.suppress(self._logs.exceptions.ResourceAlreadyExistsException):
            self._logs.create_log_group(logGroupName=self._group)
        with contextlib.suppress(self._logs.exceptions.ResourceAlreadyExistsException):
            self._logs.create_log_stream(**names)
        self._made = True


def last_line(file: Path) -> str:
    """The last line of a log file, however long that is; nothing if there is none."""
    if not file.exists():
        return ""
    with file.open("rb") as printed:
        printed.seek(max(0, file.stat().st_size - LONGEST_LINE))
        lines = printed.read().decode(errors="replace").splitlines()
    return lines[-1] if lines else ""
