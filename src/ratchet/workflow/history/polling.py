"""Polls the history of an execution without reading any event twice."""

from __future__ import annotations

from typing import Any

from ratchet.workflow.history.reader import HistoryReader
from ratchet.workflow.history.visits import Trace

_PAGE = 1000  # the most that GetExecutionHistory gives at once
_NEWEST = 30  # most often all that is new since the poll before


class HistoryPoller:
    """Follows one execution by its ARN; `client` is boto3's Step Functions client.

    Who knows some events asks for the newest ones, and only where one before them is new too for
    all from the last page on: a history may have megabytes, and it is asked for again and again.
    """

    def __init__(self, execution: str, client: Any) -> None:
        self._execution = execution
        self._request: dict[str, Any] = {"executionArn": execution, "maxResults": _PAGE}
        self._client = client
        self._reader = HistoryReader()
        self._trace = self._reader.trace()

    def poll(self) -> Trace:
        """The execution so far. Raises whatever boto3 raises."""
        before = self._reader.last
        if not (before and self._read_newest()):
            self._read_on()
        if self._reader.last != before:
            self._trace = self._reader.trace()
        return self._trace

    def _read_newest(self) -> bool:
        """Read the newest events; False where they leave a gap to those read before."""
        page = self._client.get_execution_history(
            executionArn=self._execution, reverseOrder=True, maxResults=_NEWEST
        )
        events = page["events"][::-1]
        if int(events[0]["id"]) > self._reader.last + 1:
            return False
        self._reader.read(events)
        return True

    def _read_on(self) -> None:
        while True:
            page = self._client.get_execution_history(**self._request)
            self._reader.read(page["events"])
            if not page.get("nextToken"):
                return
            self._request["nextToken"] = page["nextToken"]
