"""Ends what a promotion left behind whose execution ended before it was done."""

from __future__ import annotations

import json
from dataclasses import dataclass

from retraining.adapters import Adapters
from retraining.adapters.ledger.champions import HeldPromotion
from retraining.adapters.registry import APPROVED, PENDING_APPROVAL
from retraining.documents.document import Part
from retraining.observability import log
from retraining.rules import outcomes
from retraining.rules.promotion import MOST_RECOVERIES, attempt_of, recovery_name
from retraining.rules.settlement import APPROVAL_PENDING


@dataclass(frozen=True, kw_only=True)
class EndedPromotion:
    """A promotion whose execution ended, as its status event reports it."""

    pipeline: str
    token: int
    manifest: str
    package: str
    replaces: str | None
    execution: str
    status: str


@dataclass(frozen=True, kw_only=True)
class Recovery(Part):
    """The execution that ends the promotion; null when there is nothing to end, or no more try."""

    started: str | None


def recover_promotion(aws: Adapters, ended: EndedPromotion) -> Recovery:
    """Start the promotion again to go back, or forward if its model is the champion already.

    By a name that follows from the ended execution's, so that a repetition starts no second one.
    """
    held = _left(aws, ended)
    if held is None and not _undecided(aws, ended):
        return Recovery(started=None)
    first, number = attempt_of(ended.execution)
    if number >= MOST_RECOVERIES:
        if held:
            _give_up(aws, ended, held)
        return Recovery(started=None)
    name = recovery_name(first, number + 1)
    before = {"execution": held.holder if held else ended.execution, "status": ended.status}
    given = {
        "pipeline": ended.pipeline,
        "token": ended.token,
        "manifest": ended.manifest,
        "package": ended.package,
        "replaces": ended.replaces,
        "ended": before,
    }
    aws.promotions.start(name, json.dumps(given))
    log.info("recovering", extra={"execution": name})
    return Recovery(started=name)


def _left(aws: Adapters, ended: EndedPromotion) -> HeldPromotion | None:
    """The promotion that it, or the execution it was to recover, still holds."""
    held = aws.ledger.promotion(ended.pipeline)
    same = held is not None and attempt_of(held.holder)[0] == attempt_of(ended.execution)[0]
    return held if same else None


def _undecided(aws: Adapters, ended: EndedPromotion) -> bool:
    """Whether it ended before anybody said what becomes of its package."""
    waiting = aws.ledger.postponed(ended.pipeline)
    if waiting and waiting.package == ended.package:
        return False
    status = aws.registry.status(ended.package)
    if status == APPROVED:  # by a person, which only begins its promotion
        return aws.ledger.run(ended.pipeline, ended.token).outcome == APPROVAL_PENDING
    return status == PENDING_APPROVAL


def _give_up(aws: Adapters, ended: EndedPromotion, held: HeldPromotion) -> None:
    """Tell people, then free the lock for the next promotion, which moves the endpoint itself."""
    aws.notices.publish(*outcomes.not_restored(ended.pipeline, held.promotion.endpoint))
    aws.ledger.close_promotion(ended.pipeline, held.holder)
