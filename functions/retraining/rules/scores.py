"""Reads what batch transforms wrote and measures challenger and champion on the same rows.

A score line is `row_id,fresh|reference,label,score`: predictions are read, never models.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from retraining.documents.golden import GoldenRow
from retraining.documents.metrics import Metrics, PairedDifference, Values
from retraining.errors import ScoresUnreadable
from retraining.rules import metrics
from retraining.rules.rows import Shares, side

FRESH: Final = "fresh"
REFERENCE: Final = "reference"
HOLDOUTS: Final = (FRESH, REFERENCE)
GOLDEN: Final = 16


@dataclass
class Scores:
    """One model's scores on one holdout, ordered by row id."""

    ids: list[str] = field(default_factory=list)
    labels: array[float] = field(default_factory=lambda: array("d"))
    scores: array[float] = field(default_factory=lambda: array("d"))

    def in_order(self) -> Scores:
        """The same rows by row id; rows that share an id are equal in all fields."""
        order = sorted(range(len(self.ids)), key=lambda i: (self.ids[i], self.labels[i]))
        return Scores(
            [self.ids[i] for i in order],
            array("d", (self.labels[i] for i in order)),
            array("d", (self.scores[i] for i in order)),
        )


def read(lines: Iterable[str], where: str) -> dict[str, Scores]:
    """The scores by holdout; raises ScoresUnreadable for a line of another form."""
    found = {name: Scores() for name in HOLDOUTS}
    for number, line in enumerate(lines, start=1):
        parts = line.rstrip("\r\n").split(",")
        if len(parts) != 4 or parts[1] not in found:
            raise ScoresUnreadable(
                f"{where}, line {number}: {line[:200]!r} is not"
                " 'row_id,fresh|reference,label,score': look at the transform's filters"
            )
        rows = found[parts[1]]
        rows.ids.append(parts[0])
        rows.labels.append(number_or_nan(parts[2]))
        rows.scores.append(number_or_nan(parts[3]))
    return {name: rows.in_order() for name, rows in found.items()}


def number_or_nan(text: str) -> float:
    """The number, or NaN if the text is not one: the gate refuses a metric computed from it."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def measure(
    metric: str,
    challenger: dict[str, Scores],
    champion: dict[str, Scores] | None,
    shares: Shares,
) -> Metrics:
    """Every number that the gate reads; None where one is not defined."""
    parts = {
        name: _measure(metric, challenger[name], champion[name] if champion else None)
        for name in HOLDOUTS
    }
    return Metrics(
        metric=metric,
        higher_is_better=metrics.METRICS[metric].higher_is_better,
        rows={name: len(challenger[name].ids) for name in HOLDOUTS},
        metrics={n: part.values if challenger[n].ids else None for n, part in parts.items()},
        differences={name: part.difference for name, part in parts.items()},
        not_finite={name: part.not_finite for name, part in parts.items()},
        unmatched={name: part.unmatched for name, part in parts.items()},
        outside_holdout=sum(_outside(challenger[name].ids, shares) for name in HOLDOUTS),
    )


@dataclass(frozen=True)
class _Measured:
    """Both models on one holdout."""

    values: Values
    difference: PairedDifference | None
    not_finite: int
    unmatched: int


def _measure(metric: str, ours: Scores, theirs: Scores | None) -> _Measured:
    matched = theirs is None or (ours.ids == theirs.ids and ours.labels == theirs.labels)
    return _Measured(
        values=Values(challenger=_value(metric, ours), champion=_value(metric, theirs)),
        difference=_difference(metric, ours, theirs) if theirs and matched else None,
        not_finite=sum(not math.isfinite(score) for score in ours.scores),
        unmatched=0 if matched or theirs is None else _unmatched(ours, theirs),
    )


def _value(metric: str, model: Scores | None) -> float | None:
    return _known(metrics.evaluate(metric, model.labels, model.scores)) if model else None


def _difference(metric: str, ours: Scores, theirs: Scores) -> PairedDifference | None:
    if not ours.ids:
        return None
    found = metrics.difference(metric, ours.labels, ours.scores, theirs.scores)
    return PairedDifference(
        estimate=_known(found.estimate), error=_known(found.error), rows=found.rows
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _unmatched(ours: Scores, theirs: Scores) -> int:
    left = set(zip(ours.ids, ours.labels, strict=True))
    right = set(zip(theirs.ids, theirs.labels, strict=True))
    return len(left ^ right) or abs(len(ours.ids) - len(theirs.ids))


def _outside(ids: list[str], shares: Shares) -> int:
    """Rows that the split puts into training: a holdout that holds one proves nothing."""
    return sum(side(identifier, shares) != "holdout" for identifier in ids)


def golden_ids(challenger: dict[str, Scores]) -> dict[str, float]:
    """Row ids and scores of a few holdout rows, spread evenly over the range of the scores."""
    rows = challenger[FRESH] if challenger[FRESH].ids else challenger[REFERENCE]
    once = dict(zip(rows.ids, rows.scores, strict=True))
    ranked = sorted((s, i) for i, s in once.items() if math.isfinite(s))
    count = min(GOLDEN, len(ranked))
    step = (len(ranked) - 1) / max(1, count - 1)
    return {ranked[round(k * step)][1]: ranked[round(k * step)][0] for k in range(count)}


def golden_rows(holdout: Iterable[str], wanted: dict[str, float]) -> tuple[GoldenRow, ...]:
    """Each wanted holdout line, its features as the model reads them."""
    found: dict[str, GoldenRow] = {}
    for line in holdout:
        row_id, _, _, features = line.rstrip("\r\n").split(",", 3)
        if row_id in wanted and row_id not in found:
            score = wanted[row_id]
            found[row_id] = GoldenRow(row_id=row_id, features=features, score=score)
    return tuple(found[row_id] for row_id in sorted(found))
