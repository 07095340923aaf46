"""Runs that are asked for, whether data wait or not: by `ratchet retrain`, a push, a release."""

from __future__ import annotations

import math
from dataclasses import dataclass

from retraining import clock
from retraining.adapters import Adapters
from retraining.documents.definition import PushedDefinition
from retraining.documents.document import Part
from retraining.documents.manifest import Manifest
from retraining.documents.registration import Registration
from retraining.rules import claims, names
from retraining.rules.arrivals import Trigger, upcoming


@dataclass(frozen=True, kw_only=True)
class AskedRun(Part):
    """A run that comes whether data wait or not, as far as it is known by now."""

    by: str  # `retrain`, `push` or `release`
    after: str | None  # the run that is open or being promoted, which it follows
    again: str | None  # the run whose batch it judges again; null: what waits, or not known yet
    batches: int  # in the history by now
    seconds: int  # until it starts, if it follows no run


def nothing_to_train_on(aws: Adapters, name: str, baseline: int | None) -> list[str]:
    """Why no run without new objects can come, and none with some."""
    if claims.history(aws.ledger.runs(name), baseline):
        return []
    if aws.ledger.has_pending(name):
        return []
    return ["retrain: there is no batch to train on: push, and drop data"]


def runs_otherwise(aws: Adapters, name: str, definition: PushedDefinition) -> bool:
    """Whether a run is open that comes to something else than one of this definition.

    Without a manifest it may claim with this one, and then answers the request itself.
    """
    lease = aws.ledger.state(name).lease
    if lease is None:
        return False
    manifest = aws.run_folder(name, lease.token).find(Manifest)
    return manifest is None or claims.differ(manifest.definition, definition)


def asked_run(aws: Adapters, name: str, registration: Registration) -> AskedRun | None:
    """The run that comes whether data wait or not; it is not promised where there is no batch."""
    state, now = aws.ledger.state(name), clock.now()
    if not state.wanted:
        return None
    history = claims.history(aws.ledger.runs(name), registration.baseline)
    trigger = Trigger.of(registration.parsed())
    coming = upcoming(state, aws.ledger.oldest_pending(name), trigger)
    open_token = state.lease.token if state.lease else None
    again = coming is not None and coming.again and open_token is None and bool(history)
    token = open_token or state.promoting
    return AskedRun(
        by=state.wanted,
        after=names.run_id(name, token) if token else None,
        again=names.run_id(name, names.token_of(history[-1])) if again else None,
        batches=len(history),
        seconds=0 if token or not coming else math.ceil(max(0, coming.when - now)),
    )
