"""State RejectPromotion: rejects the package with the reason and gives the lock back."""

from __future__ import annotations

from typing import Any

from retraining.steps.reject_promotion import reject


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{promotion, error, cause} -> {"package", "rejected", "reason"}."""
    return reject(event["promotion"], event.get("error"), event.get("cause"))
