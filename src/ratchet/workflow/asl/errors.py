"""Errors inside an execution, and which Retry or Catch entries they match."""

from __future__ import annotations

from collections.abc import Iterable

ALL = "States.ALL"
DATA_LIMIT = "States.DataLimitExceeded"
EXCEEDED = "States.ExceedToleratedFailureThreshold"
HEARTBEAT = "States.HeartbeatTimeout"
INTRINSIC = "States.IntrinsicFailure"
ITEM_READER = "States.ItemReaderFailed"
NO_CHOICE = "States.NoChoiceMatched"
QUERY = "States.QueryEvaluationError"
REFERENCE_PATH = "States.ReferencePathConflict"
RESULT_WRITER = "States.ResultWriterFailed"
RUNTIME = "States.Runtime"
TASK_FAILED = "States.TaskFailed"
TIMEOUT = "States.Timeout"

PREDEFINED = frozenset(
    {
        ALL,
        DATA_LIMIT,
        HEARTBEAT,
        NO_CHOICE,
        QUERY,
        RUNTIME,
        TASK_FAILED,
        TIMEOUT,
        "States.BranchFailed",
        EXCEEDED,
        "States.Http.Socket",
        INTRINSIC,
        ITEM_READER,
        "States.ParameterPathFailure",
        "States.Permissions",
        REFERENCE_PATH,
        "States.ResultPathMatchFailure",
        RESULT_WRITER,
    }
)

MAX_ERROR = 256
MAX_CAUSE = 32_768


class StateError(Exception):
    """A state failed: `error` is the name that Retry and Catch match, `cause` a sentence or JSON.

    `heartbeat` marks a missed heartbeat, which AWS reports as States.Timeout and also matches as
    States.HeartbeatTimeout. `is_own` marks a failure of the state's own fields, not of a flow
    inside it: AWS then records no MapStateFailed or ParallelStateFailed.
    """

    def __init__(
        self, error: str | None, cause: str | None = None, *, heartbeat: bool = False
    ) -> None:
        super().__init__(error, cause)
        self.error = error[:MAX_ERROR] if error is not None else None
        self.cause = cause[:MAX_CAUSE] if cause is not None else None
        self.heartbeat = heartbeat
        self.is_own = False

    @property
    def details(self) -> dict[str, str]:
        """The error as in history events; absent members are left out."""
        both = {"error": self.error, "cause": self.cause}
        return {key: value for key, value in both.items() if value is not None}

    @property
    def output(self) -> dict[str, str]:
        """The error output that a Catch receives; AWS gives empty strings for absent members."""
        return {"Error": self.error or "", "Cause": self.cause or ""}

    def matches(self, names: Iterable[str]) -> bool:
        return any(self._matches(name) for name in names)

    def _matches(self, name: str) -> bool:
        if self.error == RUNTIME:
            return False  # AWS: always fails the execution, whatever the handler names
        if name == self.error:
            return True  # including States.DataLimitExceeded, which no wildcard matches
        if name == HEARTBEAT:
            return self.heartbeat
        if name == ALL:
            return self.error != DATA_LIMIT
        if name == TASK_FAILED:
            return self.error not in (DATA_LIMIT, TIMEOUT)
        return False


def too_large(name: str) -> StateError:
    """The error for a result that is larger than AWS accepts."""
    return StateError(
        DATA_LIMIT,
        f"The state/task '{name}' returned a result with a size exceeding the maximum number of "
        "bytes service limit.",
    )


class HistoryFull(Exception):
    """The execution reached AWS's limit of 25,000 history events."""
