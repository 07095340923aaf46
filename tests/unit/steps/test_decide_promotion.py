"""One promotion at a time, against the champion that was judged."""

from __future__ import annotations

import pytest
from unit_model import Run, serve
from unit_service import Service

import record_champion
from retraining import errors
from retraining.rules import promotion


def test_the_second_model_updates_the_endpoint_and_can_go_back(service: Service) -> None:
    first = Run(service, challenger=3.0)
    first.judge()
    first.promote()
    serve(service, "ratchet--bank--rfjp", "ratchet--bank--rfjp-000001")
    second = Run(service, token=2, challenger=4.0, champion=3.0)
    second.judge(champion=True)
    plan = second.decide(second.register()["package"])
    assert plan["action"] == "update"
    assert plan["previous_config"] == "ratchet--bank--rfjp-000001"
    assert plan["previous_golden"] == f"{first.uri}/golden.json"
    assert plan["check_endpoint"] == "ratchet--bank--rfjp-check"


def test_two_promotions_never_run_side_by_side(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    decided = run.decide(package)
    other = Run(service, token=2, challenger=3.0)
    with pytest.raises(errors.PromotionLocked, match="arn:1 is promoting"):
        other.decide("arn:aws:p/2")
    assert run.decide(package)["lock"] == 1
    service.now += 4 * 3600  # the first may still be running
    with pytest.raises(errors.PromotionLocked, match="arn:1 is promoting"):
        other.decide("arn:aws:p/2")
    service.now += promotion.LONGEST_PROMOTION - 4 * 3600 + 1
    assert other.decide("arn:aws:p/2")["lock"] == 2
    with pytest.raises(errors.PromotionLocked, match="lost the promotion lock"):
        record_champion.handler({"promotion": decided, "token": 1, "uri": run.uri}, None)


def test_a_verdict_against_a_former_champion_is_refused_and_the_lock_given_back(
    service: Service,
) -> None:
    late = Run(service, token=2, challenger=3.0)
    first = Run(service, challenger=3.0)
    first.judge()
    first.promote()
    with pytest.raises(errors.ChampionChanged):
        late.decide("arn:aws:sagemaker:us-east-1:1:model-package/ratchet--bank--rfjp/2")
    assert service.aws.ledger.promotion_lock("bank") is None
