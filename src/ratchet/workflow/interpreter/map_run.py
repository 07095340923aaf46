"""The run of a distributed Map: its name, its limits, its child executions and their counts."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ratchet.workflow.asl.payload import Payload
from ratchet.workflow.interpreter.identity import Identity
from ratchet.workflow.interpreter.status import (
    ABORTED,
    FAILED,
    PENDING,
    RUNNING,
    SUCCEEDED,
    TIMED_OUT,
)


class ChildExecution(Protocol):
    """What a Map Run needs of the execution of one of its children."""

    identity: Identity
    input: Payload
    status: str
    output: Payload | None
    error: str | None
    cause: str | None
    started: float
    stopped: float | None
    redrives: int

    async def run(self) -> None: ...

    async def redrive(self) -> None: ...

    def stop(self) -> None: ...


@dataclass(slots=True)
class Child:
    """One child execution: its place in the results, how many items it got, its status.

    `execution` is None while it is pending; `redrives` is the last redrive of its run that it
    was part of.
    """

    place: int
    items: int
    payload: Payload
    execution: ChildExecution | None = None
    redrives: int = 0

    @property
    def status(self) -> str:
        return PENDING if self.execution is None else self.execution.status


@dataclass(slots=True)
class MapRun:
    """One Map Run. Times are epoch seconds.

    A tolerance that is not given is None: without any, no failure is tolerated. `on_change` is set
    while children are running; call it when a limit has changed.
    """

    arn: str
    execution_arn: str
    machine_arn: str
    max_concurrency: int
    tolerated_count: int | None
    tolerated_percentage: float | None
    started: float
    status: str = RUNNING
    stopped: float | None = None
    redrives: int = 0
    redriven: float | None = None
    children: list[Child] = field(default_factory=list)
    results_written: int = 0
    on_change: Callable[[], None] | None = None

    def adjust(self, changes: Mapping[str, Any]) -> None:
        """Change limits (UpdateMapRun). Must be called in the loop's thread."""
        for name, value in changes.items():
            setattr(self, name, value)
        if self.on_change is not None:
            self.on_change()

    def exceeded(self, failed: int, total: int) -> bool:
        """Whether more items failed than the run tolerates."""
        count, percentage = self.tolerated_count, self.tolerated_percentage
        if count is None and percentage is None:
            return failed > 0
        by_count = count is not None and failed > count
        return by_count or (percentage is not None and 100 * failed > percentage * total)

    def finish(self, status: str, now: float) -> None:
        self.status, self.stopped = status, now

    def counts(self, *, of_items: bool) -> dict[str, int]:
        """Child executions (or their items) by status, as DescribeMapRun names them.

        A child that never began stays pending, however the run ended.
        """
        counted: Counter[str] = Counter()
        for child in self.children:
            counted[child.status] += child.items if of_items else 1
        return {
            "pending": counted[PENDING],
            "running": counted[RUNNING],
            "succeeded": counted[SUCCEEDED],
            "failed": counted[FAILED],
            "timedOut": counted[TIMED_OUT],
            "aborted": counted[ABORTED],
            "total": sum(counted.values()),
            "resultsWritten": self.results_written,
            "failuresNotRedrivable": 0,
            "pendingRedrive": self._to_redrive(of_items=of_items),
        }

    def _to_redrive(self, *, of_items: bool) -> int:
        """What a running redrive has yet to redrive."""
        if not self.redrives or self.status != RUNNING:
            return 0
        left = [child for child in self.children if child.status in (FAILED, TIMED_OUT, ABORTED)]
        open_ = [child for child in left if child.redrives < self.redrives]
        return sum(child.items if of_items else 1 for child in open_)


def new_arns(machine_arn: str, label: str | None) -> tuple[str, str]:
    """The ARN of a new Map Run, and of the state machine that its children appear to run."""
    name = label or str(uuid.uuid4())
    run = machine_arn.replace(":stateMachine:", ":mapRun:")
    return f"{run}/{name}:{uuid.uuid4()}", f"{machine_arn}/{name}"
