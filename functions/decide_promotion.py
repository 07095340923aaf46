"""State DecidePromotion: takes the lock; decides from what the endpoint is now."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.documents.manifest import Manifest
from retraining.observability import log
from retraining.steps.decide_promotion import decide_promotion


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{manifest, package, execution} -> the promotion."""
    aws = bootstrap.adapters()
    manifest = aws.work.read_document(Manifest, event["manifest"])
    promotion = decide_promotion(aws, manifest, event["package"], event["execution"])
    log.info("decided", extra={"action": promotion.action, "endpoint": promotion.endpoint})
    return promotion.as_json()
