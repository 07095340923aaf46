"""State SettleData: gives every claimed version its state and the lease back."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.rules.outcomes import Conclusion
from retraining.steps.settle_data import settle_data


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{pipeline, token, conclusion} -> {"settled", "follow_up"}."""
    run = Conclusion.from_json(event["conclusion"])
    return settle_data(
        bootstrap.adapters(),
        event["pipeline"],
        int(event["token"]),
        run.outcome,
        run.data_state,
        run.sentence,
    ).as_json()
