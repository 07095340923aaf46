"""Looks after every pipeline: sends again what was lost, and measures how old things are."""

from __future__ import annotations

from dataclasses import dataclass

from retraining import clock
from retraining.adapters import Adapters
from retraining.adapters.ledger.champions import HeldPromotion
from retraining.documents.document import Part
from retraining.documents.registration import Registration
from retraining.errors import SweepIncomplete
from retraining.observability import (
    CHAMPIONS_OUT_OF_STEP,
    OPEN_RUN_AGE,
    PENDING_AGE,
    RUN_OVERDUE,
    count,
    gauge,
    log,
)
from retraining.rules import names, sweeping
from retraining.rules.arrivals import State, Trigger, event_of
from retraining.rules.sweeping import Ages
from retraining.settings import settings
from retraining.steps import promotions, wakes

DAY = 86_400


@dataclass(frozen=True, kw_only=True)
class Sweep(Part):
    """What a sweep did: pipelines by what was lost of theirs, and how many arrivals were."""

    pipelines: int
    woken: tuple[str, ...]
    recovered: tuple[str, ...]  # executions
    promoting: tuple[str, ...]  # the same, of promotions that were postponed
    arrivals: int
    out_of_step: tuple[str, ...]
    expired: tuple[str, ...]  # packages that nobody approved


@dataclass
class _Found:
    """What is found while the sweep is under way."""

    woken: list[str]
    recovered: list[str]
    promoting: list[str]
    arrivals: int
    out_of_step: list[str]
    expired: list[str]


def sweep_ledger(aws: Adapters) -> Sweep:
    """Sweep every pipeline; one pipeline's trouble does not touch another's, and is raised last."""
    for metric in (PENDING_AGE, OPEN_RUN_AGE, RUN_OVERDUE):
        gauge(metric, 0)
    pipelines, failed, found = aws.ledger.registered(), [], _Found([], [], [], 0, [], [])
    for pipeline in pipelines:
        try:
            _sweep(aws, pipeline, found)
        except Exception:  # noqa: BLE001 - whatever it is, the others are looked after first
            log.exception("a pipeline could not be swept", extra={"pipeline": pipeline})
            failed.append(pipeline)
    if failed:
        raise SweepIncomplete(f"{', '.join(failed)}: see the log; the next sweep tries again")
    return Sweep(
        pipelines=len(pipelines),
        woken=tuple(found.woken),
        recovered=tuple(found.recovered),
        promoting=tuple(found.promoting),
        arrivals=found.arrivals,
        out_of_step=tuple(found.out_of_step),
        expired=tuple(found.expired),
    )


def _sweep(aws: Adapters, pipeline: str, found: _Found) -> None:
    registration = aws.ledger.registration(pipeline)
    if registration is None:
        return
    trigger, now = Trigger.of(registration.parsed()), clock.now()
    state = aws.ledger.state(pipeline)
    claimed_until = 0 if state.lease is None or state.lease.again else state.lease.at
    oldest = aws.ledger.oldest_pending(pipeline, after=claimed_until)
    _measure(pipeline, sweeping.ages(state, oldest, trigger, now))
    if execution := _recover(aws, pipeline, state):
        found.recovered.append(execution)
    wait = sweeping.wake_in(state, oldest, trigger, now)
    if wait is not None and wakes.arm(aws, pipeline, "sweep", wait):
        found.woken.append(pipeline)
    found.arrivals += _announce_lost(aws, pipeline, registration, state.called)
    if held := aws.ledger.promotion(pipeline):  # the endpoint is its to move
        if execution := _recover_promotion(aws, held):
            found.recovered.append(execution)
    elif _out_of_step(aws, pipeline):
        found.out_of_step.append(pipeline)
    if execution := promotions.retry_later(aws, pipeline):
        found.promoting.append(execution)
    found.expired += promotions.expire(aws, pipeline)


def _measure(pipeline: str, ages: Ages) -> None:
    """By pipeline only what has an age: a metric that is always 0 costs as much as one that isn't.

    The 0 by stack is already told, so that an alarm ends when nothing has an age any more.
    """
    measured = {PENDING_AGE: ages.pending, OPEN_RUN_AGE: ages.open_run, RUN_OVERDUE: ages.overdue}
    for metric, age in measured.items():
        if age:
            gauge(metric, age, Pipeline=pipeline)


def _recover(aws: Adapters, pipeline: str, state: State) -> str | None:
    """Tell recover_run of the newest run's execution if it ended and nobody told; its name.

    An older run cannot be unfinished: the next one starts when its end was noticed. One whose end
    was told but whose lease is still held failed as it was settled.
    """
    if not state.token or (state.lease is not None and not state.lease.started):
        return None
    record = aws.ledger.run(pipeline, state.token)
    told = record.notified and state.lease is None
    if told or record.execution is None:
        return None
    execution = aws.executions.facts(record.execution)
    began = state.lease.at if state.lease else 0
    if not sweeping.ended_unnoticed(execution, began=began, now=clock.now()):
        return None
    log.warning("nobody told of the end of an execution", extra={"execution": record.execution})
    aws.recoveries.of_run(sweeping.status_event(record.execution, execution))
    return record.execution.rpartition(":")[2]


def _announce_lost(
    aws: Adapters, pipeline: str, registration: Registration, called: int | None
) -> int:
    """Send again the events of objects that the ledger never saw, a page of the prefix a sweep.

    The next sweep continues where this one ended; the place is kept when the events are sent.
    """
    place, now = aws.ledger.sweep_place(pipeline), clock.now()
    prefix = names.landing_prefix(settings.landing_prefix, pipeline)
    listed, following = aws.landing.versions(prefix, place, sweeping.MOST_LISTED)
    since = names.began(aws.names.generation, now)
    bounds = {"since": since, "now": now}
    marker, markers = registration.parsed().marker, registration.markers
    late = [
        item
        for item in listed
        if sweeping.may_be_lost(item, **bounds, marker=marker, markers=markers)
    ]
    known = aws.ledger.known(pipeline, [item.id for item in late])
    lost = sweeping.lost(late, known, marker, called)
    if lost:
        log.warning(f"{len(lost)} objects were never recorded", extra={"pipeline": pipeline})
        aws.arrivals.send([event_of(item, settings.landing_bucket) for item in lost])
    if place or following:
        aws.ledger.keep_sweep_place(pipeline, following)
    return len(lost)


def _recover_promotion(aws: Adapters, held: HeldPromotion) -> str | None:
    """Tell recover_promotion of the execution that holds the lock if it ended; its name.

    One that AWS does not know has just begun: a promotion is held for hours, known for 90 days.
    """
    execution, now = aws.executions.facts(held.holder), clock.now()
    if not sweeping.ended_unnoticed(execution, began=now, now=now):
        return None
    log.warning("a promotion ended and holds its lock", extra={"execution": held.holder})
    aws.recoveries.of_promotion(sweeping.status_event(held.holder, execution))
    return held.holder.rpartition(":")[2]


def _out_of_step(aws: Adapters, pipeline: str) -> bool:
    """Tell, once a day, when an endpoint does not serve what the ledger calls its champion."""
    champion = aws.ledger.champion(pipeline)
    if champion is None or champion.endpoint is None:
        return False
    reason = sweeping.out_of_step(champion, aws.endpoints.status(champion.endpoint))
    if reason is None:
        return False
    count(CHAMPIONS_OUT_OF_STEP, Pipeline=pipeline)
    log.error(reason, extra={"pipeline": pipeline})
    if aws.ledger.note_out_of_step_once(pipeline, int(clock.now()) // DAY):
        text = (
            f"{reason}.\nNothing more is said of it today.\n"
            "Next step: ratchet info shows what serves;"
            f" ratchet rollback {pipeline} --to {champion.version} moves the endpoint to it again"
        )
        aws.notices.publish(f"endpoint and champion of {pipeline} are out of step", text)
    return True
