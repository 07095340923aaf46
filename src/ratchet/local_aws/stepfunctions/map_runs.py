"""The runs of distributed Maps as the API shows them: listed, described and adjusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.stepfunctions.arns import execution_arn, map_run_arn
from ratchet.local_aws.stepfunctions.loop import Loop
from ratchet.local_aws.stepfunctions.pages import PAGES
from ratchet.local_aws.stepfunctions.records import ExecutionRecord, Records, moment
from ratchet.workflow.asl.payload import dumps
from ratchet.workflow.interpreter.map_run import Child, MapRun

if TYPE_CHECKING:
    from ratchet.workflow.interpreter.execution import Execution


_LIMITS = {
    "maxConcurrency": "max_concurrency",
    "toleratedFailureCount": "tolerated_count",
    "toleratedFailurePercentage": "tolerated_percentage",
}


def child_machine(run: MapRun, execution: Execution) -> dict[str, Any]:
    """DescribeStateMachineForExecution of a child execution: its machine is the item processor."""
    return {
        "stateMachineArn": run.machine_arn,
        "name": execution.identity.machine_name,
        "definition": dumps(execution.machine.flow.document),
        "mapRunArn": run.arn,
        "label": run.machine_arn.rsplit("/", 1)[-1],
    }


class MapRunRecorder:
    """Records the Map Runs of executions. Called in the loop's thread."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def started(self, run: MapRun) -> None:
        self._records.add_map_run(run)

    def child(self, run: MapRun, child: Child, execution: Execution) -> None:
        parent = self._records.execution(run.execution_arn)
        record = ExecutionRecord(
            arn=execution.identity.arn,
            name=execution.identity.name,
            machine=parent.machine,
            definition=parent.definition,
            role=parent.role,
            revision=parent.revision,
            execution=execution,
            map_run=run,
            items=child.items,
        )
        self._records.add_child(record)


class MapRunOperations:
    """API operations on Map Runs."""

    _records: Records
    _loop: Loop

    def list_map_runs(self, request: dict[str, Any]) -> dict[str, Any]:
        record = self._records.execution(execution_arn(request["executionArn"]))
        runs = self._records.map_runs_of(record.arn)
        page, token = PAGES.page(runs, request)
        return {"mapRuns": [_listed(run) for run in page], **token}

    def describe_map_run(self, request: dict[str, Any]) -> dict[str, Any]:
        run = self._map_run(request["mapRunArn"])
        shown = {
            "mapRunArn": run.arn,
            "executionArn": run.execution_arn,
            "status": run.status,
            "startDate": moment(run.started),
            "maxConcurrency": run.max_concurrency,
            "toleratedFailurePercentage": run.tolerated_percentage or 0.0,
            "toleratedFailureCount": run.tolerated_count or 0,
            "itemCounts": run.counts(of_items=True),
            "executionCounts": run.counts(of_items=False),
            "redriveCount": run.redrives,
        }
        if run.stopped is not None:
            shown["stopDate"] = moment(run.stopped)
        if run.redriven is not None:
            shown["redriveDate"] = moment(run.redriven)
        return shown

    def update_map_run(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change the limits of a run; a running one takes them at once."""
        run = self._map_run(request["mapRunArn"])
        changes = {name: request[key] for key, name in _LIMITS.items() if key in request}
        self._loop.call(lambda: run.adjust(changes))
        return {}

    def _map_run(self, arn: str) -> MapRun:
        run = self._records.find_map_run(map_run_arn(arn))
        if run is None:
            raise ServiceError("ResourceNotFound", f"Resource not found: '{arn}'")
        return run


def _listed(run: MapRun) -> dict[str, Any]:
    shown = {
        "executionArn": run.execution_arn,
        "mapRunArn": run.arn,
        "stateMachineArn": run.machine_arn,
        "startDate": moment(run.started),
    }
    return shown if run.stopped is None else {**shown, "stopDate": moment(run.stopped)}
