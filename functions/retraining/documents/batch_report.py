"""What is said of a batch's data before anything is trained on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from retraining.documents.document import Part, RunDocument


@dataclass(frozen=True, kw_only=True)
class Finding(Part):
    """Something about the batch that a person should know."""

    kind: Annotated[str, "What it is, such as `drift`, `unit`, `one label` or `leak`"]
    column: Annotated[str | None, "The column; null when it is about the whole batch"]
    sentence: Annotated[str, "What it is, for people"]
    serious: Annotated[bool, "Whether the batch is set aside for it"]


@dataclass(frozen=True, kw_only=True)
class ColumnSummary(Part):
    """One column in numbers, beside the champion's training data and the batch before."""

    name: Annotated[str, "The column"]
    kind: Annotated[str, "`number`, `text` or `time`"]
    missing: Annotated[float, "Share of rows without a value"]
    distinct: Annotated[int, "How many different values there are, or bins of them, at least"]
    mean: Annotated[float | None, "Mean of a number"]
    quantiles: Annotated[tuple[float, ...], "0, 5, 25, 50, 75, 95 and 100 % of a number"]
    top: Annotated[dict[str, float], "Share of each of a text's most frequent values"]
    new: Annotated[tuple[str, ...], "Some values that the champion's training data lack"]
    since_training: Annotated[float | None, "PSI against the champion's training data"]
    since_last: Annotated[float | None, "PSI against the batch before"]


@dataclass(frozen=True, kw_only=True)
class BatchReport(RunDocument):
    """What JudgeData found; the profiles behind it are in the runs' profile.json."""

    title = "batch report"
    file = "batch-report.json"
    written_by = "JudgeData"
    read_by = "JudgeData of later runs, FinishRun, `ratchet show` and the report of a run"

    rows: Annotated[int, "Accepted rows of the batch"]
    outcome: Annotated[str | None, "How the run ends because of its data; null: it continues"]
    sentence: Annotated[str | None, "Why, for people"]
    labels: Annotated[dict[str, float], "Share of each label; empty when there are many"]
    compared: Annotated[bool, "Whether there were training data to compare it with"]
    last: Annotated[str | None, "The batch before; null when there is none"]
    findings: Annotated[tuple[Finding, ...], "What a person should know, the serious first"]
    columns: Annotated[tuple[ColumnSummary, ...], "The columns in numbers"]
