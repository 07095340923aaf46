"""State DecidePromotion: takes the lock by writing down what is wanted of the endpoint."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.documents.manifest import Manifest
from retraining.observability import log
from retraining.steps.decide_promotion import Asked, Ended, decide_promotion


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{manifest, package, replaces, execution, ended} -> the names that the states need."""
    aws = bootstrap.adapters()
    manifest = aws.work.read_document(Manifest, event["manifest"])
    ended = Ended.from_json(event["ended"]) if event["ended"] else None
    asked = Asked(event["package"], event["replaces"], event["execution"], ended)
    decided = decide_promotion(aws, manifest, asked)
    log.info("decided", extra={"endpoint": decided.endpoint, "config": decided.config})
    return decided.as_json()
