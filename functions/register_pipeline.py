"""Validates a pushed pipeline and makes what it needs outside the stack."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.observability import log
from retraining.steps.register_pipeline import register_pipeline


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{"name", "hash"}, perhaps "new_baseline", "history_from" or "retrain" -> RegisteredPipeline.

    Raises PipelineRejected.
    """
    answer = register_pipeline(
        bootstrap.adapters(),
        str(event["name"]),
        str(event["hash"]),
        new_baseline=bool(event.get("new_baseline")),
        history_from=int(event.get("history_from") or 0),
        retrain=bool(event.get("retrain")),
    )
    log.info("registered", extra={"pipeline": answer.name, "changed": list(answer.changed)})
    return answer.as_json()
