"""One execution of a workflow: inspect it, wait for it, stop it, redrive it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from ratchet.workflow.drawing.pages import DrawsItself
from ratchet.workflow.drawing.wording import execution_title
from ratchet.workflow.exceptions import ExecutionFailed
from ratchet.workflow.operating import clients
from ratchet.workflow.operating.picture import Picture
from ratchet.workflow.operating.tables import EventsList, Html

if TYPE_CHECKING:
    from ratchet.workflow.history.timeline import Timeline

_FIRST_LOOK, _LONGEST = 0.1, 2.0
_OPEN = ("RUNNING", "PENDING_REDRIVE")


class ExecutionStatus(Enum):
    """The status of an execution."""

    Running = "RUNNING"
    Succeeded = "SUCCEEDED"
    Failed = "FAILED"
    TimedOut = "TIMED_OUT"
    Aborted = "ABORTED"
    PendingRedrive = "PENDING_REDRIVE"

    @classmethod
    def _missing_(cls, value: object) -> None:
        known = ", ".join(status.value for status in cls)
        raise ValueError(f"{value!r} is not an execution status; use one of {known}")


class Executed(Protocol):
    """The workflow of an execution."""

    @property
    def client(self) -> Any:
        """Its Step Functions client."""


class Execution(DrawsItself):
    """An execution by its ARN. `status`, `start_date`, `stop_date` are as of the last request."""

    def __init__(
        self,
        workflow: Executed | None,
        execution_arn: str,
        start_date: datetime | None = None,
        status: ExecutionStatus | str = ExecutionStatus.Running,
        client: Any = None,
        name: str | None = None,
        stop_date: datetime | None = None,
    ) -> None:
        self.workflow, self.execution_arn = workflow, execution_arn
        self.name = name or execution_arn.rsplit(":", 1)[-1]
        self.start_date, self.stop_date = start_date, stop_date
        self.status = status.value if isinstance(status, ExecutionStatus) else status
        self._client = client

    @property
    def client(self) -> Any:
        if self._client is None:
            self._client = self.workflow.client if self.workflow else clients.client()
        return self._client

    def _call(self, operation: str, **request: Any) -> dict[str, Any]:
        """The API's answer about this execution."""
        call = getattr(self.client, operation)
        answer: dict[str, Any] = call(executionArn=self.execution_arn, **request)
        answer.pop("ResponseMetadata", None)
        return answer

    def describe(self) -> dict[str, Any]:
        """DescribeExecution's answer, which also updates this object."""
        answer = self._call("describe_execution")
        self.status, self.start_date = answer["status"], answer["startDate"]
        self.stop_date = answer.get("stopDate")
        return answer

    def stop(self, cause: str | None = None, error: str | None = None) -> dict[str, Any]:
        """End the execution as ABORTED."""
        reason = {name: text for name, text in (("cause", cause), ("error", error)) if text}
        return self._call("stop_execution", **reason)

    def redrive(self) -> dict[str, Any]:
        """Continue where it failed, timed out or was stopped; what succeeded is kept."""
        answer = self._call("redrive_execution")
        self.status, self.stop_date = ExecutionStatus.Running.value, None
        return answer

    def list_events(
        self, max_items: int = 100, reverse_order: bool = False, html: bool = False
    ) -> Any:
        """The history: a list that notebooks display as a table; with `html` the table itself."""
        events = EventsList(
            clients.pages(
                self.client,
                "get_execution_history",
                "events",
                max_items,
                executionArn=self.execution_arn,
                reverseOrder=reverse_order,
            )
        )
        return events.to_html() if html else events

    def get_input(self) -> Any:
        """The parsed input; None if it is not kept."""
        text = self.describe().get("input")
        return None if text is None else json.loads(text)

    def get_output(self, wait: bool = False, timeout: float | None = None) -> Any:
        """The parsed output; None if there is none (yet), where `result` would raise.

        Raises TimeoutError if the execution is still running after `timeout` seconds of waiting.
        """
        text = (self.wait(timeout) if wait else self.describe()).get("output")
        return None if text is None else json.loads(text)

    def result(self, timeout: float | None = None) -> Any:
        """Wait for the end. Returns the output. Raises ExecutionFailed with error and cause."""
        ended = self.wait(timeout)
        if ended["status"] != ExecutionStatus.Succeeded.value:
            raise ExecutionFailed(
                self.execution_arn, ended["status"], ended.get("error"), ended.get("cause")
            )
        return json.loads(ended.get("output") or "null")

    def wait(self, timeout: float | None = None) -> dict[str, Any]:
        """Wait for the end, polling less and less often. Returns DescribeExecution's answer."""
        deadline = None if timeout is None else time.monotonic() + timeout
        pause = _FIRST_LOOK
        while True:
            answer = self.describe()
            if answer["status"] not in _OPEN:
                return answer
            left = _LONGEST if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(
                    f"{self.execution_arn} is still running after {timeout:g} seconds"
                )
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, _LONGEST)

    def definition(self) -> dict[str, Any]:
        """The definition that this execution runs, as it was when it started."""
        from ratchet.workflow.drawing.live import definition_of

        return definition_of(self.execution_arn, self.client)

    def progress(self, max_events: int = 25_000) -> Timeline:
        """Each state entered so far: status, duration, attempts."""
        from ratchet.workflow.history.timeline import read_history

        return read_history(self.list_events(max_items=max_events))

    def render_progress(self, portrait: bool = False, max_events: int = 25_000) -> Picture:  # noqa: ARG002 - the layout chooses
        """The picture of the execution so far."""
        events = list(self.list_events(max_items=max_events))
        return Picture(self.definition(), events, self.title)

    def follow(self, **options: Any) -> Timeline:
        """Show the execution live until it ends: a picture in a notebook, a table in a terminal."""
        from ratchet.workflow.drawing.live import follow

        return follow(self.execution_arn, self.client, **options)

    @property
    def title(self) -> str:
        return execution_title(self.execution_arn)

    def drawn(self) -> tuple[Mapping[str, Any], Any]:
        return self.definition(), list(self.list_events(max_items=25_000))

    def link(self) -> Html | str:
        """Its address in the AWS console; its ARN if it runs on local AWS."""
        return clients.console_link(self.client, "execution", self.execution_arn) or (
            self.execution_arn
        )

    def __repr__(self) -> str:
        return (
            f"Execution(execution_arn={self.execution_arn!r}, name={self.name!r}, "
            f"status={self.status!r}, start_date={self.start_date!r})"
        )
