"""How sure an estimate is: errors by cluster, bounds, and what the next batch will show.

An estimate is the sum of what each row adds to it (its influence). Rows of one cluster, a day or a
customer, are not independent of each other, so their influence is summed before it is squared (the
cluster-robust variance, see A. C. Cameron and D. L. Miller, "A Practitioner's Guide to
Cluster-Robust Inference", 2015); quantiles are Student's, with one degree of freedom less than
there are clusters. Standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist, mean, stdev
from typing import Final

LEAST_CLUSTERS: Final = 10
"""With fewer, the error of the error is so large that bounds would say nothing."""
MOST_CLUSTERS: Final = 1 << 16
"""Beyond these, clusters are summed together; such sums are as independent as the clusters."""
LEAST_GAPS: Final = 4  # promises that met their batch, before their spread says anything
CONVERGED: Final = 1e-15


@dataclass(frozen=True)
class Spread:
    """The variance of one estimate: as if rows were independent, and its influence by cluster."""

    independent: float
    sums: dict[float, float] | None = None  # None: rows are independent

    @property
    def clusters(self) -> int | None:
        """How many clusters there are; None where rows are independent."""
        return None if self.sums is None else len(self.sums)

    @property
    def error(self) -> float:
        """The standard error, never smaller than that of independent rows."""
        variance = self.independent
        if self.sums is not None:
            count = len(self.sums)
            squares = math.fsum(total * total for total in self.sums.values())
            by_cluster = squares * count / (count - 1) if count > 1 else math.inf
            variance = max(variance, by_cluster)
        return math.sqrt(variance)


def by_cluster(influence: Iterable[float], clusters: Iterable[float]) -> dict[float, float]:
    """The influence of each cluster's rows, summed."""
    sums: dict[float, float] = {}
    for value, cluster in zip(influence, clusters, strict=True):
        known = cluster in sums or len(sums) < MOST_CLUSTERS
        together = cluster if known else cluster % MOST_CLUSTERS
        sums[together] = sums.get(together, 0.0) + value
    return sums


def pooled(parts: Sequence[tuple[float, Spread]]) -> Spread:
    """The spread of a weighted mean of estimates; a cluster may have rows in several of them."""
    independent = math.fsum(weight**2 * spread.independent for weight, spread in parts)
    if any(spread.sums is None for _, spread in parts):
        return Spread(independent)
    sums: dict[float, float] = {}
    for weight, spread in parts:
        for cluster, total in (spread.sums or {}).items():
            sums[cluster] = sums.get(cluster, 0.0) + weight * total
    return Spread(independent, sums)


def enough(clusters: int | None) -> bool:
    """True when an estimate of so many clusters has bounds."""
    return clusters is None or clusters >= LEAST_CLUSTERS


def freedom(clusters: int | None) -> float:
    """Degrees of freedom of an error."""
    return math.inf if clusters is None else clusters - 1


def reach(error: float, clusters: int | None, confidence: float) -> float:
    """How far the one-sided bounds lie from the estimate; infinite where they say nothing."""
    if not enough(clusters):
        return math.inf
    return student_quantile(confidence, freedom(clusters)) * error if error else 0.0


@dataclass(frozen=True)
class Forecast:
    """What the next batch will show, with bounds that one-sided hold at a confidence."""

    expected: float
    lower: float
    upper: float


def next_batch(
    estimate: float,
    error: float,
    clusters: int | None,
    next_error: float,
    gaps: Sequence[float],
    confidence: float,
) -> Forecast | None:
    """The prediction interval of an estimate; None with too few clusters and too few promises.

    What was judged has an error, and so will the next batch have: `next_error`. How much a batch
    differs from the one before by more than that, only `gaps` tell: how much greater earlier
    promises were than what came true. Four or more correct the estimate by their mean, and the
    interval is never smaller than their spread; fewer count beside the error, which counts as four.
    """
    both = math.hypot(error, next_error)
    known = enough(clusters) and math.isfinite(both)
    half = student_quantile(confidence, freedom(clusters)) * both if known else 0.0
    if len(gaps) >= LEAST_GAPS:
        count, estimate = len(gaps), estimate - mean(gaps)
        spread = stdev(gaps) * math.sqrt(1 + 1 / count)
        half = max(half, student_quantile(confidence, count - 1) * spread)
    elif not known:
        return None
    elif gaps:
        half = max(half, _with_few(gaps, both, confidence))
    return Forecast(estimate, estimate - half, estimate + half)


def _with_few(gaps: Sequence[float], error: float, confidence: float) -> float:
    """How far the bounds lie, by few gaps and an error that is expected of each."""
    weight = LEAST_GAPS + len(gaps)
    squares = LEAST_GAPS * error**2 + math.fsum(gap**2 for gap in gaps)
    return student_quantile(confidence, weight) * math.sqrt(squares / weight)


@cache
def student_quantile(probability: float, freedom: float) -> float:
    """The quantile of Student's t distribution; infinite freedom is the normal distribution."""
    if math.isinf(freedom):
        return NormalDist().inv_cdf(probability)
    if probability < 0.5:
        return -student_quantile(1 - probability, freedom)
    low, high = 0.0, 1.0
    while student_probability(high, freedom) < probability:
        low, high = high, high * 2
    while high - low > CONVERGED * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if student_probability(middle, freedom) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def student_probability(value: float, freedom: float) -> float:
    """The probability that Student's t is at most `value`."""
    tail = _incomplete_beta(freedom / 2, 0.5, freedom / (freedom + value * value)) / 2
    return 1 - tail if value > 0 else tail


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function (NIST's DLMF 8.17.22)."""
    if x in (0.0, 1.0):
        return x
    if x > (a + 1) / (a + b + 2):  # where the fraction converges slowly, its mirror image
        return 1 - _incomplete_beta(b, a, 1 - x)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(scale + a * math.log(x) + b * math.log1p(-x)) / a
    return front * _fraction(a, b, x)


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, by the modified Lentz method."""
    tiny = 1e-300
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1) or tiny)
    value = d
    for m in range(1, 500):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d = 1 / (1 + step * d or tiny)
            c = 1 + step / c or tiny
            value *= c * d
        if abs(c * d - 1) < CONVERGED:
            break
    return value
