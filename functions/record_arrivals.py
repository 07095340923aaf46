"""Records every landed object version in the ledger and wakes its pipeline."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.steps.messages import messages_of, to_retry
from retraining.steps.record_arrivals import record_arrivals


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """An SQS batch of EventBridge events; the messages that must come again."""
    return to_retry(record_arrivals(bootstrap.adapters(), messages_of(event)))
