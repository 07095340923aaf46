"""State SettleData: gives every claimed version its state and the lease back."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.steps.settle_data import settle_data


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{pipeline, token, outcome, data_state, sentence} -> {"settled", "follow_up"}."""
    return settle_data(
        bootstrap.adapters(),
        event["pipeline"],
        int(event["token"]),
        event["outcome"],
        event.get("data_state"),
        event.get("sentence"),
    ).as_json()
