"""When an execution can be redriven, and why not, in AWS's words."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ratchet.workflow.history.record import MAX_EVENTS
from ratchet.workflow.interpreter.status import RUNNING, SUCCEEDED

if TYPE_CHECKING:
    from ratchet.local_aws.stepfunctions.records import ExecutionRecord

PERIOD = timedelta(days=14)
MAX_REDRIVES = 1_000


def obstacle(record: ExecutionRecord, now: float) -> str | None:
    """Why an execution cannot be redriven now, or None."""
    execution = record.execution
    if record.machine.is_deleted:
        return "State machine is in DELETING status"
    if execution.status in (RUNNING, SUCCEEDED):
        return f"Execution is {execution.status} and cannot be redriven"
    if len(execution.history.events) >= MAX_EVENTS - 1:
        return "Execution history event limit exceeded"
    if execution.redrives >= MAX_REDRIVES:
        return "Execution redrive limit exceeded"
    if execution.stopped is not None and now - execution.stopped > PERIOD.total_seconds():
        return "Execution redrivable period exceeded"
    return None


def shown(record: ExecutionRecord, now: float) -> dict[str, Any]:
    """The redrive members of DescribeExecution and of the event; the date is in seconds."""
    execution = record.execution
    reason = obstacle(record, now)
    able = "REDRIVABLE" if record.map_run is None else "REDRIVABLE_BY_MAP_RUN"
    return {
        "redriveCount": execution.redrives,
        "redriveDate": execution.redriven,
        "redriveStatus": able if reason is None else "NOT_REDRIVABLE",
        "redriveStatusReason": reason,
    }
