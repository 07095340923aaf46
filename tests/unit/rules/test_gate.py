"""The gate promotes what is proven, rejects what is worse, and says when it cannot tell."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retraining.documents.metrics import Metrics, PairedDifference, Values
from retraining.rules import gate
from retraining.rules.gate import Facts, Terms

TERMS = Terms("auc", 0.60, "improve", 0.01, 0.95, 1000)


def facts(
    *,
    challenger: Any = 0.80,
    champion: Any = 0.75,
    error: float = 0.004,
    rows: int = 2000,
    reference: float | None = None,
    **changed: Any,
) -> Facts:
    measured = Metrics(
        metric="auc",
        higher_is_better=True,
        rows={"fresh": rows, "reference": 0},
        metrics={"fresh": Values(challenger=challenger, champion=champion), "reference": None},
        differences={"fresh": None, "reference": None},
        not_finite={"fresh": 0, "reference": 0},
        outside_holdout=0,
    )
    if isinstance(challenger, float) and isinstance(champion, float):
        difference = PairedDifference(estimate=challenger - champion, error=error, rows=rows)
        measured.differences["fresh"] = difference
    if reference is not None:
        measured.rows["reference"] = rows
        measured.metrics["reference"] = Values(challenger=0.7 + reference, champion=0.7)
        difference = PairedDifference(estimate=reference, error=0.002, rows=rows)
        measured.differences["reference"] = difference
    measured = replace(measured, **changed.pop("measured", {}))
    given_facts = {
        "prepared_rows": dict(measured.rows),
        "golden_rows": 16,
        "has_champion": champion is not None,
        "expects_reference": reference is not None,
    }
    return Facts(measured=measured, **{**given_facts, **changed})


def test_a_better_challenger_is_promoted_and_the_verdict_gives_both_numbers_and_the_bounds() -> (
    None
):
    verdict = gate.judge(TERMS, facts(reference=0.001))
    assert (verdict.decision, verdict.outcome) == ("promote", "PROMOTED")
    assert verdict.data_state == "TRAINED"
    fresh, reference = verdict.comparisons
    assert (fresh.holdout, reference.holdout) == ("fresh", "reference")
    assert (fresh.challenger, fresh.champion, fresh.reading) == (0.80, 0.75, "better")
    assert fresh.lower == pytest.approx(0.05 - 1.6449 * 0.004, abs=1e-5)
    assert reference.reading == "not worse"
    assert "0.8000 against the champion's 0.7500" in verdict.sentence
    assert all(rule.passed for rule in verdict.rules)
    parts = (*verdict.rules, *verdict.comparisons)
    json.dumps([part.as_json() for part in parts], allow_nan=False)


def test_a_difference_of_unknown_error_is_undecided_and_has_no_bounds() -> None:
    verdict = gate.judge(TERMS, facts(error=math.inf))
    (comparison,) = verdict.comparisons
    assert (comparison.reading, comparison.rows_to_decide) == ("undecided", None)
    assert (comparison.error, comparison.lower, comparison.upper) == (None, None, None)
    assert "from -inf to +inf" in verdict.sentence
    json.dumps(comparison.as_json(), allow_nan=False)


def test_the_first_challenger_needs_the_absolute_rules_alone() -> None:
    verdict = gate.judge(TERMS, facts(challenger=0.643, champion=None))
    assert verdict.decision == "promote"
    assert "first champion" in verdict.sentence
    assert "0.6430" in verdict.sentence


@pytest.mark.parametrize(
    ("changed", "decision", "data_state", "said"),
    [
        ({"challenger": 0.50}, "reject", "SUSPECT", "misses the minimum 0.6"),
        ({"challenger": math.nextafter(0.6, 0)}, "reject", "SUSPECT", "misses"),
        ({"challenger": math.nan}, "reject", "SUSPECT", "is not a number"),
        ({"challenger": None}, "reject", "SUSPECT", "is not a number"),
        ({"challenger": "0.9"}, "reject", "SUSPECT", "is not a number"),
        (
            {"measured": {"not_finite": {"fresh": 3}}},
            "reject",
            "SUSPECT",
            "3 scores are not finite",
        ),
        ({"rows": 999}, "inconclusive", "TRAINED", "999 rows, but 1,000 are needed"),
        ({"rows": 0}, "inconclusive", "TRAINED", "0 rows"),
        ({"measured": {"outside_holdout": 2}}, "reject", "SUSPECT", "training data"),
        ({"prepared_rows": {"fresh": 2001}}, "reject", "SUSPECT", "2,000 of 2,001 rows"),
        ({"prepared_rows": {"fresh": 1999}}, "reject", "SUSPECT", "2,000 of 1,999 rows"),
        (
            {"measured": {"differences": {"fresh": None, "reference": None}}},
            "inconclusive",
            "TRAINED",
            "could not be compared",
        ),
        ({"golden_rows": 0}, "reject", "SUSPECT", "0 golden rows"),
        ({"challenger": 0.70, "error": 0.01}, "reject", "SUSPECT", "worse than the champion"),
        ({"challenger": 0.75, "error": 0.0}, "reject", "TRAINED", "not better"),
        ({"challenger": 0.748, "error": 0.003}, "reject", "TRAINED", "not better"),
        ({"challenger": 0.755, "error": 0.02}, "inconclusive", "TRAINED", "rows would"),
        ({"reference": -0.02}, "reject", "SUSPECT", "worse than the champion on the reference"),
        ({"expects_reference": True}, "inconclusive", "TRAINED", "the reference holdout has 0"),
    ],
)
def test_what_is_not_proven_is_not_promoted(
    changed: dict[str, Any], decision: str, data_state: str, said: str
) -> None:
    verdict = gate.judge(TERMS, facts(**changed))
    assert (verdict.decision, verdict.data_state) == (decision, data_state)
    assert said in verdict.sentence


def test_an_undecided_verdict_says_how_many_rows_would_decide() -> None:
    verdict = gate.judge(TERMS, facts(challenger=0.755, error=0.02))
    comparison = verdict.comparisons[0]
    reach = 1.6449 * 0.02
    assert comparison.rows_to_decide == pytest.approx(2000 * (reach / 0.015) ** 2, rel=0.01)
    assert f"{comparison.rows_to_decide:,} rows would" in verdict.sentence


def test_a_holdout_of_exactly_the_least_rows_is_enough() -> None:
    assert gate.judge(TERMS, facts(rows=TERMS.min_holdout_rows)).decision == "promote"


def test_a_challenger_exactly_at_the_minimum_passes_it() -> None:
    assert gate.judge(TERMS, facts(challenger=0.60, champion=None)).decision == "promote"


def test_a_missing_champion_score_refuses_without_blaming_the_data() -> None:
    unscored = facts(champion=None, has_champion=True)
    verdict = gate.judge(TERMS, unscored)
    assert (verdict.decision, verdict.data_state) == ("inconclusive", "TRAINED")


def test_the_minimum_holds_on_the_reference_holdout_too() -> None:
    strict = replace(TERMS, minimum=0.75)
    verdict = gate.judge(strict, facts(reference=0.001))  # 0.80 on fresh, 0.701 on reference
    assert (verdict.decision, verdict.data_state) == ("reject", "SUSPECT")
    assert "on the reference holdout misses the minimum 0.75" in verdict.sentence


@pytest.mark.parametrize("holdout", ["fresh", "reference"])
@pytest.mark.parametrize("missing", ["metric", "difference"])
def test_a_champion_that_is_missing_on_one_holdout_is_not_beaten(
    holdout: str, missing: str
) -> None:
    better = facts(reference=0.05)
    assert gate.judge(TERMS, better).decision == "promote"
    if missing == "difference":
        better.measured.differences[holdout] = None
    else:
        better.measured.metrics[holdout] = Values(challenger=0.8, champion=None)
    verdict = gate.judge(TERMS, better)
    assert (verdict.decision, verdict.data_state) == ("inconclusive", "TRAINED")


def test_superior_asks_for_a_proof() -> None:
    superior = Terms("auc", 0.60, "superior", 0.01, 0.95, 1000)
    close = facts(challenger=0.755, error=0.004)
    assert gate.judge(TERMS, close).decision == "promote"
    assert gate.judge(superior, close).decision == "inconclusive"
    assert gate.judge(superior, facts()).decision == "promote"
    assert gate.judge(superior, facts(reference=0.001)).decision == "promote"


@pytest.mark.parametrize("value", [0.5, 0.51])
def test_for_a_loss_the_minimum_is_the_greatest_value_allowed(value: float) -> None:
    terms = Terms("logloss", 0.5, "improve", 0.01, 0.95, 1000)
    verdict = gate.judge(terms, facts(challenger=value, champion=None))
    assert verdict.decision == ("promote" if value <= 0.5 else "reject")


@given(
    estimate=st.floats(-0.3, 0.3),
    error=st.floats(0, 0.1),
    margin=st.floats(0, 0.05),
    rule=st.sampled_from(["improve", "superior"]),
)
def test_nothing_is_promoted_whose_lower_bound_is_below_the_margin(
    estimate: float, error: float, margin: float, rule: str
) -> None:
    terms = Terms("auc", 0.0, rule, margin, 0.95, 1000)
    given_facts = facts(error=error)
    difference = PairedDifference(estimate=estimate, error=error, rows=2000)
    given_facts.measured.differences["fresh"] = difference
    verdict = gate.judge(terms, given_facts)
    comparison = verdict.comparisons[0]
    if verdict.decision == "promote":
        assert comparison.estimate > 0
        assert comparison.lower >= -margin
        assert rule == "improve" or comparison.lower > 0
    if comparison.upper < -margin:
        assert verdict.data_state == "SUSPECT"


def test_a_reference_is_not_expected_when_newer_rows_replaced_all_of_it() -> None:
    assert gate.expects_reference(["run-000001"], 0, "row")
    assert not gate.expects_reference(["run-000001"], 0, "key")
    assert gate.expects_reference(["run-000001"], 5, "key")
    assert not gate.expects_reference([], 5, "row")


@pytest.mark.parametrize("champion", [0.75, None])
def test_what_a_person_is_to_approve_is_judged_alike_and_waits(champion: float | None) -> None:
    found = facts(champion=champion)
    alone, waits = gate.judge(TERMS, found), gate.judge(replace(TERMS, approval="manual"), found)
    assert (alone.decision, alone.outcome) == ("promote", "PROMOTED")
    assert (waits.decision, waits.outcome) == ("promote", "APPROVAL_PENDING")
    assert waits.sentence == alone.sentence.replace("Promoted", "Waits for approval")
    assert (waits.rules, waits.comparisons) == (alone.rules, alone.comparisons)
    assert waits.data_state == alone.data_state == "TRAINED"


def test_what_is_not_proven_waits_for_nobody() -> None:
    refused = gate.judge(replace(TERMS, approval="manual"), facts(challenger=0.5))
    assert refused.outcome == "MODEL_REJECTED"
