"""State RejectPromotion: rejects the package with the reason and gives the lock back."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.steps.reject_promotion import FailedPromotion, reject_promotion


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{promotion, error, cause} -> {"package", "rejected", "reason"}."""
    promotion = event["promotion"]
    failed = FailedPromotion(
        pipeline=promotion["pipeline"],
        package=promotion["package"],
        lock=promotion.get("lock"),
        error=event.get("error"),
        cause=event.get("cause"),
    )
    return reject_promotion(bootstrap.adapters(), failed).as_json()
