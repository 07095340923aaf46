"""Polls the history of an execution without reading any event twice."""

from __future__ import annotations

from typing import Any

from ratchet.workflow.history.reader import HistoryReader
from ratchet.workflow.history.visits import Trace

_PAGE = 1000  # the most that GetExecutionHistory gives at once


class HistoryPoller:
    """Follows one execution by its ARN; `client` is boto3's Step Functions client.

    Each request begins at the last page of the one before, of which only new events are read.
    """

    def __init__(self, execution: str, client: Any) -> None:
        self._request: dict[str, Any] = {"executionArn": execution, "maxResults": _PAGE}
        self._client = client
        self._reader = HistoryReader()

    def poll(self) -> Trace:
        """The execution so far. Raises whatever boto3 raises."""
        while True:
            page = self._client.get_execution_history(**self._request)
            self._reader.read(page["events"])
            if not page.get("nextToken"):
                return self._reader.trace()
            self._request["nextToken"] = page["nextToken"]
