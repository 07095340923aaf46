"""The gate: what a challenger must prove, rule by rule, and the verdict in plain words.

Rules in order: enough rows; finite; absolute minimum; no row shared with training; fit to
serve; then, when there is a champion, the paired comparison on the same rows. The first rule
that fails decides. Bounds are one-sided, each at the stated confidence.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, Final

from retraining.rules.metrics import METRICS
from retraining.rules.scores import FRESH, HOLDOUTS

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
        )


@dataclass(frozen=True)
class Facts:
    """What was measured: metrics.json, and what was prepared and is expected."""

    measured: dict[str, Any]
    prepared_rows: dict[str, int]  # by holdout
    golden_rows: int
    has_champion: bool
    expects_reference: bool


@dataclass(frozen=True)
class Rule:
    """One rule's answer; `failing` is the decision it forces when it did not pass."""

    rule: str
    holdout: str | None
    passed: bool
    value: float | None
    threshold: float | None
    sentence: str
    failing: str = REJECT
    suspect: bool = True


@dataclass(frozen=True)
class Comparison:
    """Challenger against champion on one holdout; positive is better."""

    holdout: str
    challenger: float
    champion: float
    estimate: float
    error: float
    lower: float
    upper: float
    rows: int
    reading: str
    rows_to_decide: int | None


@dataclass(frozen=True)
class Verdict:
    """The gate's answer with its reasons."""

    decision: str
    data_state: str
    sentence: str
    rules: list[Rule]
    comparisons: list[Comparison]

    def as_document(self) -> dict[str, Any]:
        """The verdict as JSON values."""
        document = {
            "decision": self.decision,
            "outcome": OUTCOMES[self.decision],
            "data_state": self.data_state,
            "sentence": self.sentence,
            "rules": [asdict(rule) for rule in self.rules],
            "comparisons": {c.holdout: asdict(c) for c in self.comparisons},
        }
        return {key: _plain(value) for key, value in document.items()}


def _plain(value: Any) -> Any:
    """JSON knows no infinity: a bound that is not known is null."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def judge(terms: Terms, facts: Facts) -> Verdict:
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
        sentence = (
            f"Promoted as the first champion: {values}, at least as good as {terms.minimum:g}."
        )
        return Verdict(PROMOTE, "TRAINED", sentence, absolute, [])
    comparisons = _compare_all(judged, terms, facts)
    if len(comparisons) < len(judged):
        absent = Rule("comparison", None, False, None, None, MISSING, INCONCLUSIVE, False)
        return _refusal(absent, [*absolute, absent], comparisons)
    return _against_champion(terms, absolute, comparisons)


def _judged_holdouts(facts: Facts) -> list[str]:
    return [name for name in HOLDOUTS if name == FRESH or facts.expects_reference]


def _value(name: str, facts: Facts, model: str = "challenger") -> float | None:
    number: Any = (facts.measured["metrics"].get(name) or {}).get(model)
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    return float(number) if math.isfinite(number) else None


def _value_of(name: str, terms: Terms, facts: Facts) -> str:
    rows = facts.measured["rows"][name]
    return f"{terms.metric} is {_value(name, facts):.4f} on the {name} holdout ({rows:,} rows)"


def _enough_rows(name: str, terms: Terms, facts: Facts) -> Rule:
    rows = int(facts.measured["rows"].get(name) or 0)
    passed = rows >= terms.min_holdout_rows
    sentence = f"the {name} holdout has {rows:,} rows, at least {terms.min_holdout_rows:,} needed"
    if not passed:
        sentence = (
            f"the {name} holdout has {rows:,} rows, but {terms.min_holdout_rows:,} are needed:"
            " drop more data, or lower gate.min_holdout_rows"
        )
    return Rule(
        "enough rows", name, passed, rows, terms.min_holdout_rows, sentence, INCONCLUSIVE, False
    )


def _finite(name: str, terms: Terms, facts: Facts) -> Rule:
    ours, theirs = _value(name, facts), _value(name, facts, "champion")
    bad = int(facts.measured["not_finite"].get(name) or 0)
    if ours is None or bad:
        found = f"{bad:,} scores are no finite numbers" if bad else "it is not defined"
        sentence = f"the challenger's {terms.metric} on the {name} holdout is no number: {found}"
        return Rule("finite", name, False, None, None, sentence)
    if facts.has_champion and theirs is None:
        sentence = f"the champion's {terms.metric} on the {name} holdout is missing or no number"
        return Rule("finite", name, False, None, None, sentence, INCONCLUSIVE, False)
    return Rule("finite", name, True, ours, None, f"every score on the {name} holdout is a number")


def _minimum(name: str, terms: Terms, facts: Facts) -> Rule:
    value, metric = _value(name, facts), METRICS[terms.metric]
    passed = value is not None and metric.passes(value, terms.minimum)
    shown = "no number" if value is None else f"{value:.4f}"
    side = "minimum" if metric.higher_is_better else "maximum"
    relation = "meets" if passed else "misses"
    sentence = (
        f"{terms.metric} {shown} on the {name} holdout {relation} the {side} {terms.minimum:g}"
    )
    return Rule("absolute minimum", name, passed, value, terms.minimum, sentence)


def _unseen(facts: Facts) -> Rule:
    seen = int(facts.measured["outside_holdout"])
    sentence = "no holdout row was trained on"
    if seen:
        sentence = f"{seen:,} holdout rows belong to the training data by their row id"
    return Rule("no row shared with training", None, seen == 0, seen, 0, sentence)


def _fit(judged: list[str], facts: Facts) -> list[Rule]:
    rules = []
    for name in judged:
        scored, prepared = facts.measured["rows"][name], facts.prepared_rows.get(name, 0)
        unmatched = int(facts.measured["unmatched"].get(name) or 0)
        sentence = f"{scored:,} of {prepared:,} rows of the {name} holdout were scored"
        if unmatched:
            sentence += f"; challenger and champion differ in {unmatched:,} rows"
        passed = scored == prepared and not unmatched
        rules.append(Rule("fit to serve: scores", name, passed, scored, prepared, sentence))
    golden = facts.golden_rows
    sentence = f"{golden} golden rows are kept to compare the endpoint's answers with"
    return [*rules, Rule("fit to serve: golden rows", None, golden > 0, golden, 1, sentence)]


def _compare_all(judged: list[str], terms: Terms, facts: Facts) -> list[Comparison]:
    if not facts.has_champion:
        return []
    compared = (_compare(name, terms, facts) for name in judged)
    return [comparison for comparison in compared if comparison]


def _compare(name: str, terms: Terms, facts: Facts) -> Comparison | None:
    ours, theirs = _value(name, facts), _value(name, facts, "champion")
    found = facts.measured["differences"].get(name)
    if ours is None or theirs is None or not found or found["estimate"] is None:
        return None
    estimate = float(found["estimate"])
    error = math.inf if found["error"] is None else float(found["error"])
    reach = NormalDist().inv_cdf(terms.confidence) * error if error else 0.0
    lower, upper, rows = estimate - reach, estimate + reach, int(found["rows"])
    strict = terms.rule == "superior" and name == FRESH
    reading = read(estimate, lower, upper, terms.margin, strict=strict)
    needed = rows_to_decide(estimate, reach, rows, terms.margin, strict=strict)
    decisive = needed if reading == UNDECIDED else None
    return Comparison(name, ours, theirs, estimate, error, lower, upper, rows, reading, decisive)


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
        return None  # more than 10^8 times the rows: none that anybody could bring
    return max(rows + 1, math.ceil(rows * (reach / widest) ** 2))


def _refusal(failed: Rule, rules: list[Rule], comparisons: list[Comparison]) -> Verdict:
    head = "Rejected" if failed.failing == REJECT else "Inconclusive"
    data_state = "SUSPECT" if failed.suspect else "TRAINED"
    return Verdict(failed.failing, data_state, f"{head}: {failed.sentence}.", rules, comparisons)


def _against_champion(terms: Terms, absolute: list[Rule], comparisons: list[Comparison]) -> Verdict:
    rules = [*absolute, *(_against(c, terms) for c in comparisons)]
    failed = [rule for rule in rules if not rule.passed]
    told = "; ".join(_told(c, terms) for c in comparisons)
    if not failed:
        return Verdict(PROMOTE, "TRAINED", f"Promoted: {told}.", rules, comparisons)
    # What is proven worse outweighs what is undecided, on whichever holdout.
    decisive = min(failed, key=lambda r: (not r.suspect, r.failing != REJECT))
    head = "Rejected" if decisive.failing == REJECT else "Inconclusive"
    data_state = "SUSPECT" if decisive.suspect else "TRAINED"
    sentence = f"{head}: {decisive.sentence} ({told})."
    return Verdict(decisive.failing, data_state, sentence, rules, comparisons)


def _against(comparison: Comparison, terms: Terms) -> Rule:
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
) -> Rule:
    strict = terms.rule == "superior" and comparison.holdout == FRESH
    threshold = 0.0 if strict else -terms.margin
    return Rule(
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
        return "no practical number of rows would, for the two are equal"
    return f"about {comparison.rows_to_decide:,} rows would, {comparison.rows:,} are there"


def _told(comparison: Comparison, terms: Terms) -> str:
    share = f"{terms.confidence * 100:g} %"
    return (
        f"{comparison.holdout} {terms.metric} {comparison.challenger:.4f} against the champion's"
        f" {comparison.champion:.4f} on {comparison.rows:,} rows, {comparison.reading}"
        f" (improvement {comparison.estimate:+.4f}, from {comparison.lower:+.4f}"
        f" to {comparison.upper:+.4f} at {share})"
    )


def expects_reference(reference: list[str], prepared: int, by: str) -> bool:
    """True when a reference holdout must be judged.

    Under `split.by: key` a newer batch may supersede every row of the promoted ones; then there
    is nothing left to refer to, and the fresh holdout holds all the rows there are.
    """
    return bool(reference) and (prepared > 0 or by != "key")
