"""The rows that prove which model an endpoint serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from retraining.documents.document import Part, RunDocument


@dataclass(frozen=True, kw_only=True)
class GoldenRow(Part):
    """One row with the score that the batch transform gave it."""

    row_id: Annotated[str, "Its row id"]
    features: Annotated[str, "Its features as the model reads them, comma-separated"]
    score: Annotated[float, "The challenger's score in the batch transform"]


@dataclass(frozen=True, kw_only=True)
class Golden(RunDocument):
    """A few holdout rows, spread evenly over the range of the scores."""

    title = "golden rows"
    file = "golden.json"
    written_by = "ExtractMetrics"
    read_by = "Gate, VerifyEndpoint and `ratchet invoke`"

    content_type: Annotated[str, "How the rows are sent to the endpoint"]
    rows: Annotated[tuple[GoldenRow, ...], "The rows, ordered by row id"]
