"""What was measured of a run's candidates, by role and holdout.

Roles: `champion`, `challenger`, `backtest` and `alone`. Holdouts: `arrival` (all new rows of the
batch), `fresh` and `reference`, and `pooled`: the mean of fresh and reference, weighted by rows.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated

from retraining.documents.document import Part, RunDocument


@dataclass(frozen=True, kw_only=True)
class Measured(Part):
    """One candidate on one holdout; what is not defined is null."""

    rows: Annotated[int, "Rows that it scored"]
    value: Annotated[float | None, "The metric"]
    lift: Annotated[float | None, "How much better that is than a model without skill"]
    error: Annotated[float | None, "Standard error of the value, by cluster"]
    clusters: Annotated[int | None, "Clusters of rows; null where rows are independent"]
    not_finite: Annotated[int, "Scores that are not finite"]


@dataclass(frozen=True, kw_only=True)
class PairedDifference(Part):
    """One candidate minus another on the same rows, turned so that more is better."""

    ours: Annotated[str, "Role of the candidate that is judged"]
    theirs: Annotated[str, "Role of the one it is compared with"]
    holdout: Annotated[str, "Where both were measured"]
    estimate: Annotated[float | None, "The difference"]
    error: Annotated[float | None, "Its standard error, by cluster; null where it is not defined"]
    clusters: Annotated[int | None, "Clusters of rows; null where rows are independent"]
    rows: Annotated[int, "Rows that both scored"]


@dataclass(frozen=True, kw_only=True)
class Contradicted(Part):
    """Labels of the new rows against the champion's confident scores."""

    rows: Annotated[int, "Rows of which the champion is confident: a score of at most 0.1 or 0.9"]
    against: Annotated[int, "Those whose label is the other one"]


@dataclass(frozen=True, kw_only=True)
class MeasuredSlice(Part):
    """The candidates on the held-out rows that have one value of a column."""

    column: Annotated[str, "The column"]
    value: Annotated[str | None, "Its value as it landed, empty if missing; null: all others"]
    basis: Annotated[
        int, "What bounds rest on: clusters, or rows of the rarer class, whichever are fewer"
    ]
    candidates: Annotated[dict[str, Measured], "What was measured on both holdouts, by role"]


@dataclass(frozen=True, kw_only=True)
class Metrics(RunDocument):
    """Every number that the gate reads."""

    title = "metrics"
    file = "metrics.json"
    written_by = "ExtractMetrics"
    read_by = "Gate, FinishRun and the model package (ModelQuality)"

    metric: Annotated[str, "The metric that the gate reads"]
    higher_is_better: Annotated[bool, "False for an error or a loss"]
    candidates: Annotated[dict[str, dict[str, Measured]], "What was measured, by role and holdout"]
    differences: Annotated[tuple[PairedDifference, ...], "The paired differences"]
    contradicted: Annotated[Contradicted | None, "Labels on arrival against confident scores"]
    slices: Annotated[tuple[MeasuredSlice, ...], "By the values of `gate.slices`"]

    def on(self, role: str, holdout: str) -> Measured | None:
        """What was measured of this candidate on this holdout."""
        return self.candidates.get(role, {}).get(holdout)

    def difference(self, ours: str, theirs: str, holdout: str) -> PairedDifference | None:
        """The difference of two candidates on this holdout."""
        wanted = (ours, theirs, holdout)
        found = (d for d in self.differences if (d.ours, d.theirs, d.holdout) == wanted)
        return next(found, None)

    def values(
        self, *, but: Collection[tuple[str, str]] = ()
    ) -> dict[str, dict[str, float | None]]:
        """The metric by holdout and role, without these pairs of a role and a holdout."""
        found: dict[str, dict[str, float | None]] = {}
        for role, measured in self.candidates.items():
            for holdout, one in measured.items():
                if (role, holdout) not in but:
                    found.setdefault(holdout, {})[role] = one.value
        return found
