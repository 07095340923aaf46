"""State FinishRun: writes the record of the run and one notice, and fails if the run failed."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.errors import RunFailed
from retraining.rules import outcomes
from retraining.rules.outcomes import Conclusion, Ended
from retraining.rules.settlement import PROMOTED
from retraining.steps.finish_run import finish_run


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{pipeline, token, execution, conclusion, package} -> the run's record."""
    run = Conclusion.from_json(event["conclusion"])
    record = finish_run(
        bootstrap.adapters(),
        Ended(
            pipeline=event["pipeline"],
            token=int(event["token"]),
            outcome=run.outcome,
            sentence=run.sentence,
            execution=event["execution"],
            error=run.error,
            cause=run.cause,
            package=event["package"],
            promoted=run.outcome == PROMOTED,
        ),
    )
    if outcomes.fails(run, record):
        raise RunFailed(f"{record.run} failed: {record.sentence}")
    return record.as_json()
