"""The service's records of state machines and executions."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ratchet.local_aws.door.errors import ServiceError
from ratchet.workflow.asl.model import StateMachine
from ratchet.workflow.interpreter.execution import Execution
from ratchet.workflow.interpreter.map_run import MapRun
from ratchet.workflow.interpreter.status import RUNNING


@dataclass(slots=True)
class MachineRecord:
    """A state machine: the definition as given, and its model.

    It has no revision before the first update, as on AWS.
    """

    arn: str
    name: str
    role: str
    definition: str
    model: StateMachine
    created: datetime
    logging: dict[str, Any]
    tracing: dict[str, Any]
    tags: dict[str, str]
    encryption: dict[str, Any] | None = None
    revision: str | None = None
    updated: datetime | None = None
    is_deleted: bool = False

    def same_as(self, other: MachineRecord) -> bool:
        """CreateStateMachine with these equal succeeds again on AWS; role and tags may differ."""
        return all(
            getattr(self, name) == getattr(other, name)
            for name in ("definition", "logging", "tracing", "encryption")
        )


@dataclass(slots=True)
class ExecutionRecord:
    """An execution, and the machine as it was when the execution started.

    `map_run` is set for a child execution of a distributed Map, `items` is how many it got.
    """

    arn: str
    name: str
    machine: MachineRecord
    definition: str
    role: str
    revision: str | None
    execution: Execution
    trace_header: str | None = None
    map_run: MapRun | None = None
    items: int | None = None
    redrive_tokens: set[str] = field(default_factory=set)
    logged: int = 0  # events already logged; a redriven execution ends more than once

    @property
    def started(self) -> datetime:
        return moment(self.execution.started)

    @property
    def stopped(self) -> datetime | None:
        return None if self.execution.stopped is None else moment(self.execution.stopped)

    @property
    def is_running(self) -> bool:
        return self.execution.status == RUNNING


class Records:
    """All machines and executions, by ARN. Safe to use from many threads."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._machines: dict[str, MachineRecord] = {}
        self._executions: dict[str, ExecutionRecord] = {}
        self._of_machine: dict[str, list[ExecutionRecord]] = {}
        self._map_runs: dict[str, MapRun] = {}
        self._children: dict[str, list[ExecutionRecord]] = {}

    def machine(self, arn: str) -> MachineRecord:
        with self.lock:
            record = self._machines.get(arn)
        if record is None:
            raise ServiceError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
        return record

    def find_machine(self, arn: str) -> MachineRecord | None:
        with self.lock:
            return self._machines.get(arn)

    def add_machine(self, record: MachineRecord) -> None:
        with self.lock:
            self._machines[record.arn] = record

    def drop_machine(self, arn: str) -> None:
        with self.lock:
            dropped = self._machines.pop(arn, None)
            if dropped is not None:
                dropped.is_deleted = True

    def machines(self) -> list[MachineRecord]:
        with self.lock:
            return sorted(self._machines.values(), key=lambda record: record.name)

    def execution(self, arn: str) -> ExecutionRecord:
        record = self.find_execution(arn)
        if record is None:
            raise ServiceError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        return record

    def find_execution(self, arn: str) -> ExecutionRecord | None:
        with self.lock:
            return self._executions.get(arn)

    def add_execution(self, record: ExecutionRecord) -> None:
        with self.lock:
            self._executions[record.arn] = record
            self._of_machine.setdefault(record.machine.arn, []).append(record)

    def executions(self, machine_arn: str) -> list[ExecutionRecord]:
        """The executions of a machine, newest first."""
        with self.lock:
            return list(reversed(self._of_machine.get(machine_arn, [])))

    def add_map_run(self, run: MapRun) -> None:
        with self.lock:
            self._map_runs[run.arn] = run

    def find_map_run(self, arn: str) -> MapRun | None:
        with self.lock:
            return self._map_runs.get(arn)

    def map_runs_of(self, execution_arn: str) -> list[MapRun]:
        """The Map Runs of an execution, newest first."""
        with self.lock:
            runs = [run for run in self._map_runs.values() if run.execution_arn == execution_arn]
        return runs[::-1]

    def add_child(self, record: ExecutionRecord) -> None:
        """Add a child execution, which belongs to a Map Run rather than to a machine."""
        with self.lock:
            self._executions[record.arn] = record
            if record.map_run is not None:
                self._children.setdefault(record.map_run.arn, []).append(record)

    def children(self, map_run_arn: str) -> list[ExecutionRecord]:
        """The child executions of a Map Run, newest first."""
        with self.lock:
            return self._children.get(map_run_arn, [])[::-1]

    def running(self, machine_arn: str) -> Iterator[ExecutionRecord]:
        return (record for record in self.executions(machine_arn) if record.is_running)


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
