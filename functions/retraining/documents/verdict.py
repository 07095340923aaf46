"""The gate's answer with all its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from retraining.documents.document import Part, RunDocument
from retraining.documents.metrics import Measured


@dataclass(frozen=True, kw_only=True)
class RuleAnswer(Part):
    """The answer of one rule of the gate."""

    rule: Annotated[str, "Name of the rule"]
    holdout: Annotated[str | None, "Where it was asked; null for a rule about no holdout"]
    passed: Annotated[bool, "Whether the challenger passed it"]
    value: Annotated[float | None, "The value that was judged; null where there is none"]
    threshold: Annotated[float | None, "The least acceptable value (greatest, for a loss)"]
    sentence: Annotated[str, "The answer, for people"]
    failing: Annotated[str, "The decision that the rule forces when it is not passed"] = "reject"


@dataclass(frozen=True, kw_only=True)
class Comparison(Part):
    """Two candidates on the same rows; a positive difference is better."""

    ours: Annotated[str, "Role of the candidate that is judged"]
    theirs: Annotated[str, "Role of the one it is compared with"]
    holdout: Annotated[str, "`fresh`, `reference`, `pooled` (both) or `arrival` (all new rows)"]
    our_value: Annotated[float, "Metric of the candidate that is judged"]
    their_value: Annotated[float, "Metric of the other"]
    estimate: Annotated[float, "The difference, turned so that more is better"]
    error: Annotated[float | None, "Its standard error, by cluster; null where it is not known"]
    lower: Annotated[float | None, "Lower bound of the difference; null: unbounded"]
    upper: Annotated[float | None, "Upper bound of the difference; null: unbounded"]
    clusters: Annotated[int | None, "Clusters of rows; null where rows are independent"]
    rows: Annotated[int, "Rows that both scored"]
    reading: Annotated[
        str, "`better`, `not worse`, `worse, by less than the margin`, `worse` or `undecided`"
    ]
    rows_to_decide: Annotated[int | None, "Rows at which the same difference would be decided"]


@dataclass(frozen=True, kw_only=True)
class SliceVerdict(Part):
    """The challenger on the held-out rows that have one value of a column."""

    name: Annotated[str, "Column and value, such as `country=DE`"]
    column: Annotated[str, "The column"]
    rows: Annotated[int, "Held-out rows that have the value"]
    ours: Annotated[float | None, "The challenger's metric on them; null: not defined"]
    theirs: Annotated[
        float | None, "The champion's; null: not defined, trained on some of them, or none"
    ]
    floor: Annotated[float | None, "The least acceptable value (greatest, for a loss); null: none"]
    bound: Annotated[float | None, "The best that it may truly be, by its bound; null: unknown"]
    undecided: Annotated[str | None, "Why it decides nothing; null if it may"]
    under: Annotated[bool, "Whether it is surely under its floor"]
    sentence: Annotated[str, "The same, for people"]


@dataclass(frozen=True, kw_only=True)
class DataVerdict(Part):
    """Whether the batch's data look bad, by the champion that met them."""

    suspect: Annotated[bool, "Whether the data are set aside"]
    value: Annotated[float | None, "The champion's metric on arrival"]
    lift: Annotated[float | None, "How much better that is than a model without skill"]
    usual_lift: Annotated[float | None, "Median of earlier arrivals and the champion's promise"]
    collapsed: Annotated[bool | None, "Whether the lift is under half the usual; null: no verdict"]
    own_lift: Annotated[float | None, "Lift of a model of this batch alone; null: not asked for"]
    sentence: Annotated[str, "The same, for people"]


@dataclass(frozen=True, kw_only=True)
class SettingsVerdict(Part):
    """What the backtest of changed settings or features says."""

    taken: Annotated[str, "The challenger's settings: `new` or `former`"]
    decided: Annotated[bool, "False if the backtest did not decide, but gate.undecided_settings"]
    sentence: Annotated[str, "The same, for people"]


@dataclass(frozen=True, kw_only=True)
class Wanted(Part):
    """A candidate without which the gate cannot decide."""

    role: Annotated[str, "`challenger`, `alone` or `refit`"]
    settings: Annotated[str, "Its settings: `new` (the definition's) or `former` (the champion's)"]


@dataclass(frozen=True, kw_only=True)
class Promise(Part):
    """What the challenger is expected to do on the next batch."""

    holdout: Annotated[str, "Where it was measured: `fresh`, or `pooled` if that is too small"]
    metric: Annotated[str, "The metric"]
    value: Annotated[float, "Its value there"]
    lift: Annotated[float, "How much better that is than a model without skill"]
    expected: Annotated[float | None, "The value, corrected by what earlier promises came to"]
    lower: Annotated[float | None, "Lower bound of the prediction interval; null: not known"]
    upper: Annotated[float | None, "Upper bound of the prediction interval; null: not known"]
    promises_kept: Annotated[int, "Earlier promises that met their batch; four correct `expected`"]


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
    measured: Annotated[dict[str, dict[str, Measured]], "What was measured, by role and holdout"]
    decision: Annotated[str, "`promote`, `reject`, `inconclusive`, `suspect` or `further`"]
    outcome: Annotated[str | None, "The run's outcome that follows from it; null: not yet"]
    data_state: Annotated[str | None, "What becomes of the data: `TRAINED` or `SUSPECT`"]
    sentence: Annotated[str, "The verdict in one sentence"]
    rules: Annotated[tuple[RuleAnswer, ...], "Every rule, in the order in which they were applied"]
    comparisons: Annotated[tuple[Comparison, ...], "Every comparison of two candidates"]
    slices: Annotated[tuple[SliceVerdict, ...], "The challenger by the values of `gate.slices`"]
    data: Annotated[DataVerdict | None, "What the champion says of the data; null without one"]
    settings: Annotated[SettingsVerdict | None, "What the backtest says; null without changes"]
    promise: Annotated[Promise | None, "What is expected of the next batch; null: nothing"]
    judged: Annotated[str, "The candidate that was judged"]
    serves: Annotated[str, "The candidate that serves if promoted: it, or its `refit`"]
    wanted: Annotated[tuple[Wanted, ...], "Candidates to train before anything is decided"]
