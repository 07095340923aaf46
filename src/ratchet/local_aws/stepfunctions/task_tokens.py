"""Callbacks of tasks that wait for a token: success, failure and heartbeat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.stepfunctions.loop import Loop
from ratchet.workflow.asl.payload import MAX_PAYLOAD_BYTES, Payload
from ratchet.workflow.interpreter.tasks import Callbacks, ClosedToken, UnknownToken


class TaskTokenOperations:
    """API operations on task tokens."""

    _loop: Loop
    _callbacks: Callbacks

    def send_task_success(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            output = Payload.parse(request["output"])
        except (ValueError, RecursionError) as error:
            raise ServiceError("InvalidOutput", f"Invalid Output: {error}") from error
        if output.size > MAX_PAYLOAD_BYTES:
            reason = f"{output.size} bytes exceed the limit of {MAX_PAYLOAD_BYTES}"
            raise ServiceError("InvalidOutput", f"Invalid Output: {reason}")
        return self._send(lambda: self._callbacks.succeed(request["taskToken"], output))

    def send_task_failure(self, request: dict[str, Any]) -> dict[str, Any]:
        token, error, cause = request["taskToken"], request.get("error"), request.get("cause")
        return self._send(lambda: self._callbacks.fail(token, error, cause))

    def send_task_heartbeat(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._send(lambda: self._callbacks.heartbeat(request["taskToken"]))

    def _send(self, callback: Callable[[], None]) -> dict[str, Any]:
        try:
            self._loop.call(callback)
        except ClosedToken as error:
            reason = "Task Timed Out: 'Provided task does not exist anymore'"
            raise ServiceError("TaskTimedOut", reason) from error
        except UnknownToken as error:
            raise ServiceError("InvalidToken", "Invalid Token: 'Invalid token'") from error
        return {}
