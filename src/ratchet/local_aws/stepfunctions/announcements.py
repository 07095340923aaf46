"""Announcements of executions: events on the bus, and log lines if the machine has a log."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ratchet.local_aws.stepfunctions import redrives
from ratchet.local_aws.stepfunctions.logging_configuration import group_name
from ratchet.workflow.history.events import Event, details_key
from ratchet.workflow.interpreter.status import ABORTED, FAILED, SUCCEEDED, TIMED_OUT

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Host
    from ratchet.local_aws.stepfunctions.records import ExecutionRecord

log = logging.getLogger(__name__)

DETAIL_TYPE = "Step Functions Execution Status Change"
MAX_EVENT_DATA = 248 * 1024  # bytes; larger inputs and outputs are omitted from the event
_LOG_BATCH = 1_000


def status_change(record: ExecutionRecord) -> dict[str, Any]:
    """The detail of a status event, in AWS's documented shape; dates are epoch milliseconds."""
    execution = record.execution
    size = execution.input.size + (execution.output.size if execution.output else 0)
    included = size <= MAX_EVENT_DATA
    output = execution.output
    redrive = redrives.shown(record, execution.stopped or execution.started)
    if redrive["redriveDate"] is not None:
        redrive["redriveDate"] = round(redrive["redriveDate"] * 1000)
    return {
        "executionArn": record.arn,
        "stateMachineArn": record.machine.arn,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "name": record.name,
        "status": execution.status,
        "startDate": round(execution.started * 1000),
        "stopDate": None if execution.stopped is None else round(execution.stopped * 1000),
        "input": execution.input.text if included else None,
        "inputDetails": {"included": included},
        "output": output.text if output is not None and included else None,
        "outputDetails": None if output is None else {"included": included},
        "error": execution.error,
        "cause": execution.cause,
        **redrive,
    }


_FATAL = frozenset({"ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut"})


class Announcer:
    """Sends status events at once, and writes the log when an execution has ended."""

    def __init__(self, local: Host) -> None:
        self._local = local
        self._logs = ThreadPoolExecutor(1, thread_name_prefix="execution-logs")
        self._closed = False

    def changed(self, record: ExecutionRecord) -> None:
        if self._closed:
            return
        detail = status_change(record)
        self._local.emit("aws.states", DETAIL_TYPE, detail, [record.arn])
        if record.execution.status in (SUCCEEDED, FAILED, TIMED_OUT, ABORTED):
            self._log(record)

    def close(self) -> None:
        self._closed = True
        self._logs.shutdown(wait=False, cancel_futures=True)

    def _log(self, record: ExecutionRecord) -> None:
        level = record.machine.logging.get("level", "OFF")
        for destination in record.machine.logging.get("destinations", []):
            group = destination.get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "")
            if level != "OFF" and group:
                self._logs.submit(self._write, record, group_name(group), level)

    def _write(self, record: ExecutionRecord, group: str, level: str) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        data = bool(record.machine.logging.get("includeExecutionData", False))
        fresh = record.execution.history.events[record.logged :]
        lines = [_line(record, event, data=data) for event in fresh if _is_logged(event, level)]
        client = self._local.client("logs")
        stream = f"states/{record.machine.name}/{record.started:%Y-%m-%d-%H-%M}/{record.name[:64]}"
        try:
            if lines and not record.logged:
                client.create_log_stream(logGroupName=group, logStreamName=stream)
            for batch in _batches(lines):
                client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch)
            record.logged += len(fresh)
        except (ClientError, BotoCoreError) as error:
            log.warning("the log of %s could not be written: %s", record.arn, error)


def _is_logged(event: Event, level: str) -> bool:
    if level == "ALL" or event.type in _FATAL:
        return True
    words = ("Failed", "TimedOut", "Aborted")
    return level == "ERROR" and (event.type == "FailStateEntered" or event.type.endswith(words))


def _line(record: ExecutionRecord, event: Event, *, data: bool) -> dict[str, Any]:
    written = event.as_api(data=data)
    key = details_key(event.type)
    timestamp = round(event.timestamp * 1000)
    message = {
        "id": str(event.id),
        "type": event.type,
        "details": written.get(key, {}) if key is not None else {},
        "previous_event_id": str(event.previous),
        "event_timestamp": str(timestamp),
        "execution_arn": record.arn,
    }
    return {"timestamp": timestamp, "message": json.dumps(message, ensure_ascii=False)}


def _batches(lines: list[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    return (lines[start : start + _LOG_BATCH] for start in range(0, len(lines), _LOG_BATCH))
