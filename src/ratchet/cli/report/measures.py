"""What scores say beyond the metric: calibration, confusion, residuals. Standard library only."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Kind = Literal["probability", "class", "number"]
THRESHOLD = 0.5  # of a probability, as the gate's accuracy and f1 take it
BINS = 10
MOST_CLASSES = 12
OF_CLASSES = ("macro_f1", "mlogloss")


@dataclass(frozen=True)
class Row:
    """A line of a score file: `row_id,kind,cluster,label,score`.

    Where the model answered with the probabilities of several classes, the score is the likeliest.
    """

    kind: str
    label: float
    score: float


@dataclass(frozen=True)
class Residuals:
    """Label minus score, by equal steps between the outer percentiles."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    mean: float
    middle: float  # the median of the absolute ones
    outside: int  # rows beyond the edges


def rows(lines: Iterable[str]) -> Iterator[Row]:
    """The rows of a score file that have a finite score."""
    for line in lines:
        parts = line.rstrip("\n").split(",")
        if len(parts) < 5:
            continue
        row = Row(parts[1], float(parts[3]), _score([one.strip('[] "') for one in parts[4:]]))
        if math.isfinite(row.score) and math.isfinite(row.label):
            yield row


def _score(answer: list[str]) -> float:
    if len(answer) == 1:
        return float(answer[0])
    shares = [float(one) for one in answer]
    return float(shares.index(max(shares))) if all(map(math.isfinite, shares)) else math.nan


def kind_of(scored: Sequence[Row], metric: str) -> Kind:
    """What the scores are, by themselves and by the metric that reads them."""
    if metric in OF_CLASSES:
        return "class"
    binary = all(row.label in (0.0, 1.0) for row in scored)
    if binary and all(0 <= row.score <= 1 for row in scored):
        return "probability"
    return "class" if metric in ("accuracy", "f1", "auc") else "number"


def calibration(scored: Sequence[Row], bins: int = BINS) -> list[tuple[float, float]]:
    """Mean score and share of ones, in groups of equally many rows by score."""
    ordered = sorted(scored, key=lambda row: row.score)
    if not ordered:
        return []
    groups = min(bins, len(ordered))
    edges = [len(ordered) * n // groups for n in range(groups + 1)]
    parts = [ordered[low:high] for low, high in pairwise(edges)]
    return [
        (
            math.fsum(row.score for row in part) / len(part),
            math.fsum(row.label for row in part) / len(part),
        )
        for part in parts
    ]


def confusion(scored: Sequence[Row], kind: Kind) -> tuple[list[str], list[list[int]]]:
    """The classes, and rows by label (down) and by predicted class (across)."""
    pairs = Counter((_class(row.label), _predicted(row, kind)) for row in scored)
    often = Counter(name for pair in pairs for name in pair)
    labels = Counter(_class(row.label) for row in scored)
    names = sorted(often, key=lambda name: (-labels[name], name))[:MOST_CLASSES]
    names.sort(key=_place)
    return names, [[pairs[label, guess] for guess in names] for label in names]


def residuals(scored: Sequence[Row], steps: int = 30) -> Residuals | None:
    """None without rows."""
    values = sorted(row.label - row.score for row in scored)
    if not values:
        return None
    low, high = _quantile(values, 0.005), _quantile(values, 0.995)
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = tuple(low + (high - low) * n / steps for n in range(steps + 1))
    counts, outside = [0] * steps, 0
    for value in values:
        place = bisect_right(edges, value) - 1
        if value == edges[-1]:
            place = steps - 1
        if 0 <= place < steps:
            counts[place] += 1
        else:
            outside += 1
    middle = _quantile(sorted(map(abs, values)), 0.5)
    return Residuals(edges, tuple(counts), math.fsum(values) / len(values), middle, outside)


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _predicted(row: Row, kind: Kind) -> str:
    if kind == "probability":
        return _class(float(row.score >= THRESHOLD))
    return _class(row.score)


def _class(value: float) -> str:
    return f"{value:g}"


def _place(name: str) -> float:
    return float(name)
