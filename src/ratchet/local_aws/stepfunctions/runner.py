"""Makes the calls of Tasks through local AWS's own endpoint, in threads."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from ratchet.local_aws.stepfunctions import failures
from ratchet.local_aws.stepfunctions.casing import (
    OPTIMISED,
    SDK,
    UnusableError,
    from_api,
    parsed,
    to_api,
)
from ratchet.local_aws.stepfunctions.jobs import filled, job_in, polling_of, status_of
from ratchet.workflow.asl.errors import TASK_FAILED, StateError
from ratchet.workflow.asl.payload import dumps
from ratchet.workflow.integrations.api import operation_of
from ratchet.workflow.integrations.resource import Resource
from ratchet.workflow.integrations.service_models import Operation, operation_model

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Clients
    from ratchet.workflow.interpreter.tasks import TaskCall

log = logging.getLogger(__name__)

THREADS = 64
FIRST_POLL = 0.05
SLOWEST_POLL = 1.0
"""Seconds between two polls of a job; they start short, because jobs here take seconds."""


class LocalTaskRunner:
    """The TaskRunner of local AWS."""

    def __init__(self, local: Clients) -> None:
        self._local = local
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="task")

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def refusal(self, call: TaskCall) -> str | None:
        """Why AWS would refuse the arguments before it schedules the task."""
        operation = _operation(call.resource)
        try:
            parameters = _parameters(call.resource, operation, call.arguments)
        except UnusableError as error:
            return str(error)
        return _problems(operation.input_shape, parameters)

    async def request(self, call: TaskCall) -> Any:
        """Send the call's request. A job that starts after its task was cancelled is stopped."""
        future = self._pool.submit(self._send, call)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if call.resource.is_job:
                future.add_done_callback(partial(self._stop_late, call))
            raise

    async def complete(self, call: TaskCall, answer: Any) -> Any:
        """Poll the job until it has ended."""
        polling = polling_of(call.resource)
        pause = FIRST_POLL
        while True:
            poll = self._pool.submit(self._poll, call, answer)
            state = await asyncio.wrap_future(poll)
            status = status_of(polling, state)
            if status in polling.succeeded:
                return _result(call.resource, state)
            if status in polling.failed:
                raise StateError(TASK_FAILED, dumps(state))
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, SLOWEST_POLL)

    async def cancel(self, call: TaskCall, answer: Any) -> None:
        """Ask the service to stop the job; a refusal is only logged, because nobody awaits it."""
        await asyncio.wrap_future(self._pool.submit(self._stop, call, answer))

    # in threads

    def _send(self, call: TaskCall) -> Any:
        resource = call.resource
        operation = _operation(resource)
        parameters = _parameters(resource, operation, call.arguments)
        response = self._call(resource, operation, parameters)
        if resource.service == "lambda" and operation.name == "Invoke":
            return _invoked(resource, operation, response)
        if resource.kind == "aws-sdk":
            return from_api(operation.output_shape, response, SDK) if operation.output_shape else {}
        _refuse_failed_entries(resource, response)
        return _with_metadata(operation, response)

    def _poll(self, call: TaskCall, answer: Mapping[str, Any]) -> dict[str, Any]:
        polling = polling_of(call.resource)
        operation = _sibling(call.resource, polling.describe)
        named = to_api(operation.input_shape, filled(polling.describe_with, call.arguments, answer))
        response = self._call(call.resource, operation, named)
        return job_in(polling, from_api(operation.output_shape, response, OPTIMISED))

    def _stop(self, call: TaskCall, answer: Mapping[str, Any]) -> None:
        polling = polling_of(call.resource)
        if polling.stop is None:
            return
        operation = _sibling(call.resource, polling.stop)
        try:
            named = to_api(operation.input_shape, filled(polling.stop_with, call.arguments, answer))
            self._call(call.resource, operation, named)
        except StateError as error:
            log.info("stopping the job of %s was refused: %s", call.state, error.cause)

    def _stop_late(self, call: TaskCall, future: Future[Any]) -> None:
        if not future.cancelled() and future.exception() is None:
            self._stop(call, future.result())

    def _call(self, resource: Resource, operation: Any, parameters: dict[str, Any]) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        client = self._local.client(operation.service_model.service_name)
        try:
            return getattr(client, _method(operation.name))(**parameters)
        except ClientError as error:
            raise failures.service_error(resource, operation, error) from error
        except BotoCoreError as error:
            raise failures.unreachable(resource, operation, error) from error


def _operation(resource: Resource) -> Any:
    operation = operation_of(resource)
    if operation is None:
        raise StateError("States.Runtime", f"No API has an operation for {resource.arn}")
    return operation_model(operation)


def _sibling(resource: Resource, name: str) -> Any:
    """Another operation of the same API."""
    return operation_model(Operation(_operation(resource).service_model.service_name, name))


@cache
def _method(operation: str) -> str:
    from botocore import xform_name

    return str(xform_name(operation))


def _parameters(resource: Resource, operation: Any, arguments: Any) -> dict[str, Any]:
    """The API's parameters; for a plain function ARN the arguments are the event."""
    if resource.kind == "lambda":
        return {"FunctionName": resource.arn, "Payload": dumps(arguments).encode()}
    if not isinstance(arguments, dict):
        raise UnusableError("The arguments must be an object")
    given = dict(arguments)
    if resource.service == "lambda" and "Payload" in given and operation.name == "Invoke":
        given["Payload"] = _event(given["Payload"])
    if operation.input_shape is None:
        return {}
    parameters: dict[str, Any] = to_api(operation.input_shape, given)
    return parameters


def _event(payload: Any) -> bytes:
    if isinstance(payload, int | float):
        raise UnusableError("The value for the field 'Payload' must be a STRING")
    return dumps(payload).encode()


_MISSING = re.compile(r'Missing required parameter in .*: "(\w+)"')


def _problems(shape: Any, parameters: dict[str, Any]) -> str | None:
    """Why botocore would refuse the request, in AWS's words where they are known."""
    from botocore.validate import ParamValidator

    if shape is None:
        return None
    report = ParamValidator().validate(parameters, shape)
    if not report.has_errors():
        return None
    lines = report.generate_report().splitlines()
    return ", ".join(
        _MISSING.sub(r'The field "\1" is required but was missing', line) for line in lines
    )


def _invoked(resource: Resource, operation: Any, response: dict[str, Any]) -> Any:
    content = response["Payload"].read() if "Payload" in response else b""
    text = content.decode("utf-8", errors="replace")
    payload = _json(text)
    if response.get("FunctionError"):
        raise failures.function_error(payload, text)
    if resource.kind == "lambda":
        return payload
    if resource.kind == "aws-sdk":
        return from_api(operation.output_shape, {**response, "Payload": content}, SDK)
    answer = _with_metadata(operation, {**response, "Payload": b""})
    return {**answer, "Payload": payload}


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def _with_metadata(operation: Any, response: dict[str, Any]) -> dict[str, Any]:
    """The result of an optimised integration: in PascalCase, with the call's metadata."""
    shape = operation.output_shape
    answer = from_api(shape, response, OPTIMISED) if shape is not None else {}
    meta = response.get("ResponseMetadata", {})
    headers = {str(key): str(value) for key, value in meta.get("HTTPHeaders", {}).items()}
    answer["SdkHttpMetadata"] = {
        "AllHttpHeaders": {key: [value] for key, value in headers.items()},
        "HttpHeaders": headers,
        "HttpStatusCode": meta.get("HTTPStatusCode", 200),
    }
    answer["SdkResponseMetadata"] = {"RequestId": meta.get("RequestId", "")}
    return dict(sorted(answer.items()))


def _refuse_failed_entries(resource: Resource, response: dict[str, Any]) -> None:
    """putEvents returns 200 even if entries failed, but the integration fails."""
    if resource.service == "events" and response.get("FailedEntryCount"):
        failed = [entry for entry in response.get("Entries", []) if "ErrorCode" in entry]
        raise StateError("EventBridge.FailedEntry", dumps(failed))


def _result(resource: Resource, state: dict[str, Any]) -> dict[str, Any]:
    """The result of a job; with `.sync:2` an execution's input and output are JSON, not text."""
    if resource.pattern != "sync:2":
        return state
    return {
        key: parsed(value) if key in ("Input", "Output") else value for key, value in state.items()
    }
