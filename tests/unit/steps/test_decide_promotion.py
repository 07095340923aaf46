"""One promotion at a time, against the champion that was judged."""

from __future__ import annotations

import pytest
from unit_model import Run, serve
from unit_service import Service

from retraining import errors
from retraining.rules import promotion


def test_the_second_model_updates_the_endpoint_and_proves_itself_elsewhere_first(
    service: Service,
) -> None:
    first = Run(service, challenger=3.0)
    first.judge()
    first.promote()
    serve(service, "ratchet--bank--rfjp", "ratchet--bank--rfjp-000001")
    second = Run(service, token=2, challenger=4.0, champion=3.0)
    second.judge(champion=True)
    package = second.register()["package"]
    assert second.decide(package) == {
        "endpoint": "ratchet--bank--rfjp",
        "config": "ratchet--bank--rfjp-000002",
        "check_endpoint": "ratchet--bank--rfjp-check",
        "check_config": "ratchet--bank--rfjp-000002-check",
        "golden": f"{second.uri}/golden.json",
        "check": True,
    }
    held = service.aws.ledger.promotion("bank")
    assert held
    assert (held.holder, held.promotion.package) == (second.execution, package)


def test_two_promotions_never_run_side_by_side(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    run.decide(package)
    other = Run(service, token=2, challenger=3.0)
    with pytest.raises(errors.PromotionLocked, match="arn:bank-000001 is promoting"):
        other.decide("arn:aws:p/2")
    assert run.decide(package)["check"] is False
    service.now += 4 * 3600  # the first may still be running
    with pytest.raises(errors.PromotionLocked, match="arn:bank-000001 is promoting"):
        other.decide("arn:aws:p/2")
    service.now += promotion.LONGEST_PROMOTION - 4 * 3600 + 1
    other.judge()
    assert other.decide(other.register()["package"])["config"] == "ratchet--bank--rfjp-000002"
    with pytest.raises(errors.PromotionLocked, match="lost the promotion lock"):
        run.record(package)
    with pytest.raises(errors.PromotionLocked, match="lost the promotion lock"):
        run.move("serve")


def test_a_verdict_against_a_former_champion_is_refused_and_the_lock_given_back(
    service: Service,
) -> None:
    late = Run(service, token=2, challenger=3.0)
    first = Run(service, challenger=3.0)
    first.judge()
    first.promote()
    with pytest.raises(errors.ChampionChanged):
        late.decide("arn:aws:sagemaker:us-east-1:1:model-package/ratchet--bank--rfjp/2")
    assert service.aws.ledger.promotion("bank") is None


def test_after_an_execution_that_was_stopped_the_lock_is_taken_over_to_go_back(
    service: Service,
) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    run.decide(package)
    ended = {"execution": run.execution, "status": "ABORTED"}
    with pytest.raises(errors.PromotionStopped, match="execution arn:bank-000001 was stopped"):
        run.decide(package, "arn:again", ended)
    held = service.aws.ledger.promotion("bank")
    assert held
    assert held.holder == "arn:again"
    with pytest.raises(errors.PromotionStopped):
        run.decide(package, "arn:again", ended)
    with pytest.raises(errors.PromotionStopped):
        run.decide(package, "arn:third", ended)
    assert service.aws.ledger.promotion("bank") == held


def test_a_package_that_a_person_rejected_is_not_promoted(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    service.aws.registry.reject(package, "not this one")
    with pytest.raises(errors.PackageRejected, match="was rejected in the registry"):
        run.decide(package)
    assert service.aws.ledger.promotion("bank") is None


def test_no_promotion_crowns_a_model_of_a_deleted_pipeline(service: Service) -> None:
    """It was asked for, and had not taken the lock when the pipeline was deleted."""
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    assert service.aws.ledger.unregister_after("bank", 0)
    with pytest.raises(errors.PipelineDeleted, match="pipeline bank was deleted"):
        run.decide(package)
    assert service.aws.ledger.promotion("bank") is None
