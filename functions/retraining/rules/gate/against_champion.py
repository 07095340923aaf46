"""Is the challenger better? The rules `guard`, `improve` and `superior`."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from retraining.documents.verdict import Comparison, RuleAnswer
from retraining.rules.candidates import CHALLENGER, CHAMPION, FRESH, POOLED, REFERENCE
from retraining.rules.gate.absolute import where
from retraining.rules.gate.comparison import (
    BETTER,
    UNDECIDED,
    WORSE,
    bounded,
    compare,
)
from retraining.rules.gate.decisions import Inconclusive, Reject
from retraining.rules.gate.terms import GUARD, SUPERIOR, Facts, Terms
from retraining.rules.intervals import LEAST_CLUSTERS

MISSING: Final = "challenger and champion could not be compared on the same rows"


def comparisons(terms: Terms, facts: Facts) -> list[Comparison]:
    """Fresh and reference each; both together where one alone is too small for bounds.

    A champion that has been trained on the reference holdout is compared on fresh rows only.
    """
    names = _unknown(facts)
    telling = [name for name in names if not facts.silent(name)]
    found = [compare(CHALLENGER, CHAMPION, name, terms, facts) for name in telling]
    compared = [one for one in found if one is not None]
    if len(compared) < len(telling):
        return []
    alone = all(_stands_alone(one, terms) for one in compared)
    if len(names) == 1 or (alone and telling == names):
        return compared
    together = compare(CHALLENGER, CHAMPION, POOLED, terms, facts)
    return compared if together is None else [*compared, together]


def _unknown(facts: Facts) -> list[str]:
    """The holdouts that the champion was not trained on."""
    reference = facts.expects_reference and not facts.champion_knows_reference
    return [FRESH, REFERENCE] if reference else [FRESH]


def _stands_alone(comparison: Comparison, terms: Terms) -> bool:
    few = terms.rule == GUARD and comparison.rows < terms.min_holdout_rows
    return bounded(comparison) and not few


def judged(compared: list[Comparison]) -> list[Comparison]:
    """Those that decide: the pooled one in place of the two that it consists of."""
    pooled = [one for one in compared if one.holdout == POOLED]
    return pooled or compared


def champion_rules(terms: Terms, facts: Facts, compared: list[Comparison]) -> list[RuleAnswer]:
    """The rule's answer on each holdout that decides."""
    if not compared and terms.rule == GUARD and all(map(facts.silent, _unknown(facts))):
        return [_nothing_to_compare(facts)]
    if not compared:
        failing = Reject.name if terms.rule == GUARD else Inconclusive.name
        return [_missing(failing)]
    answer = _guard if terms.rule == GUARD else _proof
    return [answer(one, terms) for one in judged(compared)]


def _nothing_to_compare(facts: Facts) -> RuleAnswer:
    """No row says that the challenger is worse: the absolute rules have decided."""
    why = facts.why_none_fresh
    if not facts.none_fresh:
        why = "the fresh rows have one label alone, and the champion was trained on all others"
    return RuleAnswer(
        rule="guard against the champion",
        holdout=FRESH,
        passed=True,
        value=None,
        threshold=0.0,
        sentence=f"{why}, so nothing compares the two",
    )


def _missing(failing: str) -> RuleAnswer:
    return RuleAnswer(
        rule="comparison",
        holdout=None,
        passed=False,
        value=None,
        threshold=None,
        sentence=MISSING,
        failing=failing,
    )


def _guard(comparison: Comparison, terms: Terms) -> RuleAnswer:
    """Refuses only what is clearly worse: on fresh rows at all, elsewhere by the margin."""
    place = where(comparison.holdout)
    threshold = 0.0 if comparison.holdout == FRESH else -terms.margin
    worse = comparison.upper is not None and comparison.upper < threshold
    if worse:
        text = f"the challenger is clearly worse than the champion on {place}"
    elif comparison.upper is None:
        text = (
            f"{place}: {comparison.clusters or 0} clusters are too few for bounds"
            f" ({LEAST_CLUSTERS} are needed), so it does not show that the challenger is worse"
        )
    else:
        text = f"the challenger is not clearly worse than the champion on {place}"
    return RuleAnswer(
        rule="guard against the champion",
        holdout=comparison.holdout,
        passed=not worse,
        value=comparison.upper,
        threshold=threshold,
        sentence=text,
        failing=Reject.name,
    )


def _proof(comparison: Comparison, terms: Terms) -> RuleAnswer:
    """`improve` and `superior`: the challenger must be shown to be good enough."""
    name, reading = comparison.holdout, comparison.reading
    new = name in (FRESH, POOLED)  # rows on which it must be better, not just not worse
    strict = terms.rule == SUPERIOR and new
    answer = RuleAnswer(
        rule=f"{terms.rule} on the champion",
        holdout=name,
        passed=True,
        value=comparison.lower,
        threshold=0.0 if strict else -terms.margin,
        sentence=f"the challenger is {reading} on {where(name)}",
    )
    if reading == WORSE:
        text = f"the challenger is worse than the champion on {where(name)}"
        return replace(answer, passed=False, sentence=text)
    if reading == UNDECIDED or (strict and reading != BETTER and comparison.estimate > 0):
        text = f"{where(name)} does not decide between challenger and champion: "
        needed = f"{text}{_needed(comparison)}"
        return replace(answer, passed=False, sentence=needed, failing=Inconclusive.name)
    if new and comparison.estimate <= 0:
        text = f"the challenger is not better than the champion on {where(name)}"
        return replace(answer, passed=False, sentence=text)
    return answer


def _needed(comparison: Comparison) -> str:
    if not bounded(comparison) and comparison.clusters is not None:
        return f"{comparison.clusters} clusters have no bounds, {LEAST_CLUSTERS} are needed"
    if comparison.rows_to_decide is None:
        return "no practical number of rows would, because the two are equal"
    return f"about {comparison.rows_to_decide:,} rows would, {comparison.rows:,} were scored"
