"""What PrepareDataset made of a run's accepted rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from retraining.documents.document import Part, RunDocument


@dataclass(frozen=True, kw_only=True)
class PreparedRows(Part):
    """Rows by what they are for."""

    train: Annotated[int, "Rows to fit on"]
    validation: Annotated[int, "Rows to tune and stop on"]
    holdout_fresh: Annotated[int, "Rows of this batch to judge on"]
    holdout_reference: Annotated[int, "Rows of the reference batches to judge on"]
    arrival: Annotated[int, "Rows of this batch that no model of an earlier run has seen"]
    holdout_own: Annotated[int, "Held-out rows of this batch that no earlier batch has"]
    repeated: Annotated[int, "Rows of this batch that an earlier batch has too"] = 0
    apart: Annotated[int, "Rows that nobody is judged on, for the champion cannot be scored"] = 0


@dataclass(frozen=True, kw_only=True)
class PreparedPart(Part):
    """What another candidate than the challenger is trained on."""

    role: Annotated[str, "`backtest`, `alone` or `refit`"]
    train: Annotated[int, "Rows to fit on"]
    validation: Annotated[int, "Rows to stop on"]
    labels: Annotated[bool, "Whether the labels to fit on differ"]

    @property
    def trains(self) -> bool:
        """Whether a training on it can succeed."""
        return min(self.train, self.validation) > 0 and self.labels


@dataclass(frozen=True, kw_only=True)
class RowAccount(Part):
    """What became of every landed row of a batch.

    landed = accepted + quarantined, and accepted = replaced + removed + unlabelled + gap + train +
    validation + holdout.
    """

    landed: Annotated[int, "Rows that landed"]
    quarantined: Annotated[int, "Rows that the data check rejected"]
    accepted: Annotated[int, "Rows that it accepted"]
    replaced: Annotated[int, "Rows in whose place a later row of the same key is used"]
    removed: Annotated[int, "Rows that recipe or transform removed"]
    unlabelled: Annotated[int, "Rows without a label"]
    gap: Annotated[int, "Rows in the gap between two sides of a split by time"]
    train: Annotated[int, "Rows to fit on"]
    validation: Annotated[int, "Rows to tune and stop on"]
    holdout: Annotated[int, "Rows to judge on"]


@dataclass(frozen=True, kw_only=True)
class Cut(Part):
    """Where a batch was cut by time, in units of the reserved column `moment`.

    What lies between two sides is left in the gap.
    """

    train_until: Annotated[float, "Rows before are trained on"]
    validation_from: Annotated[float, "Rows from here on are for validation,"]
    validation_until: Annotated[float, "and rows before this"]
    holdout_from: Annotated[float, "Rows from here on are held out"]


@dataclass(frozen=True, kw_only=True)
class Prepared(RunDocument):
    """The summary of the prepared data."""

    title = "prepared summary"
    file = "prepared/summary.json"
    written_by = "PrepareDataset (jobs/prepare_dataset.py)"
    read_by = "ExtractMetrics, Gate, RegisterModel, RecordChampion, SettleData and FinishRun"

    features: Annotated[tuple[str, ...], "The features, in the order of the prepared files"]
    label: Annotated[str, "The label, which is the first column of the prepared files"]
    rows: Annotated[PreparedRows, "How many rows there are"]
    parts: Annotated[tuple[PreparedPart, ...], "What else than the challenger may be trained on"]
    account: Annotated[RowAccount, "What became of every row of this batch"]
    cut: Annotated[Cut | None, "Where this batch was cut; null unless the split is by time"]
    shared: Annotated[int, "Row ids that a model is both fitted and judged on: must be 0"]
    slices: Annotated[
        dict[str, tuple[str, ...]],
        "By column of `gate.slices` its most frequent values, in the order of their codes",
    ]
    raw: Annotated[
        tuple[str, ...] | None,
        "The landed columns that the model takes, in order; null: it takes the features",
    ] = None
