"""What was measured of challenger and champion, by holdout (`fresh` and `reference`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from retraining.documents.document import Part, RunDocument


@dataclass(frozen=True, kw_only=True)
class Values(Part):
    """The metric of both models on one holdout; null where it is not defined."""

    challenger: Annotated[float | None, "The challenger's value"]
    champion: Annotated[float | None, "The champion's value; null without a champion"]


@dataclass(frozen=True, kw_only=True)
class PairedDifference(Part):
    """Challenger minus champion on the same rows, turned so that more is better."""

    estimate: Annotated[float | None, "The difference"]
    error: Annotated[float | None, "Its standard error; null where it is not defined"]
    rows: Annotated[int, "Rows that both scored"]


@dataclass(frozen=True, kw_only=True)
class Metrics(RunDocument):
    """Every number that the gate reads."""

    title = "metrics"
    file = "metrics.json"
    written_by = "ExtractMetrics"
    read_by = "Gate, FinishRun and the model package (ModelQuality)"

    metric: Annotated[str, "The metric that the gate reads"]
    higher_is_better: Annotated[bool, "False for an error or a loss"]
    rows: Annotated[dict[str, int], "Scored rows by holdout"]
    metrics: Annotated[dict[str, Values | None], "Values by holdout; null for one without rows"]
    differences: Annotated[dict[str, PairedDifference | None], "Paired differences by holdout"]
    not_finite: Annotated[dict[str, int], "The challenger's scores that are not finite, by holdout"]
    outside_holdout: Annotated[int, "Scored rows that belong to the training data by their row id"]
