"""Lines of a container, kept in its log file and sent to CloudWatch Logs as SageMaker does."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

FLUSH_SECONDS = 2.0
MOST_EVENTS = 1000


class LogStream:
    """One log stream; lines are sent in batches, at the latest when it is closed.

    A failing CloudWatch Logs never fails a job: on AWS it would not either.
    """

    def __init__(self, logs: Any, group: str, stream: str) -> None:
        self._logs = logs
        self._group = group
        self._stream = stream
        self._events: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._made = False
        self._flushed = time.monotonic()

    def write(self, line: str) -> None:
        """Add one line, stamped now; SageMaker writes a tab as #011."""
        message = line.rstrip("\n").replace("\t", "#011")
        if not message:
            return
        with self._lock:
            self._events.append({"timestamp": int(time.time() * 1000), "message": message})
            if time.monotonic() - self._flushed > FLUSH_SECONDS:
                self._flush()

    def close(self) -> None:
        """Send what is left."""
        with self._lock:
            self._flush()

    def _flush(self) -> None:
        events, self._events = self._events, []
        self._flushed = time.monotonic()
        with contextlib.suppress(BotoCoreError, ClientError):
            self._make()
            for start in range(0, len(events), MOST_EVENTS):
                batch = events[start : start + MOST_EVENTS]
                self._logs.put_log_events(
                    logGroupName=self._group, logStreamName=self._stream, logEvents=batch
                )

    def _make(self) -> None:
        if self._made:
            return
        try:
            self._logs.create_log_group(logGroupName=self._group)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
                raise
        self._logs.create_log_stream(logGroupName=self._group, logStreamName=self._stream)
        self._made = True
