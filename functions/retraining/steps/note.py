"""Notes landed object versions in the ledger and wakes their pipeline once."""

from __future__ import annotations

import json

from retraining import adapters, clock
from retraining.arrivals import Arrival
from retraining.durations import seconds
from retraining.observability import OBJECTS_ARRIVED, OBJECTS_WITHOUT_PIPELINE, count, log
from retraining.settings import settings
from retraining.steps import wake

NAMED = 5  # keys in one notice


def note(pipeline: str, arrivals: list[Arrival], *, again: bool) -> None:
    """Ledger first, wake afterwards; `again` when SQS delivers these messages once more.

    A function that died between arming the wake and sending it leaves an armed wake that never
    comes; so a second delivery sends one whatever the ledger says. A wake too many is harmless.
    """
    waiting = adapters.ledger().note_arrivals(pipeline, arrivals)
    landed = [arrival for arrival, waits in zip(arrivals, waiting, strict=True) if waits]
    if not landed:
        log.info("only duplicates of settled objects", extra={"pipeline": pipeline})
        return
    size = sum(arrival.size for arrival in landed)
    adapters.ledger().add_arrivals(pipeline, len(landed), size, int(clock.now() * 1000))
    registration = adapters.ledger().registration(pipeline)
    if registration is None:
        _tell_unregistered(pipeline, landed)
        return
    count(OBJECTS_ARRIVED, len(landed), Pipeline=pipeline)
    quiet = seconds(json.loads(registration["definition"])["trigger"]["quiet_period"])
    if not wake.arm(pipeline, "arrivals", quiet) and again:
        adapters.wakes().send(pipeline, "arrivals delivered again", min(quiet, 900))


def _tell_unregistered(pipeline: str, landed: list[Arrival]) -> None:
    step = f"push the pipeline with: ratchet push pipelines/{pipeline}; it then picks them up"
    _log_stray(landed, f"no pipeline {pipeline} is registered", step)
    if adapters.ledger().first_stranger(pipeline):
        text = (
            f"{_places(landed)} landed, but no pipeline named {pipeline} is registered.\n"
            f"The objects are kept and noted as pending.\nNext step: {step}."
        )
        adapters.notices().publish(f"data landed for unknown pipeline {pipeline}", text)


def tell_unplaced(landed: list[Arrival]) -> None:
    """Data under no pipeline's prefix: kept where it is, told, never read."""
    step = f"copy it to s3://{settings.landing_bucket}/<pipeline>/"
    _log_stray(landed, "the key has no prefix that is a pipeline's name", step)
    text = (
        f"{_places(landed)} landed under no pipeline's prefix, so nothing will read it.\n"
        f"It stays where it is.\nNext step: {step}."
    )
    adapters.notices().publish("data landed under no pipeline's prefix", text)


def _log_stray(landed: list[Arrival], why: str, step: str) -> None:
    count(OBJECTS_WITHOUT_PIPELINE, len(landed))
    for arrival in landed[:NAMED]:
        log.warning(
            f"s3://{settings.landing_bucket}/{arrival.key} is not trained on: {why}",
            extra={"bucket": settings.landing_bucket, "key": arrival.key, "next_step": step},
        )


def _places(landed: list[Arrival]) -> str:
    shown = ", ".join(f"s3://{settings.landing_bucket}/{a.key}" for a in landed[:NAMED])
    more = len(landed) - NAMED
    return f"{shown} and {more} more" if more > 0 else shown
