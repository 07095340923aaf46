"""Promotes a model that a person has approved."""

from __future__ import annotations

from dataclasses import dataclass

from retraining.adapters import Adapters
from retraining.documents.document import Part
from retraining.observability import log
from retraining.rules.names import SEPARATOR
from retraining.steps import promotions


@dataclass(frozen=True, kw_only=True)
class StartedPromotion(Part):
    """The execution that promotes the package; null when its approval starts nothing."""

    started: str | None


def start_promotion(aws: Adapters, group: str, package: str) -> StartedPromotion:
    """Start the promotion of a package whose run waits for its approval.

    Any other approval starts nothing: those that the service writes itself, that of a run which
    has not ended yet (FinishRun looks for it), and that of a package that was given up.
    """
    pipeline = group.split(SEPARATOR)[1]
    if aws.names.standing(pipeline) != group:
        return StartedPromotion(started=None)  # of an earlier stack of this name
    if aws.ledger.registration(pipeline) is None:
        return StartedPromotion(started=None)  # it was deleted, and serves nothing any more
    token = aws.registry.token(package)
    if token is None:
        return StartedPromotion(started=None)
    record = aws.ledger.run(pipeline, token)
    started = promotions.start_approved(aws, record) if record.package == package else None
    log.info("approved", extra={"package": package, "execution": started})
    return StartedPromotion(started=started)
