"""State FinishRun: writes the record of the run and one notice."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.rules.outcomes import Ended
from retraining.steps.finish_run import finish_run


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{pipeline, token, outcome, sentence, execution, error, cause, package, promoted} in."""
    return finish_run(
        bootstrap.adapters(),
        Ended(
            pipeline=event["pipeline"],
            token=int(event["token"]),
            outcome=event["outcome"],
            sentence=event.get("sentence"),
            execution=event.get("execution"),
            error=event.get("error"),
            cause=event.get("cause"),
            package=event.get("package"),
            promoted=bool(event.get("promoted")),
        ),
    ).as_json()
