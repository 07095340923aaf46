"""Carries out a person's word on data that were set aside; safe to repeat at any point."""

from __future__ import annotations

from dataclasses import dataclass

from retraining import clock
from retraining.adapters import Adapters
from retraining.documents.document import Part
from retraining.documents.manifest import Manifest
from retraining.documents.run_record import RunRecord
from retraining.errors import ReviewRefused
from retraining.rules import names, review
from retraining.rules.review import Move
from retraining.rules.settlement import PENDING, SUSPECT, TRAINED, WAITING
from retraining.steps import wakes


@dataclass(frozen=True, kw_only=True)
class ReviewedData(Part):
    """What became of a run's data."""

    run: str
    decision: str
    was: str  # the state of the objects before
    becomes: str
    objects: int


def review_data(aws: Adapters, pipeline: str, token: int, decision: str) -> ReviewedData:
    """Release or discard what is set aside of a run.

    The record moves first, on condition: of two who decide at once one wins, and the objects
    follow the record.
    """
    record = aws.ledger.run(pipeline, token)
    manifest = aws.run_folder(pipeline, token).find(Manifest)
    if record.outcome is None or manifest is None:
        run = names.run_id(pipeline, token)
        raise ReviewRefused(f"run {run} has not ended or does not exist: ratchet runs {pipeline}")
    own_batch = review.returns(manifest.definition, record)
    for move in review.moves(record, decision, own_batch=own_batch):
        _refuse_claimed(aws, record, move)
        _move_record(aws, record, move)
        if move.becomes == TRAINED and record.data_state == SUSPECT:
            _ask(aws, pipeline)  # before the objects move: a repetition would find none
        moved = aws.ledger.move_objects(pipeline, token, manifest.objects, move, clock.now())
        if moved:
            _afterwards(aws, record, move, moved)
            return ReviewedData(
                run=str(record.run),
                decision=decision,
                was=move.was,
                becomes=move.becomes,
                objects=moved,
            )
    raise review.nothing_left(record)


def _refuse_claimed(aws: Adapters, record: RunRecord, move: Move) -> None:
    """Rows that wait are claimed by the next run, which may be training on them."""
    lease = aws.ledger.state(record.pipeline).lease
    if move.was == WAITING and lease is not None:
        open_run = names.run_id(record.pipeline, lease.token)
        raise ReviewRefused(f"run {open_run} is open and has claimed them: wait until it has ended")


def _move_record(aws: Adapters, record: RunRecord, move: Move) -> None:
    now = record.data_state
    if now != move.record and not aws.ledger.move_data(record, move.record):
        raise ReviewRefused(f"somebody else has decided about the data of run {record.run}")


def _ask(aws: Adapters, pipeline: str) -> None:
    """Ask for a run that trains on what is in the history again; one that is open does not."""
    aws.ledger.ask(pipeline, "release", int(clock.now()))
    wakes.arm(aws, pipeline, "released", 0)


def _afterwards(aws: Adapters, record: RunRecord, move: Move, moved: int) -> None:
    """Wake the pipeline for what is back; delete the copy that nothing reads any more."""
    pipeline = record.pipeline
    if move.becomes == TRAINED and record.data_state != SUSPECT:  # a repetition
        _ask(aws, pipeline)
    if move.becomes != TRAINED and move.was == SUSPECT:
        aws.work.delete(names.accepted_batch(pipeline, record.token))
    if move.becomes == PENDING:
        aws.ledger.add_arrivals(pipeline, moved, 0, int(clock.now() * 1000))
    if move.becomes == PENDING and aws.ledger.has_pending(pipeline):
        wakes.arm(aws, pipeline, "released", 0)
