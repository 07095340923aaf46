"""A promotion is decided from what the endpoint is, and proven by golden rows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit_model import FORMER

from retraining import errors
from retraining.documents.golden import GoldenRow
from retraining.rules import promotion
from retraining.rules.promotion import EndpointFacts

GOLDEN = (
    GoldenRow(row_id="ra", features="1,2", score=0.12345679),
    GoldenRow(row_id="rb", features="3,4", score=0.9),
)


@pytest.mark.parametrize(
    ("endpoint", "action"),
    [
        (EndpointFacts(), "create"),
        (EndpointFacts("InService", "old", serverless=True), "update"),
        (EndpointFacts("InService", "new", serverless=True), "nothing"),
        (EndpointFacts("Failed", "old", serverless=True), "replace"),
    ],
)
def test_the_endpoints_state_decides(endpoint: EndpointFacts, action: str) -> None:
    assert promotion.decide("serverless", endpoint, "new") == action
    assert promotion.decide("none", endpoint, "new") == "none"


@pytest.mark.parametrize("status", ["Creating", "Updating", "SystemUpdating", "RollingBack"])
def test_a_settling_endpoint_is_asked_again(status: str) -> None:
    with pytest.raises(errors.EndpointNotReady):
        promotion.decide("serverless", EndpointFacts(status, "old"), "new")
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
        promotion.decide("serverless", endpoint, "new")


def test_an_update_that_went_back_to_the_former_config_failed() -> None:
    back = EndpointFacts("InService", "old", reason="alarm")
    with pytest.raises(errors.EndpointFailed, match="went back to old instead of new: alarm"):
        promotion.require_settled("e", back, "new")
    promotion.require_settled("e", EndpointFacts("InService", "new"), "new")


def test_a_verdict_against_another_champion_is_refused() -> None:
    one, two = FORMER, replace(FORMER, package="arn:2")
    promotion.require_same_champion(None, None)
    promotion.require_same_champion(one, one)
    for judged, serving in ((one, two), (None, one), (one, None)):
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
