"""State DecidePromotion: takes the lock; decides from what the endpoint is now."""

from __future__ import annotations

from typing import Any

from retraining import adapters
from retraining.observability import log
from retraining.steps.decide_promotion import decide


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{pipeline, token, manifest, uri, package, execution} -> the promotion."""
    manifest = adapters.work().read_json(adapters.work().key(event["manifest"]))
    promotion = decide(manifest, event["uri"], event["package"], event["execution"])
    log.info("decided", extra={"action": promotion["action"], "endpoint": promotion["endpoint"]})
    return promotion
