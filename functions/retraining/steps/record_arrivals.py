"""Records landed object versions in the ledger and wakes their pipeline once."""

from __future__ import annotations

import json
from typing import Final

from retraining import clock
from retraining.adapters import Adapters
from retraining.observability import OBJECTS_ARRIVED, OBJECTS_WITHOUT_PIPELINE, count, log
from retraining.rules import names
from retraining.rules.arrivals import Arrival, arrival_of, newest_by_folder
from retraining.rules.claims import too_large
from retraining.rules.durations import seconds
from retraining.settings import settings
from retraining.steps import wakes
from retraining.steps.messages import Message

NAMED: Final = 5  # keys in one notice
DAY: Final = 86_400
PAGE, PAGES = 1000, 20  # versions of a marker's folder that are looked through


Landed = tuple[Message, Arrival]


def record_arrivals(aws: Adapters, messages: list[Message]) -> list[str]:
    """Record the arrivals, pipeline by pipeline; ids of the messages that must come again."""
    failed: list[str] = []
    groups: dict[str | None, list[Landed]] = {}
    for message in messages:
        try:
            body, root = json.loads(message.body), settings.landing_prefix
            arrival = arrival_of(body, settings.landing_bucket, root)
        except ValueError:
            log.exception("not an S3 Object Created event: sent to the dead letter queue")
            failed.append(message.id)
            continue
        if arrival.is_data or arrival.pipeline:
            groups.setdefault(arrival.pipeline, []).append((message, arrival))
    for pipeline, landed in groups.items():
        failed += _record_group(aws, pipeline, landed)
    return failed


def _record_group(aws: Adapters, pipeline: str | None, landed: list[Landed]) -> list[str]:
    """Record one pipeline's arrivals; one pipeline's trouble does not touch another's."""
    arrivals = list({arrival.id: arrival for _, arrival in landed}.values())
    again = max(message.received for message, _ in landed) > 1
    try:
        if pipeline is None:
            _report_unplaced(aws, arrivals, again=again)
        else:
            _record(aws, pipeline, arrivals, again=again)
    except Exception:  # noqa: BLE001 - whatever it is, exactly these messages come again
        log.exception("arrivals could not be recorded", extra={"pipeline": pipeline})
        return [message.id for message, _ in landed]
    return []


def _record(aws: Adapters, pipeline: str, arrivals: list[Arrival], *, again: bool) -> None:
    """Ledger first, wake afterwards; `again` when SQS delivers these messages another time.

    A function that died between arming the wake and sending it leaves an armed wake that never
    comes; so a second delivery sends one whatever the ledger holds. A wake too many is harmless.
    """
    registration = aws.ledger.registration(pipeline)
    marker = registration.parsed().marker if registration else None
    markers = newest_by_folder(arrival for arrival in arrivals if arrival.name == marker)
    data = [arrival for arrival in arrivals if arrival.is_data and arrival.name != marker]
    overtaken = [item for found in markers for item in _overtaken(aws, pipeline, found)]
    known = {arrival.id: arrival for arrival in [*overtaken, *data]}  # events know more
    landed = _landed(aws, pipeline, list(known.values()), again=again)
    for found in markers:
        log.info("a marker calls", extra={"pipeline": pipeline, "key": found.key})
        aws.ledger.call(pipeline, found.second)
    if markers:
        wakes.arm(aws, pipeline, "marker", 0)
    if not landed:
        log.info("no data that waits", extra={"pipeline": pipeline})
        return
    if registration is None:
        _report_unregistered(aws, pipeline, landed)
        return
    count(OBJECTS_ARRIVED, len(landed), Pipeline=pipeline)
    quiet = seconds(registration.parsed().quiet_period)
    if not wakes.arm(aws, pipeline, "arrivals", quiet) and again:
        aws.wakes.send(pipeline, "arrivals delivered again", min(quiet, 900))


def _landed(aws: Adapters, pipeline: str, data: list[Arrival], *, again: bool) -> list[Arrival]:
    """Record the data in the ledger; those that now wait for a run."""
    fitting = _refuse_too_large(aws, pipeline, data, again=again)
    waiting = aws.ledger.record_arrivals(pipeline, fitting)
    landed = [arrival for arrival, waits in zip(fitting, waiting, strict=True) if waits]
    if landed:
        size = sum(arrival.size for arrival in landed)
        aws.ledger.add_arrivals(pipeline, len(landed), size, int(clock.now() * 1000))
    return landed


def _overtaken(aws: Adapters, pipeline: str, marker: Arrival) -> list[Arrival]:
    """Data of a marker's folder that the ledger does not know yet, though it landed before.

    Events come in any order. A sweep finds what is behind so many versions.
    """
    since, now = names.began(aws.names.generation, clock.now()), marker.second
    place: dict[str, str] = {}
    unknown: list[Arrival] = []
    for _ in range(PAGES):
        listed, place = aws.landing.versions(marker.folder, place, PAGE)
        found = [item for item in listed if item.is_data and item.name != marker.name]
        found = [item for item in found if since <= item.arrived / 1000 <= now]
        known = aws.ledger.known(pipeline, [item.id for item in found])
        unknown += [item for item in found if item.id not in known]
        if not place:
            break
    return unknown


def _refuse_too_large(
    aws: Adapters, pipeline: str, arrivals: list[Arrival], *, again: bool
) -> list[Arrival]:
    """The arrivals that a run can check; each of the others ends here, in words."""
    fitting = []
    for arrival in arrivals:
        reason = too_large(arrival.size)
        if reason is None:
            fitting.append(arrival)
        elif aws.ledger.refuse_arrival(pipeline, arrival, reason) or again:
            place = f"s3://{settings.landing_bucket}/{arrival.key}"
            log.warning(f"{place} is refused: {reason}", extra={"key": arrival.key})
            text = f"{place} is not trained on: {reason}.\nIt stays where it is."
            aws.notices.publish(f"an object for pipeline {pipeline} is too large", text)
    return fitting


def _report_unregistered(aws: Adapters, pipeline: str, landed: list[Arrival]) -> None:
    step = f"push the pipeline with: ratchet push pipelines/{pipeline}; it then picks them up"
    _log_without_pipeline(landed, f"no pipeline {pipeline} is registered", step)
    if aws.ledger.note_unregistered_once(pipeline):
        text = (
            f"{_places(landed)} landed, but no pipeline named {pipeline} is registered.\n"
            f"The objects are kept and recorded as pending.\nNext step: {step}."
        )
        aws.notices.publish(f"data landed for unknown pipeline {pipeline}", text)


def _report_unplaced(aws: Adapters, landed: list[Arrival], *, again: bool) -> None:
    """Data under no pipeline's prefix: left where it is, told once a day and prefix, never read.

    A bucket that others use too would otherwise send a notice every few seconds.
    """
    place = names.landing_prefix(settings.landing_prefix, "<pipeline>")
    step = f"copy it to s3://{settings.landing_bucket}/{place}"
    _log_without_pipeline(landed, "the key has no prefix that is a pipeline's name", step)
    day = int(clock.now()) // DAY
    prefixes = sorted({arrival.prefix for arrival in landed})
    new = {prefix for prefix in prefixes if aws.ledger.note_unplaced_once(prefix, day)}
    told = landed if again else [arrival for arrival in landed if arrival.prefix in new]
    if told:
        text = (
            f"{_places(told)} landed under no pipeline's prefix, so nothing will read it.\n"
            f"It stays where it is. Nothing more is said of these prefixes today.\n"
            f"Next step: {step}."
        )
        aws.notices.publish("data landed under no pipeline's prefix", text)


def _log_without_pipeline(landed: list[Arrival], why: str, step: str) -> None:
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
