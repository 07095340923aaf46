"""Promotions that are started by no run, and what any of them leaves in the record."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from retraining import clock
from retraining.adapters import Adapters
from retraining.adapters.registry import APPROVED, REJECTED
from retraining.documents.champion import Champion
from retraining.documents.manifest import Manifest
from retraining.documents.run_record import RunRecord
from retraining.rules import names, outcomes, sweeping
from retraining.rules.settlement import APPROVAL_PENDING, MODEL_REJECTED, POSTPONED, PROMOTED

WAITING: Final = (APPROVAL_PENDING, POSTPONED)
"""Outcomes of runs whose model waits for a person, or for room."""
DELETED: Final = "Its pipeline was deleted."
RETRY_AFTER: Final = 3600  # seconds
DAY: Final = 86_400


def retry(aws: Adapters, pipeline: str, besides: int | None = None) -> str | None:
    """Try the postponed promotion again, if there is one and none is under way; its execution.

    By a name that counts the tries, so that asking twice starts one. `besides`: the run that has
    just postponed it. After another one's promotion it ends by being rejected.

    An execution that was stopped before it decided anything has used its name up: the next time
    asks for another.
    """
    waiting = aws.ledger.postponed(pipeline)
    if waiting is None or waiting.token == besides or aws.ledger.promotion(pipeline):
        return None
    name = f"{names.run_id(pipeline, waiting.token)}--again-{waiting.tries}"
    if _start(aws, name, pipeline, waiting.token, waiting.package):
        return name
    aws.ledger.count_try(pipeline, waiting, int(clock.now()))
    return None


def retry_later(aws: Adapters, pipeline: str) -> str | None:
    """The same, once some time has passed since it was tried: quotas change slowly."""
    waiting = aws.ledger.postponed(pipeline)
    if waiting is None or clock.now() < waiting.at + RETRY_AFTER:
        return None
    return retry(aws, pipeline)


def start_approved(aws: Adapters, record: RunRecord) -> str | None:
    """Promote the model of a run that ended waiting for approval, if it has it; its execution.

    By a name that follows from the run's, so that an approval is acted on once.
    """
    if record.outcome != APPROVAL_PENDING or record.package is None:
        return None
    if aws.registry.status(record.package) != APPROVED:
        return None
    pipeline, token = record.pipeline, record.token
    name = f"{names.run_id(pipeline, token)}--approved"
    return name if _start(aws, name, pipeline, token, record.package) else None


def expire(aws: Adapters, pipeline: str) -> list[str]:
    """Reject what has waited too long for a person's approval; the packages."""
    found, days = [], sweeping.LONGEST_APPROVAL // DAY
    for package in aws.registry.undecided(pipeline, clock.now() - sweeping.LONGEST_APPROVAL):
        record = _asked_for(aws, pipeline, package)
        if record is None:
            continue
        reason = f"Nobody approved it within {days} days."
        aws.registry.reject_undecided(package, reason)
        if aws.registry.status(package) != REJECTED:  # a person was faster
            continue
        token, sentence = record.token, f"Better, but: {reason}"
        ended = RunRecord(pipeline=pipeline, token=token, outcome=MODEL_REJECTED, sentence=sentence)
        aws.ledger.update_run(ended)
        aws.notices.publish(*outcomes.expired(names.run_id(pipeline, token), days))
        found.append(package)
    return found


def _asked_for(aws: Adapters, pipeline: str, package: str) -> RunRecord | None:
    """The run that ended waiting for a person's word on this package; None: it is not that."""
    token = aws.registry.token(package)
    record = None if token is None else aws.ledger.run(pipeline, token)
    waits = record and record.outcome == APPROVAL_PENDING and record.package == package
    return record if waits else None


def record_promoted(aws: Adapters, pipeline: str, champion: Champion) -> None:
    """Make the run's record follow the champion, and tell it of a run that had ended otherwise."""
    package = champion.package
    record = RunRecord(pipeline=pipeline, token=champion.token, promoted=True, package=package)
    told = aws.ledger.run(pipeline, champion.token).outcome
    if told not in (None, PROMOTED):
        record = replace(record, outcome=PROMOTED, sentence=f"Promoted, after it had ended {told}.")
        aws.notices.publish(*outcomes.promoted_later(champion.run, told))
    aws.ledger.update_run(record)
    aws.ledger.drop_postponed(pipeline, package)


def give_up(aws: Adapters, record: RunRecord) -> RunRecord:
    """End a model that waits and whose pipeline is gone; approving it starts nothing then.

    A promotion of it that has been started, but has no lock yet, finds the package rejected.
    """
    if record.package and aws.registry.status(record.package) not in (None, REJECTED):
        aws.registry.reject(record.package, DELETED)
    aws.endpoints.delete_model(aws.names.run(record.pipeline, record.token))
    sentence = f"Better, but: {DELETED}"
    return aws.ledger.update_run(
        RunRecord(
            pipeline=record.pipeline,
            token=record.token,
            outcome=MODEL_REJECTED,
            sentence=sentence,
        )
    )


def _start(aws: Adapters, name: str, pipeline: str, token: int, package: str) -> bool:
    given = {
        "pipeline": pipeline,
        "token": token,
        "manifest": aws.run_folder(pipeline, token).uri_of(Manifest),
        "package": package,
    }
    return aws.promotions.start(name, json.dumps(given))
