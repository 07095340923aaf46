"""Metrics by name: what they read, range, direction, value, and the difference of two models.

Standard library only. The difference is the challenger's value minus the champion's, turned so
that more is always better, with its standard error on the same rows: DeLong for auc (E. R.
DeLong and others, 1988), the delta method on per-row contributions for the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from retraining.algorithms.ranges import Range
from retraining.algorithms.scores import ScoreKind

Values = Sequence[float]
Value = Callable[[Values, Values], float]
"""A metric of labels and scores."""
Error = Callable[[Values, Values, Values], float]
"""Of the difference of two models: from labels, challenger's scores and champion's scores."""
THRESHOLD: Final = 0.5  # of a probability, for accuracy and f1
TINY: Final = 1e-15  # logloss is clipped here, as XGBoost and scikit-learn do


@dataclass(frozen=True)
class Difference:
    """Challenger minus champion on the same rows, oriented: positive is better."""

    estimate: float
    error: float  # standard error
    rows: int


@dataclass(frozen=True)
class Metric:
    """A metric: the kinds of scores it can read, and its value and error on them.

    `range` is where its values lie; `binary`: it is defined for labels 0 and 1 alone.
    """

    name: str
    higher_is_better: bool
    range: Range
    reads: frozenset[ScoreKind]
    value: Value
    error: Error
    binary: bool = False

    def oriented(self, number: float) -> float:
        """The number turned so that more is better."""
        return number if self.higher_is_better else -number

    def passes(self, value: float, threshold: float) -> bool:
        """True when `value` is at least as good as `threshold`; never for NaN."""
        return self.oriented(value) >= self.oriented(threshold)


def evaluate(name: str, labels: Values, scores: Values) -> float:
    """The metric's value; NaN where it is not defined (no rows, one class, a NaN score)."""
    metric = METRICS[name]
    if not labels or not all(map(math.isfinite, labels)) or not all(map(math.isfinite, scores)):
        return math.nan
    if metric.binary and not set(labels) <= {0.0, 1.0}:
        return math.nan
    return metric.value(labels, scores)


def difference(name: str, labels: Values, challenger: Values, champion: Values) -> Difference:
    """The paired difference of two models' scores on the same rows."""
    metric = METRICS[name]
    estimate = evaluate(name, labels, challenger) - evaluate(name, labels, champion)
    if math.isnan(estimate):
        return Difference(math.nan, math.nan, len(labels))
    error = metric.error(labels, challenger, champion)
    return Difference(metric.oriented(estimate), error, len(labels))


def auc(labels: Values, scores: Values) -> float:
    """Area under the ROC curve, ties counted half; NaN with one class."""
    positives = sum(1 for label in labels if label == 1)
    negatives = len(labels) - positives
    if not positives or not negatives:
        return math.nan
    ranks = midranks(scores)
    above = math.fsum(r for r, label in zip(ranks, labels, strict=True) if label == 1)
    return (above - positives * (positives + 1) / 2) / (positives * negatives)


def midranks(values: Values) -> list[float]:
    """Rank of each value from 1; equal values share the mean of their ranks."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for position in order[start:end]:
            ranks[position] = (start + end + 1) / 2
        start = end
    return ranks


def _delong_error(labels: Values, challenger: Values, champion: Values) -> float:
    """Standard error of the difference of two correlated AUCs, from placement values."""
    ours, theirs = _placements(labels, challenger), _placements(labels, champion)
    variance = 0.0
    for a, b in zip(ours, theirs, strict=True):
        if len(a) < 2:
            return math.inf
        variance += _variance([x - y for x, y in zip(a, b, strict=True)]) / len(a)
    return math.sqrt(variance)


def _placements(labels: Values, scores: Values) -> tuple[list[float], list[float]]:
    """For each positive the share of negatives below it; for each negative, of positives above."""
    positive = [s for s, label in zip(scores, labels, strict=True) if label == 1]
    negative = [s for s, label in zip(scores, labels, strict=True) if label != 1]
    m, n = len(positive), len(negative)
    together = midranks([*positive, *negative])
    among_positive, among_negative = midranks(positive), midranks(negative)
    above = [(together[i] - among_positive[i]) / n for i in range(m)]
    below = [1 - (together[m + j] - among_negative[j]) / m for j in range(n)]
    return above, below


def _mean(values: Values) -> float:
    return math.fsum(values) / len(values)


def _variance(values: Values) -> float:
    mean = _mean(values)
    return math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1)


def _standard_error(values: Values) -> float:
    return math.sqrt(_variance(values) / len(values)) if len(values) > 1 else math.inf


def by_influence(influence: Callable[[Values, Values], list[float]]) -> Error:
    """The error of a metric by the contribution of each row to it (the delta method)."""

    def error(labels: Values, challenger: Values, champion: Values) -> float:
        ours, theirs = influence(labels, challenger), influence(labels, champion)
        return _standard_error([a - b for a, b in zip(ours, theirs, strict=True)])

    return error


def row_mean(part: Callable[[float, float], float]) -> tuple[Value, Error]:
    """Value and error of a metric that is the mean of `part` (of label and score) over the rows."""

    def parts(labels: Values, scores: Values) -> list[float]:
        return [part(y, s) for y, s in zip(labels, scores, strict=True)]

    return lambda labels, scores: _mean(parts(labels, scores)), by_influence(parts)


def _predicted(label: float, score: float) -> float:
    """The class a score stands for; a score of more than two classes is the class itself."""
    return float(score >= THRESHOLD) if label in (0.0, 1.0) and 0 <= score <= 1 else score


def _is_right(label: float, score: float) -> float:
    return float(_predicted(label, score) == label)


def _log_loss(label: float, score: float) -> float:
    likelihood = score if label == 1 else 1 - score
    return -math.log(min(1 - TINY, max(TINY, likelihood)))


def _absolute_error(label: float, score: float) -> float:
    return abs(score - label)


def _f1_parts(labels: Values, scores: Values) -> tuple[list[float], list[float]]:
    marked = [float(score >= THRESHOLD) for score in scores]
    hits = [2 * y * p for y, p in zip(labels, marked, strict=True)]
    return hits, [y + p for y, p in zip(labels, marked, strict=True)]


def _f1(labels: Values, scores: Values) -> float:
    hits, sizes = _f1_parts(labels, scores)
    return math.fsum(hits) / math.fsum(sizes) if any(labels) else math.nan


def _f1_influence(labels: Values, scores: Values) -> list[float]:
    hits, sizes = _f1_parts(labels, scores)
    value, size = _f1(labels, scores), _mean(sizes)
    return [(hit - value * part) / size for hit, part in zip(hits, sizes, strict=True)]


def _squares(labels: Values, scores: Values) -> list[float]:
    return [(s - y) ** 2 for y, s in zip(labels, scores, strict=True)]


def _rmse(labels: Values, scores: Values) -> float:
    return math.sqrt(_mean(_squares(labels, scores)))


def _rmse_influence(labels: Values, scores: Values) -> list[float]:
    value = _rmse(labels, scores)
    return [square / (2 * value) if value else 0.0 for square in _squares(labels, scores)]


SHARE: Final = Range(0, 1)
AT_LEAST_0: Final = Range(0)
ORDER: Final = frozenset({ScoreKind.ORDER})
PROBABILITY: Final = frozenset({ScoreKind.PROBABILITY})
BINARY: Final = PROBABILITY | {ScoreKind.BINARY_CLASS}
CLASSES: Final = BINARY | {ScoreKind.CLASS}
NUMBERS: Final = frozenset({ScoreKind.NUMBER, ScoreKind.COUNT})

METRICS: Final = {
    metric.name: metric
    for metric in (
        Metric("auc", True, SHARE, ORDER, auc, _delong_error, binary=True),
        Metric("accuracy", True, SHARE, CLASSES, *row_mean(_is_right)),
        Metric("f1", True, SHARE, BINARY, _f1, by_influence(_f1_influence), binary=True),
        Metric("logloss", False, AT_LEAST_0, PROBABILITY, *row_mean(_log_loss), binary=True),
        Metric("rmse", False, AT_LEAST_0, NUMBERS, _rmse, by_influence(_rmse_influence)),
        Metric("mae", False, AT_LEAST_0, NUMBERS, *row_mean(_absolute_error)),
    )
}
