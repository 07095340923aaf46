"""Ends a promotion that failed: the package's status follows the ledger, the lock goes back.

One that found no room is postponed instead: its model won, and a quota is not a verdict.
"""

from __future__ import annotations

from dataclasses import dataclass

from retraining import clock
from retraining.adapters import Adapters
from retraining.documents.champion import Champion
from retraining.documents.document import Part
from retraining.documents.promotion import PostponedPromotion
from retraining.documents.run_record import RunRecord
from retraining.observability import log
from retraining.rules import names, outcomes
from retraining.rules.promotion import POSTPONING
from retraining.rules.settlement import APPROVAL_PENDING, FAILED, POSTPONED
from retraining.steps import promotions


@dataclass(frozen=True, kw_only=True)
class FailedPromotion:
    """A promotion that failed; `returned`: its endpoints are as the ledger says."""

    pipeline: str
    package: str
    token: int
    replaces: str | None
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
        _follow(aws, pipeline, champion)
        if failed.replaces:
            left = f"Replaced by version {champion.version}"
            aws.registry.reject(failed.replaces, left)
            aws.registry.reject_after(pipeline, champion.version, left)
    elif failed.replaces:
        log.error(f"{package} stays what it was: its rollback failed: {reason}")
    elif failed.error in POSTPONING:
        _postpone(aws, failed, reason)
    else:
        aws.registry.reject(package, reason)
        _end_waiting(aws, failed, reason)
    if failed.returned:
        aws.ledger.close_promotion(pipeline, failed.execution)
    return ClosedPromotion(package=package, promoted=promoted and failed.returned, reason=reason)


def _follow(aws: Adapters, pipeline: str, champion: Champion) -> None:
    aws.registry.approve(champion.package, f"The champion since {champion.since}")
    promotions.record_promoted(aws, pipeline, champion)


def _postpone(aws: Adapters, failed: FailedPromotion, reason: str) -> None:
    """Remember it; the model of an earlier one that still waits has been overtaken."""
    pipeline, before = failed.pipeline, aws.ledger.postponed(failed.pipeline)
    if before and before.package != failed.package:
        overtaken = f"It was overtaken by {failed.package}"
        aws.registry.reject(before.package, overtaken)
        _tell(aws, pipeline, before.token, overtaken)
    same = before if before and before.package == failed.package else None
    waiting = PostponedPromotion(
        token=failed.token,
        package=failed.package,
        reason=reason,
        tries=(same.tries if same else 0) + 1,
        at=int(clock.now()),
    )
    aws.ledger.postpone(pipeline, waiting)
    if _was_approved(aws, failed):
        sentence = f"Better and approved, but its promotion is postponed. {reason}"
        ended = RunRecord(
            pipeline=pipeline, token=failed.token, outcome=POSTPONED, sentence=sentence
        )
        aws.notices.publish(*outcomes.notice(aws.ledger.update_run(ended), None))


def _was_approved(aws: Adapters, failed: FailedPromotion) -> bool:
    """Whether a person started the promotion, after its run had ended."""
    return aws.ledger.run(failed.pipeline, failed.token).outcome == APPROVAL_PENDING


def _end_waiting(aws: Adapters, failed: FailedPromotion, reason: str) -> None:
    """A run tells of its own promotion; of one that came later nobody else would."""
    pipeline, waiting = failed.pipeline, aws.ledger.postponed(failed.pipeline)
    if waiting is not None and waiting.package == failed.package:
        _tell(aws, pipeline, waiting.token, reason, failed)
        aws.ledger.drop_postponed(pipeline, failed.package)
    elif _was_approved(aws, failed):
        _tell(aws, pipeline, failed.token, reason, failed, "approved")


def _tell(
    aws: Adapters,
    pipeline: str,
    token: int,
    reason: str,
    failed: FailedPromotion | None = None,
    before: str = "postponed",
) -> None:
    """Record and tell how the run ended after all, whose promotion did not come at once."""
    ended = RunRecord(
        pipeline=pipeline,
        token=token,
        outcome=FAILED,
        sentence=f"Better, but its promotion failed after it was {before}. {reason}",
        error=failed.error if failed else None,
        cause=failed.cause if failed else None,
    )
    aws.ledger.update_run(ended)
    aws.notices.publish(*outcomes.rejected_later(names.run_id(pipeline, token), before, reason))
