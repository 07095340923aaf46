"""Every candidate is measured where it was scored, by cluster, and compared on the same rows."""

from __future__ import annotations

import math
import random

import pytest

from retraining.rules import metrics
from retraining.rules.measuring import measure
from retraining.rules.metrics import METRICS
from retraining.rules.scores import Row, gather


def rows(kind: str, count: int, skill: float, days: int | None = None, seed: int = 1) -> list[Row]:
    """Scored rows; with `days` the rows of one day are drawn to one side."""
    truth, noise = random.Random(f"{kind}{seed}"), random.Random(f"{kind}{skill}")
    shifts = [truth.gauss(0, 1) for _ in range(days or 1)]
    found = []
    for number in range(count):
        day = number % days if days else None
        label = float(truth.random() < 0.4)
        signal = skill * label + noise.gauss(0, 1) + (shifts[day] if day is not None else 0)
        cluster = None if day is None else float(day)
        score = 1 / (1 + math.exp(-signal))
        found.append(Row(f"{kind}{number:06d}", kind, cluster, label, score))
    return found


def merged(*parts: list[Row]) -> list[Row]:
    return sorted((row for part in parts for row in part), key=lambda row: row.row_id[-6:])


@pytest.mark.parametrize("name", sorted(METRICS))
def test_each_candidate_is_measured_on_the_holdouts_it_was_scored_for(name: str) -> None:
    arrival = [merged(rows("new", 300, s), rows("fresh", 100, s), rows("reference", 200, s))
               for s in (1.0, 1.5)]  # fmt: skip
    held_out = [merged(rows("fresh", 100, s), rows("reference", 200, s)) for s in (2.0, 0.5)]
    scored = {
        "champion": arrival[0],
        "challenger": held_out[0],
        "backtest": arrival[1],
        "alone": held_out[1],
    }
    found = measure(name, gather(scored))
    where = {role: {name: one.rows for name, one in of.items()}
             for role, of in found.candidates.items()}  # fmt: skip
    assert where == {
        "champion": {"arrival": 400, "fresh": 100, "reference": 200, "pooled": 300},
        "challenger": {"fresh": 100, "reference": 200, "pooled": 300},
        "backtest": {"arrival": 400},
        "alone": {"fresh": 100},
    }
    pairs = {(one.ours, one.theirs, one.holdout): one.rows for one in found.differences}
    assert pairs == {
        ("challenger", "champion", "fresh"): 100,
        ("challenger", "champion", "reference"): 200,
        ("challenger", "champion", "pooled"): 300,
        ("backtest", "champion", "arrival"): 400,
        ("alone", "challenger", "fresh"): 100,
    }
    fresh = [row for row in scored["challenger"] if row.kind == "fresh"]
    labels, scores = [row.label for row in fresh], [row.score for row in fresh]
    one = found.on("challenger", "fresh")
    assert one is not None
    assert one.value == pytest.approx(metrics.evaluate(name, labels, scores))
    assert one.clusters is None
    both = found.on("challenger", "pooled")
    other = found.on("challenger", "reference")
    assert both is not None
    assert other is not None
    assert both.value == pytest.approx((one.value + 2 * other.value) / 3)
    assert both.error == pytest.approx(math.hypot(one.error, 2 * other.error) / 3)
    assert both.lift == pytest.approx((one.lift + 2 * other.lift) / 3)


@pytest.mark.parametrize("name", sorted(METRICS))
def test_days_that_differ_make_an_estimate_less_sure_and_the_difference_hardly(name: str) -> None:
    ours, theirs = rows("fresh", 3000, 1.5, days=30), rows("fresh", 3000, 1.0, days=30)
    by_day = measure(name, gather({"challenger": ours, "champion": theirs}))
    independent = measure(
        name,
        gather(
            {
                role: [row._replace(cluster=None) for row in scored]
                for role, scored in (("challenger", ours), ("champion", theirs))
            },
        ),
    )
    one, other = by_day.on("challenger", "fresh"), independent.on("challenger", "fresh")
    assert one is not None
    assert other is not None
    assert (one.clusters, other.clusters) == (30, None)
    assert one.value == other.value
    assert one.error >= other.error
    difference = by_day.difference("challenger", "champion", "fresh")
    assert difference is not None
    assert difference.clusters == 30


@pytest.mark.parametrize("name", sorted(METRICS))
def test_a_positive_difference_is_an_improvement_on_every_holdout(name: str) -> None:
    several = METRICS[name].reads <= metrics.SEVERAL

    def said(label: float, one: float) -> float:
        return METRICS[name].of_classes(label, (1 - one, one)) if several else one

    good, bad = (
        [row._replace(score=said(row.label, abs(row.label - off))) for row in merged(*parts)]
        for off, parts in (
            (0.1, (rows("fresh", 80, 1.0), rows("reference", 90, 1.0))),
            (0.9, (rows("fresh", 80, 1.0), rows("reference", 90, 1.0))),
        )
    )
    found = measure(name, gather({"challenger": good, "champion": bad}))
    for one in found.differences:
        assert one.estimate is not None
        assert one.estimate > 0
    for holdout in ("fresh", "reference", "pooled"):
        ours, theirs = found.on("challenger", holdout), found.on("champion", holdout)
        assert ours is not None
        assert theirs is not None
        assert ours.lift > theirs.lift


def test_without_a_reference_both_together_are_the_fresh_holdout() -> None:
    found = measure("auc", gather({"challenger": rows("fresh", 50, 1.0)}))
    assert found.on("challenger", "pooled") == found.on("challenger", "fresh")
    assert found.on("challenger", "reference") is None
    assert found.values() == {
        "fresh": {"challenger": found.candidates["challenger"]["fresh"].value},
        "pooled": {"challenger": found.candidates["challenger"]["fresh"].value},
    }


@pytest.mark.parametrize("small", ["fresh", "reference"])
def test_a_holdout_of_one_label_counts_like_an_empty_one_in_the_pooled_figure(small: str) -> None:
    large = "reference" if small == "fresh" else "fresh"
    few = [row._replace(label=1.0) for row in rows(small, 3, 1.0)]
    scored = {
        "challenger": merged(few, rows(large, 200, 1.5)),
        "champion": merged(few, rows(large, 200, 0.5)),
    }
    found = measure("auc", gather(scored))
    one = found.on("challenger", small)
    assert one is not None
    assert (one.rows, one.value) == (3, None)
    assert found.on("challenger", "pooled") == found.on("challenger", large)
    both = found.difference("challenger", "champion", "pooled")
    alone = found.difference("challenger", "champion", large)
    assert both is not None
    assert alone is not None
    assert (both.estimate, both.error, both.rows) == (alone.estimate, alone.error, 200)


@pytest.mark.parametrize("broken", ["score", "label"])
def test_a_score_or_label_that_is_not_a_number_is_never_left_out(broken: str) -> None:
    few = [row._replace(**{broken: math.nan}) for row in rows("fresh", 3, 1.0)]
    found = measure("auc", gather({"challenger": merged(few, rows("reference", 200, 1.5))}))
    both = found.on("challenger", "pooled")
    assert both is not None
    assert (both.rows, both.value) == (203, None)


def test_where_no_row_is_new_the_fresh_ones_are_the_arrival() -> None:
    """By key, or where every drop is a full export: all rows that the champion has not seen."""
    held_out = merged(rows("fresh", 100, 1.0), rows("reference", 200, 1.0))
    found = measure("auc", gather({"champion": held_out, "challenger": held_out}))
    fresh = found.on("champion", "fresh")
    assert fresh is not None
    assert found.on("champion", "arrival") == fresh
    assert found.on("challenger", "arrival") is None
    reference = rows("reference", 200, 1.0)
    known = measure("auc", gather({"champion": reference, "challenger": reference}))
    assert known.on("champion", "arrival") is None
    assert known.on("champion", "pooled") == known.on("champion", "reference")


def test_a_model_without_a_value_has_no_difference_either() -> None:
    ours = [row._replace(label=1.0) for row in rows("fresh", 50, 1.0)]
    found = measure("auc", gather({"challenger": ours, "champion": ours}))
    one = found.on("challenger", "fresh")
    assert one is not None
    assert (one.value, one.lift, one.error, one.rows) == (None, None, None, 50)
    difference = found.difference("challenger", "champion", "fresh")
    assert difference is not None
    assert (difference.estimate, difference.error) == (None, None)


def test_labels_against_confident_scores_are_counted_on_arrival() -> None:
    scored = [
        Row("a", "new", None, 1.0, 0.95),
        Row("b", "new", None, 0.0, 0.95),
        Row("c", "fresh", None, 1.0, 0.1),
        Row("d", "fresh", None, 0.0, 0.5),
    ]
    found = measure("auc", gather({"champion": scored})).contradicted
    assert found is not None
    assert (found.rows, found.against) == (3, 2)
    ranks = [row._replace(score=row.score * 10) for row in scored]
    assert measure("auc", gather({"champion": ranks})).contradicted is None
    assert measure("mae", gather({"champion": scored})).contradicted is None
