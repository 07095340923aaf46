"""Settles a run's data and gives the lease back; safe to repeat at any point."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from retraining import clock
from retraining.adapters import Adapters
from retraining.documents.check_report import CheckedObject, Findings, Problem
from retraining.documents.document import Part
from retraining.documents.manifest import ClaimedObject, Manifest
from retraining.documents.metrics import Metrics
from retraining.documents.prepared import Prepared
from retraining.documents.run_record import RunRecord
from retraining.documents.settlement import Settlement
from retraining.observability import log
from retraining.rules import belonging, claims, names, series, settlement
from retraining.rules.arrivals import wants_more
from retraining.rules.settlement import FAILED, KEPT, PENDING, QUARANTINED, SUPERSEDED, Ending
from retraining.steps import quarantine, wakes

SIDE_BY_SIDE: Final = 16  # copies under way at once


@dataclass(frozen=True, kw_only=True)
class SettledRun(Part):
    """Whether this call settled the run, and whether another run will follow."""

    settled: bool
    follow_up: bool


def settle_data(
    aws: Adapters,
    pipeline: str,
    token: int,
    outcome: str,
    data_state: str,
    sentence: str,
) -> SettledRun:
    """End the run's objects, release the lease, and arm one wake if anything waits.

    The decision is written down first. Whoever comes after a settling that stopped half-way
    completes what was decided then, whatever became of the run since.
    """
    settled, asked = _holds(aws, pipeline, token), 0
    if settled:
        wanted = Settlement(outcome=outcome, data_state=data_state, sentence=sentence)
        decided = _decided(aws, pipeline, token, wanted)
        if decided.outcome == FAILED:
            _keep_pending(aws, pipeline, token)
        elif manifest := aws.run_folder(pipeline, token).find(Manifest):
            _settle_objects(aws, manifest, decided)
            asked = manifest.asked
        settled = _release(aws, pipeline, token, decided, asked)
    return SettledRun(settled=settled, follow_up=_follow_up(aws, pipeline))


def checked_objects(aws: Adapters, manifest: Manifest) -> dict[str, CheckedObject]:
    """The data check's result of each object by its id, for the chunks that were checked."""
    folder = aws.run_folder(manifest.pipeline, manifest.token)
    reports = (folder.find_check(chunk) for chunk in manifest.chunks)
    return {item.id: item for report in reports if report for item in report.objects}


def _holds(aws: Adapters, pipeline: str, token: int) -> bool:
    lease = aws.ledger.state(pipeline).lease
    return lease is not None and lease.token == token


def _decided(aws: Adapters, pipeline: str, token: int, wanted: Settlement) -> Settlement:
    """What was decided first; what that needs is read before, so that it can be carried out."""
    folder = aws.run_folder(pipeline, token)
    if wanted.outcome != FAILED and (manifest := folder.find(Manifest)):
        checked_objects(aws, manifest)
        folder.find(Metrics)
    return folder.write_once(wanted)


def _keep_pending(aws: Adapters, pipeline: str, token: int) -> None:
    """A failed run ends no object. This reads no document: one may be what made the run fail."""
    aws.work.delete(names.accepted_batch(pipeline, token))
    aws.ledger.update_run(RunRecord(pipeline=pipeline, token=token, data_state=PENDING))


def _settle_objects(aws: Adapters, manifest: Manifest, decided: Settlement) -> None:
    pipeline, token = manifest.pipeline, manifest.token
    if manifest.again:
        _settle_again(aws, manifest, decided)
        return
    folder = aws.run_folder(pipeline, token)
    measured, prepared = folder.find(Metrics), folder.find(Prepared)
    uncut = belonging.by_time(manifest.definition.json) and prepared is None
    data_state = settlement.unless_released(
        decided.data_state, released=manifest.released and not uncut
    )
    checked = checked_objects(aws, manifest)
    endings = settlement.endings(manifest.objects, checked, data_state, decided.sentence)
    _quarantine_batch(aws, manifest, checked, endings)
    aws.ledger.end_objects(pipeline, token, endings)
    if not settlement.keeps_accepted_copy(endings):
        aws.work.delete(names.accepted_batch(pipeline, token))
    settled = RunRecord(
        pipeline=pipeline,
        token=token,
        data_state=data_state,
        definition=manifest.definition_ref.sha256,
        fingerprint=manifest.fingerprint,
        cut=prepared.cut if prepared else None,
        arrival=series.arrival(manifest, measured) if measured else None,
    )
    aws.ledger.update_run(settled)  # before the lease goes: the next run's claim reads it


def _settle_again(aws: Adapters, manifest: Manifest, decided: Settlement) -> None:
    """A run without objects of its own: its batch is in the history, and stays there as it is."""
    repeats = decided.data_state == SUPERSEDED
    settled = RunRecord(
        pipeline=manifest.pipeline,
        token=manifest.token,
        again=claims.judged_again(manifest),
        data_state=SUPERSEDED if repeats else KEPT,
        fingerprint=manifest.fingerprint,
    )
    aws.ledger.update_run(settled)


def _quarantine_batch(
    aws: Adapters, manifest: Manifest, checked: dict[str, CheckedObject], endings: list[Ending]
) -> None:
    """Objects that are fine themselves, in a batch that was rejected as a whole.

    Side by side: 20,000 copies one after the other take longer than the function may.
    """
    reasons = {end.id: end.reason or "" for end in endings if end.state == QUARANTINED}

    def keep(item: ClaimedObject) -> None:
        result, reason = checked.get(item.id), reasons[item.id]
        if result is None or result.accepted:
            found = Findings(problems=(Problem("batch", reason),), counts=())
            quarantine.keep(aws, manifest, item, result.rows if result else 0, reason, found)

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        list(pool.map(keep, (item for item in manifest.objects if item.id in reasons)))


def _release(aws: Adapters, pipeline: str, token: int, decided: Settlement, asked: int) -> bool:
    """Release in one conditional update; when more arrived meanwhile, look again."""
    while True:
        seen = aws.ledger.state(pipeline)
        if seen.lease is None or seen.lease.token != token:
            return False
        after = settlement.aftermath(seen, decided.outcome, decided.sentence, clock.now(), asked)
        if aws.ledger.release_lease(pipeline, token, seen, after):
            log.info("released the lease", extra={"pipeline": pipeline, "token": token})
            return True


def _follow_up(aws: Adapters, pipeline: str) -> bool:
    """One wake if objects wait or a run is asked for; looked at after the release, so none is
    overlooked."""
    state = aws.ledger.state(pipeline)
    if state.paused or state.lease is not None:
        return False
    if not state.wanted and (wants_more(state) or not aws.ledger.has_pending(pipeline)):
        return False
    wait = max(0, (state.retry_at or 0) - clock.now())
    wakes.ensure(aws, pipeline, state, "follow-up", wait)
    return True
