"""Runs a container program once, to its end: its lines, its exit code, ways to end it early."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Host
    from ratchet.local_aws.running.processes import Child

STOP_GRACE = timedelta(seconds=120)
"""SageMaker sends SIGTERM, and SIGKILL 120 seconds later."""


class ContainerRun:
    """One run of a container program. `exceeded`: its time was up; `stopped`: it was told to end.

    A run told to stop before it started ends as soon as it has started.
    """

    def __init__(self, local: Host) -> None:
        self._local = local
        self._child: Child | None = None
        self._lock = threading.Lock()
        self._timers: list[int] = []
        self.stopped = False
        self.exceeded = False

    def run(
        self,
        program: str,
        args: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        on_line: Callable[[str], None],
        limit: timedelta | None = None,
    ) -> int:
        """Run the program (a module) in the folder; its exit code. `on_line` gets each line."""
        env = {**self._local.child_environment(), **environment}
        with self._lock:
            child = self._child = self._local.processes.spawn(
                program, args, env=env, cwd=folder, log=subprocess.PIPE
            )
            if self.stopped:
                self._end(child)
        if limit is not None:
            self._after(limit, self._exceed)
        try:
            for line in child.stdout or ():
                on_line(line.decode(errors="replace"))
            return child.wait()
        finally:
            self._forget_timers()

    def stop(self) -> None:
        """End the run early, as StopTrainingJob does."""
        with self._lock:
            self.stopped = True
            if self._child is not None:
                self._end(self._child)

    def _exceed(self) -> None:
        with self._lock:
            self.exceeded = True
            if self._child is not None:
                self._end(self._child)

    def _end(self, child: Child) -> None:
        child.terminate()
        self._after(STOP_GRACE, child.kill)

    def _after(self, delay: timedelta, action: Callable[[], None]) -> None:
        clock = self._local.clock
        self._timers.append(clock.at(clock.now() + delay, action))

    def _forget_timers(self) -> None:
        with self._lock:
            for timer in self._timers:
                self._local.clock.cancel(timer)
