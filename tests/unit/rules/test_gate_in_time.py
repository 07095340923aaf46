"""The verdict predicts the next batch: promises, intervals and what serves, against a known truth.

The rules are the gate's own; only the world and the models are simulated (`unit_world`). The truth
is measured on a draw so large that its own error vanishes beside the others.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean
from typing import Any

import numpy as np
import pytest
from unit_world import Pipeline, World, shuffled, standard_error

from retraining.rules import intervals
from retraining.rules.candidates import CHALLENGER, CHAMPION, FRESH

pytestmark = pytest.mark.slow

RUNS = 240
YEAR = 2 * math.pi / 12  # radians a batch
MONTHS = 14
SEEDS = range(4)


def random(*seed: int) -> Any:
    return np.random.default_rng(seed)


@dataclass
class Kept:
    """What was promised and what came true, over all verdicts."""

    bias: list[float]  # of the promised gain
    gains_held: list[bool]  # by the 90 % prediction interval of the gain on the next batch
    values_held: list[bool]  # by that of the value, as the verdict tells it


def promises(by: str, runs: int = RUNS) -> Kept:
    """One batch, then a second that is judged, in a world that does not change."""
    world, kept = World(), Kept([], [], [])
    truth = world.batch(random(99), 9, days=3000)
    for run in range(runs):
        draw = random(1, run)
        pipeline = Pipeline(by, False, draw)
        pipeline.run(world.batch(draw, 0))
        champion = pipeline.champion
        assert champion
        judgement, measured, challenger = pipeline.run(world.batch(draw, 1))
        difference = measured.difference(CHALLENGER, CHAMPION, FRESH)
        assert difference
        assert difference.estimate is not None
        assert difference.error is not None
        gain = challenger.auc(truth) - champion.auc(truth)
        kept.bias.append(difference.estimate - gain)
        following = world.batch(draw, 2)
        forecast = intervals.next_batch(
            difference.estimate,
            difference.error,
            difference.clusters,
            difference.error * math.sqrt(0.15),
            (),
            0.95,
        )
        assert forecast
        gain = challenger.auc(following) - champion.auc(following)
        kept.gains_held.append(forecast.lower <= gain <= forecast.upper)
        promise = judgement.promise
        assert promise
        assert promise.lower is not None
        assert promise.upper is not None
        value = challenger.auc(following)
        kept.values_held.append(promise.lower <= value <= promise.upper)
    return kept


@pytest.mark.parametrize("by", ["time", "group"])
def test_without_drift_a_promise_is_unbiased_and_its_interval_holds_the_next_batch(by: str) -> None:
    kept = promises(by)
    error = standard_error(kept.bias)
    print(
        f"by {by}: bias of the promised gain {mean(kept.bias):+.4f} (standard error {error:.4f});"
        f" 90 % prediction intervals hold the gain in {mean(kept.gains_held):.1%} and the value in"
        f" {mean(kept.values_held):.1%} of {RUNS} runs"
    )
    assert abs(mean(kept.bias)) < 3 * error
    assert 0.85 <= mean(kept.gains_held) <= 0.95
    assert 0.85 <= mean(kept.values_held) <= 0.95


def held(world: World, by: str, batches: int, runs: int) -> list[float]:
    """The share of runs whose batch after the first, the second ... is in the interval."""
    found: list[list[bool]] = [[] for _ in range(batches)]
    for run in range(runs):
        draw = random(5, run)
        pipeline = Pipeline(by, by == "time", draw)
        drawn = [world.batch(draw, run + number) for number in range(batches + 1)]
        for number, (batch, following) in enumerate(pairwise(drawn)):
            judgement, _, challenger = pipeline.run(batch)
            promise = judgement.promise
            if promise and promise.lower is not None and promise.upper is not None:
                value = challenger.auc(following)
                found[number].append(promise.lower <= value <= promise.upper)
    return [mean(one) for one in found]


@pytest.mark.parametrize(
    ("world", "by", "name", "least"),
    [
        (World(season=YEAR), "time", "seasons", 0.85),
        (World(season=YEAR), "group", "seasons", 0.85),
        (World(swing=0.2), "time", "months that differ", 0.8),
    ],
)
def test_with_drift_the_interval_of_the_second_and_third_batch_holds(
    world: World, by: str, name: str, least: float
) -> None:
    """Before four promises have met their batch.

    Where each month is a fifth stronger or weaker than the last, one or two of them tell that it is
    so, not yet how much; the error by cluster alone would hold three of four.
    """
    shares = held(world, by, 3, 140)
    print(f"{name}, by {by}: 90 % intervals hold {', '.join(f'{one:.1%}' for one in shares)}")
    assert least <= mean(shares[1:]) <= 0.95


def test_by_row_a_promise_is_of_what_the_model_remembers() -> None:
    """Rows of the days it was trained on are in its holdout: why `push` speaks of it."""
    kept = promises("row", 100)
    error = standard_error(kept.bias)
    print(f"by row: bias of the promised gain {mean(kept.bias):+.4f} (standard error {error:.4f})")
    assert mean(kept.bias) > 5 * error
    assert mean(kept.values_held) < 0.85


@dataclass
class Served:
    """Means over the months after the first verdict."""

    served: float
    best: float  # of all models trained so far
    never: float  # had the first model stayed
    too_much: float  # promised minus true
    decisions: Counter[str]


def a_year(by: str, *, refit: bool) -> Served:
    """What serves in each next month, in a world whose seasons turn."""
    world, decisions = World(season=YEAR), Counter[str]()
    served, best, never, too_much = [], [], [], []
    for seed in SEEDS:
        draw = random(2, seed)
        pipeline = Pipeline(by, refit, draw)
        for month in range(MONTHS):
            judgement, _, challenger = pipeline.run(world.batch(draw, month))
            decisions[judgement.decision.name] += 1
            truth = world.batch(random(3, seed, month), month + 1, days=1500)
            if pipeline.champion is None:
                continue
            values = [model.auc(truth) for model in pipeline.models]
            served.append(pipeline.champion.auc(truth))
            best.append(max(values))
            never.append(values[0])
            if judgement.promise:
                too_much.append(judgement.promise.value - challenger.auc(truth))
    return Served(mean(served), mean(best), mean(never), mean(too_much), decisions)


def test_with_seasons_guard_and_refit_serve_nearly_the_best_of_all_models() -> None:
    by_time, by_row = a_year("time", refit=True), a_year("row", refit=False)
    for by, one in (("time, refit", by_time), ("row", by_row)):
        print(
            f"by {by}: serves {one.served:.4f}, best of all {one.best:.4f}, the first model"
            f" {one.never:.4f}; promised too much by {one.too_much:+.4f}; {dict(one.decisions)}"
        )
    assert by_time.served >= by_time.best - 0.015
    assert by_time.served > by_time.never + 0.01
    assert abs(by_time.too_much) < 0.02 < by_row.too_much
    runs = by_time.decisions.total()
    assert by_time.decisions["promote"] >= 0.95 * runs
    assert by_time.decisions["suspect"] <= 0.01 * runs


@pytest.mark.parametrize("by", ["time", "group", "row"])
def test_shuffled_labels_are_suspect_and_clean_batches_are_not(by: str) -> None:
    """After one to five clean batches, in a world whose seasons turn."""
    world, clean, bad, runs = World(season=YEAR), Counter[str](), Counter[str](), 60
    for seed in range(runs):
        draw = random(4, seed)
        pipeline = Pipeline(by, by == "time", draw)
        count = 1 + seed % 5
        for number in range(count):
            clean[pipeline.run(world.batch(draw, number))[0].decision.name] += 1
        judgement, _, _ = pipeline.run(shuffled(world.batch(draw, count), draw))
        bad[judgement.decision.name] += 1
    print(f"by {by}: clean {dict(clean)}, shuffled {dict(bad)}")
    assert bad["suspect"] >= 0.95 * runs
    assert clean["suspect"] <= 0.01 * clean.total()
