"""Lambda: telling who ends it of an execution that ended unnoticed."""

from __future__ import annotations

import json
from typing import Any


class Recoveries:
    """The functions that end what an execution left undone."""

    def __init__(self, lambda_: Any, runs: str, promotions: str) -> None:
        self._lambda, self._runs, self._promotions = lambda_, runs, promotions

    def of_run(self, event: dict[str, Any]) -> None:
        """Queue a run's status event, as EventBridge does; Lambda tries it three times."""
        self._queue(self._runs, event)

    def of_promotion(self, event: dict[str, Any]) -> None:
        """The same of a promotion."""
        self._queue(self._promotions, event)

    def _queue(self, function: str, event: dict[str, Any]) -> None:
        self._lambda.invoke(
            FunctionName=function, InvocationType="Event", Payload=json.dumps(event).encode()
        )
