"""Work that outlives its request: a thread, a folder, child processes, and ways to end it early.

The job runs of Glue and DataBrew and the jobs of SageMaker all have this shape. Each service says
what the work is, and what its end means.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ratchet.local_aws.running.processes import Closing, lines_from

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Children
    from ratchet.local_aws.running.processes import Child

log = logging.getLogger(__name__)

GRACE = timedelta(seconds=10)
"""From SIGTERM to SIGKILL, unless the service documents another time."""


class RunFailed(Exception):
    """Ends a run as failed; users read the text as its reason."""


EXPECTED = (RunFailed, Closing, BotoCoreError, ClientError, OSError)
"""What work may raise; anything else is a fault of local AWS, and is logged."""


class BackgroundRun:
    """One run. `stopped`: it was told to end; `exceeded`: its time was up.

    A run that is stopped before its program has started ends the program as soon as it starts.
    """

    def __init__(self, local: Children, folder: Path, grace: timedelta = GRACE) -> None:
        self.folder = folder
        self.stopped = False
        self.exceeded = False
        self._local = local
        self._grace = grace
        self._child: Child | None = None
        self._timers: list[int] = []
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The process of the program that runs, or ran last."""
        return self._child.pid if self._child else None

    def start(
        self, name: str, work: Callable[[], None], end: Callable[[Exception | None], None]
    ) -> None:
        """Do the work on its own thread, in the run's new folder.

        `end` is called with what the work raised, or None; the folder is removed after it.
        """
        threading.Thread(target=self._run, args=(name, work, end), name=name, daemon=True).start()

    def _run(
        self, name: str, work: Callable[[], None], end: Callable[[Exception | None], None]
    ) -> None:
        problem: Exception | None = None
        try:
            self.folder.mkdir(parents=True)
            work()
        except EXPECTED as error:
            problem = error
        except Exception as error:
            log.exception("%s failed", name)
            problem = error
        try:
            end(problem)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def call(
        self,
        program: str | Path,
        args: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        output: Path | Callable[[str], None],
        limit: timedelta | None = None,
    ) -> int:
        """Run a program (a module or a script) in the folder, to its end; its exit code.

        `environment` is added to that of every child. `output` is a file that takes what the
        program prints, or is called with each line.
        """
        env = {**self._local.child_environment(), **environment}
        log_to = output if isinstance(output, Path) else subprocess.PIPE
        with self._lock:
            child = self._child = self._local.processes.spawn(
                program, args, env=env, cwd=folder, log=log_to
            )
            if self.stopped:
                self._end(child)
        if limit is not None:
            self._after(limit, self._exceed)
        try:
            if not isinstance(output, Path):
                for line in lines_from(child.stdout):
                    output(line)
            return child.wait()
        finally:
            self._forget_timers()
            child.kill()

    def stop(self) -> None:
        """End the run early."""
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
        self._after(self._grace, child.kill)

    def _after(self, delay: timedelta, action: Callable[[], None]) -> None:
        clock = self._local.clock
        self._timers.append(clock.at(clock.now() + delay, action))

    def _forget_timers(self) -> None:
        with self._lock:
            timers, self._timers = self._timers, []
        for timer in timers:
            self._local.clock.cancel(timer)
