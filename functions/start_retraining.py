"""Takes the lease of a pipeline that is quiet and starts its run; else arms the wake again."""

from __future__ import annotations

from typing import Any

from retraining.steps.start_retraining import wake


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """An SQS batch of {"pipeline", "reason"}; without a pipeline every pipeline is woken."""
    failed = [record["messageId"] for record in event["Records"] if not wake(record["body"])]
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}
