"""Reads what batch transforms wrote and measures challenger and champion on the same rows.

A score line is `row_id,kind,cluster,label,score`: predictions are read, never models. Both
models' lines are read side by side, as a transform keeps the order of its input, and of a row only
its numbers are kept, in columns that need not be in memory.
"""

from __future__ import annotations

import math
from array import array
from bisect import insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import Final, Protocol

from retraining.documents.golden import GoldenRow
from retraining.documents.metrics import Metrics, PairedDifference, Values
from retraining.errors import ScoresUnreadable
from retraining.rules import metrics
from retraining.rules.rows import Shares, side

FRESH: Final = "fresh"
REFERENCE: Final = "reference"
HOLDOUTS: Final = (FRESH, REFERENCE)
GOLDEN: Final = 16

Row = tuple[str, str, str, float, float]
"""Row id, holdout, cluster, label and score."""


class Column(metrics.Values, Protocol):
    """Numbers that are added one by one and then read in order."""

    def append(self, value: float) -> None:
        """Add a number at the end."""


NewColumn = Callable[[], Column]


@dataclass
class Holdout:
    """What is kept of one holdout's rows, in the order of the files."""

    labels: Column
    challenger: Column
    champion: Column | None
    not_finite: int = 0  # of the challenger's scores
    outside: int = 0  # rows that the split puts into training: such a holdout proves nothing


def in_memory() -> Column:
    """A column for few rows."""
    return array("d")


def read(lines: Iterable[str], where: str) -> Iterator[Row]:
    """The scored rows; raises ScoresUnreadable for a line of another form."""
    for number, line in enumerate(lines, start=1):
        parts = line.rstrip("\r\n").split(",")
        if len(parts) != 5 or parts[1] not in HOLDOUTS:
            raise ScoresUnreadable(
                f"{where}, line {number}: {line[:200]!r} is not"
                " 'row_id,fresh|reference,cluster,label,score': look at the transform's filters"
            )
        yield parts[0], parts[1], parts[2], number_or_nan(parts[3]), number_or_nan(parts[4])


def number_or_nan(text: str) -> float:
    """The number, or NaN if the text is not one: the gate refuses a metric computed from it."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def gather(
    challenger: Iterable[Row],
    champion: Iterable[Row] | None,
    shares: Shares,
    column: NewColumn = in_memory,
) -> dict[str, Holdout]:
    """The numbers of both models by holdout; raises ScoresUnreadable where their rows differ."""
    kept = {
        name: Holdout(column(), column(), column() if champion is not None else None)
        for name in HOLDOUTS
    }
    for (row_id, name, _, label, score), theirs in _side_by_side(challenger, champion):
        holdout = kept[name]
        holdout.labels.append(label)
        holdout.challenger.append(score)
        holdout.not_finite += not math.isfinite(score)
        holdout.outside += side(row_id, shares) != "holdout"
        if holdout.champion is not None and theirs is not None:
            holdout.champion.append(theirs[4])
    return kept


def _side_by_side(
    challenger: Iterable[Row], champion: Iterable[Row] | None
) -> Iterator[tuple[Row, Row | None]]:
    if champion is None:
        yield from ((row, None) for row in challenger)
        return
    for number, (ours, theirs) in enumerate(zip_longest(challenger, champion), start=1):
        if ours is None or theirs is None or ours[:4] != theirs[:4]:
            raise ScoresUnreadable(
                f"row {number} is {_shown(ours)} in the challenger's scores and {_shown(theirs)}"
                " in the champion's: both must be of the same rows in the same order; drop data"
                " to run again"
            )
        yield ours, theirs


def _shown(row: Row | None) -> str:
    return "missing" if row is None else f"{row[0]} ({row[1]}, label {row[3]:g})"


def measure(metric: str, kept: dict[str, Holdout]) -> Metrics:
    """Every number that the gate reads; None where one is not defined."""
    return Metrics(
        metric=metric,
        higher_is_better=metrics.METRICS[metric].higher_is_better,
        rows={name: len(holdout.labels) for name, holdout in kept.items()},
        metrics={name: _values(metric, holdout) for name, holdout in kept.items()},
        differences={name: _difference(metric, holdout) for name, holdout in kept.items()},
        not_finite={name: holdout.not_finite for name, holdout in kept.items()},
        outside_holdout=sum(holdout.outside for holdout in kept.values()),
    )


def _values(metric: str, rows: Holdout) -> Values | None:
    if not len(rows.labels):
        return None
    ours, theirs = (
        None if scores is None else _known(metrics.evaluate(metric, rows.labels, scores))
        for scores in (rows.challenger, rows.champion)
    )
    return Values(challenger=ours, champion=theirs)


def _difference(metric: str, rows: Holdout) -> PairedDifference | None:
    if rows.champion is None or not len(rows.labels):
        return None
    found = metrics.difference(metric, rows.labels, rows.challenger, rows.champion)
    return PairedDifference(
        estimate=_known(found.estimate), error=_known(found.error), rows=found.rows
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def golden_ids(kept: dict[str, Holdout], challenger: Iterable[Row]) -> dict[str, float]:
    """Row ids and scores of a few holdout rows, spread evenly over the range of the scores.

    `challenger` are the same rows again. Where few scores are different, each has several rows.
    """
    name = FRESH if len(kept[FRESH].labels) else REFERENCE
    wanted = _golden_scores(kept[name].challenger)
    each = math.ceil(GOLDEN / len(wanted)) if wanted else 0
    for row_id, holdout, *_, score in challenger:
        if holdout == name and score in wanted and row_id not in wanted[score]:
            insort(wanted[score], row_id)
            del wanted[score][each:]
    found = sorted((n, s, i) for s, ids in wanted.items() for n, i in enumerate(ids))
    return {row_id: score for _, score, row_id in found[:GOLDEN]}


def _golden_scores(scores: metrics.Values) -> dict[float, list[str]]:
    finite = metrics.ascending(score for score in scores if math.isfinite(score))
    different = array("d", (score for score, _ in groupby(finite)))
    count = min(GOLDEN, len(different))
    step = (len(different) - 1) / max(1, count - 1)
    return {different[round(k * step)]: [] for k in range(count)}


def golden_rows(holdout: Iterable[str], wanted: dict[str, float]) -> tuple[GoldenRow, ...]:
    """Each wanted holdout line, its features as the model reads them."""
    found: dict[str, GoldenRow] = {}
    for line in holdout:
        row_id, *_, features = line.rstrip("\r\n").split(",", 4)
        if row_id in wanted and row_id not in found:
            score = wanted[row_id]
            found[row_id] = GoldenRow(row_id=row_id, features=features, score=score)
    return tuple(found[row_id] for row_id in sorted(found))
