"""State RecordChampion: approves the package and points the ledger at it."""

from __future__ import annotations

from typing import Any

from retraining.steps.record_champion import record_champion


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{promotion, token, uri} -> the champion."""
    return record_champion(event["promotion"], int(event["token"]), event["uri"])
