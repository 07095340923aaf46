"""The package is approved and named the champion."""

from __future__ import annotations

import hashlib

from unit_model import ARTIFACT, Run, approval
from unit_service import Service

import record_champion
from retraining.documents.champion import Champion


def test_the_first_model_creates_the_endpoint_and_becomes_champion(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    promotion = run.decide(package)
    assert promotion["action"] == "create"
    assert promotion["endpoint"] == "ratchet--bank--rfjp"
    assert promotion["config"] == promotion["model"] == "ratchet--bank--rfjp-000001"
    assert promotion["variants"][0]["ServerlessConfig"]["MaxConcurrency"] == 5
    champion = record_champion.handler({"promotion": promotion, "token": 1, "uri": run.uri}, None)
    assert approval(service, package) == "Approved"
    assert service.aws.ledger.champion("bank") == Champion.from_json(champion)
    assert champion["artifact_sha256"] == hashlib.sha256(ARTIFACT).hexdigest()
    assert champion["features"] == ["a", "b"]
    assert service.aws.ledger.run("bank", 1).promoted is True
    assert service.aws.ledger.promotion_lock("bank") is None
    again = record_champion.handler({"promotion": promotion, "token": 1, "uri": run.uri}, None)
    assert again["package"] == package
