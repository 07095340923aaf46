"""Checks one chunk of a run's objects: accepted copies, or quarantine with a report."""

from __future__ import annotations

from dataclasses import dataclass, replace

from retraining import clock
from retraining.adapters import Adapters, AwsError, TransportError
from retraining.adapters.object_store import Upload
from retraining.documents.check_report import CheckedObject, CheckReport, Findings, Problem
from retraining.documents.document import Part
from retraining.documents.manifest import ClaimedObject, Manifest
from retraining.documents.profile import Profile
from retraining.errors import DataDefeatsCheck, ObjectGone
from retraining.observability import log
from retraining.rules import attempts, names, profiles
from retraining.rules.data_check.agreed import Rules
from retraining.rules.data_check.allowance import AMONG_OTHERS, Allowance
from retraining.rules.data_check.check import LABELS, Result, Sink, check
from retraining.rules.data_check.source import Seekable
from retraining.rules.profiling import Profiler, share_of
from retraining.steps import quarantine


@dataclass(frozen=True, kw_only=True)
class CheckedChunk(Part):
    """What the execution shows of a chunk's check; its report says more."""

    chunk: int
    report: str  # S3 URI
    objects_accepted: int
    objects_rejected: int
    rows_accepted: int
    rows_rejected: int
    labels: tuple[str, ...]  # up to three


def check_data(aws: Adapters, manifest: Manifest, chunk: int) -> CheckedChunk:
    """Check the chunk's objects one after the other and write its report."""
    folder = aws.run_folder(manifest.pipeline, manifest.token)
    rules, whole = Rules.of(manifest.definition.json, manifest.batch), Whole()
    allowance = Allowance(clock.now)
    sizes = {n: item.size for n, item in enumerate(manifest.objects) if item.chunk == chunk}
    planned = attempts.plan(sizes, folder.find_attempt(chunk))
    results = {place: _set_aside(aws, manifest, place) for place in planned.set_aside}
    for attempt in planned.attempts(chunk):
        folder.write_attempt(attempt)
        for place in attempt.checking:
            results[place] = whole.add(_check_object(aws, manifest, place, rules, allowance))
    if whole.profile is not None:
        folder.write_chunk_profile(chunk, whole.profile)
    report = _report(manifest, chunk, results)
    return _summary(report, folder.write_check(report))


class Whole:
    """The profile of all accepted objects so far: one for each of 2,500 would fill the memory."""

    profile: Profile | None = None

    def add(self, result: Result) -> Result:
        """Take the profile out of a result."""
        if result.accepted and result.profile is not None:
            known = [self.profile] if self.profile else []
            self.profile = profiles.merged([*known, result.profile])
        return replace(result, profile=None)


def _set_aside(aws: Adapters, manifest: Manifest, place: int) -> Result:
    """Without the object that the check died on twice; it may have come as far as its copy."""
    aws.work.discard(_accepted_key(manifest, place))
    sentence = "the data check died on it twice, out of memory or of time: split the file"
    result = _rejected(Problem("deadly", sentence))
    _quarantine(aws, manifest, place, result)
    return result


def _check_object(
    aws: Adapters, manifest: Manifest, place: int, rules: Rules, allowance: Allowance
) -> Result:
    key = manifest.objects[place].key
    try:
        if allowance.spent:
            result = _rejected(Problem("unreadable", AMONG_OTHERS))
        else:
            result = _try_object(aws, manifest, place, rules, allowance)
    except DataDefeatsCheck as first:
        log.warning(str(first), extra={"key": key})
        result = _try_again(aws, manifest, place, rules, allowance)
    if result.problems:
        _quarantine(aws, manifest, place, result)
    log.info(
        "checked an object",
        extra={"key": key, "accepted": result.accepted, "rows": result.rows},
    )
    return result


def _try_again(
    aws: Adapters, manifest: Manifest, place: int, rules: Rules, allowance: Allowance
) -> Result:
    """Whatever an object does to the check, at the second time it is set aside, not the run."""
    try:
        return _try_object(aws, manifest, place, rules, allowance)
    except DataDefeatsCheck as error:
        return _rejected(Problem("unreadable", f"{error}: check that it is CSV as agreed"))


def _try_object(
    aws: Adapters, manifest: Manifest, place: int, rules: Rules, allowance: Allowance
) -> Result:
    copy = aws.work.upload(_accepted_key(manifest, place))
    aside = aws.work.upload(quarantine.rows_key(manifest, manifest.objects[place]))
    item = manifest.objects[place]
    try:
        stream = allowance.over(aws.landing.open(item.key, item.version, item.etag))
        result = _checked_stream(stream, manifest, place, rules, copy, aside)
    except ObjectGone as error:
        _end(copy, aside, keep=False)
        return _rejected(Problem("gone", f"{error}: drop it again if you still need it"))
    except BaseException:
        _end(copy, aside, keep=False)
        raise
    _end(copy, aside if result.bad_rows else None, keep=result.accepted)
    return result


def _end(copy: Upload, aside: Upload | None, *, keep: bool) -> None:
    """What was written of an object appears, or none of it."""
    for upload in (aside, copy):
        if upload is not None:
            (upload.finish if keep else upload.abort)()


def _checked_stream(
    stream: Seekable, manifest: Manifest, place: int, rules: Rules, copy: Sink, aside: Sink
) -> Result:
    """The result; raises DataDefeatsCheck for an exception that AWS and network do not raise."""
    profiler = Profiler.of(
        manifest.definition.json, share_of(sum(o.size for o in manifest.objects))
    )
    try:
        result = check(stream, rules, copy, place, profiler.add, aside)
        profile = replace(profiler.profile(), respelt=tuple(sorted(result.respelt)))
        return replace(result, profile=profile)
    except (AwsError, TransportError, OSError):
        raise
    except Exception as error:
        kind = type(error).__name__
        raise DataDefeatsCheck(f"the data check could not read it ({kind}: {error})") from error


def _accepted_key(manifest: Manifest, place: int) -> str:
    chunk = manifest.objects[place].chunk
    return names.accepted_key(manifest.pipeline, manifest.token, chunk, place)


def _quarantine(aws: Adapters, manifest: Manifest, place: int, result: Result) -> None:
    item, sentence, found = manifest.objects[place], *_said(result)
    if result.accepted:
        quarantine.keep_rows(aws, manifest, item, result.rows, sentence, found)
    else:
        quarantine.keep(aws, manifest, item, result.rows, sentence, found)


def _said(result: Result) -> tuple[str, Findings]:
    return result.problems.sentence(), result.problems.findings()


def _rejected(problem: Problem) -> Result:
    result = Result()
    result.spoil(problem)
    return result


def _report(manifest: Manifest, chunk: int, results: dict[int, Result]) -> CheckReport:
    """The chunk's report: its objects as the manifest lists them."""
    ordered = [(manifest.objects[place], results[place]) for place in sorted(results)]
    labels = set[str]().union(*(result.labels for _, result in ordered if result.accepted))
    few = tuple(sorted(labels)[:LABELS])
    return CheckReport(
        chunk=chunk, labels=few, objects=tuple(_checked(item, result) for item, result in ordered)
    )


def _checked(item: ClaimedObject, result: Result) -> CheckedObject:
    return CheckedObject(
        id=item.id,
        key=item.key,
        version=item.version,
        size=item.size,
        accepted=result.accepted,
        rows=result.rows,
        bad_rows=result.bad_rows,
        notes=result.notes,
        sentence=result.problems.sentence(),
    )


def _summary(report: CheckReport, written: str) -> CheckedChunk:
    accepted = [item for item in report.objects if item.accepted]
    rejected = [item for item in report.objects if not item.accepted]
    return CheckedChunk(
        chunk=report.chunk,
        report=written,
        objects_accepted=len(accepted),
        objects_rejected=len(rejected),
        rows_accepted=sum(item.accepted_rows for item in report.objects),
        rows_rejected=sum(item.rejected_rows for item in report.objects),
        labels=report.labels,
    )
