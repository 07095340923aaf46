"""The history of an execution: AWS's events, kept small and written out when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ratchet.workflow.asl.errors import HistoryFull
from ratchet.workflow.asl.payload import Payload

MAX_EVENTS = 25_000  # AWS quota for a Standard execution

NOT_TRUNCATED = {"truncated": False}


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `details` may hold Payloads, which become text in `as_api`."""

    id: int
    previous: int
    type: str
    timestamp: float
    details: dict[str, Any] | None = None

    def as_api(self, *, data: bool = True) -> dict[str, Any]:
        """The event as GetExecutionHistory gives it; without `data`, inputs and outputs are out.

        `timestamp` is in epoch seconds.
        """
        event: dict[str, Any] = {
            "timestamp": self.timestamp,
            "type": self.type,
            "id": self.id,
            "previousEventId": self.previous,
        }
        key = details_key(self.type)
        if self.details is not None and key is not None:
            event[key] = _written(self.details, data=data)
        return event


class History:
    """The events of one execution, numbered from 1."""

    __slots__ = ("events",)

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(
        self,
        type_: str,
        previous: int,
        timestamp: float,
        details: dict[str, Any] | None = None,
        *,
        last: bool = False,
    ) -> int:
        """Append an event and return its id. Only the last event may be the 25,000th."""
        identity = len(self.events) + 1
        if identity >= MAX_EVENTS and not last:
            raise HistoryFull
        self.events.append(Event(identity, previous, type_, timestamp, details))
        return identity


_SENSITIVE = ("input", "output", "parameters", "error", "cause", "assignedVariables")


def _written(details: dict[str, Any], *, data: bool) -> dict[str, Any]:
    written: dict[str, Any] = {}
    for key, value in details.items():
        if not data and key in _SENSITIVE:
            continue
        if key == "assignedVariables":
            written[key] = {name: payload.text for name, payload in value.items()}
            written["assignedVariablesDetails"] = NOT_TRUNCATED
        elif isinstance(value, Payload):
            written[key] = value.text
            if key != "parameters":
                written[f"{key}Details"] = NOT_TRUNCATED
        else:
            written[key] = value
    return written


_NO_DETAILS = (
    "LambdaFunctionStarted",
    "MapRunAborted",
    "MapRunSucceeded",
    "MapStateAborted",
    "MapStateFailed",
    "MapStateSucceeded",
    "ParallelStateAborted",
    "ParallelStateFailed",
    "ParallelStateStarted",
    "ParallelStateSucceeded",
    "TaskStateAborted",
    "WaitStateAborted",
)


def details_key(type_: str) -> str | None:
    """The member of HistoryEvent that holds the details of an event type."""
    if type_ in _NO_DETAILS:
        return None
    if type_.endswith("StateEntered"):
        return "stateEnteredEventDetails"
    if type_.endswith("StateExited"):
        return "stateExitedEventDetails"
    return type_[0].lower() + type_[1:] + "EventDetails"
