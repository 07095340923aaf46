"""State RecordChampion: approves the package and points the ledger at it."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.documents.promotion import Promotion
from retraining.steps.record_champion import record_champion


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{promotion, token} -> the champion."""
    promotion = Promotion.from_json(event["promotion"])
    return record_champion(bootstrap.adapters(), promotion, int(event["token"])).as_json()
