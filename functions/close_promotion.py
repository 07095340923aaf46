"""State ClosePromotion: ends a promotion that failed, as the ledger says how far it came."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.steps.close_promotion import FailedPromotion, close_promotion


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{pipeline, token, package, replaces, execution, returned, failure} -> the package's end."""
    failure = event["failure"]
    failed = FailedPromotion(
        pipeline=event["pipeline"],
        token=event["token"],
        package=event["package"],
        replaces=event["replaces"],
        execution=event["execution"],
        returned=event["returned"],
        error=failure["Error"],
        cause=failure.get("Cause"),
    )
    return close_promotion(bootstrap.adapters(), failed).as_json()
