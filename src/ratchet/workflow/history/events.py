"""The events of an execution's history: what each type means, and its form in the API."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from ratchet.workflow.asl.payload import Payload


class Role(Enum):
    """What an event means for a state, or for the execution."""

    EXECUTION_STARTED = auto()
    EXECUTION_ENDED = auto()
    EXECUTION_REDRIVEN = auto()
    ENTERED = auto()
    EXITED = auto()
    STATE_ABORTED = auto()
    ATTEMPT_STARTED = auto()
    ATTEMPT_RUNNING = auto()
    ATTEMPT_SUBMITTED = auto()
    ATTEMPT_SUCCEEDED = auto()
    ATTEMPT_FAILED = auto()
    EVALUATION_FAILED = auto()
    CONTAINER_STARTED = auto()
    CONTAINER_SUCCEEDED = auto()
    CONTAINER_FAILED = auto()
    ITERATION_STARTED = auto()
    ITERATION_SUCCEEDED = auto()
    ITERATION_FAILED = auto()
    ITERATION_ABORTED = auto()
    MAP_RUN = auto()


_TYPES: dict[Role, tuple[str, ...]] = {
    Role.EXECUTION_STARTED: ("ExecutionStarted",),
    Role.EXECUTION_ENDED: (
        "ExecutionSucceeded",
        "ExecutionFailed",
        "ExecutionTimedOut",
        "ExecutionAborted",
    ),
    Role.EXECUTION_REDRIVEN: ("ExecutionRedriven",),
    Role.ENTERED: (
        "ChoiceStateEntered",
        "FailStateEntered",
        "MapStateEntered",
        "ParallelStateEntered",
        "PassStateEntered",
        "SucceedStateEntered",
        "TaskStateEntered",
        "WaitStateEntered",
    ),
    Role.EXITED: (  # a Fail state is never exited
        "ChoiceStateExited",
        "MapStateExited",
        "ParallelStateExited",
        "PassStateExited",
        "SucceedStateExited",
        "TaskStateExited",
        "WaitStateExited",
    ),
    Role.STATE_ABORTED: (
        "MapStateAborted",
        "ParallelStateAborted",
        "TaskStateAborted",
        "WaitStateAborted",
    ),
    Role.ATTEMPT_STARTED: ("TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled"),
    Role.ATTEMPT_RUNNING: ("TaskStarted", "LambdaFunctionStarted", "ActivityStarted"),
    Role.ATTEMPT_SUBMITTED: ("TaskSubmitted",),
    Role.ATTEMPT_SUCCEEDED: ("TaskSucceeded", "LambdaFunctionSucceeded", "ActivitySucceeded"),
    Role.ATTEMPT_FAILED: (
        "TaskFailed",
        "TaskTimedOut",
        "TaskStartFailed",
        "TaskSubmitFailed",
        "LambdaFunctionFailed",
        "LambdaFunctionTimedOut",
        "LambdaFunctionScheduleFailed",
        "LambdaFunctionStartFailed",
        "ActivityFailed",
        "ActivityTimedOut",
        "ActivityScheduleFailed",
        "MapRunFailed",
    ),
    Role.EVALUATION_FAILED: ("EvaluationFailed",),
    Role.CONTAINER_STARTED: ("MapStateStarted", "ParallelStateStarted"),
    Role.CONTAINER_SUCCEEDED: ("MapStateSucceeded", "ParallelStateSucceeded"),
    Role.CONTAINER_FAILED: ("MapStateFailed", "ParallelStateFailed"),
    Role.ITERATION_STARTED: ("MapIterationStarted",),
    Role.ITERATION_SUCCEEDED: ("MapIterationSucceeded",),
    Role.ITERATION_FAILED: ("MapIterationFailed",),
    Role.ITERATION_ABORTED: ("MapIterationAborted",),
    Role.MAP_RUN: ("MapRunStarted", "MapRunSucceeded", "MapRunAborted", "MapRunRedriven"),
}
ROLES: dict[str, Role] = {type_: role for role, types in _TYPES.items() for type_ in types}
"""The role of every event type of the API."""

_NO_DETAILS = frozenset(
    {
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
    }
)
_SENSITIVE = ("input", "output", "parameters", "error", "cause", "assignedVariables")
_NOT_TRUNCATED = {"truncated": False}


def details_key(type_: str) -> str | None:
    """The member of HistoryEvent that holds the details of an event type."""
    if type_ in _NO_DETAILS:
        return None
    if ROLES.get(type_) is Role.ENTERED:
        return "stateEnteredEventDetails"
    if ROLES.get(type_) is Role.EXITED:
        return "stateExitedEventDetails"
    return type_[0].lower() + type_[1:] + "EventDetails"


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it is recorded. `details` may hold Payloads, which become text in `as_api`."""

    id: int
    previous: int
    type: str
    timestamp: float
    details: dict[str, Any] | None = None

    def as_api(self, *, data: bool = True) -> dict[str, Any]:
        """The event as GetExecutionHistory gives it, with `timestamp` in epoch seconds.

        Without `data`, inputs, outputs and errors are left out.
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


def _written(details: dict[str, Any], *, data: bool) -> dict[str, Any]:
    written: dict[str, Any] = {}
    for key, value in details.items():
        if not data and key in _SENSITIVE:
            continue
        if key == "assignedVariables":
            written[key] = {name: payload.text for name, payload in value.items()}
            written["assignedVariablesDetails"] = _NOT_TRUNCATED
        elif isinstance(value, Payload):
            written[key] = value.text
            if key != "parameters":
                written[f"{key}Details"] = _NOT_TRUNCATED
        else:
            written[key] = value
    return written
