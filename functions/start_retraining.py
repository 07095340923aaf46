"""Takes the lease of a pipeline that is quiet and starts its run; else arms the wake again."""

from __future__ import annotations

import json
from typing import Any

from retraining import adapters
from retraining.observability import log
from retraining.steps.start import woken


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """An SQS batch of {"pipeline", "reason"}; without a pipeline every pipeline is woken."""
    failed = [record["messageId"] for record in event["Records"] if not _wake(record["body"])]
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}


def _wake(body: str) -> bool:
    try:
        message = json.loads(body)
        named = message.get("pipeline")
        for pipeline in [named] if named else adapters.ledger().registered():
            woken(pipeline, message.get("reason", "a message"))
    except Exception:  # noqa: BLE001 - whatever it is, exactly this message comes again
        log.exception("a wake failed", extra={"body": body})
        return False
    return True
