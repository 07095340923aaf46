"""Metrics by name: what they read, range, direction, value, and the difference of two models.

Standard library only, and no list as long as the rows: numbers are read from front to back, as
often as needed, and a few packed arrays hold what must be looked up. Sums are exact (fsum), so that
the order of the rows does not matter.

The difference is the challenger's value minus the champion's, turned so that more is always better,
with its standard error on the same rows: DeLong for auc (E. R. DeLong and others, 1988), the delta
method on per-row contributions for the others.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Final, Protocol

from retraining.algorithms.ranges import Range
from retraining.algorithms.scores import ScoreKind


class Values(Protocol):
    """Numbers that can be read again and again, always in the same order."""

    def __len__(self) -> int:
        """How many there are."""

    def __iter__(self) -> Iterator[float]:
        """One after the other."""


Value = Callable[[Values, Values], float]
"""A metric of labels and scores."""
Error = Callable[[Values, Values, Values], float]
"""Of the difference of two models: from labels, challenger's scores and champion's scores."""
THRESHOLD: Final = 0.5  # of a probability, for accuracy and f1
BINARY_LABELS: Final = frozenset((0.0, 1.0))
SORTED_AT_ONCE: Final = 1 << 18
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
    if (
        not len(labels)
        or not all(map(math.isfinite, labels))
        or not all(map(math.isfinite, scores))
    ):
        return math.nan
    if metric.binary and not BINARY_LABELS.issuperset(labels):
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
    positive, negative = _by_class(labels, scores)
    if not positive or not negative:
        return math.nan
    above = sum(_twice_below(negative, score) for score in positive)
    return above / (2 * len(positive) * len(negative))


def ascending(values: Iterable[float]) -> array[float]:
    """The values in order; beside them a part is in memory as objects."""
    source, runs = iter(values), []
    while run := array("d", sorted(islice(source, SORTED_AT_ONCE))):
        runs.append(run)
    return array("d", merge(*runs))


def _by_class(labels: Values, scores: Values) -> tuple[array[float], array[float]]:
    """The scores of the positives and those of the negatives, each in order."""
    rows = (zip(labels, scores, strict=True) for _ in range(2))
    positive = ascending(score for label, score in next(rows) if label == 1)
    return positive, ascending(score for label, score in next(rows) if label != 1)


def _twice_below(ordered: array[float], score: float) -> int:
    """Twice the number of scores below this one, equal ones counted half."""
    return bisect_left(ordered, score) + bisect_right(ordered, score)


def _delong_error(labels: Values, challenger: Values, champion: Values) -> float:
    """Standard error of the difference of two correlated AUCs, from placement values."""
    differences = array("d", _placements(labels, challenger))
    for place, theirs in enumerate(_placements(labels, champion)):
        differences[place] -= theirs
    variance = 0.0
    for positive in (True, False):
        chosen = array(
            "d", (d for d, y in zip(differences, labels, strict=True) if (y == 1) is positive)
        )
        if len(chosen) < 2:
            return math.inf
        variance += _variance(chosen) / len(chosen)
    return math.sqrt(variance)


def _placements(labels: Values, scores: Values) -> Iterator[float]:
    """For a positive the share of negatives below it; for a negative, of positives above."""
    positive, negative = _by_class(labels, scores)
    for label, score in zip(labels, scores, strict=True):
        if label == 1:
            yield _twice_below(negative, score) / 2 / len(negative)
        else:
            yield 1 - _twice_below(positive, score) / 2 / len(positive)


def _mean(values: Values) -> float:
    return math.fsum(values) / len(values)


def _variance(values: Values) -> float:
    mean = _mean(values)
    return math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1)


def _standard_error(values: Values) -> float:
    return math.sqrt(_variance(values) / len(values)) if len(values) > 1 else math.inf


def by_influence(influence: Callable[[Values, Values], Iterator[float]]) -> Error:
    """The error of a metric by the contribution of each row to it (the delta method)."""

    def error(labels: Values, challenger: Values, champion: Values) -> float:
        ours, theirs = influence(labels, challenger), influence(labels, champion)
        return _standard_error(array("d", (a - b for a, b in zip(ours, theirs, strict=True))))

    return error


def row_mean(part: Callable[[float, float], float]) -> tuple[Value, Error]:
    """Value and error of a metric that is the mean of `part` (of label and score) over the rows."""

    def parts(labels: Values, scores: Values) -> Iterator[float]:
        return (part(y, s) for y, s in zip(labels, scores, strict=True))

    def value(labels: Values, scores: Values) -> float:
        return math.fsum(parts(labels, scores)) / len(labels)

    return value, by_influence(parts)


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


def _hit(label: float, score: float) -> float:
    return 2 * label * (score >= THRESHOLD)


def _size(label: float, score: float) -> float:
    return label + (score >= THRESHOLD)


def _f1(labels: Values, scores: Values) -> float:
    hits = math.fsum(_hit(y, s) for y, s in zip(labels, scores, strict=True))
    sizes = math.fsum(_size(y, s) for y, s in zip(labels, scores, strict=True))
    return hits / sizes if any(labels) else math.nan


def _f1_influence(labels: Values, scores: Values) -> Iterator[float]:
    value = _f1(labels, scores)
    sizes = math.fsum(_size(y, s) for y, s in zip(labels, scores, strict=True))
    mean = sizes / len(labels)
    return ((_hit(y, s) - value * _size(y, s)) / mean for y, s in zip(labels, scores, strict=True))


def _square(label: float, score: float) -> float:
    return (score - label) ** 2


def _rmse(labels: Values, scores: Values) -> float:
    squares = (_square(y, s) for y, s in zip(labels, scores, strict=True))
    return math.sqrt(math.fsum(squares) / len(labels))


def _rmse_influence(labels: Values, scores: Values) -> Iterator[float]:
    value = _rmse(labels, scores)
    rows = zip(labels, scores, strict=True)
    return (_square(y, s) / (2 * value) if value else 0.0 for y, s in rows)


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
