"""Settles and finishes a run whose execution ended without doing so itself.

`States.ALL` does not catch everything, and stopping an execution or its timeout skips every
Catch; the status event comes for each of them, and for runs that ended in good order too.
"""

from __future__ import annotations

import json
from typing import Any

from retraining import adapters
from retraining.outcomes import Ended
from retraining.settlement import FAILED, PENDING, PROMOTED
from retraining.steps.finish import finish
from retraining.steps.settle import settle

ENDS = {"FAILED": "failed", "TIMED_OUT": "ran out of time", "ABORTED": "was stopped"}


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """A "Step Functions Execution Status Change" event -> the run's record."""
    detail = event["detail"]
    pipeline, token = _run_of(detail)
    record = adapters.ledger().run(pipeline, token)
    sentence = f"The execution {ENDS[detail['status']]} before the run was finished"
    promoted = bool(record.get("promoted"))
    settle(pipeline, token, FAILED, PENDING, sentence)
    return finish(
        Ended(
            pipeline=pipeline,
            token=token,
            outcome=PROMOTED if promoted else FAILED,
            sentence=f"Promoted. {sentence}." if promoted else sentence,
            execution=detail["executionArn"],
            error=detail.get("error") or detail["status"],
            cause=detail.get("cause"),
            package=record.get("package"),
            promoted=promoted,
        )
    )


def _run_of(detail: dict[str, Any]) -> tuple[str, int]:
    """From the input, or, when it was too long for the event, from the execution's name."""
    if detail.get("input"):
        given = json.loads(detail["input"])
        return given["pipeline"], int(given["token"])
    pipeline, _, token = detail["name"].rpartition("-")
    return pipeline, int(token)
