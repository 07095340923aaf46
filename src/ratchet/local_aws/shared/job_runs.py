"""The runs of stored jobs, with the states that Glue and DataBrew give them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from ratchet.local_aws.shared.background import EXPECTED, BackgroundRun

OPEN = ("STARTING", "RUNNING", "STOPPING")


@dataclass
class JobRun:
    """One run of a job as the job was when the run started."""

    id: str
    job: dict[str, Any]
    started: datetime
    background: BackgroundRun
    state: str = "STARTING"
    error: str = ""
    completed: datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    stopped_error: ClassVar[str] = ""
    """The ErrorMessage of a run that was stopped."""

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state in OPEN

    @property
    def timed_out_error(self) -> str:
        """The ErrorMessage of a run whose time was up."""
        raise NotImplementedError

    def start(
        self, service: str, work: Callable[[], None], end: Callable[[Exception | None], None]
    ) -> None:
        """Run in the background; the state shows how far it is."""
        self.background.start(f"{service} run {self.id} of {self.job['Name']}", work, end)

    def running(self) -> None:
        """The program is about to run."""
        with self.lock:
            if self.state == "STARTING":
                self.state = "RUNNING"

    def stop(self) -> bool:
        """Ask the run to end; False if it has ended already."""
        with self.lock:
            if not self.is_open:
                return False
            self.state = "STOPPING"
        self.background.stop()
        return True

    def end(self, problem: Exception | None, moment: datetime) -> None:
        """The run is over; `problem` is what its work raised."""
        with self.lock:
            self.completed = moment
            if self.state == "STOPPING":
                self.state, self.error = "STOPPED", self.stopped_error
            elif self.background.exceeded:
                self.state, self.error = "TIMEOUT", self.timed_out_error
            elif problem is not None:
                self.state, self.error = "FAILED", _reason(problem)
            else:
                self.state = "SUCCEEDED"

    def ending(self) -> dict[str, Any]:
        """The members in which both APIs describe how a run ended."""
        if self.completed is None:
            return {}
        seconds = round((self.completed - self.started).total_seconds())
        ended: dict[str, Any] = {"CompletedOn": self.completed, "ExecutionTime": seconds}
        return ended | ({"ErrorMessage": self.error} if self.error else {})


def _reason(problem: Exception) -> str:
    return str(problem) if isinstance(problem, EXPECTED) else f"Internal error: {problem}"
