"""Quantiles are Student's, errors hold by cluster, and what says nothing has no bounds."""

from __future__ import annotations

import math
import random
from statistics import mean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retraining.rules import intervals
from retraining.rules.intervals import Spread


@pytest.mark.parametrize(
    ("probability", "freedom", "quantile"),
    [  # from the tables of the NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2
        (0.90, 1, 3.078),
        (0.95, 1, 6.314),
        (0.95, 2, 2.920),
        (0.95, 9, 1.833),
        (0.975, 10, 2.228),
        (0.99, 29, 2.462),
        (0.999, 100, 3.174),
        (0.95, math.inf, 1.645),
        (0.5, 7, 0.0),
    ],
)
def test_quantiles_are_those_of_the_tables(
    probability: float, freedom: float, quantile: float
) -> None:
    assert intervals.student_quantile(probability, freedom) == pytest.approx(quantile, abs=5e-4)


@given(st.floats(0.001, 0.999), st.integers(1, 100_000))
def test_a_quantile_has_its_probability_and_is_symmetric(probability: float, freedom: int) -> None:
    found = intervals.student_quantile(probability, freedom)
    assert intervals.student_probability(found, freedom) == pytest.approx(probability, abs=1e-8)
    other = intervals.student_quantile(1 - probability, freedom)
    assert other == pytest.approx(-found, rel=1e-6, abs=1e-6)


def test_the_error_by_cluster_is_that_of_repeated_draws() -> None:
    """Rows of a day share a shift: as if independent, their mean looks three times as sure."""
    draw = random.Random(1)
    estimates, errors, independent = [], [], []
    for _ in range(400):
        days = [draw.gauss(0, 1) for _ in range(40)]
        rows = [(float(day), days[day] + draw.gauss(0, 1)) for day in range(40) for _ in range(20)]
        centre = mean(value for _, value in rows)
        influence = [(value - centre) / len(rows) for _, value in rows]
        naive = math.fsum(v * v for v in influence) * len(rows) / (len(rows) - 1)
        sums = intervals.by_cluster(influence, (day for day, _ in rows))
        estimates.append(centre)
        errors.append(Spread(naive, sums).error)
        independent.append(math.sqrt(naive))
    assert mean(errors) == pytest.approx(stdev(estimates), rel=0.1)
    assert mean(errors) > 3 * mean(independent)


def test_an_error_is_never_smaller_than_that_of_independent_rows() -> None:
    assert Spread(0.04, {1.0: 0.0, 2.0: 0.0}).error == pytest.approx(0.2)
    assert Spread(0.04, {1.0: 0.5, 2.0: -0.5}).error == pytest.approx(1.0)
    assert Spread(0.04, {1.0: 0.0}).error == math.inf
    assert Spread(0.04).error == pytest.approx(0.2)


def test_a_cluster_in_both_holdouts_counts_once_with_both_its_parts() -> None:
    one, other = Spread(0.01, {1.0: 0.2, 2.0: -0.2}), Spread(0.01, {1.0: -0.2, 3.0: 0.2})
    both = intervals.pooled([(0.5, one), (0.5, other)])
    assert both.sums == pytest.approx({1.0: 0.0, 2.0: -0.1, 3.0: 0.1})
    assert both.independent == pytest.approx(0.005)
    assert intervals.pooled([(0.5, one), (0.5, Spread(0.01))]).clusters is None


def test_more_clusters_than_memory_holds_are_summed_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intervals, "MOST_CLUSTERS", 8)
    sums = intervals.by_cluster([1.0] * 1000, (float(n) for n in range(1000)))
    assert len(sums) == 8
    assert sum(sums.values()) == 1000


@pytest.mark.parametrize(("clusters", "known"), [(9, False), (10, True), (None, True)])
def test_under_ten_clusters_there_are_no_bounds(clusters: int | None, known: bool) -> None:
    assert math.isfinite(intervals.reach(0.1, clusters, 0.95)) is known
    assert (intervals.next_batch(0.7, 0.1, clusters, 0.1, (), 0.95) is not None) is known


def test_the_next_batch_is_less_sure_than_the_estimate() -> None:
    found = intervals.next_batch(0.7, 0.03, None, 0.04, (), 0.95)
    assert found is not None
    assert found.upper - found.expected == pytest.approx(1.6449 * 0.05, abs=1e-4)


def test_promises_that_met_their_batch_correct_the_next_one_and_may_only_widen_it() -> None:
    steady = intervals.next_batch(0.7, 0.03, None, 0.04, [0.02] * 4, 0.95)
    assert steady is not None
    assert steady.expected == pytest.approx(0.68)
    assert steady.upper - steady.expected == pytest.approx(1.6449 * 0.05, abs=1e-4)
    wild = intervals.next_batch(0.7, 0.03, 4, 0.04, [0.2, -0.2, 0.1, -0.1], 0.95)
    assert wild is not None
    spread = stdev([0.2, -0.2, 0.1, -0.1]) * math.sqrt(1.25)
    assert wild.upper - wild.expected == pytest.approx(2.3534 * spread, rel=1e-3)
    assert intervals.next_batch(0.7, 0.03, 4, 0.04, [0.2, -0.2, 0.1], 0.95) is None


def test_few_promises_that_met_their_batch_widen_the_next_one_by_what_they_missed() -> None:
    """Beside the error, which counts as four of them."""
    close = intervals.next_batch(0.7, 0.03, None, 0.04, [0.01], 0.95)
    far = intervals.next_batch(0.7, 0.03, None, 0.04, [0.2, -0.1], 0.95)
    assert close is not None
    assert far is not None
    assert close.expected == far.expected == 0.7
    squares = (4 * 0.05**2 + 0.2**2 + 0.1**2) / 6
    assert far.upper - far.expected == pytest.approx(1.9432 * math.sqrt(squares), rel=1e-3)
    assert 0.05 * 1.6449 <= close.upper - close.expected < far.upper - far.expected
