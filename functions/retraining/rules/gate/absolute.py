"""What a challenger must be whatever the champion is: enough rows, finite, good, unseen, fit."""

from __future__ import annotations

from retraining.documents.metrics import Measured
from retraining.documents.verdict import RuleAnswer
from retraining.rules.candidates import CHAMPION, FRESH, POOLED, REFERENCE
from retraining.rules.gate.decisions import Inconclusive, Reject
from retraining.rules.gate.terms import GUARD, Facts, Terms
from retraining.rules.metrics import METRICS


def absolute_rules(terms: Terms, facts: Facts) -> list[RuleAnswer]:
    """The rules in the order in which they decide."""
    judged = judged_holdouts(facts)
    asked = [POOLED] if together(terms, facts) else judged
    return [
        *(_enough_rows(name, terms, facts) for name in asked),
        *(_finite(name, terms, facts) for name in judged),
        *(_minimum(name, terms, facts) for name in asked),
        _unseen(facts),
        *_fit(judged, facts),
    ]


def judged_holdouts(facts: Facts) -> list[str]:
    """The holdouts that must have been scored."""
    return [FRESH, REFERENCE] if facts.expects_reference else [FRESH]


def together(terms: Terms, facts: Facts) -> bool:
    """Whether both holdouts are asked as one."""
    return terms.rule == GUARD and facts.expects_reference


def where(holdout: str) -> str:
    """The holdout in words."""
    return "both holdouts together" if holdout == POOLED else f"the {holdout} holdout"


def _rows(found: Measured | None) -> int:
    return found.rows if found else 0


def _enough_rows(name: str, terms: Terms, facts: Facts) -> RuleAnswer:
    rows, needed = _rows(facts.of(name)), terms.min_holdout_rows
    passed = rows >= needed
    sentence = f"{where(name)}: {rows:,} rows, at least {needed:,} needed"
    if not passed:
        sentence = (
            f"{where(name)}: {rows:,} rows, but {needed:,} are needed: drop more data, or lower"
            " gate.min_holdout_rows"
        )
    if not passed and name == FRESH and facts.none_fresh:
        sentence = f"{where(name)} has no rows: {facts.why_none_fresh}"
    failing = Reject.name if terms.rule == GUARD else Inconclusive.name
    return RuleAnswer(
        rule="enough rows",
        holdout=name,
        passed=passed,
        value=rows,
        threshold=needed,
        sentence=sentence,
        failing=failing,
    )


def _finite(name: str, terms: Terms, facts: Facts) -> RuleAnswer:
    ours, theirs = facts.of(name), facts.of(name, CHAMPION)
    passed, failing = True, Reject.name
    sentence = f"every score on the {name} holdout is a number"
    if together(terms, facts) and facts.silent(name) and facts.defined(POOLED):
        sentence = f"{where(name)} has no {terms.metric} of its own: {_why_silent(name, facts)}"
    elif ours is None or ours.value is None or ours.not_finite:
        passed = False
        found = _not_finite(ours.not_finite) if ours and ours.not_finite else _not_defined(ours)
        sentence = f"the challenger's {terms.metric} on the {name} holdout is not a number: {found}"
    elif facts.has_champion and (theirs is None or theirs.value is None):
        passed = False
        failing = Reject.name if terms.rule == GUARD else Inconclusive.name
        sentence = f"the champion's {terms.metric} on the {name} holdout is missing or not a number"
    value = ours.value if ours and passed else None
    return RuleAnswer(
        rule="finite",
        holdout=name,
        passed=passed,
        value=value,
        threshold=None,
        sentence=sentence,
        failing=failing,
    )


def _why_silent(name: str, facts: Facts) -> str:
    if name == FRESH and facts.none_fresh:
        return facts.why_none_fresh
    return f"its {_rows(facts.of(name)):,} rows have one label alone"


def _not_defined(found: Measured | None) -> str:
    return (
        f"it is not defined on {_rows(found):,} rows like these: drop more data at once"
        " (trigger.min_new_rows lets small drops wait for more)"
    )


def _not_finite(count: int) -> str:
    return f"{count:,} scores are not finite" if count > 1 else "1 score is not finite"


def _minimum(name: str, terms: Terms, facts: Facts) -> RuleAnswer:
    found, metric = facts.of(name), METRICS[terms.metric]
    value = found.value if found else None
    passed = value is not None and metric.passes(value, terms.minimum)
    shown = "(not a number)" if value is None else f"{value:.4f}"
    side = "minimum" if metric.higher_is_better else "maximum"
    relation = "meets" if passed else "misses"
    return RuleAnswer(
        rule="absolute minimum",
        holdout=name,
        passed=passed,
        value=value,
        threshold=terms.minimum,
        sentence=f"{terms.metric} {shown} on {where(name)} {relation} the {side} {terms.minimum:g}",
    )


def _unseen(facts: Facts) -> RuleAnswer:
    seen = facts.shared_rows
    sentence = "no holdout row was trained on"
    if seen:
        sentence = f"{seen:,} row ids are both in the holdouts and in the training data"
    return RuleAnswer(
        rule="no row shared with training",
        holdout=None,
        passed=seen == 0,
        value=seen,
        threshold=0,
        sentence=sentence,
    )


def _fit(judged: list[str], facts: Facts) -> list[RuleAnswer]:
    rules = []
    for name in judged:
        scored, prepared = _rows(facts.of(name)), facts.prepared_rows.get(name, 0)
        answer = RuleAnswer(
            rule="fit to serve: scores",
            holdout=name,
            passed=scored == prepared,
            value=scored,
            threshold=prepared,
            sentence=f"{scored:,} of {prepared:,} rows of the {name} holdout were scored",
        )
        rules.append(answer)
    golden = facts.golden_rows
    answer = RuleAnswer(
        rule="fit to serve: golden rows",
        holdout=None,
        passed=golden > 0,
        value=golden,
        threshold=1,
        sentence=f"{golden} golden rows are kept to compare the endpoint's answers with",
    )
    return [*rules, answer]
