"""The gate: what a challenger must prove, rule by rule, and the verdict in plain words.

Rules in order: enough rows; finite; absolute minimum; no row shared with training; fit to
serve; then, when there is a champion, the paired comparison on the same rows. The first rule
that fails decides. Bounds are one-sided, each at the stated confidence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

from retraining.documents.metrics import Metrics
from retraining.documents.verdict import Comparison, RuleAnswer
from retraining.rules.metrics import METRICS
from retraining.rules.scores import FRESH, HOLDOUTS
from retraining.rules.settlement import APPROVAL_PENDING

PROMOTE, REJECT, INCONCLUSIVE = "promote", "reject", "inconclusive"
OUTCOMES: Final = {
    PROMOTE: "PROMOTED",
    REJECT: "MODEL_REJECTED",
    INCONCLUSIVE: "INCONCLUSIVE",
}
MISSING: Final = "challenger and champion could not be compared on the same rows"
BETTER, NOT_WORSE, WORSE, UNDECIDED = "better", "not worse", "worse", "undecided"


@dataclass(frozen=True)
class Terms:
    """The gate's section of a definition."""

    metric: str
    minimum: float
    rule: str
    margin: float
    confidence: float
    min_holdout_rows: int
    approval: str = "auto"

    @classmethod
    def of(cls, gate: dict[str, Any]) -> Terms:
        """The terms of a definition's `gate`."""
        return cls(
            gate["metric"],
            float(gate["minimum"]),
            gate["rule"],
            float(gate["margin"]),
            float(gate["confidence"]),
            int(gate["min_holdout_rows"]),
            gate["approval"],
        )


@dataclass(frozen=True)
class Facts:
    """What was measured, what was prepared, and what is expected."""

    measured: Metrics
    prepared_rows: dict[str, int]  # by holdout
    golden_rows: int
    has_champion: bool
    expects_reference: bool


@dataclass(frozen=True)
class Judgement:
    """The gate's answer with its reasons."""

    decision: str
    data_state: str
    sentence: str
    rules: tuple[RuleAnswer, ...]
    comparisons: tuple[Comparison, ...]
    waits: bool = False  # for a person's approval

    @property
    def outcome(self) -> str:
        """The outcome of a run that ends with this decision."""
        return APPROVAL_PENDING if self.waits else OUTCOMES[self.decision]


def judge(terms: Terms, facts: Facts) -> Judgement:
    """Apply every rule in order."""
    judged = _judged_holdouts(facts)
    absolute = [
        *(_enough_rows(name, terms, facts) for name in judged),
        *(_finite(name, terms, facts) for name in judged),
        *(_minimum(name, terms, facts) for name in judged),
        _unseen(facts),
        *_fit(judged, facts),
    ]
    failed = next((rule for rule in absolute if not rule.passed), None)
    if failed:
        return _refusal(failed, absolute, _compare_all(judged, terms, facts))
    if not facts.has_champion:
        values = ", ".join(_value_of(name, terms, facts) for name in judged)
        why = f" as the first champion: {values}, at least as good as {terms.minimum:g}."
        return _won(terms, why, absolute, [])
    comparisons = _compare_all(judged, terms, facts)
    if len(comparisons) < len(judged):
        absent = RuleAnswer("comparison", None, False, None, None, MISSING, INCONCLUSIVE, False)
        return _refusal(absent, [*absolute, absent], comparisons)
    return _against_champion(terms, absolute, comparisons)


def _won(
    terms: Terms, why: str, rules: list[RuleAnswer], comparisons: list[Comparison]
) -> Judgement:
    waits = terms.approval == "manual"
    sentence = f"{'Waits for approval' if waits else 'Promoted'}{why}"
    return Judgement(PROMOTE, "TRAINED", sentence, tuple(rules), tuple(comparisons), waits)


def _judged_holdouts(facts: Facts) -> list[str]:
    return [name for name in HOLDOUTS if name == FRESH or facts.expects_reference]


def _value(name: str, facts: Facts, model: str = "challenger") -> float | None:
    number: Any = getattr(facts.measured.metrics.get(name), model, None)
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    return float(number) if math.isfinite(number) else None


def _value_of(name: str, terms: Terms, facts: Facts) -> str:
    rows = facts.measured.rows[name]
    return f"{terms.metric} is {_value(name, facts):.4f} on the {name} holdout ({rows:,} rows)"


def _enough_rows(name: str, terms: Terms, facts: Facts) -> RuleAnswer:
    rows = facts.measured.rows.get(name, 0)
    passed = rows >= terms.min_holdout_rows
    sentence = f"the {name} holdout has {rows:,} rows, at least {terms.min_holdout_rows:,} needed"
    if not passed:
        sentence = (
            f"the {name} holdout has {rows:,} rows, but {terms.min_holdout_rows:,} are needed:"
            " drop more data, or lower gate.min_holdout_rows"
        )
    return RuleAnswer(
        "enough rows", name, passed, rows, terms.min_holdout_rows, sentence, INCONCLUSIVE, False
    )


def _finite(name: str, terms: Terms, facts: Facts) -> RuleAnswer:
    ours, theirs = _value(name, facts), _value(name, facts, "champion")
    bad = facts.measured.not_finite.get(name, 0)
    if ours is None or bad:
        found = _scores_not_finite(bad) if bad else "it is not defined"
        sentence = f"the challenger's {terms.metric} on the {name} holdout is not a number: {found}"
        return RuleAnswer("finite", name, False, None, None, sentence)
    if facts.has_champion and theirs is None:
        sentence = f"the champion's {terms.metric} on the {name} holdout is missing or not a number"
        return RuleAnswer("finite", name, False, None, None, sentence, INCONCLUSIVE, False)
    return RuleAnswer(
        "finite", name, True, ours, None, f"every score on the {name} holdout is a number"
    )


def _scores_not_finite(count: int) -> str:
    return f"{count:,} scores are not finite" if count > 1 else "1 score is not finite"


def _minimum(name: str, terms: Terms, facts: Facts) -> RuleAnswer:
    value, metric = _value(name, facts), METRICS[terms.metric]
    passed = value is not None and metric.passes(value, terms.minimum)
    shown = "(not a number)" if value is None else f"{value:.4f}"
    side = "minimum" if metric.higher_is_better else "maximum"
    relation = "meets" if passed else "misses"
    sentence = (
        f"{terms.metric} {shown} on the {name} holdout {relation} the {side} {terms.minimum:g}"
    )
    return RuleAnswer("absolute minimum", name, passed, value, terms.minimum, sentence)


def _unseen(facts: Facts) -> RuleAnswer:
    seen = facts.measured.outside_holdout
    sentence = "no holdout row was trained on"
    if seen:
        sentence = f"{seen:,} holdout rows belong to the training data by their row id"
    return RuleAnswer("no row shared with training", None, seen == 0, seen, 0, sentence)


def _fit(judged: list[str], facts: Facts) -> list[RuleAnswer]:
    rules = []
    for name in judged:
        scored, prepared = facts.measured.rows[name], facts.prepared_rows.get(name, 0)
        sentence = f"{scored:,} of {prepared:,} rows of the {name} holdout were scored"
        passed = scored == prepared
        rules.append(RuleAnswer("fit to serve: scores", name, passed, scored, prepared, sentence))
    golden = facts.golden_rows
    sentence = f"{golden} golden rows are kept to compare the endpoint's answers with"
    return [*rules, RuleAnswer("fit to serve: golden rows", None, golden > 0, golden, 1, sentence)]


def _compare_all(judged: list[str], terms: Terms, facts: Facts) -> list[Comparison]:
    if not facts.has_champion:
        return []
    compared = (_compare(name, terms, facts) for name in judged)
    return [comparison for comparison in compared if comparison]


def _compare(name: str, terms: Terms, facts: Facts) -> Comparison | None:
    ours, theirs = _value(name, facts), _value(name, facts, "champion")
    found = facts.measured.differences.get(name)
    if ours is None or theirs is None or found is None or found.estimate is None:
        return None
    estimate, rows = found.estimate, found.rows
    error = math.inf if found.error is None else found.error
    reach = NormalDist().inv_cdf(terms.confidence) * error if error else 0.0
    lower, upper = estimate - reach, estimate + reach
    strict = terms.rule == "superior" and name == FRESH
    reading = read(estimate, lower, upper, terms.margin, strict=strict)
    needed = rows_to_decide(estimate, reach, rows, terms.margin, strict=strict)
    decisive = needed if reading == UNDECIDED else None
    return Comparison(
        holdout=name,
        challenger=ours,
        champion=theirs,
        estimate=estimate,
        error=_known(error),
        lower=_known(lower),
        upper=_known(upper),
        rows=rows,
        reading=reading,
        rows_to_decide=decisive,
    )


def _known(bound: float) -> float | None:
    """JSON knows no infinity: a bound that is not known is null."""
    return bound if math.isfinite(bound) else None


def read(estimate: float, lower: float, upper: float, margin: float, *, strict: bool) -> str:
    """Better, not worse, worse or undecided; `strict` asks for a proof that it is better."""
    if lower > 0:
        return BETTER
    if strict and estimate > 0:
        return UNDECIDED
    if lower >= -margin:
        return NOT_WORSE
    return WORSE if upper < 0 else UNDECIDED


def rows_to_decide(
    estimate: float, reach: float, rows: int, margin: float, *, strict: bool
) -> int | None:
    """Rows at which the same difference would be decided: the interval shrinks with 1/sqrt(n)."""
    distances = [abs(estimate)]
    if not strict and estimate > -margin:
        distances.append(estimate + margin)
    widest = max(distances)
    if not math.isfinite(reach) or widest * 1e4 <= reach:
        return None  # more than 10^8 times the rows: no practical number
    return max(rows + 1, math.ceil(rows * (reach / widest) ** 2))


def _refusal(
    failed: RuleAnswer, rules: list[RuleAnswer], comparisons: list[Comparison]
) -> Judgement:
    head = "Rejected" if failed.failing == REJECT else "Inconclusive"
    data_state = "SUSPECT" if failed.suspect else "TRAINED"
    sentence = f"{head}: {failed.sentence}."
    return Judgement(failed.failing, data_state, sentence, tuple(rules), tuple(comparisons))


def _against_champion(
    terms: Terms, absolute: list[RuleAnswer], comparisons: list[Comparison]
) -> Judgement:
    rules = [*absolute, *(_against(c, terms) for c in comparisons)]
    failed = [rule for rule in rules if not rule.passed]
    compared = "; ".join(_in_words(c, terms) for c in comparisons)
    if not failed:
        return _won(terms, f": {compared}.", rules, comparisons)
    # What is proven worse outweighs what is undecided, on whichever holdout.
    decisive = min(failed, key=lambda r: (not r.suspect, r.failing != REJECT))
    head = "Rejected" if decisive.failing == REJECT else "Inconclusive"
    data_state = "SUSPECT" if decisive.suspect else "TRAINED"
    sentence = f"{head}: {decisive.sentence} ({compared})."
    return Judgement(decisive.failing, data_state, sentence, tuple(rules), tuple(comparisons))


def _against(comparison: Comparison, terms: Terms) -> RuleAnswer:
    """The rule `improve` or `superior` on one holdout."""
    name, reading = comparison.holdout, comparison.reading
    where = f"the {name} holdout"
    rule = f"{terms.rule} on the champion"
    if reading == WORSE:
        text = f"the challenger is worse than the champion on {where}"
        return _answer(rule, comparison, terms, text, REJECT, suspect=True)
    if reading == UNDECIDED:
        text = f"{where} does not decide between challenger and champion: {_needed(comparison)}"
        return _answer(rule, comparison, terms, text, INCONCLUSIVE)
    if name == FRESH and comparison.estimate <= 0:
        text = f"the challenger is not better than the champion on {where}"
        return _answer(rule, comparison, terms, text, REJECT)
    return _answer(rule, comparison, terms, f"the challenger is {reading} on {where}", None)


def _answer(
    rule: str,
    comparison: Comparison,
    terms: Terms,
    sentence: str,
    failing: str | None,
    *,
    suspect: bool = False,
) -> RuleAnswer:
    strict = terms.rule == "superior" and comparison.holdout == FRESH
    threshold = 0.0 if strict else -terms.margin
    return RuleAnswer(
        rule,
        comparison.holdout,
        failing is None,
        comparison.lower,
        threshold,
        sentence,
        failing or REJECT,
        suspect,
    )


def _needed(comparison: Comparison) -> str:
    if comparison.rows_to_decide is None:
        return "no practical number of rows would, because the two are equal"
    return f"about {comparison.rows_to_decide:,} rows would, {comparison.rows:,} were scored"


def _in_words(comparison: Comparison, terms: Terms) -> str:
    share = f"{terms.confidence * 100:g} %"
    return (
        f"{comparison.holdout} {terms.metric} {comparison.challenger:.4f} against the champion's"
        f" {comparison.champion:.4f} on {comparison.rows:,} rows, {comparison.reading}"
        f" (improvement {comparison.estimate:+.4f}, from"
        f" {_bound(comparison.lower, -math.inf)} to {_bound(comparison.upper, math.inf)}"
        f" at {share})"
    )


def _bound(bound: float | None, unknown: float) -> str:
    return f"{unknown if bound is None else bound:+.4f}"


def expects_reference(reference: Sequence[str], prepared: int, by: str) -> bool:
    """True when a reference holdout must be judged.

    Under `split.by: key` a newer batch may supersede every row of the promoted ones; then there
    is nothing left to refer to, and the fresh holdout holds all the rows there are.
    """
    return bool(reference) and (prepared > 0 or by != "key")
