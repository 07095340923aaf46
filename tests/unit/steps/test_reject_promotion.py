"""A failed promotion rejects the package with the reason, never the champion."""

from __future__ import annotations

import json

from unit_model import Run, approval
from unit_service import Service

import reject_promotion


def test_a_failed_promotion_rejects_the_package_with_the_reason(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    lock = run.decide(package)["lock"]
    cause = json.dumps({"errorMessage": "endpoint x answers 0.1 for golden row r1"})
    asked = {"pipeline": "bank", "package": package, "lock": lock}
    failure = {"State": "VerifyEndpoint", "Error": "GoldenRowsDiffer", "Cause": cause}
    answer = reject_promotion.handler({**asked, "failure": failure}, None)
    assert answer["reason"] == "GoldenRowsDiffer: endpoint x answers 0.1 for golden row r1"
    assert approval(service, package) == "Rejected"
    assert service.aws.ledger.promotion_lock("bank") is None
    undecided = {**asked, "lock": None, "failure": {"State": "DecidePromotion", "Error": "x"}}
    assert reject_promotion.handler(undecided, None)["rejected"]


def test_the_champions_package_is_never_rejected(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    champion = run.promote()
    asked = {"pipeline": "bank", "package": champion["package"], "lock": 1}
    failure = {"State": "RecordChampion", "Error": "e"}
    assert not reject_promotion.handler({**asked, "failure": failure}, None)["rejected"]
    assert approval(service, champion["package"]) == "Approved"
