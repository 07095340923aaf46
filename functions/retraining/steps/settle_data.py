"""Settles a run's data and gives the lease back; safe to repeat at any point."""

from __future__ import annotations

from typing import Any

from retraining import adapters, clock
from retraining.observability import log
from retraining.rules import names, settlement
from retraining.rules.settlement import FAILED, PENDING, QUARANTINED, Ending
from retraining.steps import quarantine, wakes


def settle(
    pipeline: str, token: int, outcome: str, data_state: str | None, sentence: str | None
) -> dict[str, bool]:
    """End the run's objects, release the lease, and arm one wake if anything waits."""
    settled = _holds(pipeline, token)
    if settled:
        manifest = read_manifest(pipeline, token)
        if manifest is not None:
            _settle_objects(manifest, outcome, data_state, sentence)
        settled = _release(pipeline, token, outcome, sentence)
    return {"settled": settled, "follow_up": _follow_up(pipeline)}


def read_manifest(pipeline: str, token: int) -> dict[str, Any] | None:
    """The run's manifest; None when the run ended before it claimed anything."""
    key = f"{names.run_prefix(pipeline, token)}/manifest.json"
    found: dict[str, Any] | None = adapters.work().find_json(key)
    return found


def read_checks(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The data check's result of each object, as far as it came."""
    prefix = names.run_prefix(manifest["pipeline"], manifest["token"])
    chunks = sorted({item["chunk"] for item in manifest["objects"]})
    found: dict[str, dict[str, Any]] = {}
    for chunk in chunks:
        report = adapters.work().find_json(f"{prefix}/check/chunk-{chunk}.json") or {}
        found.update({entry["id"]: entry for entry in report.get("objects", [])})
    return found


def _holds(pipeline: str, token: int) -> bool:
    lease = adapters.ledger().state(pipeline).lease
    return lease is not None and lease.token == token


def _settle_objects(
    manifest: dict[str, Any], outcome: str, data_state: str | None, sentence: str | None
) -> None:
    pipeline, token = manifest["pipeline"], manifest["token"]
    checked = read_checks(manifest)
    endings = settlement.endings(manifest["objects"], checked, outcome, data_state, sentence)
    _quarantine_batch(manifest, checked, endings)
    adapters.ledger().end_objects(pipeline, token, endings)
    if not settlement.keeps_accepted_copy(outcome, endings):
        adapters.work().delete(names.accepted_batch(pipeline, token))
    state = PENDING if outcome == FAILED else data_state or _common_state(endings)
    adapters.ledger().note_run(pipeline, token, {"data_state": state})


def _common_state(endings: list[Ending]) -> str:
    kept = [ending.state for ending in endings if ending.state != QUARANTINED]
    return kept[0] if kept else QUARANTINED


def _quarantine_batch(
    manifest: dict[str, Any], checked: dict[str, dict[str, Any]], endings: list[Ending]
) -> None:
    """Objects that are sound each, in a batch that was rejected as a whole."""
    reasons = {end.id: end.reason or "" for end in endings if end.state == QUARANTINED}
    for item in manifest["objects"]:
        entry = checked.get(item["id"])
        if item["id"] in reasons and (entry is None or entry["accepted"]):
            reason = reasons[item["id"]]
            problem = {"rule": "batch", "sentence": reason, "column": None}
            found = {"problems": [{**problem, "row": None, "value": None}], "counts": []}
            quarantine.keep(manifest, item, entry["rows"] if entry else 0, reason, found)


def _release(pipeline: str, token: int, outcome: str, sentence: str | None) -> bool:
    """Release in one conditional update; when more arrived meanwhile, look again."""
    ledger = adapters.ledger()
    while True:
        seen = ledger.state(pipeline)
        if seen.lease is None or seen.lease.token != token:
            return False
        after = settlement.aftermath(seen, outcome, sentence, clock.now())
        if ledger.release_lease(pipeline, token, seen, after):
            log.info("released the lease", extra={"pipeline": pipeline, "token": token})
            return True


def _follow_up(pipeline: str) -> bool:
    """One wake if objects wait; looked at after the release, so none is overlooked."""
    state = adapters.ledger().state(pipeline)
    if state.paused or state.lease is not None or not adapters.ledger().has_pending(pipeline):
        return False
    wakes.arm(pipeline, "follow-up", max(0, (state.retry_at or 0) - clock.now()))
    return True
