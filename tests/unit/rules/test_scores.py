"""Scores are read side by side, and golden rows are taken from them once each."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retraining.errors import ScoresUnreadable
from retraining.rules import scores
from retraining.rules.measuring import measure
from retraining.rules.metrics import METRICS

TRAIN, VALIDATION = "r4e07408562bedb8b60ce05c1decfe3a", "r4ec9599fc203d176a301536c2e091a1"
HOLDOUT = "r6b86b273ff34fce19d6b804eff5a3f5"


def gathered(lines: list[str], champion: list[str] | None = None) -> dict[str, scores.Kept]:
    read = {"challenger": scores.read(lines, "ours")}
    if champion is not None:
        read["champion"] = scores.read(champion, "theirs")
    return scores.gather(read)


def golden(lines: list[str]) -> dict[str, tuple[float, ...]]:
    kept = gathered(lines)
    judged = {kind: kept[kind].scores["challenger"] for kind in ("fresh", "reference")}
    return scores.golden_ids(judged, scores.read(lines, "scores"))


def test_rows_that_are_equal_are_one_golden_row() -> None:
    """Rows of equal fields share an id; a golden row that came twice would be one row less."""
    lines = [f"r{n:02d},fresh,-,{n % 2},{n / 20}" for n in range(20)]
    wanted = golden([*lines, *[lines[0]] * 60, *[lines[19]] * 60])
    assert len(wanted) == scores.GOLDEN
    assert (min(wanted.values()), max(wanted.values())) == ((0,), (0.95,))
    holdout = [f"r{n:02d},fresh,-,{n % 2},{n},{n + 1}" for n in range(20)]
    rows = scores.golden_rows([*holdout, *holdout], wanted)
    assert [row.row_id for row in rows] == sorted(wanted)
    for row in rows:
        number = int(row.row_id[1:])
        assert (row.features, row.answer) == (f"{number},{number + 1}", (number / 20,))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 30)), min_size=1, max_size=80))
def test_golden_rows_are_as_many_as_there_are_up_to_sixteen_at_both_ends(
    rows: list[tuple[int, int]],
) -> None:
    """Also where many rows share a score, and where a score is not a number."""
    score_of = dict(rows)
    lines = [f"r{n:02d},fresh,-,1,{score_of[n]}" for n, _ in rows] + ["r99,fresh,-,1,nan"]
    wanted = golden(lines)
    found = {int(row_id[1:]): score for row_id, (score,) in wanted.items()}
    assert all(score_of[n] == score for n, score in found.items())
    different = set(score_of.values())
    each = -(-scores.GOLDEN // min(scores.GOLDEN, len(different)))
    possible = sum(min(each, list(score_of.values()).count(score)) for score in different)
    assert len(found) == min(scores.GOLDEN, possible)
    if len(different) > 1:
        assert {min(different), max(different)} <= set(found.values())


def test_clusters_and_scores_that_are_no_numbers_are_kept_of_each_kind_and_role() -> None:
    places = ("r1,fresh,0a", "r2,fresh,0b", "r3,reference,0a", "r4,reference,0a")
    lines = [
        f"{place},1,{said}"
        for place, said in zip(places, ["0.5", "nan", "inf", "0.1"], strict=True)
    ]
    theirs = [
        f"{place},1,{said}"
        for place, said in zip(places, ["0.5", "0.2", "0.3", "nan"], strict=True)
    ]
    kept = gathered(lines, theirs)
    fresh, reference = (list(kept[kind].clusters) for kind in ("fresh", "reference"))
    assert fresh[0] != fresh[1]
    assert reference == [fresh[0], fresh[0]]
    assert kept["fresh"].not_finite == {"challenger": 1}
    assert kept["reference"].not_finite == {"challenger": 1, "champion": 1}
    assert len(gathered(["r1,fresh,-,1,0.5"])["fresh"].clusters) == 0


def test_golden_rows_come_from_the_reference_holdout_where_there_is_no_fresh_one() -> None:
    assert golden(["r1,reference,-,1,0.5", "r2,reference,-,0,0.25"]) == {
        "r1": (0.5,),
        "r2": (0.25,),
    }
    assert golden(["r1,reference,-,1,0.5", "r2,fresh,-,0,0.25"]) == {"r2": (0.25,)}


SHARES = [
    "r1,fresh,-,2,[0.125, 0.25, 0.625]",
    "r2,fresh,-,0,0.5,0.25,0.25",
    'r3,fresh,-,1,"[0.125, 0.25, 0.625]"',
    "r4,reference,-,3,[0.5, 0.25, nan]",
]


@pytest.mark.parametrize(
    ("metric", "read"),
    [("accuracy", [2, 0, 2]), ("macro_f1", [2, 0, 2]), ("mlogloss", [0.625, 0.5, 0.25])],
)
def test_of_the_probabilities_of_several_classes_the_metric_reads_one_number(
    metric: str, read: list[float]
) -> None:
    found = list(scores.read(SHARES, "scores", 3, METRICS[metric].of_classes))
    assert [row.score for row in found[:3]] == read
    assert math.isnan(found[3].score), "one that is not a number spoils the row"
    kept = scores.gather({"challenger": found[:3]})
    judged = {kind: kept[kind].scores["challenger"] for kind in ("fresh", "reference")}
    wanted = scores.golden_ids(judged, found)
    assert set(wanted.values()) == {(0.125, 0.25, 0.625), (0.5, 0.25, 0.25)}


def test_a_class_that_a_model_never_met_has_no_probability() -> None:
    (row,) = scores.read(["r1,fresh,-,2,[0.25, 0.75]"], "scores", 2, METRICS["mlogloss"].of_classes)
    assert row.score == 0


@pytest.mark.parametrize(("line", "answers"), [(SHARES[0], 1), (SHARES[0], 2), ("r,new,-,1,1", 3)])
def test_a_line_of_another_number_of_classes_is_refused(line: str, answers: int) -> None:
    wanted = "score'" if answers == 1 else f"probabilities of {answers} classes"
    with pytest.raises(ScoresUnreadable, match=wanted):
        list(scores.read([line], "scores", answers))


def test_between_label_and_many_answers_features_are_passed_over() -> None:
    shares = [0.5, *[0.0] * 14, 0.5]
    said = ", ".join(map(str, shares))
    for features in ("", '1.5,"a, text",', "1,"):
        (row,) = scores.read([f"r1,fresh,-,2,{features}[{said}]"], "scores", 16)
        assert (row.label, row.answer) == (2, tuple(shares))
    with pytest.raises(ScoresUnreadable, match="of 15 classes"):
        list(scores.read([f"r1,fresh,-,2,1,[{said}]"], "scores", 15))
    with pytest.raises(ScoresUnreadable, match="of 17 classes"):
        list(scores.read([f"r1,fresh,-,2,[{said}]"], "scores", 17))


OURS = [f"{HOLDOUT},fresh,-,1,0.9", f"{TRAIN},fresh,-,0,0.1"]


def test_models_are_compared_on_the_same_rows() -> None:
    same = measure("accuracy", gathered(OURS, OURS))
    difference = same.difference("challenger", "champion", "fresh")
    assert difference is not None
    assert difference.rows == 2


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        ([OURS[0], f"{TRAIN},fresh,-,1,0.2"], rf"row 2 is {TRAIN} \(fresh, label 0\) .* label 1\)"),
        ([OURS[0], f"{TRAIN},reference,-,0,0.2"], r"row 2 is .* \(reference, label 0\)"),
        ([OURS[0], f"{VALIDATION},fresh,-,0,0.2"], rf"row 2 is {TRAIN} .* {VALIDATION}"),
        (OURS[:1], "row 2 is .* and missing in the champion's"),
        ([*OURS, OURS[1]], "row 3 is missing in the challenger's"),
        (OURS[::-1], "row 1 is .* in the same order"),
    ],
)
def test_a_row_that_only_one_model_scored_in_this_place_is_named(
    theirs: list[str], said: str
) -> None:
    with pytest.raises(ScoresUnreadable, match=said):
        gathered(OURS, theirs)
