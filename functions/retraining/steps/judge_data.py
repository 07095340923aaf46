"""From the reports of all chunks to one answer: can the batch be trained on?"""

from __future__ import annotations

from dataclasses import dataclass

from retraining.adapters import Adapters
from retraining.documents.document import Part
from retraining.documents.manifest import Manifest
from retraining.rules import claims, data_verdict
from retraining.rules.data_verdict import Checked
from retraining.rules.outcomes import Conclusion


@dataclass(frozen=True, kw_only=True)
class RunConclusion(Part):
    """How a run ends, in the words of the variable `conclusion`."""

    outcome: str
    data_state: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class JudgedData(Part):
    """What the state machine needs of a batch; `conclusion` is null when it is trained on."""

    rows: int  # accepted
    conclusion: RunConclusion | None


def judge_data(aws: Adapters, manifest: Manifest) -> JudgedData:
    """Judge the batch by what the check of its chunks has found."""
    if manifest.repeats is not None:  # nothing was checked
        return _judged(Checked(), data_verdict.repeats(manifest.repeats))
    folder = aws.run_folder(manifest.pipeline, manifest.token)
    checked = data_verdict.merged(map(folder.read_check, manifest.chunks))
    return _judged(checked, data_verdict.judge(checked, claims.least_rows(manifest)))


def _judged(checked: Checked, conclusion: Conclusion | None) -> JudgedData:
    if conclusion is None:
        return JudgedData(rows=checked.rows, conclusion=None)
    how = RunConclusion(
        outcome=conclusion.outcome,
        data_state=conclusion.data_state,
        sentence=conclusion.sentence,
    )
    return JudgedData(rows=checked.rows, conclusion=how)
