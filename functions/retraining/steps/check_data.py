"""Checks one chunk of a run's objects: accepted copies, or quarantine with a report."""

from __future__ import annotations

from dataclasses import dataclass

from retraining.adapters import Adapters, AwsError, TransportError
from retraining.documents.check_report import CheckedObject, CheckReport, Problem
from retraining.documents.document import Part
from retraining.documents.manifest import ClaimedObject, Manifest
from retraining.errors import DataDefeatsCheck, ObjectGone
from retraining.observability import log
from retraining.rules import names
from retraining.rules.data_check import LABELS, Result, Rules, Sink, check
from retraining.steps import quarantine


@dataclass(frozen=True, kw_only=True)
class CheckedChunk(Part):
    """What the state machine needs of a chunk's check."""

    chunk: int
    report: str  # S3 URI
    objects_accepted: int
    objects_rejected: int
    rows_accepted: int
    rows_rejected: int
    labels: tuple[str, ...]  # up to three


def check_data(aws: Adapters, manifest: Manifest, chunk: int) -> CheckedChunk:
    """Check the chunk's objects one after the other and write its report."""
    rules = Rules.of(manifest.definition.json, manifest.batch)
    placed = [(place, item) for place, item in enumerate(manifest.objects) if item.chunk == chunk]
    labels: set[str] = set()
    checked = []
    for place, item in placed:
        result = _check_object(aws, manifest, item, place, rules)
        labels |= result.labels if result.accepted else set()
        checked.append(_checked(item, result))
        if not result.accepted:
            sentence, found = result.problems.sentence(), result.problems.findings()
            quarantine.keep(aws, manifest, item, result.rows, sentence, found)
    few = tuple(sorted(labels)[:LABELS])
    report = CheckReport(chunk=chunk, labels=few, objects=tuple(checked))
    written = aws.run_folder(manifest.pipeline, manifest.token).write_check(report)
    return _summary(report, written)


def _check_object(
    aws: Adapters, manifest: Manifest, item: ClaimedObject, place: int, rules: Rules
) -> Result:
    try:
        result = _try_object(aws, manifest, item, place, rules)
    except DataDefeatsCheck as first:
        log.warning(str(first), extra={"key": item.key})
        result = _try_again(aws, manifest, item, place, rules)
    log.info(
        "checked an object",
        extra={"key": item.key, "accepted": result.accepted, "rows": result.rows},
    )
    return result


def _try_again(
    aws: Adapters, manifest: Manifest, item: ClaimedObject, place: int, rules: Rules
) -> Result:
    """Whatever an object does to the check, at the second time it is set aside, not the run."""
    try:
        return _try_object(aws, manifest, item, place, rules)
    except DataDefeatsCheck as error:
        return _rejected(Problem("unreadable", f"{error}: check that it is CSV as agreed"))


def _try_object(
    aws: Adapters, manifest: Manifest, item: ClaimedObject, place: int, rules: Rules
) -> Result:
    copy = aws.work.upload(names.accepted_key(manifest.pipeline, manifest.token, item.chunk, place))
    try:
        result = _checked_stream(aws, item, place, rules, copy)
    except ObjectGone as error:
        copy.abort()
        return _rejected(Problem("gone", f"{error}: drop it again if you still need it"))
    except BaseException:
        copy.abort()
        raise
    if result.accepted:
        copy.finish()
    else:
        copy.abort()
    return result


def _checked_stream(
    aws: Adapters, item: ClaimedObject, place: int, rules: Rules, copy: Sink
) -> Result:
    """The result; raises DataDefeatsCheck for an exception that AWS and network do not raise."""
    stream = aws.landing.open(item.key, item.version, item.etag)
    try:
        return check(stream, rules, copy, place)
    except (AwsError, TransportError, OSError, MemoryError):
        raise
    except Exception as error:
        kind = type(error).__name__
        raise DataDefeatsCheck(f"the data check could not read it ({kind}: {error})") from error


def _rejected(problem: Problem) -> Result:
    result = Result()
    result.problems.add(problem)
    return result


def _checked(item: ClaimedObject, result: Result) -> CheckedObject:
    found = result.problems.findings()
    return CheckedObject(
        id=item.id,
        key=item.key,
        version=item.version,
        size=item.size,
        accepted=result.accepted,
        rows=result.rows,
        sentence=result.problems.sentence(),
        problems=found.problems,
        counts=found.counts,
    )


def _summary(report: CheckReport, written: str) -> CheckedChunk:
    accepted = [item for item in report.objects if item.accepted]
    rejected = [item for item in report.objects if not item.accepted]
    return CheckedChunk(
        chunk=report.chunk,
        report=written,
        objects_accepted=len(accepted),
        objects_rejected=len(rejected),
        rows_accepted=sum(item.rows for item in accepted),
        rows_rejected=sum(item.rows for item in rejected),
        labels=report.labels,
    )
