"""Rejects the package with the reason and gives the promotion lock back."""

from __future__ import annotations

from typing import Any

from retraining import adapters
from retraining.observability import log
from retraining.rules import outcomes


def reject(promoted: dict[str, Any], error: str | None, cause: str | None) -> dict[str, Any]:
    """Reject the package with the reason and give the lock back; never the champion's own."""
    pipeline, package = promoted["pipeline"], promoted["package"]
    reason = f"{error or 'promotion failed'}: {outcomes.plain_cause(cause) or 'no cause given'}"
    champion = adapters.ledger().champion(pipeline) or {}
    rejected = champion.get("package") != package
    if rejected:
        adapters.registry().reject(package, reason)
    else:
        log.error(f"{package} is the champion and stays Approved although: {reason}")
    if promoted.get("lock") is not None:
        adapters.ledger().unlock_promotion(pipeline, int(promoted["lock"]))
    return {"package": package, "rejected": rejected, "reason": reason}
