"""Two candidates on the same rows: the difference, its bounds, and what they say."""

from __future__ import annotations

import math
from typing import Final

from retraining.documents.verdict import Comparison
from retraining.rules import intervals
from retraining.rules.candidates import FORMER
from retraining.rules.gate.terms import Facts, Terms
from retraining.rules.measuring import known

BETTER: Final = "better"
NOT_WORSE: Final = "not worse"
SLIGHTLY_WORSE: Final = "worse, by less than the margin"
WORSE: Final = "worse"
UNDECIDED: Final = "undecided"
WHOSE: Final = {FORMER: "former settings'"}


def compare(ours: str, theirs: str, holdout: str, terms: Terms, facts: Facts) -> Comparison | None:
    """The comparison of two candidates on a holdout; None if it has no difference."""
    one, other = facts.of(holdout, ours), facts.of(holdout, theirs)
    found = facts.measured.difference(ours, theirs, holdout)
    if one is None or other is None or found is None or found.estimate is None:
        return None
    if one.value is None or other.value is None:
        return None
    estimate, error = found.estimate, math.inf if found.error is None else found.error
    reach = intervals.reach(error, found.clusters, terms.confidence)
    lower, upper = estimate - reach, estimate + reach
    return Comparison(
        ours=ours,
        theirs=theirs,
        holdout=holdout,
        our_value=one.value,
        their_value=other.value,
        estimate=estimate,
        error=known(error),
        lower=known(lower),
        upper=known(upper),
        clusters=found.clusters,
        rows=found.rows,
        reading=read(lower, upper, terms.margin),
        rows_to_decide=rows_to_decide(estimate, reach, found.rows, terms.margin),
    )


def read(lower: float, upper: float, margin: float) -> str:
    """What the bounds say of the candidate that is judged."""
    if lower > 0:
        return BETTER
    if upper < 0:
        return SLIGHTLY_WORSE if lower >= -margin else WORSE
    return NOT_WORSE if lower >= -margin else UNDECIDED


def rows_to_decide(estimate: float, reach: float, rows: int, margin: float) -> int | None:
    """Rows at which the same difference would be decided: the interval shrinks with 1/sqrt(n)."""
    distances = [abs(estimate)]
    if estimate > -margin:
        distances.append(estimate + margin)
    widest = max(distances)
    if not math.isfinite(reach) or widest * 1e4 <= reach:
        return None  # more than 10^8 times the rows: no practical number
    return max(rows + 1, math.ceil(rows * (reach / widest) ** 2))


def bounded(comparison: Comparison) -> bool:
    """True when the difference has bounds."""
    return comparison.lower is not None and comparison.upper is not None


def in_words(comparison: Comparison, terms: Terms) -> str:
    """`fresh auc 0.8124 against the champion's 0.8016 on 4,120 rows, better (...)`."""
    whose = WHOSE.get(comparison.theirs, f"{comparison.theirs}'s")
    return (
        f"{comparison.holdout} {terms.metric} {comparison.our_value:.4f} against the"
        f" {whose} {comparison.their_value:.4f} on {size(comparison)},"
        f" {_read_and_bounds(comparison, terms)}"
    )


def size(comparison: Comparison) -> str:
    """`4,120 rows` or `4,120 rows of 31 clusters`."""
    rows = f"{comparison.rows:,} rows"
    if comparison.clusters is None:
        return rows
    return f"{rows} of {comparison.clusters:,} cluster{'s' if comparison.clusters != 1 else ''}"


def _read_and_bounds(comparison: Comparison, terms: Terms) -> str:
    difference = f"difference {comparison.estimate:+.4f}"
    if not bounded(comparison):
        return f"{comparison.reading} ({difference}, without bounds)"
    return (
        f"{comparison.reading} ({difference}, lower bound at {terms.confidence * 100:g} %"
        f" {comparison.lower:+.4f}, upper bound {comparison.upper:+.4f})"
    )
