"""The gate refuses what is clearly worse, sets bad data aside, and says when it cannot tell."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retraining.documents.metrics import Contradicted, Measured, Metrics, PairedDifference
from retraining.documents.verdict import Comparison, Wanted
from retraining.rules.gate import judge as gate
from retraining.rules.gate.comparison import read
from retraining.rules.gate.decisions import Further
from retraining.rules.gate.terms import Earlier, Facts, Terms
from retraining.rules.metrics import METRICS

TERMS = Terms("auc", 0.60, "guard", 0.01, 0.95, 1000)
IMPROVE = replace(TERMS, rule="improve")
SUPERIOR = replace(TERMS, rule="superior")
RULES = [TERMS, IMPROVE, SUPERIOR]
EARLIER = tuple(Earlier(f"bank-{n:06d}", 0.68, 0.18, 0.66, lift, 9000) for n, lift in [
    (1, 0.15), (2, 0.17), (3, 0.16),
])  # fmt: skip


def measured(
    value: float | None, rows: int = 2000, error: float | None = 0.01, **others: Any
) -> Measured:
    lift = None if value is None else value - 0.5
    given = {"clusters": None, "not_finite": 0, **others}
    return Measured(rows=rows, value=value, lift=lift, error=error, **given)


def facts(
    *,
    challenger: float | None = 0.80,
    champion: float | None = 0.75,
    error: float | None = 0.004,
    rows: int = 2000,
    clusters: int | None = None,
    reference: float | None = None,
    reference_rows: int | None = None,
    **others: Any,
) -> Facts:
    """Facts of a challenger on the fresh holdout; `reference` is its difference on the other."""
    candidates: dict[str, dict[str, Measured]] = {"challenger": {}, "champion": {}}
    differences = []

    def put(holdout: str, ours: float | None, theirs: float | None, count: int, se: Any) -> None:
        candidates["challenger"][holdout] = measured(ours, count, clusters=clusters)
        if theirs is None:
            return
        candidates["champion"][holdout] = measured(theirs, count, clusters=clusters)
        difference = None if ours is None else ours - theirs
        pair = {"ours": "challenger", "theirs": "champion", "holdout": holdout}
        found = {"estimate": difference, "error": se, "clusters": clusters, "rows": count}
        differences.append(PairedDifference(**pair, **found))

    put("fresh", challenger, champion, rows, error)
    prepared = {"fresh": rows, "reference": 0}
    if reference is None:
        put("pooled", challenger, champion, rows, error)
    else:
        count = rows if reference_rows is None else reference_rows
        put("reference", 0.7 + reference, 0.7, count, 0.002)
        ours = None if challenger is None else (challenger + 0.7 + reference) / 2
        theirs = None if champion is None else (champion + 0.7) / 2
        put("pooled", ours, theirs, rows + count, error)
        prepared["reference"] = count
    if champion is None:
        del candidates["champion"]
    found = Metrics(
        metric="auc",
        higher_is_better=True,
        candidates=candidates,
        differences=tuple(differences),
        contradicted=None,
        slices=(),
    )
    return Facts(
        measured=replace(found, **others.pop("measured", {})),
        prepared_rows=others.pop("prepared_rows", prepared),
        golden_rows=others.pop("golden_rows", 16),
        shared_rows=others.pop("shared_rows", 0),
        has_champion=others.pop("has_champion", champion is not None),
        expects_reference=others.pop("expects_reference", reference is not None),
        **others,
    )


def on_arrival(found: Facts, value: float | None, error: float = 0.01) -> Facts:
    """The same, with the champion's value on arrival."""
    found.measured.candidates["champion"]["arrival"] = measured(value, 9000, error)
    return found


def alone(found: Facts, value: float | None, error: float = 0.01) -> Facts:
    """The same, with a model of the batch alone."""
    found.measured.candidates["alone"] = {"fresh": measured(value, 2000, error)}
    return found


def backtest(found: Facts, difference: float, error: float = 0.004) -> Facts:
    """The same with a backtest; of a first pass, unless a challenger has been scored."""
    found.measured.candidates["backtest"] = {"arrival": measured(0.66 + difference, 9000)}
    pair = {"ours": "backtest", "theirs": "champion", "holdout": "arrival"}
    values = {"estimate": difference, "error": error, "clusters": None, "rows": 9000}
    differences = (*found.measured.differences, PairedDifference(**pair, **values))
    return replace(found, changed=True, measured=replace(found.measured, differences=differences))


def first_pass(found: Facts) -> Facts:
    """The same before any challenger was trained."""
    del found.measured.candidates["challenger"]
    return found


def test_a_better_challenger_is_promoted_and_the_verdict_gives_both_numbers_and_the_bounds() -> (
    None
):
    verdict = gate.judge(TERMS, facts(reference=0.001))
    assert (verdict.decision.name, verdict.decision.outcome) == ("promote", "PROMOTED")
    assert verdict.decision.data_state == "TRAINED"
    fresh, reference = verdict.comparisons
    assert (fresh.holdout, reference.holdout) == ("fresh", "reference")
    assert (fresh.our_value, fresh.their_value, fresh.reading) == (0.80, 0.75, "better")
    assert fresh.lower == pytest.approx(0.05 - 1.6449 * 0.004, abs=1e-5)
    assert reference.reading == "not worse"
    said = verdict.decision.sentence
    assert "0.8000 against the champion's 0.7500" in said
    assert "lower bound at 95 % +0.0434" in said
    assert all(rule.passed for rule in verdict.rules)
    parts = (*verdict.rules, *verdict.comparisons)
    json.dumps([part.as_json() for part in parts], allow_nan=False)


def test_a_difference_of_unknown_error_is_undecided_and_has_no_bounds() -> None:
    verdict = gate.judge(IMPROVE, facts(error=None))
    comparison = verdict.comparisons[0]
    assert (comparison.reading, comparison.rows_to_decide) == ("undecided", None)
    assert (comparison.error, comparison.lower, comparison.upper) == (None, None, None)
    assert verdict.decision.name == "inconclusive"
    assert "without bounds" in verdict.decision.sentence
    json.dumps(comparison.as_json(), allow_nan=False)


@pytest.mark.parametrize("terms", RULES)
def test_the_first_challenger_needs_the_absolute_rules_alone(terms: Terms) -> None:
    decision = gate.judge(terms, facts(challenger=0.643, champion=None)).decision
    assert decision.name == "promote"
    assert "first champion" in decision.sentence
    assert "0.6430" in decision.sentence
    assert gate.judge(terms, facts(challenger=0.59, champion=None)).decision.name == "reject"


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"challenger": 0.50}, "misses the minimum 0.6"),
    ({"challenger": math.nextafter(0.6, 0)}, "misses"),
    ({"challenger": None}, "is not a number"),
    ({"shared_rows": 2}, "training data"),
    ({"prepared_rows": {"fresh": 2001}}, "2,000 of 2,001 rows"),
    ({"prepared_rows": {"fresh": 1999}}, "2,000 of 1,999 rows"),
    ({"golden_rows": 0}, "0 golden rows"),
    ({"challenger": 0.70, "error": 0.01}, "worse than the champion"),
    ({"reference": -0.02}, "worse than the champion on the reference"),
]


@pytest.mark.parametrize("terms", RULES)
@pytest.mark.parametrize(("changed", "said"), BROKEN)
def test_a_bad_challenger_is_rejected_by_every_rule_and_costs_no_data(
    changed: dict[str, Any], said: str, terms: Terms
) -> None:
    decision = gate.judge(terms, facts(**changed)).decision
    assert (decision.name, decision.data_state) == ("reject", "TRAINED")
    assert said in decision.sentence


@pytest.mark.parametrize("terms", RULES)
def test_scores_that_are_not_finite_refuse_the_challenger(terms: Terms) -> None:
    found = facts()
    found.measured.candidates["challenger"]["fresh"] = measured(0.8, not_finite=3)
    decision = gate.judge(terms, found).decision
    assert decision.name == "reject"
    assert "3 scores are not finite" in decision.sentence


@pytest.mark.parametrize(
    ("changed", "guard", "others", "said"),
    [
        ({"rows": 999}, "reject", "inconclusive", "999 rows, but 1,000 are needed"),
        ({"rows": 0}, "reject", "inconclusive", "0 rows"),
        ({"measured": {"differences": ()}}, "reject", "inconclusive", "could not be compared"),
        (
            {"expects_reference": True, "prepared_rows": {"fresh": 2000}},
            "reject",
            "inconclusive",
            "reference",
        ),
        ({"champion": None, "has_champion": True}, "reject", "inconclusive", "champion"),
        ({"challenger": 0.75, "error": 0.0}, "promote", "reject", "not worse"),
        ({"challenger": 0.748, "error": 0.003}, "promote", "reject", "not"),
        ({"challenger": 0.755, "error": 0.02}, "promote", "inconclusive", "undecided"),
        ({"challenger": 0.74, "error": 0.02}, "promote", "inconclusive", "undecided"),
        ({"challenger": 0.745, "error": 0.002}, "reject", "reject", "worse"),
        ({"reference": -0.006}, "promote", "promote", "worse, by less than the margin"),
        ({"reference": -0.0125}, "promote", "reject", "worse"),
    ],
)
def test_guard_promotes_what_is_not_clearly_worse_and_the_others_ask_for_proof(
    changed: dict[str, Any], guard: str, others: str, said: str
) -> None:
    decision = gate.judge(TERMS, facts(**changed)).decision
    assert decision.name == guard
    assert said in decision.sentence or "reject" in (guard, others)
    for terms in (IMPROVE, SUPERIOR):
        assert gate.judge(terms, facts(**changed)).decision.name == others


def test_a_holdout_of_few_rows_is_judged_together_with_the_reference() -> None:
    """Under guard, whose minimum of rows is that of both."""
    found = facts(challenger=0.66, rows=600, error=0.01, reference=0.001, reference_rows=700)
    verdict = gate.judge(TERMS, found)
    assert [one.holdout for one in verdict.comparisons] == ["fresh", "reference", "pooled"]
    assert verdict.decision.name == "reject"
    assert "on both holdouts together" in verdict.decision.sentence
    better = facts(challenger=0.80, rows=600, error=0.01, reference=0.001, reference_rows=700)
    assert gate.judge(TERMS, better).decision.name == "promote"
    assert gate.judge(IMPROVE, better).decision.name == "inconclusive"


@pytest.mark.parametrize("terms", RULES)
def test_under_ten_clusters_there_are_no_bounds_and_the_verdict_says_so(terms: Terms) -> None:
    verdict = gate.judge(terms, facts(challenger=0.70, error=0.001, clusters=9))
    (comparison,) = verdict.comparisons
    assert (comparison.lower, comparison.upper) == (None, None)
    assert "9 clusters" in verdict.decision.sentence
    assert verdict.decision.name == ("promote" if terms is TERMS else "inconclusive")
    ten = gate.judge(terms, facts(challenger=0.70, error=0.001, clusters=10))
    assert ten.decision.name == "reject"
    bounds = ten.comparisons[0]
    assert bounds.upper == pytest.approx(-0.05 + 1.8331 * 0.001, abs=1e-6)


def test_a_champion_that_knows_the_reference_holdout_is_compared_on_fresh_rows_only() -> None:
    found = facts(reference=-0.02)
    assert gate.judge(TERMS, found).decision.name == "reject"
    verdict = gate.judge(TERMS, replace(found, champion_knows_reference=True))
    assert [one.holdout for one in verdict.comparisons] == ["fresh"]
    assert verdict.decision.name == "promote"


def without_fresh(found: Facts, **fresh: Any) -> Facts:
    """The same where the fresh holdout has no figure: no rows, or these without a value."""
    candidates = {
        role: {
            **{name: one for name, one in of.items() if name not in ("fresh", "pooled")},
            **({"fresh": measured(None, **fresh)} if fresh else {}),
            "pooled": of["reference"],
        }
        for role, of in found.measured.candidates.items()
    }
    differences = [one for one in found.measured.differences if one.holdout == "reference"]
    together = [replace(one, holdout="pooled") for one in differences]
    measures = replace(found.measured, candidates=candidates, differences=(*differences, *together))
    rows = fresh.get("rows", 0)
    return replace(found, measured=measures, prepared_rows={**found.prepared_rows, "fresh": rows})


@pytest.mark.parametrize("changed", [False, True])
def test_where_a_refit_champion_knows_every_held_out_row_the_absolute_rules_decide(
    changed: bool,
) -> None:
    found = without_fresh(facts(reference=-0.05, champion_knows_reference=True))
    found = backtest(on_arrival(found, 0.66), 0.02) if changed else found
    verdict = gate.judge(TERMS, found)
    assert verdict.decision.name == "promote"
    assert verdict.decision.sentence.startswith(
        "Promoted: the champion was trained on every held-out row of this batch, so nothing"
        " compares the two; auc is 0.6500 on the reference holdout (2,000 rows)"
    )
    assert ("the new settings are taken" in verdict.decision.sentence.lower()) == changed
    apart = gate.judge(TERMS, replace(found, apart_rows=9)).decision.sentence
    assert "the champion was trained on or cannot be scored on every held-out row" in apart
    assert gate.judge(replace(TERMS, minimum=0.7), found).decision.name == "reject"
    assert gate.judge(replace(TERMS, min_holdout_rows=2001), found).decision.name == "reject"
    for terms in (IMPROVE, SUPERIOR):
        decision = gate.judge(terms, found).decision
        assert decision.name == "inconclusive"
        assert "the champion was trained on every held-out row of this batch" in decision.sentence


@pytest.mark.parametrize("fresh", [{}, {"rows": 3}])
@pytest.mark.parametrize(("difference", "name"), [(0.0, "promote"), (-0.05, "reject")])
def test_a_fresh_holdout_without_a_figure_leaves_the_reference_to_decide(
    fresh: dict[str, int], difference: float, name: str
) -> None:
    """A handful of rows of one label: guard judges both holdouts together."""
    verdict = gate.judge(TERMS, without_fresh(facts(reference=difference), **fresh))
    assert verdict.decision.name == name
    assert [one.holdout for one in verdict.comparisons] == ["reference", "pooled"]
    said = {rule.sentence for rule in verdict.rules if rule.rule == "finite"}
    why = "its 3 rows have one label alone" if fresh else "the champion was trained on every"
    assert any(f"the fresh holdout has no auc of its own: {why}" in one for one in said)


def test_fresh_rows_of_one_label_and_a_refit_champion_leave_nothing_to_compare() -> None:
    found = without_fresh(facts(reference=-0.05, champion_knows_reference=True), rows=3)
    decision = gate.judge(TERMS, found).decision
    assert decision.name == "promote"
    assert "the fresh rows have one label alone" in decision.sentence


@pytest.mark.parametrize("role", ["challenger", "champion"])
def test_a_figure_that_is_missing_because_of_a_score_is_never_passed_over(role: str) -> None:
    found = without_fresh(facts(reference=0.01), rows=3)
    found.measured.candidates[role]["fresh"] = measured(None, 3, not_finite=1)
    assert gate.judge(TERMS, found).decision.name == "reject"


def test_the_minimum_is_asked_of_both_holdouts_together_under_guard() -> None:
    strict = replace(TERMS, minimum=0.74)
    found = facts(reference=0.001)  # 0.80 on fresh, 0.701 on reference: 0.7505
    assert gate.judge(strict, found).decision.name == "promote"
    assert gate.judge(replace(strict, minimum=0.76), found).decision.name == "reject"
    refused = gate.judge(replace(strict, rule="improve"), found).decision
    assert "on the reference holdout misses the minimum 0.74" in refused.sentence


def test_an_undecided_verdict_says_how_many_rows_would_decide() -> None:
    verdict = gate.judge(IMPROVE, facts(challenger=0.755, error=0.02))
    comparison = verdict.comparisons[0]
    reach = 1.6449 * 0.02
    assert comparison.rows_to_decide == pytest.approx(2000 * (reach / 0.015) ** 2, rel=0.01)
    assert f"{comparison.rows_to_decide:,} rows would" in verdict.decision.sentence


@pytest.mark.parametrize("terms", RULES)
def test_a_holdout_of_exactly_the_least_rows_is_enough(terms: Terms) -> None:
    assert gate.judge(terms, facts(rows=TERMS.min_holdout_rows)).decision.name == "promote"


@pytest.mark.parametrize("terms", RULES)
def test_a_challenger_exactly_at_the_minimum_passes_it(terms: Terms) -> None:
    assert gate.judge(terms, facts(challenger=0.60, champion=None)).decision.name == "promote"


@pytest.mark.parametrize("terms", RULES)
@pytest.mark.parametrize("holdout", ["fresh", "reference"])
@pytest.mark.parametrize("missing", ["metric", "difference"])
def test_a_champion_that_is_missing_on_one_holdout_is_not_beaten(
    holdout: str, missing: str, terms: Terms
) -> None:
    better = facts(reference=0.05)
    assert gate.judge(terms, better).decision.name == "promote"
    if missing == "difference":
        kept = tuple(one for one in better.measured.differences if one.holdout != holdout)
        better = replace(better, measured=replace(better.measured, differences=kept))
    else:
        better.measured.candidates["champion"][holdout] = measured(None)
    decision = gate.judge(terms, better).decision
    assert decision.name == ("reject" if terms is TERMS else "inconclusive")


def test_superior_asks_for_a_proof() -> None:
    close = facts(challenger=0.755, error=0.004)
    assert gate.judge(IMPROVE, close).decision.name == "promote"
    assert gate.judge(SUPERIOR, close).decision.name == "inconclusive"
    assert gate.judge(SUPERIOR, facts()).decision.name == "promote"
    assert gate.judge(SUPERIOR, facts(reference=0.001)).decision.name == "promote"


@pytest.mark.parametrize("value", [0.5, 0.51])
def test_for_a_loss_the_minimum_is_the_greatest_value_allowed(value: float) -> None:
    terms = Terms("logloss", 0.5, "improve", 0.01, 0.95, 1000)
    decision = gate.judge(terms, facts(challenger=value, champion=None)).decision
    assert decision.name == ("promote" if value <= 0.5 else "reject")


@given(
    estimate=st.floats(-0.3, 0.3),
    error=st.floats(0, 0.1),
    margin=st.floats(0, 0.05),
    terms=st.sampled_from(RULES),
)
def test_the_bounds_decide(estimate: float, error: float, margin: float, terms: Terms) -> None:
    terms = replace(terms, minimum=0.0, margin=margin)
    found = facts(challenger=0.6 + estimate, champion=0.6, error=error)
    verdict = gate.judge(terms, found)
    (comparison,) = verdict.comparisons
    lower, upper = comparison.lower, comparison.upper
    assert lower is not None
    assert upper is not None
    if terms.rule == "guard":
        assert verdict.decision.name == ("reject" if upper < 0 else "promote")
    elif verdict.decision.name == "promote":
        assert comparison.estimate > 0
        assert lower >= -margin
        assert terms.rule == "improve" or lower > 0


@pytest.mark.parametrize(
    ("lower", "upper", "reading"),
    [
        (0.001, 0.1, "better"),
        (0.0, 0.1, "not worse"),
        (-0.01, 0.1, "not worse"),
        (-0.0101, 0.1, "undecided"),
        (-0.01, -0.001, "worse, by less than the margin"),
        (-0.0101, -0.001, "worse"),
        (-0.1, 0.0, "undecided"),
        (-math.inf, math.inf, "undecided"),
    ],
)
def test_bounds_read_as_words(lower: float, upper: float, reading: str) -> None:
    assert read(lower, upper, 0.01) == reading


def test_a_reference_is_not_expected_when_newer_rows_replaced_all_of_it() -> None:
    assert gate.expects_reference(["run-000001"], 0, keyed=False)
    assert not gate.expects_reference(["run-000001"], 0, keyed=True)
    assert gate.expects_reference(["run-000001"], 5, keyed=True)
    assert not gate.expects_reference([], 5, keyed=False)


@pytest.mark.parametrize("champion", [0.75, None])
def test_what_a_person_is_to_approve_is_judged_alike_and_waits(champion: float | None) -> None:
    found = facts(champion=champion)
    alone = gate.judge(TERMS, found)
    waits = gate.judge(replace(TERMS, approval="manual"), found)
    assert (alone.decision.name, alone.decision.outcome) == ("promote", "PROMOTED")
    assert (waits.decision.name, waits.decision.outcome) == ("promote", "APPROVAL_PENDING")
    said = alone.decision.sentence.replace("Promoted", "Waits for approval")
    assert waits.decision.sentence == said
    assert (waits.rules, waits.comparisons) == (alone.rules, alone.comparisons)


def test_what_is_refused_waits_for_nobody() -> None:
    refused = gate.judge(replace(TERMS, approval="manual"), facts(challenger=0.5))
    assert refused.decision.outcome == "MODEL_REJECTED"


def met(value: float | None, **others: Any) -> Facts:
    """A champion that usually has lift 0.16 and has this value on arrival now."""
    error = others.pop("error", 0.01)
    return on_arrival(facts(earlier=EARLIER, champion_promise=0.2, **others), value, error)


@pytest.mark.parametrize("value", [0.59, 0.66, 0.9])
def test_a_usual_lift_says_nothing_against_the_data(value: float) -> None:
    verdict = gate.judge(TERMS, met(value))
    assert verdict.decision.name == "promote"
    assert verdict.data is not None
    assert (verdict.data.collapsed, verdict.data.suspect) == (False, False)
    assert verdict.data.usual_lift == pytest.approx(0.165)  # of 0.15, 0.16, 0.17 and 0.2


@pytest.mark.parametrize("value", [0.58, 0.5, 0.4])
def test_a_collapsed_lift_asks_for_a_model_of_the_batch_alone(value: float) -> None:
    decision = gate.judge(TERMS, met(value)).decision
    assert isinstance(decision, Further)
    assert decision.wanted == (Wanted(role="alone", settings="new"),)
    assert (decision.outcome, decision.data_state) == (None, None)


@pytest.mark.parametrize(
    ("own", "error", "decision", "said"),
    [
        (0.50, 0.01, "suspect", "no signal"),
        (0.45, 0.01, "suspect", "no signal"),
        (0.523, 0.01, "suspect", "no signal"),  # within 2.33 standard errors of chance
        (None, 0.01, "suspect", "not defined"),
        (0.53, 0.001, "suspect", "no signal"),  # under a fifth of the usual lift
        (0.54, 0.001, "promote", "the world has changed"),
        (0.60, 0.01, "promote", "the world has changed"),
        (0.50, 0.08, "promote", "too small to tell why"),
    ],
)
def test_a_collapsed_lift_makes_data_suspect_only_without_signal_of_their_own(
    own: float | None, error: float, decision: str, said: str
) -> None:
    verdict = gate.judge(TERMS, alone(met(0.51), own, error))
    assert verdict.decision.name == decision
    assert said in verdict.decision.sentence
    suspect = decision == "suspect"
    assert verdict.decision.data_state == ("SUSPECT" if suspect else "TRAINED")
    assert verdict.decision.outcome == ("SUSPECT" if suspect else "PROMOTED")


def test_a_metric_that_few_rows_do_not_define_asks_for_more() -> None:
    decision = gate.judge(TERMS, facts(challenger=None, rows=2000)).decision
    assert decision.name == "reject"
    assert "not defined on 2,000 rows like these: drop more data at once" in decision.sentence


def held_out(found: Facts, value: float | None, rows: int, error: float | None) -> Facts:
    """The same, with another champion on the fresh holdout."""
    found.measured.candidates["champion"]["fresh"] = measured(value, rows, error)
    return found


def test_a_batch_without_a_side_to_train_on_asks_for_no_model_of_it_alone() -> None:
    """By group, few groups may all be on one side: its training would fail, and the run with it."""
    verdict = gate.judge(TERMS, replace(met(0.5), trains_alone=False))
    assert verdict.decision.name == "promote"
    assert verdict.data is not None
    assert (verdict.data.collapsed, verdict.data.suspect) == (True, False)
    assert "too small to tell why" in verdict.data.sentence


@pytest.mark.parametrize(("value", "error"), [(0.6, 0.08), (None, None), (0.5, None)])
def test_a_batch_too_small_to_tell_why_asks_for_nothing_and_is_not_suspect(
    value: float | None, error: float | None
) -> None:
    """Few held-out rows, or one class among them: no model of the batch alone could tell."""
    found = held_out(met(0.51), value, 5, error)
    verdicts = [gate.judge(TERMS, found)]
    verdicts += [gate.judge(TERMS, alone(found, own, 0.0)) for own in (0.5, None)]
    for verdict in verdicts:
        assert verdict.data is not None
        assert (verdict.data.collapsed, verdict.data.suspect) == (True, False)
        assert "too small to tell why" in verdict.data.sentence
        assert verdict.decision.name in ("promote", "reject")


def test_what_a_person_has_released_is_judged_as_ever_however_it_looks() -> None:
    found = replace(met(0.51), released=True)
    for verdict in (gate.judge(TERMS, found), gate.judge(TERMS, alone(found, 0.5))):
        assert verdict.data is not None
        assert (verdict.data.collapsed, verdict.data.suspect) == (True, False)
        assert (verdict.decision.name, verdict.decision.data_state) == ("promote", "TRAINED")
        assert "a person has released the batch" in verdict.decision.sentence


def test_a_model_of_equal_scores_is_judged_by_what_the_rows_can_tell() -> None:
    """Its own error is 0, and its lift of 0 would prove bad data on however few rows."""
    few = gate.judge(TERMS, alone(held_out(met(0.51), 0.6, 40, 0.08), 0.5, 0.0))
    many = gate.judge(TERMS, alone(held_out(met(0.51), 0.6, 2000, 0.02), 0.5, 0.0))
    assert few.data is not None
    assert (few.data.suspect, many.decision.name) == (False, "suspect")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"earlier": (), "champion_promise": None}, "no earlier batch and no promise"),
        ({"earlier": (), "champion_promise": 0.015}, "too small to tell"),
        ({"earlier": (), "champion_promise": -0.1}, "too small to tell"),
    ],
)
def test_a_champion_without_lift_gives_no_verdict_on_the_data_and_says_so(
    changed: dict[str, Any], said: str
) -> None:
    verdict = gate.judge(TERMS, replace(met(0.5), **changed))
    assert verdict.data is not None
    assert (verdict.data.collapsed, verdict.data.suspect) == (None, False)
    assert verdict.decision.name == "promote"
    assert said in verdict.decision.sentence


def test_a_lift_that_swings_more_than_it_is_gives_no_verdict_on_the_data() -> None:
    lifts = [-0.1, 0.12, -0.05, 0.09, 0.1]
    swings = tuple(replace(EARLIER[0], arrival_lift=lift) for lift in lifts)
    verdict = gate.judge(TERMS, replace(met(0.5), earlier=swings, champion_promise=None))
    assert verdict.data is not None
    assert verdict.data.collapsed is None


def test_the_drop_that_the_demo_shuffles_is_suspect() -> None:
    """One earlier arrival of lift 0.041 and a promise of 0.325."""
    earlier = (replace(EARLIER[0], arrival_lift=0.041),)
    found = on_arrival(facts(earlier=earlier, champion_promise=0.325), 0.5003, 0.012)
    assert gate.judge(TERMS, found).decision.name == "further"
    assert gate.judge(TERMS, alone(found, 0.506, 0.022)).decision.name == "suspect"


def test_labels_against_a_very_good_champion_are_counted() -> None:
    conflicts = {"contradicted": Contradicted(rows=1000, against=50)}
    good = met(0.93, measured=conflicts)
    verdict = gate.judge(TERMS, good)
    assert verdict.data is not None
    assert "5.0% of the labels are against its confident scores (50 of 1,000)" in (
        verdict.data.sentence
    )
    worse = gate.judge(TERMS, met(0.89, measured=conflicts))
    assert worse.data is not None
    assert "confident" not in worse.data.sentence


@pytest.mark.parametrize(
    ("difference", "error", "keep", "take", "said"),
    [
        (0.02, 0.004, "new", "new", "the new settings are taken"),
        (0.0, 0.004, "new", "new", "the new settings are taken"),
        (-0.02, 0.004, "former", "former", "the new settings are refused"),
        (-0.008, 0.004, "former", "former", "the new settings are refused"),
        (-0.005, 0.002, "former", "former", "the new settings are refused"),  # by < the margin
        (-0.005, 0.004, "former", "new", "does not decide"),
    ],
)
def test_changed_settings_are_taken_by_their_backtest(
    difference: float, error: float, keep: str, take: str, said: str
) -> None:
    for option, settings in (("keep", keep), ("take", take)):
        terms = replace(TERMS, undecided_settings=option)
        pass_1 = first_pass(backtest(met(0.66), difference, error))
        verdict = gate.judge(terms, pass_1)
        assert isinstance(verdict.decision, Further)
        assert verdict.decision.wanted == (Wanted(role="challenger", settings=settings),)
        assert said in verdict.decision.sentence
        pass_2 = gate.judge(terms, backtest(met(0.66), difference, error))
        assert pass_2.decision.name == "promote"
        assert said in pass_2.decision.sentence.lower()
        assert [one.ours for one in pass_2.comparisons] == ["backtest", "challenger"]


def again(found: Facts, difference: float | None, error: float = 0.004) -> Facts:
    """On a batch that the champion knows: nothing arrived, and both settings trained again."""
    candidates = found.measured.candidates
    del candidates["champion"]["arrival"]
    differences = found.measured.differences
    if difference is not None:
        candidates["backtest"] = {"arrival": measured(0.66 + difference, 9000)}
        candidates["former"] = {"arrival": measured(0.66, 9000)}
        pair = {"ours": "backtest", "theirs": "former", "holdout": "arrival", "clusters": None}
        apart = PairedDifference(**pair, estimate=difference, error=error, rows=9000)
        differences = (*differences, apart)
    known = replace(found.measured, differences=differences)
    return replace(found, measured=known, again=True, changed=True)


@pytest.mark.parametrize(
    ("difference", "error", "taken", "said"),
    [
        (0.02, 0.004, "new", "the new settings are taken"),
        (-0.02, 0.004, "former", "the new settings are refused"),
        (-0.005, 0.004, "former", "does not decide"),
    ],
)
def test_settings_are_judged_on_an_earlier_batch_by_both_trained_without_it(
    difference: float, error: float, taken: str, said: str
) -> None:
    first = gate.judge(TERMS, first_pass(again(met(0.3), difference, error)))
    assert isinstance(first.decision, Further)
    assert first.decision.wanted == (Wanted(role="challenger", settings=taken),)
    verdict = gate.judge(TERMS, again(met(0.3), difference, error))
    assert verdict.decision.name == "promote", "what the champion has seen says nothing of data"
    assert verdict.data is None
    assert said in verdict.decision.sentence.lower()
    assert "the former settings' 0.6600" in verdict.decision.sentence


@pytest.mark.parametrize(
    ("difference", "option", "name"),
    [
        (-0.02, "take", "reject"),
        (-0.005, "keep", "inconclusive"),
        (-0.005, "take", "further"),
        (0.02, "keep", "further"),
    ],
)
@pytest.mark.parametrize("rule", ["guard", "improve"])
def test_the_champion_is_not_trained_once_more(
    difference: float, option: str, name: str, rule: str
) -> None:
    """Where the former settings stay, on the batches that it was trained on with them."""
    terms = replace(TERMS, undecided_settings=option, rule=rule)
    found = replace(first_pass(again(met(0.3), difference)), repeats_champion=True)
    verdict = gate.judge(terms, found)
    assert verdict.decision.name == name
    if name == "further":
        return
    assert "The champion stays: on these batches" in verdict.decision.sentence
    assert verdict.settings is not None
    assert verdict.settings.taken == "former"
    assert [one.theirs for one in verdict.comparisons] == ["former"]


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"first_batch": True}, "can be tested from the second batch on"),
        ({"other_features": True}, "next drop tests the new ones against the champion itself"),
    ],
)
@pytest.mark.parametrize("option", ["keep", "take"])
def test_settings_that_an_earlier_batch_cannot_test_are_undecided(
    known: dict[str, bool], said: str, option: str
) -> None:
    terms = replace(TERMS, undecided_settings=option)
    found = replace(first_pass(again(met(0.66), None)), **known)
    verdict = gate.judge(terms, found)
    assert verdict.settings is not None
    assert not verdict.settings.decided
    assert said in verdict.settings.sentence
    if "other_features" in known and option == "keep":
        assert verdict.decision.name == "inconclusive"
        return
    assert isinstance(verdict.decision, Further)
    assert [one.role for one in verdict.decision.wanted] == ["challenger"]
    ended = gate.judge(terms, replace(again(met(0.66), None), **known)).decision
    assert ended.name == "promote"


@pytest.mark.parametrize("option", ["keep", "take"])
@pytest.mark.parametrize("other_features", [False, True])
def test_what_a_new_baseline_takes_untested_is_said(option: str, other_features: bool) -> None:
    terms = replace(TERMS, undecided_settings=option)
    found = replace(met(0.66), untested=True, other_features=other_features)
    verdict = gate.judge(terms, found)
    assert verdict.decision.name == gate.judge(terms, met(0.66)).decision.name == "promote"
    what = "features" if other_features else "settings"
    assert f"The new {what} are taken without a backtest" in verdict.decision.sentence
    assert verdict.settings is not None
    assert (verdict.settings.taken, verdict.settings.decided) == ("new", False)


@pytest.mark.parametrize(
    ("difference", "option", "name", "said"),
    [
        (-0.05, "take", "reject", "the new features are refused"),
        (0.05, "keep", "promote", "the new features are taken"),
        (-0.005, "keep", "inconclusive", "does not decide about the new features"),
        (-0.005, "take", "promote", "does not decide about the new features"),
    ],
)
def test_new_features_that_their_backtest_refuses_do_not_serve(
    difference: float, option: str, name: str, said: str
) -> None:
    """The former ones are another push: there is nothing to train them with."""
    terms = replace(TERMS, undecided_settings=option)
    found = replace(backtest(met(0.66), difference), other_features=True)
    decision = gate.judge(terms, found).decision
    assert decision.name == name
    assert said in decision.sentence.lower()


@pytest.mark.parametrize(("difference", "name"), [(-0.05, "reject"), (-0.005, "inconclusive")])
def test_nothing_is_trained_with_features_that_their_backtest_did_not_let_through(
    difference: float, name: str
) -> None:
    found = first_pass(replace(backtest(met(0.66), difference), other_features=True))
    verdict = gate.judge(TERMS, found)
    assert verdict.decision.name == name
    assert "To train with the former features, push them." in verdict.decision.sentence
    assert [one.ours for one in verdict.comparisons] == ["backtest"]
    taken = gate.judge(replace(TERMS, undecided_settings="take"), found).decision
    assert isinstance(taken, Further) == (name == "inconclusive")
    collapsed = first_pass(replace(backtest(met(0.5), difference), other_features=True))
    decision = gate.judge(TERMS, collapsed).decision
    assert isinstance(decision, Further)
    assert [one.role for one in decision.wanted] == ["alone"]
    assert gate.judge(TERMS, alone(collapsed, 0.5)).decision.name == "suspect"
    assert gate.judge(TERMS, alone(collapsed, 0.8)).decision.name == name


def test_a_backtest_that_could_not_be_compared_decides_nothing() -> None:
    found = first_pass(replace(met(0.66), changed=True))
    verdict = gate.judge(TERMS, found)
    assert verdict.settings is not None
    assert (verdict.settings.taken, verdict.settings.decided) == ("former", False)


def test_changed_settings_on_a_collapsed_batch_ask_for_both_at_once_and_then_conclude() -> None:
    found = first_pass(backtest(met(0.5), 0.02))
    decision = gate.judge(TERMS, found).decision
    assert isinstance(decision, Further)
    assert [one.role for one in decision.wanted] == ["challenger", "alone"]
    assert gate.judge(TERMS, alone(backtest(met(0.5), 0.02), 0.5)).decision.name == "suspect"


@pytest.mark.parametrize("has_champion", [True, False])
@pytest.mark.parametrize("changed", [True, False])
@pytest.mark.parametrize("arrival", [None, 0.5, 0.66])
@pytest.mark.parametrize("terms", RULES)
def test_what_was_trained_is_never_asked_for_again(
    terms: Terms, arrival: float | None, changed: bool, has_champion: bool
) -> None:
    found = met(arrival) if has_champion else facts(champion=None)
    found = first_pass(replace(found, changed=changed and has_champion))
    for _ in range(2):
        decision = gate.judge(terms, found).decision
        if not isinstance(decision, Further):
            break
        for one in decision.wanted:
            assert one.role not in found.measured.candidates
            found.measured.candidates[one.role] = {"fresh": measured(0.6)}
    assert gate.judge(terms, found).decision.name != "further"


def test_guard_is_never_inconclusive() -> None:
    for changed, _ in BROKEN:
        assert gate.judge(TERMS, facts(**changed)).decision.name != "inconclusive"


def test_a_promise_has_the_error_of_the_holdout_and_of_the_next_batch() -> None:
    promise = gate.judge(TERMS, replace(met(0.66, error=0.02), earlier=())).promise
    assert promise is not None
    assert (promise.holdout, promise.value, promise.lift) == ("fresh", 0.80, pytest.approx(0.30))
    assert promise.expected == promise.value
    reach = 1.6449 * math.hypot(0.01, 0.02)
    assert promise.upper == pytest.approx(0.80 + reach, abs=1e-5)
    first = gate.judge(TERMS, facts(champion=None, holdout_share=0.25)).promise
    assert first is not None
    assert first.lower == pytest.approx(0.80 - 1.6449 * 0.01 * math.sqrt(1.25), abs=1e-5)


@pytest.mark.parametrize("metric", sorted(METRICS))
@pytest.mark.parametrize("end", ["low", "high"])
def test_a_promise_names_no_value_that_its_metric_cannot_have(metric: str, end: str) -> None:
    """A digit is read rightly in 99 % of cases, and a batch of few says so within 3 %."""
    possible = METRICS[metric].range
    value = min(getattr(possible, end), 1e3)
    promise = gate.judge(
        replace(TERMS, metric=metric), facts(champion=None, challenger=value)
    ).promise
    assert promise is not None
    assert promise.lower is not None
    assert promise.upper is not None
    assert promise.lower in possible
    assert promise.upper in possible
    assert promise.lower <= promise.value <= promise.upper
    assert promise.lower < promise.upper, "the other side is as far as before"


def test_a_promise_that_earlier_ones_correct_beyond_the_metric_ends_there() -> None:
    earlier = tuple(replace(EARLIER[0], promised=0.5, arrival=0.9 + n / 100) for n in range(4))
    promise = gate.judge(TERMS, replace(met(0.66), earlier=earlier)).promise
    assert promise is not None
    assert (promise.expected, promise.upper) == (1.0, 1.0)


def test_what_came_true_on_this_batch_widens_the_promise_of_the_next_one() -> None:
    nothing = replace(met(0.66), earlier=(), champion_promise=0.2)
    before = gate.judge(TERMS, nothing).promise
    after = gate.judge(TERMS, replace(nothing, champion_promised=0.8)).promise
    assert before is not None
    assert after is not None
    assert (before.promises_kept, after.promises_kept) == (0, 1)
    assert before.upper is not None
    assert after.upper is not None
    assert after.expected == before.expected
    assert after.upper > before.upper
    known = gate.judge(TERMS, replace(nothing, champion_promised=0.8, again=True)).promise
    assert known is not None
    assert known.promises_kept == 0, "the champion may know the batch"


def test_from_four_batches_on_a_promise_is_corrected_by_what_earlier_ones_came_to() -> None:
    gaps = [0.10, 0.08, 0.12, 0.10]
    earlier = tuple(replace(EARLIER[0], promised=0.7, arrival=0.7 - gap) for gap in gaps)
    three = gate.judge(TERMS, replace(met(0.66), earlier=earlier[:3])).promise
    four = gate.judge(TERMS, replace(met(0.66), earlier=earlier)).promise
    assert three is not None
    assert four is not None
    assert (three.expected, three.promises_kept) == (0.80, 3)
    assert four.expected == pytest.approx(0.70)
    assert four.upper is not None
    half = 2.3534 * 0.016330 * math.sqrt(1.25)
    assert four.upper == pytest.approx(0.70 + max(half, 1.6449 * math.hypot(0.01, 0.01)), abs=1e-4)


def test_every_comparison_is_a_document() -> None:
    verdict = gate.judge(TERMS, backtest(met(0.66), 0.02))
    for one in verdict.comparisons:
        assert Comparison.from_json(json.loads(json.dumps(one.as_json()))) == one


@pytest.mark.parametrize(
    ("gain", "error", "clusters", "told"),
    [
        (0.1, 0.02, None, True),
        (0.1, 0.05, None, False),  # within 2.33 standard errors
        (-0.1, 0.01, None, False),
        (0.1, 0.02, 5, True),  # days of a month that are held out
        (0.05, 0.02, 5, False),
        (None, None, None, False),
    ],
)
def test_earlier_batches_that_hold_a_model_back_are_told_with_what_to_do(
    gain: float | None, error: float | None, clusters: int | None, told: bool
) -> None:
    """The world has changed, and the batch alone teaches more than all of them."""
    found = alone(met(0.55), 0.75)
    pair = PairedDifference(
        ours="alone", theirs="challenger", holdout="fresh",
        estimate=gain, error=error, clusters=clusters, rows=2000,
    )  # fmt: skip
    differences = (*found.measured.differences, pair)
    measures = replace(found.measured, differences=differences)
    found = replace(found, measured=measures, run="bank-000007")
    verdict = gate.judge(TERMS, found)
    assert verdict.decision.name == "promote"
    assert "the world has changed" in verdict.decision.sentence
    assert ("that model has auc 0.7500, and the challenger" in verdict.decision.sentence) == told
    assert verdict.decision.sentence.endswith("--history-from bank-000007.") == told


@pytest.mark.parametrize(
    ("came", "own", "error", "holdout"),
    [
        (0.66, None, 0.01, "pooled"),
        (0.55, 0.7, 0.01, "fresh"),
        (0.55, 0.7, 0.2, "pooled"),  # the batch is too small to tell
    ],
)
def test_where_the_world_has_changed_earlier_batches_promise_nothing(
    came: float, own: float | None, error: float, holdout: str
) -> None:
    """However few rows of the new one are held out."""
    found = met(came)
    if own is not None:
        found = alone(found, own, error)
    challenger = found.measured.candidates["challenger"]
    challenger["fresh"] = replace(challenger["fresh"], value=0.64, lift=0.14, clusters=5)
    challenger["pooled"] = replace(challenger["fresh"], value=0.78, lift=0.28, clusters=40)
    promised = gate.judge(TERMS, found).promise
    assert promised is not None
    assert (promised.holdout, promised.value) == (holdout, {"fresh": 0.64, "pooled": 0.78}[holdout])
