"""Writes a run's record and tells people, once, how it ended and what to do next."""

from __future__ import annotations

from dataclasses import asdict, replace

from retraining import clock
from retraining.adapters import Adapters, AwsError
from retraining.adapters.run_folder import RunFolder
from retraining.documents.batch_report import BatchReport
from retraining.documents.candidates import Candidates
from retraining.documents.manifest import Manifest
from retraining.documents.metrics import Metrics
from retraining.documents.prepared import Prepared
from retraining.documents.run_record import RunRecord
from retraining.documents.verdict import Verdict
from retraining.errors import DocumentUnreadable, EndpointNotReady, NotOurs
from retraining.observability import (
    ARRIVAL_BELOW_MINIMUM,
    BATCHES_SET_ASIDE,
    CHAMPION_ON_ARRIVAL,
    RUN_OUTCOME,
    RUNS_FAILED,
    count,
    level,
    log,
)
from retraining.rules import batch_summary, claims, data_verdict, names, outcomes, series
from retraining.rules.candidates import BACKTEST, CHALLENGER, CHAMPION, POOLED, REFERENCE
from retraining.rules.gate.decisions import PROMOTE
from retraining.rules.outcomes import Ended
from retraining.rules.passes import Plan
from retraining.rules.promotion import SETTLING
from retraining.rules.settlement import (
    APPROVAL_PENDING,
    FAILED,
    KEEPING_THE_MODEL,
    POSTPONED,
    PROMOTED,
    SUSPECT,
    TRAINED,
)
from retraining.steps import promotions, wakes
from retraining.steps.settle_data import checked_objects


def finish_run(aws: Adapters, ended: Ended) -> RunRecord:
    """Record, clean up, notify, count; a run whose notice was sent stays as it is."""
    ledger, pipeline, token = aws.ledger, ended.pipeline, ended.token
    if ledger.end_promotion(pipeline, token):
        state = ledger.state(pipeline)
        if state.wanted or ledger.has_pending(pipeline):
            wakes.ensure(aws, pipeline, state, "the promotion ended", 0)
    known = ledger.run(pipeline, token)
    if known.notified:
        return known
    ended = _as_the_ledger_says(aws, known, ended)
    record = ledger.close_run(_with_measures(aws, _ended(aws, known, ended)))
    if record.outcome in promotions.WAITING and ledger.registration(pipeline) is None:
        record = promotions.give_up(aws, record)  # deleted before this was written, or since
    if record.outcome not in KEEPING_THE_MODEL:
        _reject_unused_package(aws, record)
        _delete_unused_model(aws, pipeline, token)
    _delete_aside(aws, pipeline, token)
    if record.outcome == APPROVAL_PENDING:  # perhaps somebody has approved it meanwhile
        promotions.start_approved(aws, record)
    promotions.retry(aws, pipeline, besides=token)
    folder = aws.run_folder(pipeline, token)
    folder.write_as("record.json", record)
    _let_expire(aws, folder, record)
    paused = ledger.state(pipeline).paused_reason
    aws.notices.publish(*outcomes.notice(record, paused))
    count(RUN_OUTCOME, Pipeline=pipeline, Outcome=str(record.outcome))
    _tell_arrival(record)
    if record.outcome == FAILED:
        count(RUNS_FAILED, Pipeline=pipeline)
    if record.data_state == SUSPECT:
        count(BATCHES_SET_ASIDE, Pipeline=pipeline)
    return ledger.update_run(RunRecord(pipeline=pipeline, token=token, notified=True))


def _as_the_ledger_says(aws: Adapters, known: RunRecord, ended: Ended) -> Ended:
    """A run whose model is the champion was promoted, whatever failed after that.

    Once its package was said to wait for approval, a person may have acted on it: what the record
    says then stays.
    """
    if known.outcome and APPROVAL_PENDING in (known.outcome, ended.outcome):
        return _kept(known, ended)
    if ended.outcome != FAILED:
        return ended
    champion, waiting = aws.ledger.champion(ended.pipeline), aws.ledger.postponed(ended.pipeline)
    if champion and champion.token == ended.token:
        sentence = f"Promoted. {outcomes.sentence(ended).removesuffix('.')}."
        found = replace(ended, outcome=PROMOTED, package=champion.package, promoted=True)
        return replace(found, sentence=sentence)
    if waiting and waiting.token == ended.token:
        sentence = f"Better, but its promotion is postponed. {waiting.reason}"
        return replace(ended, outcome=POSTPONED, package=waiting.package, sentence=sentence)
    return ended


def _kept(known: RunRecord, ended: Ended) -> Ended:
    return replace(
        ended,
        outcome=known.outcome or ended.outcome,
        sentence=known.sentence,
        promoted=bool(known.promoted),
        error=known.error,
        cause=known.cause,
    )


def _ended(aws: Adapters, known: RunRecord, ended: Ended) -> RunRecord:
    """The record with how the run ended."""
    failed = ended.outcome == FAILED
    return replace(
        known,
        run=names.run_id(ended.pipeline, ended.token),
        execution=ended.execution,
        ended=clock.stamp(),
        outcome=ended.outcome,
        sentence=outcomes.sentence(ended),
        promoted=ended.promoted,
        package=ended.package or known.package,
        uri=aws.run_folder(ended.pipeline, ended.token).uri,
        error=ended.error if failed else None,
        cause=ended.cause if failed else None,
    )


def _with_measures(aws: Adapters, record: RunRecord) -> RunRecord:
    """The record with what the run found out, as far as it came and can be read.

    A document that cannot be read may be what made the run fail; its end is recorded all the same.
    """
    try:
        return _measured(aws, record)
    except DocumentUnreadable as error:
        log.warning(f"the record of {record.run} lacks what was measured: {error}")
        return record


def _measured(aws: Adapters, record: RunRecord) -> RunRecord:
    folder = aws.run_folder(record.pipeline, record.token)
    manifest = folder.find(Manifest)
    if manifest is None:
        return record
    checks = checked_objects(aws, manifest).values()
    set_aside = data_verdict.set_aside(checks)
    prepared, measured = folder.find(Prepared), folder.find(Metrics)
    said = folder.find(BatchReport)
    verdict, scored = folder.find(Verdict), folder.find(Candidates)
    judged = scored.of_role(CHALLENGER, BACKTEST) if scored else None
    return replace(
        record,
        objects=len(manifest.objects),
        again=claims.judged_again(manifest),
        sentence=_told(record.sentence or "", set_aside),
        set_aside=set_aside,
        metric=manifest.definition.metric,
        rows={
            "accepted": sum(item.accepted_rows for item in checks),
            "rejected": sum(item.rejected_rows for item in checks),
            **(asdict(prepared.rows) if prepared else {}),
        },
        account=prepared.account if prepared else None,
        slices={one.name: one.ours for one in verdict.slices} if verdict else None,
        findings=batch_summary.told(said) if said else None,
        metrics=measured.values(but=_known(manifest)) if measured else None,
        settings=judged.hyperparameters if judged else None,
        arrival=series.arrival(manifest, measured) if measured else None,
        promise=verdict.promise if verdict else None,
        verdict=folder.uri_of(Verdict) if verdict else None,
    )


def _known(manifest: Manifest) -> tuple[tuple[str, str], ...]:
    """Where the champion's value would be what it remembers, beside what the challenger can do."""
    return ((CHAMPION, REFERENCE), (CHAMPION, POOLED)) if manifest.knows_reference else ()


def _told(sentence: str, set_aside: tuple[str, ...]) -> str:
    """The sentence with what it must not leave unsaid; a run may be finished twice."""
    more = [one for one in set_aside if one.removesuffix(".") not in sentence]
    return " ".join([sentence, *more]) if sentence else sentence


def _tell_arrival(record: RunRecord) -> None:
    """How the champion did, as metrics; of data that were set aside it says nothing about it.

    Every pipeline has another minimum, so an alarm reads who missed it, not the value.
    """
    found = record.arrival
    if found is None or found.value is None or record.data_state != TRAINED:
        return
    level(CHAMPION_ON_ARRIVAL, found.value, Pipeline=record.pipeline, Metric=record.metric or "")
    count(ARRIVAL_BELOW_MINIMUM, int(found.missed), Pipeline=record.pipeline)


def _reject_unused_package(aws: Adapters, record: RunRecord) -> None:
    """No package stays undecided whose run ended before it could be promoted.

    What becomes of one whose promotion has begun is said by whoever ends the promotion.
    """
    held = aws.ledger.promotion(record.pipeline)
    if held is not None and held.promotion.token == record.token:
        return
    package = record.package or _unknown_package(aws, record)
    if package is not None:
        aws.registry.reject_undecided(package, record.sentence or "its run failed")


def _unknown_package(aws: Adapters, record: RunRecord) -> str | None:
    """The package that RegisterModel made before it died."""
    try:
        verdict = aws.run_folder(record.pipeline, record.token).find(Verdict)
    except DocumentUnreadable:
        return None
    if verdict is None or verdict.decision != PROMOTE:
        return None
    return aws.registry.find(record.pipeline, names.run_id(record.pipeline, record.token))


def _delete_unused_model(aws: Adapters, pipeline: str, token: int) -> None:
    """Delete the run's model and config unless something that serves, or may, names them.

    Not worth failing a run for: what cannot be deleted is logged, and costs nothing.
    """
    name = aws.names.run(pipeline, token)
    try:
        if not _in_use(aws, pipeline, name):
            aws.endpoints.delete_unused(name, name)
    except (AwsError, NotOurs, EndpointNotReady) as error:
        log.warning(f"model {name} could not be deleted: {error}")


def _delete_aside(aws: Adapters, pipeline: str, token: int) -> None:
    """Delete the models that were trained to judge by them, and never serve."""
    folder = aws.run_folder(pipeline, token)
    try:
        manifest = folder.find(Manifest)
        for name in Plan.of(manifest, folder.uri).aside if manifest else ():
            aws.endpoints.delete_model(name)
    except (AwsError, NotOurs, EndpointNotReady, DocumentUnreadable) as error:
        log.warning(f"models of run {names.run_id(pipeline, token)} are left: {error}")


def _let_expire(aws: Adapters, folder: RunFolder, record: RunRecord) -> None:
    """Not worth failing a run for either: what stays costs what it takes up, and is logged.

    Of a search the chosen model stays, as that of every other training job does.
    """
    try:
        scored = folder.find(Candidates)
        chosen = {one.training_job for one in scored.candidates} if scored else set()
        folder.let_expire(aws.names.searched(record.pipeline, record.token), chosen)
    except (AwsError, DocumentUnreadable) as error:
        log.warning(f"what run {record.run} does without is not marked to expire: {error}")


def _in_use(aws: Adapters, pipeline: str, name: str) -> bool:
    champion = aws.ledger.champion(pipeline)
    if champion and name in (champion.model, champion.config):
        return True
    for endpoint in (aws.names.standing(pipeline), aws.names.check_endpoint(pipeline)):
        facts = aws.endpoints.facts(endpoint)
        settling = facts.status in SETTLING
        if facts.status != "Deleting" and (settling or name in (facts.config, *facts.models)):
            return True
    return False
