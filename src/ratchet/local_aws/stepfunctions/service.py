"""The Step Functions API: state machines, executions, task tokens (Standard workflows)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.running.service import Service
from ratchet.local_aws.stepfunctions import definitions, redrives
from ratchet.local_aws.stepfunctions.announcements import Announcer
from ratchet.local_aws.stepfunctions.arns import (
    Names,
    execution_arn,
    machine_arn,
    map_run_arn,
    valid_name,
)
from ratchet.local_aws.stepfunctions.logging_configuration import logging_of
from ratchet.local_aws.stepfunctions.loop import Loop, TurnableClock
from ratchet.local_aws.stepfunctions.map_runs import (
    MapRunOperations,
    MapRunRecorder,
    child_machine,
)
from ratchet.local_aws.stepfunctions.pages import PAGES
from ratchet.local_aws.stepfunctions.records import (
    ExecutionRecord,
    MachineRecord,
    Records,
    moment,
)
from ratchet.local_aws.stepfunctions.runner import LocalTaskRunner
from ratchet.local_aws.stepfunctions.state_tests import StateTestOperation
from ratchet.local_aws.stepfunctions.tags import TagOperations
from ratchet.local_aws.stepfunctions.task_tokens import TaskTokenOperations
from ratchet.workflow.asl.payload import MAX_PAYLOAD_BYTES, Payload
from ratchet.workflow.interpreter.execution import Execution
from ratchet.workflow.interpreter.identity import Identity
from ratchet.workflow.interpreter.status import TIMED_OUT
from ratchet.workflow.interpreter.tasks import Callbacks

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Host


class StepFunctions(
    MapRunOperations, StateTestOperation, TaskTokenOperations, TagOperations, Service
):
    """Executions run in one loop in one thread; requests only read them or schedule changes."""

    name: ClassVar[str] = "states"
    model: ClassVar[str] = "stepfunctions"

    def __init__(self, local: Host) -> None:
        super().__init__(local)
        self._names = Names(local.region, local.account)
        self._records = Records()
        self._loop = Loop()
        self._clock = TurnableClock(local.clock, self._loop)
        self._callbacks = Callbacks()
        self._runner = LocalTaskRunner(local)
        self._announcer = Announcer(local)
        self._map_runs = MapRunRecorder(self._records)

    def close(self) -> None:
        self._announcer.close()
        self._loop.close()
        self._runner.close()

    # state machines

    def create_state_machine(self, request: dict[str, Any]) -> dict[str, Any]:
        name = valid_name(request["name"])
        definitions.refuse_unsupported(request)
        record = self._machine_record(name, request)
        with self._records.lock:
            existing = self._records.find_machine(record.arn)
            if existing is None:
                self._records.add_machine(record)
                existing = record
            elif not existing.same_as(record):
                raise ServiceError(
                    "StateMachineAlreadyExists", f"State Machine Already Exists: '{record.arn}'"
                )
        return {"stateMachineArn": existing.arn, "creationDate": existing.created}

    def _machine_record(self, name: str, request: dict[str, Any]) -> MachineRecord:
        return MachineRecord(
            arn=self._names.machine(name),
            name=name,
            role=request["roleArn"],
            definition=request["definition"],
            model=definitions.accepted(request["definition"]),
            created=self.local.clock.now(),
            logging=logging_of(self.local, request.get("loggingConfiguration", {})),
            tracing=request.get("tracingConfiguration", {"enabled": False}),
            tags={tag["key"]: tag["value"] for tag in request.get("tags", [])},
            encryption=request.get("encryptionConfiguration"),
        )

    def update_state_machine(self, request: dict[str, Any]) -> dict[str, Any]:
        record = self._records.machine(machine_arn(request["stateMachineArn"]))
        definitions.refuse_unsupported(request)
        if not request.keys() & definitions.UPDATABLE:
            raise ServiceError(
                "MissingRequiredParameter",
                "Either the definition, the role ARN, the LoggingConfiguration, or the "
                "TracingConfiguration must be specified",
            )
        logging = record.logging
        if "loggingConfiguration" in request:
            logging = logging_of(self.local, request["loggingConfiguration"])
        text = request.get("definition", record.definition)
        model = definitions.accepted(text) if text != record.definition else record.model
        with self._records.lock:
            record.definition, record.model = text, model
            record.role = request.get("roleArn", record.role)
            record.logging = logging
            record.tracing = request.get("tracingConfiguration", record.tracing)
            record.encryption = request.get("encryptionConfiguration", record.encryption)
            record.revision = str(uuid.uuid4())
            record.updated = self.local.clock.now()
        return {"updateDate": record.updated, "revisionId": record.revision}

    def describe_state_machine(self, request: dict[str, Any]) -> dict[str, Any]:
        record = self._records.machine(machine_arn(request["stateMachineArn"]))
        answer = {
            "stateMachineArn": record.arn,
            "name": record.name,
            "status": "ACTIVE",
            "definition": record.definition,
            "roleArn": record.role,
            "type": "STANDARD",
            "creationDate": record.created,
            "loggingConfiguration": record.logging,
            "tracingConfiguration": record.tracing,
            "revisionId": record.revision,
            "encryptionConfiguration": record.encryption or {"type": "AWS_OWNED_KEY"},
        }
        return _without_data(answer, request, "definition")

    def delete_state_machine(self, request: dict[str, Any]) -> dict[str, Any]:
        """AWS stops running executions at their next transition; here they stop at once."""
        arn = machine_arn(request["stateMachineArn"])
        running = list(self._records.running(arn))
        self._records.drop_machine(arn)
        for record in running:
            self._loop.call(record.execution.stop)
        return {}

    def list_state_machines(self, request: dict[str, Any]) -> dict[str, Any]:
        page, token = PAGES.page(self._records.machines(), request)
        machines = [
            {
                "stateMachineArn": record.arn,
                "name": record.name,
                "type": "STANDARD",
                "creationDate": record.created,
            }
            for record in page
        ]
        return {"stateMachines": machines, **token}

    def validate_state_machine_definition(self, request: dict[str, Any]) -> dict[str, Any]:
        return definitions.validated(request)

    # executions

    def start_execution(self, request: dict[str, Any]) -> dict[str, Any]:
        machine = self._records.machine(machine_arn(request["stateMachineArn"]))
        name = valid_name(request["name"]) if "name" in request else str(uuid.uuid4())
        payload = _input(request.get("input", "{}"))
        arn = self._names.execution(machine.name, name)
        with self._records.lock:
            existing = self._records.find_execution(arn)
            if existing is not None:
                return _started_before(existing, payload)
            record = self._execution_record(arn, name, machine, payload)
            record.trace_header = request.get("traceHeader")
            self._records.add_execution(record)
        self._loop.start(record.execution.run())
        return {"executionArn": arn, "startDate": record.started}

    def _execution_record(
        self, arn: str, name: str, machine: MachineRecord, payload: Payload
    ) -> ExecutionRecord:
        identity = Identity(
            arn=arn,
            name=name,
            machine_arn=machine.arn,
            machine_name=machine.name,
            role_arn=machine.role,
            region=self.local.region,
        )
        execution = Execution(
            machine.model,
            payload,
            runner=self._runner,
            identity=identity,
            clock=self._clock,
            callbacks=self._callbacks,
            on_change=lambda _: self._announcer.changed(record),
            map_runs=self._map_runs,
        )
        record = ExecutionRecord(
            arn=arn,
            name=name,
            machine=machine,
            definition=machine.definition,
            role=machine.role,
            revision=machine.revision,
            execution=execution,
        )
        return record

    def describe_execution(self, request: dict[str, Any]) -> dict[str, Any]:
        record = self._records.execution(execution_arn(request["executionArn"]))
        execution = record.execution
        output = execution.output
        answer = {
            **_listed(record),
            "input": execution.input.text,
            "inputDetails": {"included": True},
            "output": output.text if output is not None else None,
            "outputDetails": {"included": True} if output is not None else None,
            "traceHeader": record.trace_header,
            **_failure(execution),
            **self._redrive(record),
        }
        return _without_data(answer, request, "input", "output", "error", "cause")

    def _redrive(self, record: ExecutionRecord) -> dict[str, Any]:
        shown = redrives.shown(record, self._clock.now())
        date = shown.pop("redriveDate")
        return shown if date is None else {**shown, "redriveDate": moment(date)}

    def redrive_execution(self, request: dict[str, Any]) -> dict[str, Any]:
        record = self._records.execution(execution_arn(request["executionArn"]))
        execution, token = record.execution, request.get("clientToken")
        if token is not None and token in record.redrive_tokens:
            return {"redriveDate": moment(execution.redriven or execution.started)}
        reason = redrives.obstacle(record, self._clock.now())
        if reason is None and record.map_run is not None:
            reason = "A child execution is redriven through its parent execution: redrive that one"
        if reason is not None or not self._loop.call(execution.restart):
            reason = reason or "Execution is RUNNING and cannot be redriven"
            raise ServiceError("ExecutionNotRedrivable", reason)
        if token is not None:
            record.redrive_tokens.add(token)
        self._loop.start(execution.redrive())
        return {"redriveDate": moment(execution.redriven or execution.started)}

    def describe_state_machine_for_execution(self, request: dict[str, Any]) -> dict[str, Any]:
        record = self._records.execution(execution_arn(request["executionArn"]))
        machine = record.machine
        answer = {
            "stateMachineArn": machine.arn,
            "name": machine.name,
            "definition": record.definition,
            "roleArn": record.role,
            "updateDate": machine.updated or machine.created,
            "loggingConfiguration": machine.logging,
            "tracingConfiguration": machine.tracing,
            "revisionId": record.revision,
        }
        if record.map_run is not None:
            answer |= child_machine(record.map_run, record.execution)
        return _without_data(answer, request, "definition")

    def list_executions(self, request: dict[str, Any]) -> dict[str, Any]:
        wanted, redriven = request.get("statusFilter"), request.get("redriveFilter")
        records = [
            record
            for record in self._listed_records(request)
            if wanted in (None, record.execution.status)
            and redriven in (None, "REDRIVEN" if record.execution.redrives else "NOT_REDRIVEN")
        ]
        page, token = PAGES.page(records, request)
        listed = [{**_listed(record), "itemCount": record.items} for record in page]
        return {"executions": listed, **token}

    def _listed_records(self, request: dict[str, Any]) -> list[ExecutionRecord]:
        """The executions of a machine, or the child executions of a Map Run."""
        if ("stateMachineArn" in request) == ("mapRunArn" in request):
            raise ServiceError(
                "ValidationException", "Exactly one of stateMachineArn and mapRunArn must be given"
            )
        if "mapRunArn" in request:
            run = self._map_run(map_run_arn(request["mapRunArn"]))
            return self._records.children(run.arn)
        machine = self._records.machine(machine_arn(request["stateMachineArn"]))
        return self._records.executions(machine.arn)

    def stop_execution(self, request: dict[str, Any]) -> dict[str, Any]:
        record = self._records.execution(execution_arn(request["executionArn"]))
        error, cause = request.get("error"), request.get("cause")
        self._loop.finish(record.execution.stopped_by(error, cause))
        return {"stopDate": record.stopped}

    def get_execution_history(self, request: dict[str, Any]) -> dict[str, Any]:
        record = self._records.execution(execution_arn(request["executionArn"]))
        events = list(record.execution.history.events)
        if request.get("reverseOrder"):
            events.reverse()
        page, token = PAGES.page(events, request)
        data = request.get("includeExecutionData", True)
        written = [event.as_api(data=data) for event in page]
        return {
            "events": [{**event, "timestamp": moment(event["timestamp"])} for event in written],
            **token,
        }


def _input(text: str) -> Payload:
    try:
        payload = Payload.parse(text)
    except (ValueError, RecursionError) as error:
        raise ServiceError(
            "InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'"
        ) from error
    if payload.size > MAX_PAYLOAD_BYTES:
        raise ServiceError(
            "InvalidExecutionInput",
            f"Invalid State Machine Execution Input: '{payload.size} bytes exceed "
            f"the limit of {MAX_PAYLOAD_BYTES}'",
        )
    return payload


def _started_before(existing: ExecutionRecord, payload: Payload) -> dict[str, Any]:
    """On AWS, a request with the name and input of a running execution returns that execution."""
    if existing.is_running and existing.execution.input.text == payload.text:
        return {"executionArn": existing.arn, "startDate": existing.started}
    raise ServiceError("ExecutionAlreadyExists", f"Execution Already Exists: '{existing.arn}'")


def _listed(record: ExecutionRecord) -> dict[str, Any]:
    execution = record.execution
    return {
        "executionArn": record.arn,
        "stateMachineArn": execution.identity.machine_arn,
        "name": record.name,
        "status": execution.status,
        "startDate": record.started,
        "stopDate": record.stopped,
        "redriveCount": execution.redrives,
        "redriveDate": None if execution.redriven is None else moment(execution.redriven),
        "mapRunArn": record.map_run.arn if record.map_run is not None else None,
    }


def _failure(execution: Execution) -> dict[str, Any]:
    """Error and cause; those of a timeout are in the history only."""
    if execution.status == TIMED_OUT:
        return {}
    return {"error": execution.error, "cause": execution.cause}


def _without_data(answer: dict[str, Any], request: dict[str, Any], *names: str) -> dict[str, Any]:
    if request.get("includedData") == "METADATA_ONLY":
        return {key: value for key, value in answer.items() if key not in names}
    return answer
