"""Notes landed object versions in the ledger and wakes their pipeline once."""

from __future__ import annotations

import json
from dataclasses import dataclass

from retraining import adapters, clock
from retraining.observability import OBJECTS_ARRIVED, OBJECTS_WITHOUT_PIPELINE, count, log
from retraining.rules.arrivals import Arrival, arrival_of
from retraining.rules.durations import seconds
from retraining.settings import settings
from retraining.steps import wakes

NAMED = 5  # keys in one notice


@dataclass(frozen=True)
class Message:
    """A message of the arrivals queue: an EventBridge event, and how often it was received."""

    id: str
    body: str
    received: int


Landed = tuple[Message, Arrival]


def record(messages: list[Message]) -> list[str]:
    """Note the arrivals, pipeline by pipeline; the ids of the messages that must come again."""
    failed: list[str] = []
    groups: dict[str | None, list[Landed]] = {}
    for message in messages:
        try:
            arrival = arrival_of(json.loads(message.body), settings.landing_bucket)
        except ValueError:
            log.exception("a message that is no arrival goes to the dead letter queue")
            failed.append(message.id)
            continue
        if arrival.is_data:
            groups.setdefault(arrival.pipeline, []).append((message, arrival))
        else:
            log.info("not data", extra={"key": arrival.key, "size": arrival.size})
    for pipeline, landed in groups.items():
        failed += _record(pipeline, landed)
    return failed


def _record(pipeline: str | None, landed: list[Landed]) -> list[str]:
    """Note one pipeline's arrivals; one pipeline's trouble does not touch another's."""
    arrivals = list({arrival.id: arrival for _, arrival in landed}.values())
    again = max(message.received for message, _ in landed) > 1
    try:
        if pipeline is None:
            tell_unplaced(arrivals)
        else:
            note(pipeline, arrivals, again=again)
    except Exception:  # noqa: BLE001 - whatever it is, exactly these messages come again
        log.exception("arrivals could not be noted", extra={"pipeline": pipeline})
        return [message.id for message, _ in landed]
    return []


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
    if not wakes.arm(pipeline, "arrivals", quiet) and again:
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
