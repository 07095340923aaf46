"""The models that are judged beside each other in a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from retraining.documents.document import Part, RunDocument


@dataclass(frozen=True, kw_only=True)
class Candidate(Part):
    """A model that is to be trained, unless it exists already, and scored."""

    role: Annotated[str, "`champion`, `challenger`, `refit`, `backtest`, `former` or `alone`"]
    model: Annotated[str, "Name of the SageMaker model"]
    train: Annotated[str | None, "S3 prefix of the rows to fit on; null: nothing to train"]
    validation: Annotated[str | None, "S3 prefix of the rows to tune and stop on"]
    hyperparameters: Annotated[dict[str, str], "The algorithm's, as text"]
    tuned: Annotated[bool, "Whether the rest of its hyperparameters is searched"]
    score: Annotated[str, "S3 prefix of the rows that it scores"]
    answers: Annotated[int, "How many numbers it scores a row with: 1, or one a class"]
    training_image: Annotated[str | None, "Image that trains it; null: nothing to train"] = None
    serving_image: Annotated[str | None, "Image that serves it, without a workflow's answer"] = None
    code: Annotated[str | None, "S3 URI of the archive with its training script, if any"] = None
    features: Annotated[
        str | None, "S3 URI of the archive with features.py that its script serves with, if any"
    ] = None
    variables: Annotated[dict[str, str] | None, "Those of its container"] = None


@dataclass(frozen=True, kw_only=True)
class ScoredCandidate(Candidate):
    """A candidate that has been scored, with what was trained."""

    artifact: Annotated[str | None, "S3 URI of its model.tar.gz; null for one that existed"]
    image: Annotated[str | None, "Image of its container; null for one that existed"]
    training_job: Annotated[str | None, "Name of the job, or ARN of the execution, that trained it"]


@dataclass(frozen=True, kw_only=True)
class Candidates(RunDocument):
    """Every candidate that was scored so far, in the order of the passes."""

    title = "candidates"
    file = "candidates.json"
    written_by = "ExtractMetrics"
    read_by = "Gate, RegisterModel and FinishRun"

    candidates: Annotated[tuple[ScoredCandidate, ...], "The candidates, each role at most once"]

    def of_role(self, *roles: str) -> ScoredCandidate | None:
        """The candidate of the first of these roles that there is."""
        by_role = {one.role: one for one in self.candidates}
        return next((by_role[role] for role in roles if role in by_role), None)

    @property
    def on_arrival(self) -> frozenset[str]:
        """The roles that score all new rows, not the held-out ones alone."""
        wide = (one for one in self.candidates if one.score.endswith("/arrival/"))
        return frozenset(one.role for one in wide)

    def joined(self, more: tuple[ScoredCandidate, ...]) -> Candidates:
        """These and more; a role that was scored again counts as it was last."""
        found = {one.role: one for one in (*self.candidates, *more)}
        return Candidates(candidates=tuple(found.values()))
