"""The messages of an SQS batch, and the answer that makes some of them come again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Message:
    """One message, and how often it was received."""

    id: str
    body: str
    received: int


def messages_of(event: dict[str, Any]) -> list[Message]:
    """The messages that SQS delivers to a function."""
    return [
        Message(
            record["messageId"],
            record["body"],
            int(record["attributes"].get("ApproximateReceiveCount", 1)),
        )
        for record in event["Records"]
    ]


def to_retry(failed: list[str]) -> dict[str, Any]:
    """The answer by which these messages, and no others, are delivered again."""
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}
