"""Settles and finishes a run whose execution ended without doing so itself.

`States.ALL` does not catch everything, and stopping an execution or its timeout skips every
Catch; the status event comes for each of them, and for runs that finished by themselves too.
Where it does not, a sweep tells of an execution that ended, or that AWS no longer knows.
"""

from __future__ import annotations

import json
from typing import Any

from retraining import bootstrap
from retraining.steps.recover_run import EndedExecution, recover_run


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """A "Step Functions Execution Status Change" event -> the run's record."""
    detail = event["detail"]
    pipeline, token = _run_of(detail)
    return recover_run(
        bootstrap.adapters(),
        EndedExecution(
            pipeline,
            token,
            execution=detail["executionArn"],
            status=detail["status"],
            error=detail.get("error"),
            cause=detail.get("cause"),
        ),
    ).as_json()


def _run_of(detail: dict[str, Any]) -> tuple[str, int]:
    """From the input, or, when it was too long for the event, from the execution's name."""
    if detail.get("input"):
        given = json.loads(detail["input"])
        return given["pipeline"], int(given["token"])
    pipeline, _, token = detail["name"].rpartition("-")
    return pipeline, int(token)
