"""The package is approved and named the champion."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from unit_model import ARTIFACT, FORMER, Run, approval
from unit_service import Service

import record_champion
from retraining import errors
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


def test_a_package_that_cannot_be_approved_does_not_become_champion(service: Service) -> None:
    """Else the ledger would name, and the next run be judged against, what nobody approved."""
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    event = {"promotion": run.decide(package), "token": 1}
    events = service.client("sagemaker").meta.events

    def refuse(**_: Any) -> None:
        raise ConnectionError("SageMaker does not answer")

    events.register("before-call.sagemaker.UpdateModelPackage", refuse)
    try:
        with pytest.raises(ConnectionError):
            record_champion.handler(event, None)
    finally:
        events.unregister("before-call.sagemaker.UpdateModelPackage", refuse)
    assert service.aws.ledger.champion("bank") is None
    assert not service.aws.ledger.run("bank", 1).promoted
    assert approval(service, package) == "PendingManualApproval"
    assert record_champion.handler(event, None)["package"] == package
    assert approval(service, package) == "Approved"


def test_a_run_that_lost_the_race_does_not_replace_a_newer_champion(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    event = {"promotion": run.decide(run.register()["package"]), "token": 1}
    newer = replace(FORMER, token=2)
    assert service.aws.ledger.set_champion("bank", newer)
    with pytest.raises(errors.PromotionLocked, match="a newer run"):
        record_champion.handler(event, None)
    assert service.aws.ledger.champion("bank") == newer
