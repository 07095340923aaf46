"""The rows that prove which model an endpoint serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from retraining.documents.document import Part, RunDocument


@dataclass(frozen=True, kw_only=True)
class GoldenRow(Part):
    """One row with what the batch transform answered."""

    row_id: Annotated[str, "Its row id"]
    features: Annotated[str, "Its features as the model reads them, comma-separated"]
    answer: Annotated[tuple[float, ...], "The model's score, or the probability of each class"]


@dataclass(frozen=True, kw_only=True)
class Golden(RunDocument):
    """A few holdout rows, spread evenly over the range of the scores."""

    title = "golden rows"
    file = "golden.json"
    written_by = "ExtractMetrics"
    read_by = "Gate, VerifyEndpoint and `ratchet invoke`"

    content_type: Annotated[str, "How the rows are sent to the endpoint"]
    rows: Annotated[tuple[GoldenRow, ...], "The rows, ordered by row id"]
