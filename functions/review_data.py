"""A person's word on data that were set aside: back to use, or given up."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.observability import log
from retraining.steps.review_data import review_data


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{pipeline, token, decision} -> {run, decision, was, becomes, objects}; or ReviewRefused."""
    answer = review_data(
        bootstrap.adapters(), str(event["pipeline"]), int(event["token"]), str(event["decision"])
    )
    log.info(f"{answer.decision} {answer.run}", extra={"objects": answer.objects})
    return answer.as_json()
