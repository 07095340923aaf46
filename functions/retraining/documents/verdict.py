"""The gate's answer with all its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from retraining.documents.document import Part, RunDocument
from retraining.documents.metrics import Values


@dataclass(frozen=True)
class RuleAnswer(Part):
    """The answer of one rule of the gate."""

    rule: Annotated[str, "Name of the rule"]
    holdout: Annotated[str | None, "`fresh` or `reference`; null for a rule about neither"]
    passed: Annotated[bool, "Whether the challenger passed it"]
    value: Annotated[float | None, "The value that was judged; null where there is none"]
    threshold: Annotated[float | None, "The least acceptable value (greatest, for a loss)"]
    sentence: Annotated[str, "The answer, for people"]
    failing: Annotated[str, "The decision that the rule forces when it is not passed"] = "reject"
    suspect: Annotated[bool, "Whether failing it makes the batch's data suspect"] = True


@dataclass(frozen=True, kw_only=True)
class Comparison(Part):
    """Challenger against champion on one holdout; a positive difference is better."""

    holdout: Annotated[str, "`fresh` or `reference`"]
    challenger: Annotated[float, "The challenger's metric"]
    champion: Annotated[float, "The champion's metric"]
    estimate: Annotated[float, "The difference, turned so that more is better"]
    error: Annotated[float | None, "Its standard error; null where it is not known"]
    lower: Annotated[float | None, "Lower bound of the difference; null: unbounded"]
    upper: Annotated[float | None, "Upper bound of the difference; null: unbounded"]
    rows: Annotated[int, "Rows that both scored"]
    reading: Annotated[str, "`better`, `not worse`, `worse` or `undecided`"]
    rows_to_decide: Annotated[int | None, "Rows at which the same difference would be decided"]


@dataclass(frozen=True, kw_only=True)
class JudgedChampion(Part):
    """The champion that the challenger was compared with."""

    package: Annotated[str, "ARN of its model package"]
    run: Annotated[str, "Id of the run that trained it"]
    model: Annotated[str, "Name of its SageMaker model"]


@dataclass(frozen=True, kw_only=True)
class Verdict(RunDocument):
    """The gate's answer with its reasons."""

    title = "verdict"
    file = "verdict.json"
    written_by = "Gate"
    read_by = "RecordChampion, `ratchet show`, the demo and people"

    pipeline: Annotated[str, "Name of the pipeline"]
    run: Annotated[str, "Id of the run"]
    judged_at: Annotated[str, "When, ISO 8601 in UTC"]
    gate: Annotated[dict[str, Any], "The definition's gate section, as it was applied"]
    champion: Annotated[JudgedChampion | None, "The champion it was compared with; null: the first"]
    metric: Annotated[str, "The metric that was judged"]
    rows: Annotated[dict[str, int], "Scored rows by holdout"]
    metrics: Annotated[dict[str, Values | None], "The metric of both models, by holdout"]
    decision: Annotated[str, "`promote`, `reject` or `inconclusive`"]
    outcome: Annotated[str, "The run's outcome that follows from it"]
    data_state: Annotated[str, "What becomes of the batch's data: `TRAINED` or `SUSPECT`"]
    sentence: Annotated[str, "The verdict in one sentence"]
    rules: Annotated[tuple[RuleAnswer, ...], "Every rule, in the order in which they were applied"]
    comparisons: Annotated[dict[str, Comparison], "The comparisons with the champion, by holdout"]
