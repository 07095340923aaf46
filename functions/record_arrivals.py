"""Notes every landed object version in the ledger and wakes its pipeline."""

from __future__ import annotations

import json
from typing import Any

from retraining.arrivals import Arrival, arrival_of
from retraining.observability import log
from retraining.settings import settings
from retraining.steps.note import note, tell_unplaced

Message = tuple[dict[str, Any], Arrival]


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """An SQS batch of EventBridge events; the messages that must come again."""
    failed: list[str] = []
    groups: dict[str | None, list[Message]] = {}
    for record in event["Records"]:
        try:
            arrival = arrival_of(json.loads(record["body"]), settings.landing_bucket)
        except ValueError:
            log.exception("a message that is no arrival goes to the dead letter queue")
            failed.append(record["messageId"])
            continue
        if arrival.is_data:
            groups.setdefault(arrival.pipeline, []).append((record, arrival))
        else:
            log.info("not data", extra={"key": arrival.key, "size": arrival.size})
    for pipeline, messages in groups.items():
        failed += _note(pipeline, messages)
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}


def _note(pipeline: str | None, messages: list[Message]) -> list[str]:
    """Note one pipeline's arrivals; one pipeline's trouble does not touch another's."""
    arrivals = list({arrival.id: arrival for _, arrival in messages}.values())
    received = (int(m["attributes"].get("ApproximateReceiveCount", 1)) for m, _ in messages)
    again = max(received) > 1
    try:
        if pipeline is None:
            tell_unplaced(arrivals)
        else:
            note(pipeline, arrivals, again=again)
    except Exception:  # noqa: BLE001 - whatever it is, exactly these messages come again
        log.exception("arrivals could not be noted", extra={"pipeline": pipeline})
        return [message["messageId"] for message, _ in messages]
    return []
