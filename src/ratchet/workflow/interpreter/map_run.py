"""The run of a distributed Map: its name, its limits, its child executions and their counts."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ratchet.workflow.asl.payload import Payload

if TYPE_CHECKING:
    from ratchet.workflow.interpreter.execution import Execution

RUNNING = "RUNNING"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"
ABORTED = "ABORTED"
TIMED_OUT = "TIMED_OUT"
PENDING = "PENDING"


class MapRuns(Protocol):
    """Hears of Map Runs: what a service needs to list and describe them."""

    def started(self, run: MapRun) -> None: ...

    def child(self, run: MapRun, execution: Execution) -> None: ...


@dataclass(slots=True)
class Child:
    """One child execution: its place in the results, how many items it got, how it stands.

    `execution` is None while it is pending.
    """

    place: int
    items: int
    payload: Payload
    execution: Execution | None = None

    @property
    def status(self) -> str:
        return PENDING if self.execution is None else self.execution.status


@dataclass(slots=True)
class MapRun:
    """One Map Run. Times are epoch seconds."""

    arn: str
    execution_arn: str
    machine_arn: str
    max_concurrency: int
    tolerated_count: int
    tolerated_percentage: float
    started: float
    status: str = RUNNING
    stopped: float | None = None
    redrives: int = 0
    redriven: float | None = None
    children: list[Child] = field(default_factory=list)
    results_written: int = 0

    def finish(self, status: str, now: float) -> None:
        self.status, self.stopped = status, now

    def counts(self, *, of_items: bool) -> dict[str, int]:
        """Child executions (or their items) by status, as DescribeMapRun names them."""
        counted: Counter[str] = Counter()
        for child in self.children:
            counted[child.status] += child.items if of_items else 1
        return {
            "pending": counted[PENDING] if self.status == RUNNING else 0,
            "running": counted[RUNNING],
            "succeeded": counted[SUCCEEDED],
            "failed": counted[FAILED],
            "timedOut": counted[TIMED_OUT],
            "aborted": counted[ABORTED] + (counted[PENDING] if self.status != RUNNING else 0),
            "total": sum(counted.values()),
            "resultsWritten": self.results_written,
        }


def new_arns(machine_arn: str, label: str | None) -> tuple[str, str]:
    """The ARN of a new Map Run, and of the state machine that its children seem to run."""
    name = label or str(uuid.uuid4())
    run = machine_arn.replace(":stateMachine:", ":mapRun:")
    return f"{run}/{name}:{uuid.uuid4()}", f"{machine_arn}/{name}"
