"""Asks for the history of an execution again and again, at the price of what is new."""

from __future__ import annotations

from typing import Any

from ratchet.workflow.history.reader import HistoryReader
from ratchet.workflow.history.visits import Trace

_PAGE = 1000  # the most that GetExecutionHistory gives at once


class HistoryPoller:
    """Follows one execution by its ARN; `client` is boto3's Step Functions client.

    Each look asks only for the page that was not full at the last one and for those after it,
    and reads only the events that it has not read before.
    """

    def __init__(self, execution: str, client: Any) -> None:
        self._request: dict[str, Any] = {"executionArn": execution, "maxResults": _PAGE}
        self._client = client
        self._reader = HistoryReader()

    def look(self) -> Trace:
        """The execution up to now. Raises what boto3 raises."""
        while True:
            page = self._client.get_execution_history(**self._request)
            self._reader.read(page["events"])
            if not page.get("nextToken"):
                return self._reader.trace()
            self._request["nextToken"] = page["nextToken"]
