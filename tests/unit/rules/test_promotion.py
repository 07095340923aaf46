"""A promotion is decided from what the endpoint is, and proven by golden rows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit_model import FORMER

from retraining import errors
from retraining.documents.golden import GoldenRow
from retraining.documents.promotion import Promotion
from retraining.rules import promotion
from retraining.rules.promotion import EndpointFacts, Goal, Target

GOLDEN = (
    GoldenRow(row_id="ra", features="1,2", answer=(0.12345679,)),
    GoldenRow(row_id="rb", features="3,4", answer=(0.9,)),
)


SERVE = Target("e", "new")
GONE = Target("e", None, "new")
INTENT = Promotion(
    pipeline="bank",
    token=2,
    package="arn:package/2",
    replaces=None,
    model="new",
    golden="s3://work/golden.json",
    endpoint="e",
    config="new",
    check_endpoint="ec",
    check_config="new-check",
    variants=(),
)
STATUSES = (
    "Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting", "InService", "Failed",
    "OutOfService", "UpdateRollbackFailed",
)  # fmt: skip


@pytest.mark.parametrize(
    ("endpoint", "move"),
    [
        (EndpointFacts(), "create"),
        (EndpointFacts("InService", "old", serverless=True), "update"),
        (EndpointFacts("InService", "new", serverless=True), "nothing"),
        (EndpointFacts("Failed", "old", serverless=True), "delete"),
        (EndpointFacts("Failed", "new", serverless=True), "delete"),
    ],
)
def test_the_endpoints_state_decides(endpoint: EndpointFacts, move: str) -> None:
    assert promotion.next_move(SERVE, endpoint) == move


@pytest.mark.parametrize("status", ["Creating", "Updating", "SystemUpdating", "RollingBack"])
def test_a_settling_endpoint_is_asked_again(status: str) -> None:
    for target in (SERVE, GONE):
        with pytest.raises(errors.EndpointNotReady):
            promotion.next_move(target, EndpointFacts(status, "old"))
    with pytest.raises(errors.EndpointNotReady):
        promotion.require_settled("e", EndpointFacts(status, "old"), "new")


@pytest.mark.parametrize(
    "endpoint",
    [
        EndpointFacts("UpdateRollbackFailed", "old"),
        EndpointFacts("OutOfService", "old"),
        EndpointFacts("InService", "old", serverless=False),
    ],
)
def test_what_only_a_person_can_resolve_is_left_alone(endpoint: EndpointFacts) -> None:
    with pytest.raises(errors.EndpointNeedsAttention):
        promotion.next_move(SERVE, endpoint)


@pytest.mark.parametrize("status", ["InService", "Failed", "OutOfService", "UpdateRollbackFailed"])
def test_only_what_serves_the_promotions_own_config_is_deleted(status: str) -> None:
    assert promotion.next_move(GONE, EndpointFacts(status, "new")) == "delete"
    assert promotion.next_move(GONE, EndpointFacts(status, "old")) == "nothing"
    for there in (EndpointFacts(), EndpointFacts("Deleting", "new")):
        assert promotion.next_move(GONE, there) == "nothing"


def test_every_goal_has_its_endpoints() -> None:
    champion = replace(FORMER, config="old", endpoint="e")
    cleared = Target("ec", None, "new-check")
    for former in (None, champion):
        assert promotion.aim("check", INTENT, former) == (Target("ec", "new-check"),)
        assert promotion.aim("cleared", INTENT, former) == (cleared,)
        assert promotion.aim("serve", INTENT, former) == (SERVE,)
    assert promotion.aim("back", INTENT, champion) == (Target("e", "old"), cleared)
    assert promotion.aim("back", INTENT, None) == (GONE, cleared)
    assert promotion.aim("back", INTENT, FORMER) == (GONE, cleared)  # it had no endpoint
    without = replace(INTENT, endpoint=None, config=None, check_endpoint=None, check_config=None)
    assert promotion.aim("back", without, champion) == ()


@pytest.mark.parametrize("goal", ["check", "cleared", "back"])
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("champions", ["old", "new"])
def test_no_way_back_takes_away_what_serves_the_champion(
    goal: Goal, status: str, champions: str
) -> None:
    """Whether the champion is another model or, past the point of no return, the new one."""
    champion = replace(FORMER, config=champions, endpoint="e")
    serving = EndpointFacts(status, champions, serverless=True)
    for target in promotion.aim(goal, INTENT, champion):
        if target.endpoint == "e" and status == "InService":
            assert promotion.next_move(target, serving) == "nothing"
        elif target.endpoint == "e":
            assert target.config == champions


def test_an_execution_is_recovered_under_a_name_that_counts() -> None:
    arn = "arn:aws:states:us-east-1:1:execution:promotion:bank-recovery-1-000007"
    assert promotion.attempt_of(arn) == ("bank-recovery-1-000007", 0)
    again = promotion.recovery_name("bank-000007", 2)
    assert promotion.attempt_of(again) == ("bank-000007", 2)


def test_an_update_that_went_back_to_the_former_config_failed() -> None:
    back = EndpointFacts("InService", "old", reason="alarm")
    with pytest.raises(errors.EndpointFailed, match="went back to old instead of new: alarm"):
        promotion.require_settled("e", back, "new")
    promotion.require_settled("e", EndpointFacts("InService", "new"), "new")


def test_a_verdict_against_another_champion_is_refused() -> None:
    one, two = FORMER, replace(FORMER, package="arn:2")
    promotion.require_same_champion(None, None)
    promotion.require_same_champion(one.package, one)
    for judged, serving in ((one.package, two), (None, one), (one.package, None)):
        with pytest.raises(errors.ChampionChanged):
            promotion.require_same_champion(judged, serving)


@pytest.mark.parametrize(
    "body", ["0.12345679,0.9", "0.12345679\n0.9\n", "0.123456791,0.8999999999"]
)
def test_golden_rows_agree_in_either_form_of_the_answer(body: str) -> None:
    promotion.require_golden("e", GOLDEN, body)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("0.12346,0.9", "golden row ra"),
        ("0.9,0.12345679", "golden row ra"),
        ("0.12345679", "1 scores for 2"),
        ("<html>", "not a list of scores"),
        ("nan,nan", "golden row ra"),
    ],
)
def test_another_models_answer_differs(body: str, said: str) -> None:
    with pytest.raises(errors.GoldenRowsDiffer, match=said):
        promotion.require_golden("e", GOLDEN, body)


def test_an_endpoint_gets_the_memory_and_the_concurrency_of_its_definition() -> None:
    wanted = {"kind": "serverless", "memory_mb": 3072, "max_concurrency": 7}
    (variant,) = promotion.variants("model", wanted)
    assert variant["ServerlessConfig"] == {"MemorySizeInMB": 3072, "MaxConcurrency": 7}
    assert variant["ModelName"] == "model"
    (check,) = promotion.check_variants((variant,))
    assert check["ServerlessConfig"] == {"MemorySizeInMB": 3072, "MaxConcurrency": 1}
    assert check["ModelName"] == "model"
