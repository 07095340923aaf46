"""Rejects the package with the reason and gives the promotion lock back."""

from __future__ import annotations

from dataclasses import dataclass

from retraining.adapters import Adapters
from retraining.documents.document import Part
from retraining.observability import log
from retraining.rules import outcomes


@dataclass(frozen=True)
class FailedPromotion:
    """A promotion that failed; `lock` is None when it failed before it was decided."""

    pipeline: str
    package: str
    lock: int | None
    error: str
    cause: str | None


@dataclass(frozen=True, kw_only=True)
class Rejection(Part):
    """What became of the package; the champion's own is never rejected."""

    package: str
    rejected: bool
    reason: str


def reject_promotion(aws: Adapters, failed: FailedPromotion) -> Rejection:
    """Reject the package, unless it is the champion's, and give the lock back."""
    cause = outcomes.plain_cause(failed.cause) or "no cause given"
    reason = f"{failed.error}: {cause}"
    champion = aws.ledger.champion(failed.pipeline)
    rejected = champion is None or champion.package != failed.package
    if rejected:
        aws.registry.reject(failed.package, reason)
    else:
        log.error(f"{failed.package} is the champion and stays Approved, although: {reason}")
    if failed.lock is not None:
        aws.ledger.unlock_promotion(failed.pipeline, failed.lock)
    return Rejection(package=failed.package, rejected=rejected, reason=reason)
