"""One attempt of a Task: schedule, call, wait as its pattern says, and AWS's events on the way."""

from __future__ import annotations

import asyncio
from typing import Any

from ratchet.workflow.asl import errors
from ratchet.workflow.asl.errors import StateError, too_large
from ratchet.workflow.asl.model import Task
from ratchet.workflow.asl.payload import Payload
from ratchet.workflow.integrations.resource import Resource
from ratchet.workflow.interpreter.clock import Deadline, DeadlinePassed
from ratchet.workflow.interpreter.dataflow import Data
from ratchet.workflow.interpreter.recorder import Recorder
from ratchet.workflow.interpreter.tasks import TaskCall, TaskRunner
from ratchet.workflow.interpreter.visit import Visit

MAX_SECONDS = 99_999_999


class _MissedHeartbeat(Exception):
    """The task's token received no heartbeat in time."""


async def attempt(visit: Visit, recorder: Recorder, state: Task, data: Data) -> Payload:
    """Call the resource once. Raises StateError, after recording the failure."""
    return await _Attempt(visit, recorder, state, data).run()


class _Attempt:
    """One attempt in progress."""

    def __init__(self, visit: Visit, recorder: Recorder, state: Task, data: Data) -> None:
        self._visit = visit
        self._environment = visit.environment
        self._events = _events(recorder, state.resource, visit.environment.identity.region)
        self._state = state
        self._data = data
        self._resource = state.resource
        self._heartbeat: Deadline | None = None
        self._callback: asyncio.Future[Payload] | None = None

    async def run(self) -> Payload:
        visit, callbacks = self._visit, self._environment.callbacks
        if self._resource.waits_for_token:
            visit.token, self._callback = callbacks.open(self._beat)
        try:
            return await self._scheduled()
        finally:
            if visit.token is not None:
                callbacks.close(visit.token)

    async def _scheduled(self) -> Payload:
        self._data.renew()
        arguments, credentials, timeout, heartbeat = self._asked()
        if arguments.is_too_large:
            raise too_large(self._state.name)
        call = TaskCall(
            resource=self._resource,
            arguments=arguments.value,
            execution=self._environment.identity.arn,
            state=self._state.name,
            attempt=self._visit.retries,
            token=self._visit.token,
            credentials=credentials,
        )
        self._refuse(call, arguments)
        self._events.scheduled(arguments, timeout, heartbeat, credentials)
        return await self._called(call, timeout, heartbeat)

    def _asked(self) -> tuple[Payload, Any, int | None, int | None]:
        """Arguments, credentials, timeout and heartbeat, evaluated in AWS's order."""
        data, state, evaluator = self._data, self._state, self._data.evaluator
        arguments = data.given()
        credentials = evaluator.value(state.credentials) if state.credentials is not None else None
        timeout = evaluator.number(state.timeout, 1, MAX_SECONDS)
        heartbeat = evaluator.number(state.heartbeat, 1, MAX_SECONDS)
        return arguments, credentials, timeout, heartbeat

    def _refuse(self, call: TaskCall, arguments: Payload) -> None:
        """AWS validates the arguments before it schedules anything."""
        runner = self._environment.runner
        reason = runner.refusal(call) if runner is not None else None
        if reason is not None:
            field = "Arguments" if self._state.is_jsonata else "Parameters"
            sentence = f"The {field} '{arguments.text}' could not be used to start the Task: "
            raise StateError(errors.RUNTIME, self._visit.explained(f"{sentence}[{reason}]"))

    async def _called(self, call: TaskCall, timeout: int | None, heartbeat: int | None) -> Payload:
        events = self._events
        await asyncio.sleep(0)  # every branch schedules before any starts, as on AWS
        events.started()
        try:
            async with Deadline(self._environment.clock, timeout):
                result = await self._answered(call, heartbeat)
        except (DeadlinePassed, _MissedHeartbeat) as error:
            events.timed_out()
            raise StateError(
                errors.TIMEOUT, heartbeat=isinstance(error, _MissedHeartbeat)
            ) from error
        except StateError as error:
            events.failed(error)
            raise
        events.succeeded(result)
        return result

    async def _answered(self, call: TaskCall, heartbeat: int | None) -> Payload:
        runner = self._runner()
        answer = await runner.request(call)
        result = self._checked(Payload(answer))
        if self._callback is not None:
            self._events.submitted(result)
            return self._checked(await self._heard(self._callback, heartbeat))
        if self._resource.is_job:
            self._events.submitted(result)
            return self._checked(Payload(await self._completed(runner, call, answer)))
        return result

    async def _completed(self, runner: TaskRunner, call: TaskCall, answer: Any) -> Any:
        try:
            return await runner.complete(call, answer)
        except asyncio.CancelledError:
            self._environment.background.start(runner.cancel(call, answer))
            raise

    async def _heard(self, callback: asyncio.Future[Payload], heartbeat: int | None) -> Payload:
        self._heartbeat = Deadline(self._environment.clock, heartbeat)
        try:
            async with self._heartbeat:
                return await callback
        except DeadlinePassed as error:
            raise _MissedHeartbeat from error

    def _beat(self) -> None:
        if self._heartbeat is not None:
            self._heartbeat.restart()

    def _checked(self, result: Payload) -> Payload:
        name = self._resource.arn if self._resource.kind == "lambda" else self._resource.type
        try:
            if result.is_too_large:
                raise too_large(name)
        except (TypeError, ValueError) as error:
            cause = f"The state/task '{name}' returned a result that is not JSON: {error}"
            raise StateError(errors.TASK_FAILED, cause) from error
        return result

    def _runner(self) -> TaskRunner:
        runner = self._environment.runner
        if runner is None:
            raise StateError(
                errors.RUNTIME,
                self._visit.explained(
                    f"Nothing here can call {self._resource.arn}: the execution has no task runner"
                ),
            )
        return runner


class _Events:
    """The history events of an integration's attempt."""

    def __init__(self, recorder: Recorder, resource: Resource, region: str) -> None:
        self._record = recorder.record
        self._region = region
        self._names = {"resourceType": resource.type, "resource": resource.name}

    def scheduled(
        self, arguments: Payload, timeout: int | None, heartbeat: int | None, credentials: Any
    ) -> None:
        details = {**self._names, "region": self._region, "parameters": arguments}
        self._record("TaskScheduled", _timed(details, timeout, heartbeat, credentials))

    def started(self) -> None:
        self._record("TaskStarted", self._names)

    def submitted(self, answer: Payload) -> None:
        self._record("TaskSubmitted", {**self._names, "output": answer})

    def succeeded(self, result: Payload) -> None:
        self._record("TaskSucceeded", {**self._names, "output": result})

    def failed(self, error: StateError) -> None:
        self._record("TaskFailed", {**self._names, **error.details})

    def timed_out(self) -> None:
        self._record("TaskTimedOut", {**self._names, "error": errors.TIMEOUT})


class _LambdaEvents(_Events):
    """The history events of a plain Lambda function ARN."""

    def __init__(self, recorder: Recorder, resource: Resource, region: str) -> None:
        super().__init__(recorder, resource, region)
        self._arn = resource.arn

    def scheduled(
        self, arguments: Payload, timeout: int | None, heartbeat: int | None, credentials: Any
    ) -> None:
        # The event of a plain function has no member for a heartbeat.
        details = _timed(
            {"resource": self._arn, "input": arguments}, timeout, heartbeat, credentials
        )
        details.pop("heartbeatInSeconds", None)
        self._record("LambdaFunctionScheduled", details)

    def started(self) -> None:
        self._record("LambdaFunctionStarted")

    def succeeded(self, result: Payload) -> None:
        self._record("LambdaFunctionSucceeded", {"output": result})

    def failed(self, error: StateError) -> None:
        self._record("LambdaFunctionFailed", dict(error.details))

    def timed_out(self) -> None:
        self._record("LambdaFunctionTimedOut", {"error": errors.TIMEOUT})


def _events(recorder: Recorder, resource: Resource, region: str) -> _Events:
    kind = _LambdaEvents if resource.kind == "lambda" else _Events
    return kind(recorder, resource, region)


def _timed(
    details: dict[str, Any], timeout: int | None, heartbeat: int | None, credentials: Any
) -> dict[str, Any]:
    if timeout is not None:
        details["timeoutInSeconds"] = timeout
    if heartbeat is not None:
        details["heartbeatInSeconds"] = heartbeat
    if isinstance(credentials, dict) and "RoleArn" in credentials:
        details["taskCredentials"] = {"roleArn": credentials["RoleArn"]}
    return details
