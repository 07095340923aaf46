"""Ends a promotion that failed: the package's status follows the ledger, the lock goes back."""

from __future__ import annotations

from dataclasses import dataclass

from retraining.adapters import Adapters
from retraining.documents.document import Part
from retraining.documents.run_record import RunRecord
from retraining.observability import log
from retraining.rules import outcomes


@dataclass(frozen=True, kw_only=True)
class FailedPromotion:
    """A promotion that failed; `returned`: its endpoints are as the ledger says."""

    pipeline: str
    package: str
    execution: str
    returned: bool
    error: str
    cause: str | None


@dataclass(frozen=True, kw_only=True)
class ClosedPromotion(Part):
    """What became of the package; one that the ledger names stays promoted, whatever failed."""

    package: str
    promoted: bool
    reason: str


def close_promotion(aws: Adapters, failed: FailedPromotion) -> ClosedPromotion:
    """Approve what the ledger names and reject anything else, then give the lock back.

    The lock stays while the endpoints are not as they should be, for recover_promotion.
    """
    pipeline, package = failed.pipeline, failed.package
    cause = outcomes.plain_cause(failed.cause) or "no cause given"
    reason = f"{failed.error}: {cause}"
    champion = aws.ledger.champion(pipeline)
    promoted = champion is not None and champion.package == package
    if champion and promoted:
        log.error(f"{package} is the champion and stays Approved, although: {reason}")
        aws.registry.approve(package, f"The champion since {champion.since}")
        aws.ledger.update_run(
            RunRecord(pipeline=pipeline, token=champion.token, promoted=True, package=package)
        )
    else:
        aws.registry.reject(package, reason)
    if failed.returned:
        aws.ledger.close_promotion(pipeline, failed.execution)
    return ClosedPromotion(package=package, promoted=promoted and failed.returned, reason=reason)
