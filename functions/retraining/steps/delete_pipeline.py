"""Ends what a pipeline serves and forgets the pipeline; safe to repeat at any point.

What landed, what was accepted, models and records stay, and so does the pipeline's token: under
the same name no run gets an id that there has been, and none trains on what landed before.
"""

from __future__ import annotations

from dataclasses import dataclass

from retraining.adapters import Adapters
from retraining.documents.champion import Champion
from retraining.documents.document import Part
from retraining.errors import DeletionRefused
from retraining.rules import names
from retraining.steps import promotions


@dataclass(frozen=True, kw_only=True)
class DeletedPipeline(Part):
    """What was deleted, and what would be read if the name were pushed again."""

    pipeline: str
    version: int | None  # of the champion's package
    endpoint: str | None
    waiting: int  # object versions that no run has claimed


def delete_pipeline(aws: Adapters, pipeline: str) -> DeletedPipeline:
    """Delete registration, schedule, training machine and endpoint, and name no champion.

    Without its registration no run begins and no promotion starts.
    """
    if aws.ledger.registration(pipeline) is None and aws.ledger.champion(pipeline) is None:
        _stop(aws, pipeline)  # what a deletion that broke off has left
        raise DeletionRefused(f"pipeline {pipeline} is not registered: ratchet info")
    newest = _refuse_at_work(aws, pipeline)
    while not aws.ledger.unregister_after(pipeline, newest):
        newest = _refuse_at_work(aws, pipeline)
    _stop(aws, pipeline)
    champion = aws.ledger.champion(pipeline)  # no promotion can name another any more
    if champion is not None:
        _end_serving(aws, champion)
        aws.ledger.drop_champion(pipeline, champion.package)
    return DeletedPipeline(
        pipeline=pipeline,
        version=champion.version if champion else None,
        endpoint=champion.endpoint if champion else None,
        waiting=aws.ledger.count_pending(pipeline),
    )


def _refuse_at_work(aws: Adapters, pipeline: str) -> int:
    """The token of the last run; raises DeletionRefused while one is open or being promoted."""
    state, held = aws.ledger.state(pipeline), aws.ledger.promotion(pipeline)
    token = state.lease.token if state.lease else state.promoting
    token = held.promotion.token if token is None and held else token
    if token is not None:
        run = names.run_id(pipeline, token)
        raise DeletionRefused(f"run {run} is open or being promoted: delete when it has ended")
    return state.token


def _stop(aws: Adapters, pipeline: str) -> None:
    """Remove what would ask for runs, what would train in them, and the promotions that wait."""
    for record in aws.ledger.runs(pipeline):
        if record.outcome in promotions.WAITING:
            promotions.give_up(aws, record)
    aws.schedules.remove(pipeline)
    aws.training_machines.remove(pipeline)
    if (postponed := aws.ledger.postponed(pipeline)) is not None:
        aws.ledger.drop_postponed(pipeline, postponed.package)


def _end_serving(aws: Adapters, champion: Champion) -> None:
    """Delete endpoint, config and model, if they are ours; the artifact and its package stay."""
    gone = (None, "Deleting")
    if champion.endpoint and aws.endpoints.facts(champion.endpoint).status not in gone:
        aws.endpoints.delete(champion.endpoint)
    if champion.config is not None:
        aws.endpoints.delete_config(champion.config)
    aws.endpoints.delete_model(champion.model)
