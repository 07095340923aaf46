"""What authoring and operating raise, by the names of `stepfunctions.exceptions`."""

from __future__ import annotations

from ratchet.workflow.asl.findings import InvalidDefinition, WorkflowError


class DuplicateStatesInChain(WorkflowError, ValueError):
    """A state is in a chain twice: it would lead back to itself."""


class MissingRequiredParameter(WorkflowError, ValueError):
    """A call lacks a required argument."""


class WorkflowNotFound(WorkflowError, LookupError):
    """The workflow has no state machine yet: it was neither created nor attached."""


class InvalidInput(WorkflowError, ValueError):
    """An execution input does not fit its schema; the message names each key."""


class ExecutionFailed(WorkflowError):
    """An execution whose result was requested did not succeed."""

    def __init__(self, arn: str, status: str, error: str | None, cause: str | None) -> None:
        self.arn, self.status, self.error, self.cause = arn, status, error, cause
        reason = ": ".join(part for part in (error, cause) if part)
        super().__init__(f"{arn} ended {status}" + (f" ({reason})" if reason else ""))


__all__ = [
    "DuplicateStatesInChain",
    "ExecutionFailed",
    "InvalidDefinition",
    "InvalidInput",
    "MissingRequiredParameter",
    "WorkflowError",
    "WorkflowNotFound",
]
