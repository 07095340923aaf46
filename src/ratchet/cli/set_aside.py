"""The rows that are set aside: suspect, quarantined or waiting, and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ratchet.cli import ledger
from ratchet.cli.connection import Stack
from ratchet.cli.ledger import RunRef
from ratchet.cli.screen import plural

SUSPECT, QUARANTINED, WAITING = "SUSPECT", "QUARANTINED", "WAITING"
SET_ASIDE = (SUSPECT, QUARANTINED, WAITING)


def of_pipeline(stack: Stack, pipeline: str) -> list[dict[str, Any]]:
    """What is set aside of a pipeline: run, state, objects, rows and reason, newest run first."""
    found, reasons = Counter[tuple[int, str]](), dict[tuple[int, str], str]()
    for item in ledger.objects(stack, pipeline):
        place = (int(item.get("run") or 0), str(item["state"]))
        if place[0] and place[1] in SET_ASIDE:
            found[place] += 1
            reasons.setdefault(place, str(item.get("reason") or ""))
    records = {int(one["token"]): one for one in ledger.runs(stack, pipeline)}
    return [
        {
            "pipeline": pipeline,
            "run": RunRef(pipeline, token).id,
            "state": state,
            "objects": count,
            "rows": _rows(records.get(token, {}), state),
            "reason": reasons[token, state],
        }
        for (token, state), count in sorted(found.items(), reverse=True)
    ]


def _rows(record: dict[str, Any], state: str) -> int | None:
    """The rows in that state, as far as the record tells them."""
    rows = record.get("rows") or {}
    if state != QUARANTINED:
        return rows.get("accepted")
    whole = record.get("data_state") == QUARANTINED  # perhaps accepted ones with them
    return int(rows.get("rejected", 0)) + (int(rows.get("accepted", 0)) if whole else 0)


def objects(stack: Stack, run: RunRef) -> list[dict[str, Any]]:
    """The ledger's items of what a run set aside."""
    return [
        item
        for item in ledger.objects(stack, run.pipeline)
        if item.get("run") == run.token and item["state"] in SET_ASIDE
    ]


@dataclass(frozen=True)
class Landed:
    """An object version that lands again."""

    key: str
    version: str


def landed(stack: Stack, run: RunRef) -> list[Landed]:
    """The object versions that a run set aside."""
    found = objects(stack, run)
    return [Landed(one["key"], one.get("version") or one["etag"]) for one in found]


def became(record: dict[str, Any], *, shown: bool = False) -> Iterable[str]:
    """What became of a run's rows, in sentences with the next step; nothing for a failed run.

    `shown`: what is in quarantine is listed beside them.
    """
    rows, state = record.get("rows") or {}, record.get("data_state")
    accepted, rejected = int(rows.get("accepted", 0)), int(rows.get("rejected", 0))
    run = record.get("run") or RunRef(record["pipeline"], int(record["token"])).id
    if state == SUSPECT:
        yield (
            f"{_rows_that(accepted, 'is', 'are')} set aside (SUSPECT); take"
            f" {'it' if accepted == 1 else 'them'} back with: ratchet data release {run}"
        )
    elif state == "DISCARDED":
        yield f"{_rows_that(accepted + rejected, 'was', 'were')} discarded."
    elif state == WAITING:
        waiting = _rows_that(accepted, "waits", "wait")
        yield f"{waiting} for more; train without with: ratchet data release {run}"
    elif state == QUARANTINED:
        rejected += accepted
    if rejected and state in ("TRAINED", *SET_ASIDE):
        told = _rows_that(rejected, "is", "are")
        them = "it" if rejected == 1 else "them"
        where = "" if shown else f"; see {them} with: ratchet data show {run}"
        yield f"{told} in quarantine{where}"


def _rows_that(count: int, one: str, several: str) -> str:
    """'1 row is', '12 rows are'."""
    return f"{plural(count, 'row')} {one if count == 1 else several}"
