"""What a Task needs from outside: the runner that makes calls, and callbacks by task token."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ratchet.workflow.asl.errors import StateError
from ratchet.workflow.asl.payload import Payload
from ratchet.workflow.integrations.resource import Resource


@dataclass(frozen=True, slots=True)
class TaskCall:
    """One attempt of a Task: what to call and with what.

    `arguments` is plain JSON. `execution` is the ARN of the execution, `attempt` the number of
    retries so far.
    """

    resource: Resource
    arguments: Any
    execution: str
    state: str
    attempt: int = 0
    token: str | None = None
    credentials: Any = None


class TaskRunner(Protocol):
    """Makes the calls of Tasks. Every method raises StateError when the service refuses.

    Results are plain JSON, spelt as Step Functions gives them.
    """

    def refusal(self, call: TaskCall) -> str | None:
        """Why the call cannot be sent, such as a missing member; None if it can."""

    async def request(self, call: TaskCall) -> Any:
        """Send the request; the service's answer."""

    async def complete(self, call: TaskCall, answer: Any) -> Any:
        """Wait until the job that `request` started has ended; its result (`.sync` only)."""

    async def cancel(self, call: TaskCall, answer: Any) -> None:
        """Stop the job that `request` started, best effort (`.sync` only)."""


class UnknownToken(Exception):
    """No task is waiting, or has ever waited, for this token."""


class ClosedToken(Exception):
    """The task of this token has ended already."""


class Callbacks:
    """The tasks waiting for a token. All methods must be called in the loop's thread."""

    def __init__(self) -> None:
        self._open: dict[str, _Waiting] = {}
        self._closed: set[str] = set()

    def open(
        self, on_heartbeat: Callable[[], None] | None = None
    ) -> tuple[str, asyncio.Future[Payload]]:
        """A new token and the future that its success or failure ends."""
        token = secrets.token_urlsafe(96)
        future: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self._open[token] = _Waiting(future, on_heartbeat)
        return token, future

    def close(self, token: str) -> None:
        if self._open.pop(token, None) is not None:
            self._closed.add(token)

    def succeed(self, token: str, output: Payload) -> None:
        waiting = self._find(token)
        self.close(token)
        if not waiting.future.done():
            waiting.future.set_result(output)

    def fail(self, token: str, error: str | None, cause: str | None) -> None:
        waiting = self._find(token)
        self.close(token)
        if not waiting.future.done():
            waiting.future.set_exception(StateError(error, cause))

    def heartbeat(self, token: str) -> None:
        waiting = self._find(token)
        if waiting.on_heartbeat is not None:
            waiting.on_heartbeat()

    def _find(self, token: str) -> _Waiting:
        if token in self._closed:
            raise ClosedToken(token)
        if token not in self._open:
            raise UnknownToken(token)
        return self._open[token]


@dataclass(slots=True)
class _Waiting:
    future: asyncio.Future[Payload]
    on_heartbeat: Callable[[], None] | None
