"""From the reports and profiles of all chunks to one answer: can the batch be trained on?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from retraining.adapters import Adapters
from retraining.adapters.run_folder import RunFolder
from retraining.documents.batch_report import BatchReport, ColumnSummary, Finding
from retraining.documents.document import Part
from retraining.documents.manifest import Manifest
from retraining.documents.profile import ColumnProfile, Profile
from retraining.rules import claims, data_verdict, drift, findings, names, profiles
from retraining.rules.data_verdict import Checked
from retraining.rules.findings import Batch, Earlier, Terms
from retraining.rules.outcomes import Conclusion

MOST_BATCHES: Final = 24  # of the champion's training data, the newest: they are read one by one
MOST_EARLIER: Final = 12  # batches whose size and labels are told as what was usual
QUANTILES: Final = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
TOP: Final = 10


@dataclass(frozen=True, kw_only=True)
class RunConclusion(Part):
    """How a run ends, in the words of the variable `conclusion`."""

    outcome: str
    data_state: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class JudgedData(Part):
    """What the state machine needs of a batch; `conclusion` is null when it is trained on."""

    landed: int  # rows
    rows: int  # accepted
    conclusion: RunConclusion | None


def judge_data(aws: Adapters, manifest: Manifest) -> JudgedData:
    """Judge the batch by what the check of its chunks has found, and write down how it looks."""
    if manifest.repeats is not None:  # nothing was checked
        return _judged(Checked(), data_verdict.repeats(manifest.repeats))
    if manifest.again:
        return _judged(_checked_before(aws, manifest), None)
    folder = aws.run_folder(manifest.pipeline, manifest.token)
    checked = data_verdict.merged(map(folder.read_check, manifest.chunks))
    found: tuple[Finding, ...] = ()
    compared = _compared(aws, folder, manifest, checked)
    if compared is not None:
        found = findings.found(compared, Terms.of(manifest.definition.json))
        if manifest.released:
            found = findings.after_release(found, compared)
    conclusion = data_verdict.judge(
        checked, claims.least_rows(manifest), found, whole=_whole(manifest)
    )
    if compared is not None:
        folder.write(_verdict(manifest, compared, found, conclusion))
    return _judged(checked, conclusion)


def _checked_before(aws: Adapters, manifest: Manifest) -> Checked:
    """What the check found when the batch landed: the run accounts for its rows again."""
    folder = aws.run_folder(manifest.pipeline, names.token_of(manifest.batch))
    return data_verdict.merged(map(folder.read_check, folder.read(Manifest).chunks))


def _whole(manifest: Manifest) -> bool:
    """True when a single rejected object stops the run."""
    return bool(manifest.definition.section("checks")["on_rejected_object"] == "stop")


def _judged(checked: Checked, conclusion: Conclusion | None) -> JudgedData:
    if conclusion is None:
        return JudgedData(landed=checked.landed, rows=checked.rows, conclusion=None)
    how = RunConclusion(
        outcome=conclusion.outcome,
        data_state=conclusion.data_state,
        sentence=conclusion.sentence,
    )
    return JudgedData(landed=checked.landed, rows=checked.rows, conclusion=how)


def _compared(
    aws: Adapters, folder: RunFolder, manifest: Manifest, checked: Checked
) -> Batch | None:
    """The batch beside those before it; None when none of its rows was accepted."""
    chunks = (folder.find_chunk_profile(chunk) for chunk in manifest.chunks)
    profile = profiles.merged(chunk for chunk in chunks if chunk is not None)
    if profile is None:
        return None
    folder.write(profile)
    return Batch(
        rows=checked.rows,
        profile=profile,
        training=profiles.merged(_found(aws, manifest, _training_batches(aws, manifest))),
        last=profiles.merged(_found(aws, manifest, manifest.history[-1:])),
        earlier=tuple(_earlier(aws, manifest)),
        labels=checked.labels,
    )


def _training_batches(aws: Adapters, manifest: Manifest) -> tuple[str, ...]:
    """What the champion was trained on; without a champion what a first one would be."""
    champion = manifest.champion
    if champion is None:
        return manifest.history[-MOST_BATCHES:]
    trained = aws.run_folder(manifest.pipeline, champion.token).find(Manifest)
    batches = () if trained is None else (*trained.history, trained.batch)
    return batches[-MOST_BATCHES:]


def _found(aws: Adapters, manifest: Manifest, batches: tuple[str, ...]) -> Iterable[Profile]:
    """The profiles of these batches, as far as they have one."""
    for batch in batches:
        found = aws.run_folder(manifest.pipeline, names.token_of(batch)).find(Profile)
        if found is not None:
            yield found


def _earlier(aws: Adapters, manifest: Manifest) -> Iterable[Earlier]:
    for batch in manifest.history[-MOST_EARLIER:]:
        found = aws.run_folder(manifest.pipeline, names.token_of(batch)).find(BatchReport)
        if found is not None:
            yield Earlier(
                rows=found.rows,
                labels=found.labels,
                drift={one.name: one.since_training or 0.0 for one in found.columns},
                known=frozenset((one.kind, one.column) for one in found.findings),
            )


def _verdict(
    manifest: Manifest,
    batch: Batch,
    found: tuple[Finding, ...],
    conclusion: Conclusion | None,
) -> BatchReport:
    return BatchReport(
        rows=batch.rows,
        outcome=conclusion.outcome if conclusion else None,
        sentence=conclusion.sentence if conclusion else None,
        labels=profiles.label_shares(batch.profile, manifest.definition.label),
        compared=batch.training is not None,
        last=manifest.history[-1] if batch.last is not None else None,
        findings=found,
        columns=tuple(_summary(column, batch) for column in batch.profile.columns),
    )


def _summary(column: ColumnProfile, batch: Batch) -> ColumnSummary:
    training, last = (
        profiles.find(other, column.name) if other else None
        for other in (batch.training, batch.last)
    )
    is_number, is_text = column.kind == "number", column.kind == "text"
    there = profiles.present(column) > 0
    return ColumnSummary(
        name=column.name,
        kind=column.kind,
        missing=profiles.missing_share(column),
        distinct=len(column.counts),
        mean=profiles.mean(column),
        quantiles=tuple(profiles.quantiles(column, QUANTILES)) if is_number and there else (),
        top=profiles.top(column, TOP) if is_text else {},
        new=tuple(drift.new_values(column, training)[:TOP]) if training else (),
        since_training=drift.psi(column, training) if training else None,
        since_last=drift.psi(column, last) if last else None,
    )
