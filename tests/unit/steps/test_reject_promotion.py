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
    promotion = run.decide(package)
    cause = json.dumps({"errorMessage": "endpoint x answers 0.1 for golden row r1"})
    event = {"promotion": promotion, "error": "GoldenRowsDiffer", "cause": cause}
    answer = reject_promotion.handler(event, None)
    assert answer["reason"] == "GoldenRowsDiffer: endpoint x answers 0.1 for golden row r1"
    assert approval(service, package) == "Rejected"
    assert service.aws.ledger.promotion_lock("bank") is None
    undecided = {"promotion": {"pipeline": "bank", "package": package, "lock": None}}
    assert reject_promotion.handler({**undecided, "error": "x", "cause": "y"}, None)["rejected"]


def test_the_champions_package_is_never_rejected(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    champion = run.promote()
    event = {"promotion": {"pipeline": "bank", "package": champion["package"], "lock": 1}}
    assert not reject_promotion.handler({**event, "error": "e", "cause": None}, None)["rejected"]
    assert approval(service, champion["package"]) == "Approved"
