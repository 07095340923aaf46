"""Metrics by name: range, direction, value, a model without skill, and each row's influence.

Standard library only, and no list as long as the rows: numbers are read from front to back, as
often as needed, and a few packed arrays hold what must be looked up. Sums are exact (fsum), so that
the order of the rows does not matter.

A row's influence is what it adds to the value's distance from the truth. For auc these are DeLong's
placement values (E. R. DeLong and others, 1988), for the others the delta method's. The difference
of two models is the challenger's value minus the champion's, turned so that more is always better;
its influence is the difference of theirs, row by row.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Final, Protocol

from retraining.algorithms.ranges import Range
from retraining.algorithms.scores import ScoreKind
from retraining.rules.intervals import Spread, by_cluster


class Values(Protocol):
    """Numbers that can be read again and again, always in the same order."""

    def __len__(self) -> int:
        """How many there are."""

    def __iter__(self) -> Iterator[float]:
        """One after the other."""


OfClasses = Callable[[float, Sequence[float]], float]
"""What a metric reads of a label and of the probabilities of all classes."""
Value = Callable[[Values, Values], float]
"""A metric of labels and scores."""
Influence = Callable[[Values, Values, float], Iterator[float]]
"""Of each row on the value: from labels, scores and the value."""
THRESHOLD: Final = 0.5  # of a probability, for accuracy and f1
BINARY_LABELS: Final = frozenset((0.0, 1.0))
SORTED_AT_ONCE: Final = 1 << 18
TINY: Final = 1e-15  # logloss is clipped here, as XGBoost and scikit-learn do


def likeliest(_: float, shares: Sequence[float]) -> float:
    """The class of the highest probability; NaN where one is not known."""
    return float(shares.index(max(shares))) if all(map(math.isfinite, shares)) else math.nan


def _likelihood(label: float, shares: Sequence[float]) -> float:
    """The probability of the row's own class, which is none for one that the model never met."""
    if not all(map(math.isfinite, shares)):
        return math.nan
    return shares[int(label)] if label in range(len(shares)) else 0.0


@dataclass(frozen=True)
class Metric:
    """A metric: the kinds of scores it can read, its value, and the influence of rows on it.

    `range` is where its values lie; `without_skill` is the value of a model that knows the labels'
    distribution alone; `binary`: it is defined for labels 0 and 1 alone; `by_class`: it compares
    two samples, the rows of each class; `of_classes` is what it reads of a model that answers a row
    with the probability of each class. A model as good as `outstanding` is doubted less than labels
    against its confident scores.
    """

    name: str
    higher_is_better: bool
    range: Range
    reads: frozenset[ScoreKind]
    value: Value
    influence: Influence
    without_skill: Callable[[Values], float]
    binary: bool = False
    by_class: bool = False
    of_classes: OfClasses = likeliest
    outstanding: float | None = None

    def oriented(self, number: float) -> float:
        """The number turned so that more is better."""
        return number if self.higher_is_better else -number

    def pieces(self, labels: Values) -> int:
        """How many rows an estimate rests on: those of the rarer class where there are two."""
        ones = sum(label == 1 for label in labels)
        return min(ones, len(labels) - ones) if self.binary else len(labels)

    def passes(self, value: float, threshold: float) -> bool:
        """True when `value` is at least as good as `threshold`; never for NaN."""
        return self.oriented(value) >= self.oriented(threshold)

    def is_outstanding(self, value: float | None) -> bool:
        """Whether a model of this value is one that labels are doubted for."""
        if value is None or self.outstanding is None:
            return False
        return self.passes(value, self.outstanding)


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


def lift(name: str, labels: Values, value: float) -> float:
    """How much better the value is than that of a model without skill on the same labels."""
    metric = METRICS[name]
    return metric.oriented(value) - metric.oriented(metric.without_skill(labels))


def influence(name: str, labels: Values, scores: Values, value: float) -> array[float]:
    """What each row adds to the value's distance from the truth; they sum to 0."""
    return array("d", METRICS[name].influence(labels, scores, value))


def spread(name: str, labels: Values, influence: array[float], clusters: Values | None) -> Spread:
    """The spread of an estimate, or of a difference of two, by the rows' influence on it."""
    strata: tuple[bool | None, ...] = (True, False) if METRICS[name].by_class else (None,)
    variance = math.fsum(_variance(labels, influence, positive) for positive in strata)
    sums = None if clusters is None else by_cluster(influence, clusters)
    return Spread(variance, sums)


def _variance(labels: Values, influence: array[float], positive: bool | None) -> float:
    """The part of the variance that rows of this class have; None: all rows."""
    count = sum(positive in (None, label == 1) for label in labels)
    rows = zip(labels, influence, strict=True)
    squares = math.fsum(v * v for label, v in rows if positive in (None, label == 1))
    return squares * count / (count - 1) if count > 1 else math.inf


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


def _placements(labels: Values, scores: Values) -> Iterator[float]:
    """For a positive the share of negatives below it; for a negative, of positives above."""
    positive, negative = _by_class(labels, scores)
    for label, score in zip(labels, scores, strict=True):
        if label == 1:
            yield _twice_below(negative, score) / 2 / len(negative)
        else:
            yield 1 - _twice_below(positive, score) / 2 / len(positive)


def _auc_influence(labels: Values, scores: Values, value: float) -> Iterator[float]:
    positives = sum(label == 1 for label in labels)
    count = {True: positives, False: len(labels) - positives}
    for label, placement in zip(labels, _placements(labels, scores), strict=True):
        yield (placement - value) / count[label == 1]


def _even(_: Values) -> float:
    """The auc of any score that does not depend on the label."""
    return 0.5


def row_mean(part: Callable[[float, float], float]) -> tuple[Value, Influence]:
    """Value and influence of a metric that is the mean of `part` (of label and score)."""

    def parts(labels: Values, scores: Values) -> Iterator[float]:
        return (part(y, s) for y, s in zip(labels, scores, strict=True))

    def value(labels: Values, scores: Values) -> float:
        return math.fsum(parts(labels, scores)) / len(labels)

    def influence(labels: Values, scores: Values, value: float) -> Iterator[float]:
        return ((one - value) / len(labels) for one in parts(labels, scores))

    return value, influence


def _predicted(label: float, score: float) -> float:
    """The class a score stands for; a score of more than two classes is the class itself."""
    return float(score >= THRESHOLD) if label in (0.0, 1.0) and 0 <= score <= 1 else score


def _is_right(label: float, score: float) -> float:
    return float(_predicted(label, score) == label)


def _log_loss(label: float, score: float) -> float:
    likelihood = score if label == 1 else 1 - score
    return -math.log(min(1 - TINY, max(TINY, likelihood)))


def _surprise(_: float, likelihood: float) -> float:
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


def _f1_influence(labels: Values, scores: Values, value: float) -> Iterator[float]:
    sizes = math.fsum(_size(y, s) for y, s in zip(labels, scores, strict=True))
    return ((_hit(y, s) - value * _size(y, s)) / sizes for y, s in zip(labels, scores, strict=True))


def _per_class(labels: Values, scores: Values) -> dict[float, tuple[float, int]]:
    """Of each class its F1, and how many rows have it or are said to have it."""
    hits, sizes = Counter[float](), Counter[float]()
    for label, score in zip(labels, scores, strict=True):
        hits[label] += 2 * (label == score)
        sizes[label] += 1
        sizes[score] += 1
    return {one: (hits[one] / size, size) for one, size in sizes.items()}


def _macro_f1(labels: Values, scores: Values) -> float:
    classes = _per_class(labels, scores)
    return math.fsum(f1 for f1, _ in classes.values()) / len(classes)


def _macro_f1_influence(labels: Values, scores: Values, _: float) -> Iterator[float]:
    classes = _per_class(labels, scores)
    for label, score in zip(labels, scores, strict=True):
        hit = 2 * (label == score)
        of_label, of_score = classes[label], classes[score]
        ours, theirs = (hit - of_label[0]) / of_label[1], -of_score[0] / of_score[1]
        yield (ours + theirs) / len(classes)


def _square(label: float, score: float) -> float:
    return (score - label) ** 2


def _rmse(labels: Values, scores: Values) -> float:
    squares = (_square(y, s) for y, s in zip(labels, scores, strict=True))
    return math.sqrt(math.fsum(squares) / len(labels))


def _rmse_influence(labels: Values, scores: Values, value: float) -> Iterator[float]:
    rows, scale = zip(labels, scores, strict=True), 2 * value * len(labels)
    return ((_square(y, s) - value**2) / scale if value else 0.0 for y, s in rows)


def _most_frequent(labels: Values) -> float:
    """The accuracy of the most frequent class."""
    return max(Counter(labels).values()) / len(labels)


def _share_of_ones(labels: Values) -> float:
    return math.fsum(labels) / len(labels)


def _all_ones(labels: Values) -> float:
    """The f1 of answering 1 always, which is the most that no skill can reach."""
    share = _share_of_ones(labels)
    return 2 * share / (1 + share)


def _entropy(labels: Values) -> float:
    """The logloss of the share of ones."""
    share = min(1 - TINY, max(TINY, _share_of_ones(labels)))
    return -share * math.log(share) - (1 - share) * math.log(1 - share)


def _one_of_the_classes(labels: Values) -> float:
    """The macro_f1 of guessing by the shares of the classes, the most that no skill can reach."""
    return 1 / len(set(labels))


def _entropy_of_classes(labels: Values) -> float:
    """The mlogloss of the shares of the classes."""
    shares = [count / len(labels) for count in Counter(labels).values()]
    return -math.fsum(share * math.log(share) for share in shares)


def _deviation(labels: Values) -> float:
    """The rmse of the mean."""
    mean = math.fsum(labels) / len(labels)
    return math.sqrt(math.fsum((y - mean) ** 2 for y in labels) / len(labels))


def median_distance(labels: Values) -> float:
    """The mae of the median."""
    median = ascending(labels)[len(labels) // 2]
    return math.fsum(abs(y - median) for y in labels) / len(labels)


SHARE: Final = Range(0, 1)
AT_LEAST_0: Final = Range(0)
ORDER: Final = frozenset({ScoreKind.ORDER})
PROBABILITY: Final = frozenset({ScoreKind.PROBABILITY})
BINARY: Final = PROBABILITY | {ScoreKind.BINARY_CLASS}
PROBABILITIES: Final = frozenset({ScoreKind.PROBABILITIES})
SEVERAL: Final = PROBABILITIES | {ScoreKind.CLASS}
CLASSES: Final = BINARY | SEVERAL
NUMBERS: Final = frozenset({ScoreKind.NUMBER, ScoreKind.COUNT})

METRICS: Final = {
    metric.name: metric
    for metric in (
        Metric(
            "auc",
            True,
            SHARE,
            ORDER,
            auc,
            _auc_influence,
            _even,
            binary=True,
            by_class=True,
            outstanding=0.9,
        ),
        Metric("accuracy", True, SHARE, CLASSES, *row_mean(_is_right), _most_frequent),
        Metric("f1", True, SHARE, BINARY, _f1, _f1_influence, _all_ones, binary=True),
        Metric(
            "logloss", False, AT_LEAST_0, PROBABILITY, *row_mean(_log_loss), _entropy, binary=True
        ),
        Metric(
            "macro_f1", True, SHARE, SEVERAL, _macro_f1, _macro_f1_influence, _one_of_the_classes
        ),
        Metric(
            "mlogloss",
            False,
            AT_LEAST_0,
            PROBABILITIES,
            *row_mean(_surprise),
            _entropy_of_classes,
            of_classes=_likelihood,
        ),
        Metric("rmse", False, AT_LEAST_0, NUMBERS, _rmse, _rmse_influence, _deviation),
        Metric("mae", False, AT_LEAST_0, NUMBERS, *row_mean(_absolute_error), median_distance),
    )
}
