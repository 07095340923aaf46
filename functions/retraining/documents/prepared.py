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


@dataclass(frozen=True, kw_only=True)
class Prepared(RunDocument):
    """The summary of the prepared data."""

    title = "prepared summary"
    file = "prepared/summary.json"
    written_by = "PrepareDataset (jobs/prepare_dataset.py)"
    read_by = "Gate, RegisterModel, RecordChampion and FinishRun"

    features: Annotated[tuple[str, ...], "The features, in the order of the prepared files"]
    label: Annotated[str, "The label, which is the first column of the prepared files"]
    rows: Annotated[PreparedRows, "How many rows there are"]
    shared: Annotated[int, "Row ids that a model is both fitted and judged on: must be 0"]
    module: Annotated[
        str | None, "SHA-256 of the features.py or transform.py that made them, if one alone did"
    ] = None
    transform: Annotated[str | None, "S3 URI of that transform.py"] = None
    raw: Annotated[
        tuple[str, ...] | None,
        "The landed columns that the model takes, in order; null: it takes the features",
    ] = None
