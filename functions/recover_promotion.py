"""Ends what a promotion left whose execution was stopped, ran out of time or broke.

`States.ALL` does not catch everything, and stopping an execution or its timeout skips every
Catch; the status event comes for each of them, and for promotions that ended in good order too.
"""

from __future__ import annotations

import json
from typing import Any

from retraining import bootstrap
from retraining.steps.recover_promotion import EndedPromotion, recover_promotion


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """A "Step Functions Execution Status Change" event -> the execution that was started."""
    detail = event["detail"]
    given = json.loads(detail["input"])
    ended = EndedPromotion(
        pipeline=given["pipeline"],
        token=given["token"],
        manifest=given["manifest"],
        package=given["package"],
        replaces=given.get("replaces"),
        execution=detail["executionArn"],
        status=detail["status"],
    )
    return recover_promotion(bootstrap.adapters(), ended).as_json()
