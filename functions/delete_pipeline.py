"""Ends what a pipeline serves and forgets the pipeline."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.observability import log
from retraining.steps.delete_pipeline import delete_pipeline


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{pipeline} -> {pipeline, version, endpoint, waiting}; or DeletionRefused."""
    answer = delete_pipeline(bootstrap.adapters(), str(event["pipeline"]))
    log.info("deleted", extra={"pipeline": answer.pipeline, "endpoint": answer.endpoint})
    return answer.as_json()
