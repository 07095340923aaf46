"""A failed promotion rejects the package with the reason, never the champion."""

from __future__ import annotations

import json

from unit_model import Run, approval
from unit_service import Service

import close_promotion


def test_a_failed_promotion_rejects_the_package_with_the_reason(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    run.decide(package)
    cause = json.dumps({"errorMessage": "endpoint x answers 0.1 for golden row r1"})
    failure = {"State": "VerifyEndpoint", "Error": "GoldenRowsDiffer", "Cause": cause}
    answer = run.close(package, failure=failure)
    assert answer["reason"] == "GoldenRowsDiffer: endpoint x answers 0.1 for golden row r1"
    assert not answer["promoted"]
    assert approval(service, package) == "Rejected"
    assert service.aws.ledger.promotion("bank") is None
    assert run.close(package) == {"package": package, "promoted": False,
                                  "reason": "Broken: no cause given"}  # fmt: skip


def test_another_promotions_lock_stays(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    run.decide(package)
    held = service.aws.ledger.promotion("bank")
    run.close(package, execution="arn:other")
    assert service.aws.ledger.promotion("bank") == held


def test_the_lock_stays_while_the_endpoint_is_not_back(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    run.decide(package)
    assert not run.close(package, returned=False)["promoted"]
    assert approval(service, package) == "Rejected"
    held = service.aws.ledger.promotion("bank")
    assert held
    assert held.holder == run.execution


def test_the_champions_package_is_never_rejected(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    champion = run.promote()
    assert run.close(champion["package"], "TimedOut")["promoted"]
    assert approval(service, champion["package"]) == "Approved"


def test_a_champion_whose_record_failed_is_promoted_all_the_same(service: Service) -> None:
    """An error after the ledger was written: registry, record and lock follow the ledger."""
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    run.decide(package)
    run.record(package)
    service.aws.registry.reject(package, "by somebody")
    again = {"pipeline": "bank", "package": package, "execution": run.execution}
    failure = {"State": "RecordChampion", "Error": "Throttled"}
    closed = close_promotion.handler({**again, "returned": True, "failure": failure}, None)
    assert closed["promoted"]
    assert approval(service, package) == "Approved"
    assert service.aws.ledger.run("bank", 1).promoted is True
