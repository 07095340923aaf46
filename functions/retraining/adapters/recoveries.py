"""Lambda: telling recover_run of an execution that ended unnoticed."""

from __future__ import annotations

import json
from typing import Any


class Recoveries:
    """The function that settles what an execution left undone."""

    def __init__(self, lambda_: Any, function: str) -> None:
        self._lambda, self._function = lambda_, function

    def announce(self, event: dict[str, Any]) -> None:
        """Queue the status event, as EventBridge does; Lambda tries it three times."""
        self._lambda.invoke(
            FunctionName=self._function, InvocationType="Event", Payload=json.dumps(event).encode()
        )
