"""Notes every landed object version in the ledger and wakes its pipeline."""

from __future__ import annotations

from typing import Any

from retraining.steps.record_arrivals import Message, record


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """An SQS batch of EventBridge events; the messages that must come again."""
    failed = record([_message(delivered) for delivered in event["Records"]])
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}


def _message(delivered: dict[str, Any]) -> Message:
    received = int(delivered["attributes"].get("ApproximateReceiveCount", 1))
    return Message(delivered["messageId"], delivered["body"], received)
