"""The Invoke operation, and the settings of asynchronous invocations."""

from __future__ import annotations

import base64
import json
from typing import Any

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.lambda_.api.state import LambdaState
from ratchet.local_aws.lambda_.model import unsupported
from ratchet.local_aws.lambda_.sandboxes import Outcome

SYNCHRONOUS_LIMIT = 6_291_456
ASYNCHRONOUS_LIMIT = 1_048_576
EVENT_SETTINGS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")


class InvocationOperations(LambdaState):
    """One method per operation; event sources use `run`."""

    def invoke(self, request: dict[str, Any]) -> dict[str, Any]:
        """RequestResponse waits for the handler, Event only queues, DryRun only checks."""
        function = self.function(request)
        kind = request.get("InvocationType", "RequestResponse")
        event = _event(request, ASYNCHRONOUS_LIMIT if kind == "Event" else SYNCHRONOUS_LIMIT)
        if kind == "DryRun":
            return {"StatusCode": 204, "ExecutedVersion": "$LATEST"}
        if request.get("TenantId") or request.get("DurableExecutionName"):
            raise unsupported("TenantId and DurableExecutionName of an invocation: remove them")
        if kind == "Event":
            self.asynchronous.accept(function.name, event)
            return {"StatusCode": 202}
        outcome = self.run(function, event, _client_context(request))
        return _answer(outcome, tail=request.get("LogType") == "Tail")

    # Asynchronous invocations

    def put_function_event_invoke_config(self, request: dict[str, Any]) -> dict[str, Any]:
        """Set retries, age and destinations; what is left out gets AWS's default."""
        function = self.function(request)
        config = {key: request[key] for key in EVENT_SETTINGS if key in request}
        return self.asynchronous.configure(function, config)

    def update_function_event_invoke_config(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change what the request contains."""
        function = self.function(request)
        config = {key: request[key] for key in EVENT_SETTINGS if key in request}
        old = self.asynchronous.described(function)
        kept = {key: old[key] for key in EVENT_SETTINGS if key in old}
        return self.asynchronous.configure(function, {**kept, **config})

    def get_function_event_invoke_config(self, request: dict[str, Any]) -> dict[str, Any]:
        """The configuration, if there is one."""
        return self.asynchronous.described(self.function(request))

    def list_function_event_invoke_configs(self, request: dict[str, Any]) -> dict[str, Any]:
        """A function without versions has at most one configuration."""
        function = self.function(request)
        try:
            return {"FunctionEventInvokeConfigs": [self.asynchronous.described(function)]}
        except ServiceError:
            return {"FunctionEventInvokeConfigs": []}

    def delete_function_event_invoke_config(self, request: dict[str, Any]) -> dict[str, Any]:
        """Back to AWS's defaults."""
        function = self.function(request)
        self.asynchronous.described(function)
        self.asynchronous.forget(function.name)
        return {}


def _event(request: dict[str, Any], limit: int) -> str:
    payload = request.get("Payload") or b"{}"
    data = payload if isinstance(payload, bytes) else payload.read()
    if len(data) > limit:
        raise ServiceError(
            "RequestTooLargeException",
            f"Request must be smaller than {limit} bytes for the InvokeFunction operation",
            413,
        )
    try:
        text = bytes(data).decode()
        json.loads(text)
    except ValueError as error:
        raise ServiceError(
            "InvalidRequestContentException",
            f"Could not parse request body into json: Could not parse payload into json: {error}",
        ) from error
    return text


def _client_context(request: dict[str, Any]) -> Any:
    if not request.get("ClientContext"):
        return None
    try:
        return json.loads(base64.b64decode(request["ClientContext"], validate=True))
    except ValueError as error:
        raise ServiceError("InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object.") from error  # noqa: E501  # fmt: skip


def _answer(outcome: Outcome, *, tail: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "StatusCode": 200,
        "ExecutedVersion": "$LATEST",
        "Payload": outcome.payload,
    }
    if outcome.failed:
        answer["FunctionError"] = "Unhandled"
    if tail:
        answer["LogResult"] = base64.b64encode(outcome.tail).decode()
    return answer
