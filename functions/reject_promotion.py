"""State RejectPromotion: rejects the package with the reason and gives the lock back."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.steps.reject_promotion import FailedPromotion, reject_promotion


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{pipeline, package, lock, failure} -> {"package", "rejected", "reason"}."""
    failure = event["failure"]
    failed = FailedPromotion(
        pipeline=event["pipeline"],
        package=event["package"],
        lock=event["lock"],
        error=failure["Error"],
        cause=failure.get("Cause"),
    )
    return reject_promotion(bootstrap.adapters(), failed).as_json()
