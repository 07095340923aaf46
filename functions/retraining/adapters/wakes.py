"""SQS: the delayed wakes of pipelines."""

from __future__ import annotations

import json
from typing import Any


class Wakes:
    """The wakes queue."""

    def __init__(self, sqs: Any, queue_url: str) -> None:
        self._sqs, self._url = sqs, queue_url

    def send(self, pipeline: str, reason: str, delay: int) -> None:
        """Wake a pipeline in `delay` seconds, at most 900."""
        self._sqs.send_message(
            QueueUrl=self._url,
            MessageBody=json.dumps({"pipeline": pipeline, "reason": reason}),
            DelaySeconds=delay,
        )
