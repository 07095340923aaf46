"""Every value of a column is measured apart; one that is surely under its floor refuses."""

from __future__ import annotations

import math
import random
import statistics
from array import array
from typing import Any

import numpy as np
import pytest

from retraining.documents.metrics import Measured, MeasuredSlice, Metrics
from retraining.errors import ScoresUnreadable
from retraining.rules import metrics, scores, slices
from retraining.rules.gate import judge as gate
from retraining.rules.gate.slices import slice_verdicts
from retraining.rules.gate.terms import Facts, Terms
from retraining.rules.metrics import METRICS
from retraining.rules.scores import Row

FLOOR = {"country": {"minimum": 0.6, "min_rows": 200}}


def terms(slices: dict[str, Any] | None = None, metric: str = "auc", **others: Any) -> Terms:
    floors = FLOOR if slices is None else slices
    given = {"minimum": 0.5, "rule": "guard", "margin": 0.01, "confidence": 0.95, **others}
    return Terms(metric=metric, min_holdout_rows=100, slices=floors, **given)


def one(
    value: str | None, auc: float | None, rows: int = 1240, column: str = "country", **others: Any
) -> MeasuredSlice:
    given = {"error": 0.02, "theirs": 0.7, "basis": 300, **others}
    roles = {"challenger": auc, "champion": given["theirs"]}
    return MeasuredSlice(
        column=column,
        value=value,
        basis=given["basis"],
        candidates={role: measured(found, rows, given["error"]) for role, found in roles.items()},
    )


def measured(value: float | None, rows: int, error: float | None) -> Measured:
    lift = None if value is None else value - 0.5
    return Measured(rows=rows, value=value, lift=lift, error=error, clusters=None, not_finite=0)


def facts(*found: MeasuredSlice, metric: str = "auc", value: float = 0.8) -> Facts:
    """A first champion that is good on the whole."""
    whole = {"fresh": measured(value, 5000, 0.01), "pooled": measured(value, 5000, 0.01)}
    return Facts(
        measured=Metrics(
            metric=metric,
            higher_is_better=METRICS[metric].higher_is_better,
            candidates={"challenger": whole},
            differences=(),
            contradicted=None,
            slices=found,
        ),
        prepared_rows={"fresh": 5000, "reference": 0},
        golden_rows=16,
        shared_rows=0,
        has_champion=False,
        expects_reference=False,
    )


def test_a_slice_that_is_surely_under_its_floor_refuses_even_a_first_champion() -> None:
    verdict = gate.judge(terms(), facts(one("FR", 0.75), one("DE", 0.52)))
    assert (verdict.decision.name, verdict.decision.data_state) == ("reject", "TRAINED")
    assert verdict.decision.sentence == (
        "Rejected: country=DE: auc 0.5200, surely below its floor of 0.6 (1,240 rows)."
    )
    assert [(found.name, found.undecided is None, found.under) for found in verdict.slices] == [
        ("country=FR", True, False),
        ("country=DE", True, True),
    ]
    (rule,) = (rule for rule in verdict.rules if rule.rule == "floor of each slice")
    assert (rule.passed, rule.value, rule.threshold) == (False, 0.52, 0.6)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (one("DE", 0.58), "not surely below its floor of 0.6 (1,240 rows)"),
        (one("DE", 0.52, rows=199), "(199 rows; 200 are needed to decide)"),
        (one("DE", 0.52, rows=1), "(1 row; 200 are needed to decide)"),
        (one("DE", 0.52, basis=9), "9 clusters or rows of the rarer class, 10 are needed"),
        (one("DE", 0.52, error=None), "300 clusters or rows of the rarer class"),
        (one("DE", None), "country=DE: auc unknown (1,240 rows; the metric is not defined"),
        (one("", 0.58), "country: missing: auc 0.5800"),
        (one(None, 0.58), "country: all other values: auc 0.5800"),
    ],
)
def test_what_is_not_sure_is_said_and_decides_nothing(found: MeasuredSlice, said: str) -> None:
    verdict = gate.judge(terms(), facts(found))
    assert verdict.decision.name == "promote"
    assert said in verdict.slices[0].sentence
    assert not verdict.slices[0].under


def test_a_column_without_a_floor_is_shown_alone() -> None:
    verdict = gate.judge(
        terms({"country": {"minimum": None, "min_rows": 200}}), facts(one("DE", 0.1))
    )
    assert verdict.decision.name == "promote"
    assert "no floor" in verdict.slices[0].sentence


def test_of_a_loss_the_floor_is_a_ceiling() -> None:
    floors = {"country": {"minimum": 2.0, "min_rows": 200}}
    over = facts(one("DE", 2.5), metric="rmse", value=0.4)
    verdict = gate.judge(terms(floors, "rmse"), over)
    assert "rmse 2.5000, surely above its ceiling of 2 (1,240 rows)" in verdict.decision.sentence
    assert verdict.slices[0].bound is not None
    assert verdict.slices[0].bound < 2.5
    fine = facts(one("DE", 1.5), metric="rmse", value=0.4)
    assert gate.judge(terms(floors, "rmse"), fine).decision.name == "promote"


def test_the_largest_slice_is_named_first_and_the_others_beside_it() -> None:
    found = [one("A", 0.3, 300), one("B", 0.3, 900), one("C", 0.3, 500), one("D", 0.3, 400),
             one("E", 0.3, 350), one("F", 0.9, 5000)]  # fmt: skip
    said = gate.judge(terms(), facts(*found)).decision.sentence
    assert "country=B" in said.split(",")[0]
    assert said.endswith("; so are country=C, country=D, country=E and 1 more.")


def test_bounds_widen_with_the_number_of_slices_that_decide_alone() -> None:
    def bound(*found: MeasuredSlice) -> float:
        first = slice_verdicts(terms(), facts(*found))[0].bound
        assert first is not None
        return first

    alone, small = bound(one("A", 0.55)), bound(one("A", 0.55), *[one("B", 0.7, rows=50)] * 19)
    many = bound(one("A", 0.55), *[one("B", 0.7)] * 19)
    assert alone == small < many
    quantile = statistics.NormalDist().inv_cdf(1 - 0.05 / 20)
    assert many - 0.55 == pytest.approx(quantile * 0.02, rel=0.03)  # Student's, of 299


# --- measuring -----------------------------------------------------------------------------------


def drawn(count: int, seed: int, *, clusters: bool = False) -> tuple[list[Row], list[str], Any]:
    """Rows of two holdouts, the country of each, and the champion's scores of them."""
    chance, rows, countries, theirs = random.Random(seed), [], [], []
    for number in range(count):
        kind = chance.choice(("fresh", "reference"))
        label = float(chance.random() < 0.3)
        country = chance.choice(("DE", "FR", "FR", "US", "US", "US"))
        skill = {"DE": 0.0, "FR": 1.0, "US": 2.0}[country]
        score = 1 / (1 + math.exp(-(skill * label + chance.gauss(0, 1))))
        cluster = float(number % 40) if clusters else None
        rows.append(Row(f"r{number:06d}", kind, cluster, label, score))
        theirs.append(rows[-1]._replace(score=chance.random()))
        countries.append(country)
    return rows, countries, theirs


def by_slice(
    metric: str, rows: list[Row], countries: list[str], values: list[str], **others: list[Row]
) -> dict[str | None, MeasuredSlice]:
    codes = [values.index(name) if name in values else len(values) for name in countries]
    coded = [row._replace(score=float(code)) for row, code in zip(rows, codes, strict=True)]
    reader = slices.reader("country")
    kept = scores.gather({"challenger": rows, **others, reader: coded})
    taken = slices.taken(kept, "country")
    assert set(kept["fresh"].scores) == {"challenger", *others}
    found = slices.measure(metric, kept, taken, "country", values, scores.in_memory)
    return {one.value: one for one in found}


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_a_slice_is_measured_as_its_rows_alone_would_be(metric: str) -> None:
    rows, countries, theirs = drawn(3000, 5)
    found = by_slice(metric, rows, countries, ["US", "FR"], champion=theirs)
    assert list(found) == ["US", "FR", None]
    for value, names in (("US", {"US"}), ("FR", {"FR"}), (None, {"DE"})):
        for role, scored in (("challenger", rows), ("champion", theirs)):
            parts = []
            for kind in ("fresh", "reference"):
                own = [row for row, name in zip(scored, countries, strict=True)
                       if name in names and row.kind == kind]  # fmt: skip
                labels, said = (
                    array("d", (r.label for r in own)),
                    array("d", (r.score for r in own)),
                )
                parts.append((len(own), metrics.evaluate(metric, labels, said)))
            total = sum(count for count, _ in parts)
            measured = found[value].candidates[role]
            assert measured.rows == total
            expected = sum(count * part for count, part in parts) / total
            assert measured.value == pytest.approx(expected)
            assert measured.error is not None


def test_a_holdout_in_which_a_slice_has_one_class_is_left_out_of_it() -> None:
    rows, countries, _ = drawn(3000, 6)
    bare = [row._replace(label=0.0) if row.kind == "fresh" and name == "DE" else row
            for row, name in zip(rows, countries, strict=True)]  # fmt: skip
    found = by_slice("auc", bare, countries, ["US", "FR", "DE"])["DE"]
    reference = sum(
        row.kind == "reference" and name == "DE" for row, name in zip(rows, countries, strict=True)
    )
    assert found.candidates["challenger"].rows == reference
    assert found.candidates["challenger"].value is not None
    none = [row._replace(label=0.0) if name == "DE" else row
            for row, name in zip(rows, countries, strict=True)]  # fmt: skip
    left = by_slice("auc", none, countries, ["DE"])["DE"]
    assert (left.candidates["challenger"].value, left.basis) == (None, 0)
    assert left.candidates["challenger"].rows == countries.count("DE")


def test_bounds_rest_on_clusters_or_on_the_rarer_class_whichever_are_fewer() -> None:
    rows, countries, _ = drawn(3000, 7, clusters=True)
    assert by_slice("auc", rows, countries, ["US"])["US"].basis == 40
    free = [row._replace(cluster=None) for row in rows]
    ones = sum(row.label == 1 and name == "US" for row, name in zip(rows, countries, strict=True))
    assert by_slice("auc", free, countries, ["US"])["US"].basis == ones
    assert by_slice("mae", free, countries, ["US"])["US"].basis == countries.count("US")


def test_a_champion_that_was_refit_is_not_measured_on_rows_that_it_was_trained_on() -> None:
    assert slices.measured_roles(knows_reference=False) == ("challenger", "champion")
    rows, _, theirs = drawn(600, 7)
    reader, coded = slices.reader("country"), [row._replace(score=0.0) for row in rows]
    kept = scores.gather({"challenger": rows, "champion": theirs, reader: coded})
    codes, roles = slices.taken(kept, "country"), slices.measured_roles(knows_reference=True)
    found = slices.measure("auc", kept, codes, "country", ["US"], scores.in_memory, roles)
    assert [set(one.candidates) for one in found] == [{"challenger"}]


def test_a_line_of_codes_is_read_as_one_of_scores_and_a_short_one_is_named() -> None:
    lines = ["r1,fresh,-,1,0,7\n", "r2,reference,ab,0,2,8"]
    read = scores.read(slices.score_lines(lines, 1), "prepared/slices/")
    assert [(row.row_id, row.kind, row.score) for row in read] == [
        ("r1", "fresh", 7.0),
        ("r2", "reference", 8.0),
    ]
    with pytest.raises(ScoresUnreadable, match="line 1"):
        list(scores.read(slices.score_lines(["r1,fresh,-,1,0\n"], 1), "prepared/slices/"))


def test_codes_of_other_rows_are_refused() -> None:
    rows, _, _ = drawn(100, 8)
    with pytest.raises(ScoresUnreadable, match="slice country"):
        scores.gather({"challenger": rows, slices.reader("country"): rows[1:]})


# --- how often a good challenger is refused ------------------------------------------------------

RUNS = 1500


def share_of_refused(
    truths: list[float], sizes: list[int], ones: float, floor: float, runs: int = RUNS
) -> float:
    """The share of runs that are refused, with scores of these AUCs in slices of these sizes."""
    chance, refused = np.random.default_rng(int(truths[0] * 1000) + len(sizes)), 0
    floors = {"country": {"minimum": floor, "min_rows": 200}}
    for _ in range(runs):
        found = []
        for place, (truth, size) in enumerate(zip(truths, sizes, strict=True)):
            apart = statistics.NormalDist().inv_cdf(truth) * math.sqrt(2)
            label = chance.random(size) < ones
            value, error, basis = delong(label, chance.normal(size=size) + apart * label)
            found.append(one(f"c{place}", value, size, error=error, basis=basis))
        refused += any(verdict.under for verdict in slice_verdicts(terms(floors), facts(*found)))
    return refused / runs


def delong(label: Any, score: Any) -> tuple[float, float, int]:
    """AUC, its standard error and the rows of the rarer class, by numpy."""
    ones, zeros = score[label], score[~label]
    above = np.searchsorted(np.sort(zeros), ones) / len(zeros)
    below = 1 - np.searchsorted(np.sort(ones), zeros) / len(ones)
    error = math.sqrt(above.var(ddof=1) / len(ones) + below.var(ddof=1) / len(zeros))
    return float(above.mean()), error, min(len(ones), len(zeros))


def test_the_simulation_measures_as_the_gate_does() -> None:
    rows, _, _ = drawn(400, 9)
    label = np.array([row.label == 1 for row in rows])
    score = np.array([row.score for row in rows])
    value, error, basis = delong(label, score)
    kept = scores.gather({"challenger": [row._replace(kind="fresh") for row in rows]})
    found, rests_on = measure_whole(kept)
    assert found.value == pytest.approx(value)
    assert found.error == pytest.approx(error)
    assert rests_on == basis


def measure_whole(kept: dict[str, Any]) -> tuple[Measured, int]:
    from retraining.rules.measuring import measure_slice

    found, basis = measure_slice("auc", kept)
    return found["challenger"], basis


@pytest.mark.parametrize("truth", [0.55, 0.7, 0.9])
@pytest.mark.parametrize("sizes", [[400], [200, 300, 500, 1000, 3000], [200] * 20])
def test_where_every_slice_is_at_its_floor_one_run_in_twenty_is_refused_at_most(
    truth: float, sizes: list[int]
) -> None:
    """The stated share, 1 - gate.confidence, of all slices together; 2.6 standard errors more."""
    share = share_of_refused([truth] * len(sizes), sizes, 0.12, truth)
    assert share <= 0.05 + 2.6 * math.sqrt(0.05 * 0.95 / RUNS)


def test_one_slice_without_skill_is_found_among_twenty_and_none_where_there_is_none() -> None:
    truths, sizes = [0.5, *[0.75] * 19], [1000] * 20
    assert share_of_refused(truths, sizes, 0.2, 0.65, 100) >= 0.99
    assert share_of_refused([0.75] * 20, sizes, 0.2, 0.65, 100) == 0
