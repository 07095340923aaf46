"""Metrics and their paired differences agree with textbook values and with resampling."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
from array import array
from pathlib import Path
from statistics import mean, stdev, variance
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from retraining.adapters import spool
from retraining.rules import metrics


class Difference(NamedTuple):
    estimate: float
    error: float


def difference(
    name: str, labels: metrics.Values, ours: metrics.Values, theirs: metrics.Values
) -> Difference:
    """The paired difference of two models, every row a cluster of its own."""
    metric = metrics.METRICS[name]
    values = [metrics.evaluate(name, labels, scores) for scores in (ours, theirs)]
    influences = [
        metrics.influence(name, labels, scores, value)
        for scores, value in zip((ours, theirs), values, strict=True)
    ]
    apart = array("d", (one - other for one, other in zip(*influences, strict=True)))
    error = metrics.spread(name, labels, apart, None).error
    return Difference(metric.oriented(values[0]) - metric.oriented(values[1]), error)


LABELS = [0.0, 0.0, 1.0, 1.0]
SCORES = [0.1, 0.4, 0.35, 0.8]


@pytest.mark.parametrize(
    ("name", "labels", "scores", "value"),
    [
        ("auc", LABELS, SCORES, 0.75),
        ("auc", LABELS, [0.5] * 4, 0.5),
        ("accuracy", LABELS, SCORES, 0.75),
        ("accuracy", [0.0, 1.0], [0.49, 0.5], 1.0),
        ("accuracy", [2.0, 1.0, 0.0], [2.0, 1.0, 1.0], 2 / 3),
        ("f1", LABELS, SCORES, 2 / 3),
        ("logloss", [1.0, 0.0], [0.8, 0.4], -(math.log(0.8) + math.log(0.6)) / 2),
        ("macro_f1", [0.0, 0.0, 1.0, 2.0], [0.0, 1.0, 1.0, 1.0], (2 / 3 + 2 / 4 + 0) / 3),
        ("mlogloss", [2.0, 0.0], [0.8, 0.6], -(math.log(0.8) + math.log(0.6)) / 2),
        ("rmse", [1.0, 3.0], [2.0, 1.0], math.sqrt(2.5)),
        ("mae", [1.0, 3.0], [2.0, 1.0], 1.5),
    ],
)
def test_a_metric_has_its_textbook_value(
    name: str, labels: list[float], scores: list[float], value: float
) -> None:
    assert metrics.evaluate(name, labels, scores) == pytest.approx(value)


@pytest.mark.parametrize("name", sorted(metrics.METRICS))
def test_no_rows_nan_and_infinity_have_no_value(name: str) -> None:
    assert math.isnan(metrics.evaluate(name, [], []))
    assert math.isnan(metrics.evaluate(name, [0.0, 1.0], [0.5, math.nan]))
    assert math.isnan(metrics.evaluate(name, [0.0, 1.0], [0.5, math.inf]))


def test_one_class_has_no_auc_and_a_third_class_no_binary_metric() -> None:
    assert math.isnan(metrics.evaluate("auc", [1.0, 1.0], [0.1, 0.2]))
    assert math.isnan(metrics.evaluate("f1", [1.0, 2.0], [0.1, 0.2]))


def as_read(name: str, labels: list[float], scores: list[float]) -> list[float]:
    """What the metric reads of probabilities of label 1: of several classes it gets them all."""
    metric = metrics.METRICS[name]
    if metric.reads & metrics.PROBABILITY or not metric.reads & metrics.PROBABILITIES:
        return scores
    rows = zip(labels, scores, strict=True)
    return [metric.of_classes(label, (1 - score, score)) for label, score in rows]


def sample(rows: int, seed: int, name: str = "auc") -> tuple[list[float], list[float], list[float]]:
    draw = random.Random(seed)
    labels = [float(draw.random() < 0.3) for _ in range(rows)]
    signal = [0.8 * label + draw.gauss(0, 1) for label in labels]
    ours = [1 / (1 + math.exp(-(s + draw.gauss(0, 0.5)))) for s in signal]
    theirs = [1 / (1 + math.exp(-(s + draw.gauss(0, 1.0)))) for s in signal]
    return labels, as_read(name, labels, ours), as_read(name, labels, theirs)


@pytest.mark.parametrize("name", sorted(metrics.METRICS))
def test_the_standard_error_is_that_of_repeated_draws(name: str) -> None:
    found = [difference(name, *sample(400, seed, name)) for seed in range(150)]
    observed = stdev(difference.estimate for difference in found)
    assert mean(difference.error for difference in found) == pytest.approx(observed, rel=0.2)


@pytest.mark.parametrize(
    ("name", "labels", "challenger", "champion", "error"),
    [
        ("mae", [0.0] * 3, [0.0] * 3, [1.0, 2.0, 3.0], math.sqrt(1 / 3)),
        ("auc", LABELS, SCORES, [0.5] * 4, math.sqrt(1 / 8)),
    ],
)
def test_the_variance_is_that_of_a_sample(
    name: str, labels: list[float], challenger: list[float], champion: list[float], error: float
) -> None:
    """Worked out by hand on rows so few that dividing by n in place of n - 1 shows."""
    found = difference(name, labels, challenger, champion)
    assert found.error == pytest.approx(error)


@pytest.mark.parametrize("name", sorted(metrics.METRICS))
def test_the_influence_of_all_rows_sums_to_nothing(name: str) -> None:
    labels, scores, _ = sample(300, 3, name)
    value = metrics.evaluate(name, labels, scores)
    assert math.fsum(metrics.influence(name, labels, scores, value)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("auc", LABELS, 0.5),
        ("accuracy", [0.0, 0.0, 0.0, 1.0], 0.75),
        ("f1", [0.0, 0.0, 0.0, 1.0], 0.4),
        ("logloss", LABELS, math.log(2)),
        ("macro_f1", [0.0, 0.0, 1.0, 2.0], 1 / 3),
        ("mlogloss", [0.0, 0.0, 1.0, 2.0], 1.5 * math.log(2)),
        ("rmse", [1.0, 3.0], 1.0),
        ("mae", [1.0, 2.0, 6.0], 5 / 3),
    ],
)
def test_a_model_without_skill_has_its_textbook_value_and_no_lift(
    name: str, labels: list[float], value: float
) -> None:
    assert metrics.METRICS[name].without_skill(labels) == pytest.approx(value)
    assert metrics.lift(name, labels, value) == pytest.approx(0)
    better = value + 0.1 if metrics.METRICS[name].higher_is_better else value - 0.1
    assert metrics.lift(name, labels, better) == pytest.approx(0.1)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60))
def test_macro_f1_is_that_of_scikit_learn(rows: list[tuple[int, int]]) -> None:
    labels, said = ([float(row[place]) for row in rows] for place in (0, 1))
    wanted = f1_score(labels, said, average="macro")
    assert metrics.evaluate("macro_f1", labels, said) == pytest.approx(wanted)


def test_nothing_without_skill_has_a_better_macro_f1_than_guessing_by_the_shares() -> None:
    """What guessing classes by any shares earns on average, on ten thousand rows."""
    draw = random.Random(4)
    labels = [float(draw.choices((0, 1, 2), (6, 3, 1))[0]) for _ in range(10_000)]
    best = metrics.METRICS["macro_f1"].without_skill(labels)
    for shares in ((6, 3, 1), (1, 1, 1), (1, 0, 0), (7, 2, 1)):
        said = [float(one) for one in draw.choices((0, 1, 2), shares, k=len(labels))]
        assert metrics.evaluate("macro_f1", labels, said) < best + 0.02


@pytest.mark.parametrize("name", ["accuracy", "macro_f1", "mlogloss"])
def test_bounds_of_several_classes_hold_the_truth_as_often_as_they_say(name: str) -> None:
    """Five classes of different sizes; the truth is the value on half a million rows."""

    def drawn(rows: int, seed: int) -> tuple[list[float], list[float]]:
        draw, labels, said = random.Random(f"{name}{seed}"), [], []
        for label in draw.choices(range(5), (8, 5, 3, 2, 2), k=rows):
            weights = [math.exp(draw.gauss(2.0 * (one == label), 1)) for one in range(5)]
            shares = [weight / sum(weights) for weight in weights]
            labels.append(float(label))
            said.append(metrics.METRICS[name].of_classes(label, shares))
        return labels, said

    truth, inside = metrics.evaluate(name, *drawn(100_000, -1)), 0
    for seed in range(200):
        labels, said = drawn(300, seed)
        value = metrics.evaluate(name, labels, said)
        influence = metrics.influence(name, labels, said, value)
        error = metrics.spread(name, labels, influence, None).error
        inside += abs(value - truth) <= 1.645 * error
    assert 0.84 <= inside / 200 <= 0.96, "of intervals that hold at 90 %"


@pytest.mark.parametrize("name", sorted(metrics.METRICS))
def test_a_model_does_not_differ_from_itself(name: str) -> None:
    labels, ours, _ = sample(200, 1)
    same = difference(name, labels, ours, ours)
    assert (same.estimate, same.error) == (0, 0)


@pytest.mark.parametrize("name", sorted(metrics.METRICS))
def test_a_positive_difference_is_an_improvement_whatever_the_direction(name: str) -> None:
    labels, _, bad = sample(300, 2, name)
    good = as_read(name, labels, [0.98 * label + 0.01 for label in labels])
    assert difference(name, labels, good, bad).estimate > 0


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.integers(0, 9)), min_size=2))
def test_auc_is_the_share_of_pairs_in_order(rows: list[tuple[float, int]]) -> None:
    labels, scores = [label for label, _ in rows], [float(score) for _, score in rows]
    positive = [s for label, s in zip(labels, scores, strict=True) if label]
    negative = [s for label, s in zip(labels, scores, strict=True) if not label]
    found = metrics.auc(labels, scores)
    if not positive or not negative:
        assert math.isnan(found)
        return
    pairs = [(p > n) + (p == n) / 2 for p in positive for n in negative]
    assert found == pytest.approx(mean(pairs))


def counted(labels: list[float], scores: list[float]) -> list[float]:
    """Each row's placement by counting every pair."""
    rows = list(zip(labels, scores, strict=True))
    return [
        mean((score > other) + (score == other) / 2 for y, other in rows if y != label)
        for label, score in rows
    ]


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 1.0]), st.integers(0, 9), st.integers(0, 9)), min_size=4
    ).filter(lambda rows: 2 <= sum(label for label, _, _ in rows) <= len(rows) - 2)
)
def test_the_error_of_auc_is_that_of_the_placements_counted_pair_by_pair(
    rows: list[tuple[float, int, int]],
) -> None:
    labels, ours, theirs = ([float(row[n]) for row in rows] for n in range(3))
    changes = [a - b for a, b in zip(counted(labels, ours), counted(labels, theirs), strict=True)]
    of_class = [[c for y, c in zip(labels, changes, strict=True) if y == label] for label in (0, 1)]
    found = difference("auc", labels, ours, theirs).error
    assert found**2 == pytest.approx(
        sum(variance(part) / len(part) for part in of_class), abs=1e-12
    )


@pytest.mark.parametrize("name", sorted(metrics.METRICS))
def test_a_column_on_disk_gives_the_same_to_the_last_bit_in_any_order(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "SORTED_AT_ONCE", 64)
    monkeypatch.setattr(spool, "BLOCK", 100)
    rows = list(zip(*sample(1000, 3), strict=True))
    in_memory = difference(name, *sample(1000, 3))
    with spool.Spools() as column:
        columns = [column() for _ in range(3)]
        for row in rows[::-1]:
            for to, number in zip(columns, row, strict=True):
                to.append(number)
        assert [len(to) for to in columns] == [1000] * 3
        assert difference(name, *columns) == in_memory


@given(st.lists(st.floats(allow_nan=False)), st.integers(1, 8))
def test_numbers_are_sorted_in_parts(numbers: list[float], at_once: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "SORTED_AT_ONCE", at_once)
        assert list(metrics.ascending(numbers)) == sorted(numbers)


@pytest.mark.process
def test_a_new_metric_is_one_row_that_the_contract_and_the_gate_read() -> None:
    definition = {
        "name": "prices",
        "data": {"label": "y", "columns": {"x": {"type": "number"}, "y": {"type": "number"}}},
        "training": {"hyperparameters": {"num_round": 3}},
        "gate": {"metric": "mape", "minimum": 0.2, "min_holdout_rows": 30},
    }
    script = [sys.executable, str(Path(__file__).with_name("one_more_metric.py"))]
    functions = Path(__file__).parents[3] / "functions"
    done = subprocess.run(
        [*script, json.dumps(definition)],
        env={**os.environ, "PYTHONPATH": str(functions)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert (
        found["minimum"] == "gate.minimum: -1 is not a possible value of mape; allowed: at least 0"
    )
    assert "binary:logistic gives no scores that metric mape can read" in found["objective"]
    assert found["schema"]["metric"]["enum"] == [*metrics.METRICS, "mape"]
    assert "rmse, mae and mape the greatest" in found["schema"]["minimum"]["description"]
    assert "fresh mape 0.1000 against the champion's 0.4000" in found["better"]
    assert found["worse"] == "reject"
    assert "mape 0.5000 on the fresh holdout misses the maximum 0.2" in found["too_bad"]
