"""SQS: the queue by which arrivals reach the ledger."""

from __future__ import annotations

import json
from typing import Any

AT_ONCE = 10  # messages of one request (API reference)


class Arrivals:
    """The arrivals queue."""

    def __init__(self, sqs: Any, queue_url: str) -> None:
        self._sqs, self._url = sqs, queue_url

    def send(self, events: list[dict[str, Any]]) -> None:
        """Send events as if S3 had just sent them; raises RuntimeError when some were refused."""
        for start in range(0, len(events), AT_ONCE):
            entries = [
                {"Id": str(number), "MessageBody": json.dumps(event)}
                for number, event in enumerate(events[start : start + AT_ONCE])
            ]
            answer = self._sqs.send_message_batch(QueueUrl=self._url, Entries=entries)
            if answer.get("Failed"):
                raise RuntimeError(f"the arrivals queue refused {answer['Failed'][0]}")
