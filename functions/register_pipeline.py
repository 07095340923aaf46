"""Validates a pushed pipeline and makes what it needs outside the stack."""

from __future__ import annotations

from typing import Any

from retraining.observability import log
from retraining.steps.register_pipeline import register


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{"name", "hash"} -> {"name", "hash", "changed", "pending_objects"}; or PipelineRejected."""
    answer = register(str(event["name"]), str(event["hash"]))
    log.info("registered", extra={"pipeline": answer["name"], "changed": answer["changed"]})
    return answer
