"""Measures every candidate on every holdout, and those that are compared on the same rows."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from retraining.documents.metrics import Contradicted, Measured, Metrics, PairedDifference
from retraining.rules import intervals, metrics
from retraining.rules.candidates import (
    ARRIVAL,
    CHAMPION,
    COMPARED,
    FRESH,
    MEASURED_ON,
    NEW,
    POOLED,
    REFERENCE,
)
from retraining.rules.intervals import Spread
from retraining.rules.metrics import METRICS, Values
from retraining.rules.scores import Kept

CONFIDENT_YES, CONFIDENT_NO = 0.9, 0.1  # probabilities

Key = TypeVar("Key")
Pair = tuple[str, str]
"""Roles of the candidate that is judged and of the one it is compared with."""


@dataclass(frozen=True)
class Joined:
    """Several columns one after the other."""

    parts: tuple[Values, ...]

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __iter__(self) -> Iterator[float]:
        return chain.from_iterable(self.parts)


@dataclass(frozen=True)
class Place:
    """The rows of one holdout."""

    labels: Values
    clusters: Values | None  # None: rows are independent
    scores: dict[str, Values]  # by role
    not_finite: dict[str, int]

    @property
    def one_label(self) -> bool:
        """Whether all rows have the same label."""
        labels = iter(self.labels)
        first = next(labels, math.nan)
        return math.isfinite(first) and all(label == first for label in labels)

    @classmethod
    def of(cls, name: str, *kept: Kept) -> Place:
        """The rows of these kinds, one kind after the other, of the roles measured here."""
        labels = Joined(tuple(one.labels for one in kept))
        clusters = Joined(tuple(one.clusters for one in kept))
        roles = [role for role in kept[0].scores if name in MEASURED_ON[role]] if labels else []
        return cls(
            labels,
            clusters if len(clusters) == len(labels) else None,
            {role: Joined(tuple(one.scores[role] for one in kept)) for role in roles},
            {role: sum(one.not_finite.get(role, 0) for one in kept) for role in roles},
        )


@dataclass(frozen=True)
class Estimate:
    """A value or a difference; without a spread it is not defined.

    `silent`: it is not, because all labels are the same, whatever the scores.
    """

    rows: int
    value: float = math.nan
    lift: float = math.nan
    spread: Spread | None = None
    not_finite: int = 0
    silent: bool = False

    @property
    def error(self) -> float | None:
        """The standard error; None where it is not known."""
        return known(self.spread.error) if self.spread else None

    @property
    def clusters(self) -> int | None:
        """How many clusters the rows have."""
        return self.spread.clusters if self.spread else None


@dataclass(frozen=True)
class Estimates:
    """What was estimated on one holdout."""

    values: dict[str, Estimate]
    differences: dict[Pair, Estimate]


def measure_slice(metric: str, kept: dict[str, Kept]) -> tuple[dict[str, Measured], int]:
    """The candidates on a part of the held-out rows by role, and what their bounds rest on.

    A holdout in which the metric is not defined there, for want of a class, is left out. A value of
    twelve rows of the rarer class is as unsure as one of twelve clusters.
    """
    places = [Place.of(name, kept[name]) for name in (FRESH, REFERENCE) if kept[name].labels]
    found = [(place, _values(metric, place)) for place in places]
    defined = [(place, values) for place, values in found if _defined(values)]
    pooled: dict[str, Estimate] = {}
    for _, values in defined or found:
        pooled = _pooled(pooled, values)
    clusters = min(
        (one.clusters for one in pooled.values() if one.clusters is not None), default=None
    )
    basis = sum(METRICS[metric].pieces(place.labels) for place, _ in defined)
    candidates = {role: _measured(one) for role, one in pooled.items()}
    return candidates, basis if clusters is None else min(basis, clusters)


def _values(metric: str, place: Place) -> dict[str, Estimate]:
    return {role: _estimate(metric, place, role)[0] for role in place.scores}


def _defined(values: dict[str, Estimate]) -> bool:
    return all(one.spread for one in values.values())


def measure(metric: str, kept: dict[str, Kept]) -> Metrics:
    """Every number that the gate reads; None where one is not defined."""
    places = {name: Place.of(name, kept[name]) for name in (FRESH, REFERENCE)}
    if len(kept[NEW].labels) or len(kept[FRESH].labels):
        places[ARRIVAL] = Place.of(ARRIVAL, kept[NEW], kept[FRESH])
    found = {name: _estimates(metric, name, place) for name, place in places.items()}
    found[POOLED] = Estimates(
        _pooled(found[FRESH].values, found[REFERENCE].values),
        _pooled(found[FRESH].differences, found[REFERENCE].differences),
    )
    # Who has scored no row at all was scored all the same: the gate asks for nobody twice.
    candidates: dict[str, dict[str, Measured]] = {
        role: {} for role in kept[FRESH].scores if MEASURED_ON[role]
    }
    for name, estimates in found.items():
        for role, one in estimates.values.items():
            candidates.setdefault(role, {})[name] = _measured(one)
    return Metrics(
        metric=metric,
        higher_is_better=METRICS[metric].higher_is_better,
        candidates=candidates,
        differences=tuple(
            _difference(name, pair, one)
            for name, estimates in found.items()
            for pair, one in estimates.differences.items()
        ),
        contradicted=_contradicted(metric, places.get(ARRIVAL)),
        slices=(),
    )


def _estimates(metric: str, name: str, place: Place) -> Estimates:
    values, influences = {}, {}
    for role in place.scores:
        values[role], influences[role] = _estimate(metric, place, role)
    pairs = ((ours, theirs) for ours, theirs, where in COMPARED if where == name)
    return Estimates(
        values,
        {
            (ours, theirs): _apart(metric, place, values, influences, (ours, theirs))
            for ours, theirs in pairs
            if ours in values and theirs in values
        },
    )


def _estimate(metric: str, place: Place, role: str) -> tuple[Estimate, array[float]]:
    """The value of one model, and each row's influence on it."""
    rows, bad = len(place.labels), place.not_finite[role]
    value = metrics.evaluate(metric, place.labels, place.scores[role])
    if math.isnan(value):
        return Estimate(rows, not_finite=bad, silent=not bad and place.one_label), array("d")
    influence = metrics.influence(metric, place.labels, place.scores[role], value)
    spread = metrics.spread(metric, place.labels, influence, place.clusters)
    lift = metrics.lift(metric, place.labels, value)
    return Estimate(rows, value, lift, spread, bad), influence


def _apart(
    metric: str,
    place: Place,
    values: dict[str, Estimate],
    influences: dict[str, array[float]],
    pair: Pair,
) -> Estimate:
    """The difference of two models on the same rows."""
    ours, theirs = (values[role] for role in pair)
    if not (ours.spread and theirs.spread):
        return Estimate(ours.rows, silent=ours.silent and theirs.silent)
    rows = zip(influences[pair[0]], influences[pair[1]], strict=True)
    influence = array("d", (one - other for one, other in rows))
    spread = metrics.spread(metric, place.labels, influence, place.clusters)
    difference = METRICS[metric].oriented(ours.value - theirs.value)
    return Estimate(ours.rows, difference, math.nan, spread)


def _pooled(fresh: dict[Key, Estimate], reference: dict[Key, Estimate]) -> dict[Key, Estimate]:
    """The mean of both holdouts, weighted by rows: rows of two batches are never ranked together.

    What is measured on one holdout alone is not pooled, unless the other is empty. One whose rows
    have one label, which defines no value, counts like an empty one.
    """
    if not fresh or not reference:
        return fresh or reference
    return {key: _mean(one, reference[key]) for key, one in fresh.items() if key in reference}


def _mean(one: Estimate, other: Estimate) -> Estimate:
    if one.silent != other.silent:
        return other if one.silent else one
    rows, bad = one.rows + other.rows, one.not_finite + other.not_finite
    if not (one.spread and other.spread):
        return Estimate(rows, not_finite=bad)
    a, b = one.rows / rows, other.rows / rows
    return Estimate(
        rows,
        a * one.value + b * other.value,
        a * one.lift + b * other.lift,
        intervals.pooled([(a, one.spread), (b, other.spread)]),
        bad,
    )


def _measured(one: Estimate) -> Measured:
    return Measured(
        rows=one.rows,
        value=known(one.value),
        lift=known(one.lift),
        error=one.error,
        clusters=one.clusters,
        not_finite=one.not_finite,
    )


def _difference(name: str, pair: Pair, one: Estimate) -> PairedDifference:
    return PairedDifference(
        ours=pair[0],
        theirs=pair[1],
        holdout=name,
        estimate=known(one.value),
        error=one.error,
        clusters=one.clusters,
        rows=one.rows,
    )


def _contradicted(metric: str, place: Place | None) -> Contradicted | None:
    """How many labels of new rows are not what the champion is confident of."""
    if place is None or CHAMPION not in place.scores or not METRICS[metric].binary:
        return None
    rows = against = 0
    for label, score in zip(place.labels, place.scores[CHAMPION], strict=True):
        if not 0 <= score <= 1:
            return None  # a margin or a rank is not a probability
        if score >= CONFIDENT_YES or score <= CONFIDENT_NO:
            rows += 1
            against += label != (score >= CONFIDENT_YES)
    return Contradicted(rows=rows, against=against)


def known(value: float) -> float | None:
    """JSON knows neither NaN nor infinity: what is not known is null."""
    return value if math.isfinite(value) else None
