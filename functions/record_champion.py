"""State RecordChampion: approves the package and points the ledger at it."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.steps.record_champion import record_champion


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{pipeline, package, execution} -> the champion."""
    aws = bootstrap.adapters()
    return record_champion(aws, event["pipeline"], event["package"], event["execution"]).as_json()
