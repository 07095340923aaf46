"""A failed promotion rejects the package with the reason, never the champion."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from unit_model import Run, approval
from unit_service import Service, concluded, failed, finish

from retraining.steps import promotions


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
    assert run.close(package, "Throttled")["promoted"]
    assert approval(service, package) == "Approved"
    assert service.aws.ledger.run("bank", 1).promoted is True


@pytest.mark.parametrize("error", ["EndpointLimitReached", "PromotionLocked"])
def test_a_promotion_without_room_is_postponed_not_rejected(service: Service, error: str) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    run.decide(package)
    assert not run.close(package, error)["promoted"]
    assert approval(service, package) == "PendingManualApproval"
    assert service.aws.ledger.promotion("bank") is None
    waiting = service.aws.ledger.postponed("bank")
    assert waiting
    assert (waiting.token, waiting.package, waiting.tries) == (1, package, 1)
    ended = {"pipeline": "bank", "token": 1, "execution": "arn", "package": package}
    service.notices()
    record = finish({**ended, **failed("Promote", "States.TaskFailed", error)})
    assert record["outcome"] == "POSTPONED"
    (notice,) = service.notices()
    assert notice["Subject"] == "[ratchet] bank-000001: postponed"
    assert "Better, but its promotion is postponed" in notice["Message"]
    assert "Next step: none needed: it is tried again" in notice["Message"]


def postponed(service: Service) -> tuple[Run, str]:
    """A run whose promotion waits for room."""
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    run.decide(package)
    run.close(package, "EndpointLimitReached")
    return run, package


def executions(service: Service) -> list[str]:
    machine = service.aws._settings.promotion_arn
    found = service.client("stepfunctions").list_executions(stateMachineArn=machine)
    return [one["name"] for one in found["executions"]]


def test_the_end_of_the_next_run_tries_it_again(service: Service) -> None:
    run, package = postponed(service)
    again = {"pipeline": "bank", "token": 2, "execution": "arn", "package": None}
    finish({**again, **concluded("MODEL_REJECTED")})
    finish({**again, **concluded("MODEL_REJECTED"), "token": 3})
    assert executions(service) == ["bank-000001--again-1"]
    run.decide(package)
    run.close(package, "EndpointLimitReached")
    finish({**again, **concluded("PROMOTED"), "token": 4})
    assert set(executions(service)) == {"bank-000001--again-1", "bank-000001--again-2"}


def test_a_try_that_was_stopped_before_it_decided_is_followed_by_another(service: Service) -> None:
    """Its name is taken for 90 days, for as long as AWS remembers it."""
    postponed(service)
    aws = service.aws
    assert promotions.retry(aws, "bank") == "bank-000001--again-1"
    assert promotions.retry(aws, "bank") == "bank-000001--again-1", "it is under way"
    arn = aws.promotions.arn("bank-000001--again-1")
    service.client("stepfunctions").stop_execution(executionArn=arn)
    assert promotions.retry(aws, "bank") is None
    assert promotions.retry(aws, "bank") == "bank-000001--again-2"


def test_a_try_is_counted_once_and_only_while_it_waits(service: Service) -> None:
    _, package = postponed(service)
    ledger = service.aws.ledger
    waiting = ledger.postponed("bank")
    assert waiting
    ledger.count_try("bank", waiting, 7)
    ledger.count_try("bank", waiting, 8)
    assert ledger.postponed("bank") == replace(waiting, tries=2, at=7)
    ledger.drop_postponed("bank", package)
    ledger.count_try("bank", replace(waiting, tries=2), 9)
    assert ledger.postponed("bank") is None


def test_a_postponed_promotion_that_succeeds_is_told_and_recorded(service: Service) -> None:
    run, package = postponed(service)
    ended = {"pipeline": "bank", "token": 1, "execution": "arn", "package": package}
    finish({**ended, **failed("Promote", "States.TaskFailed")})
    service.notices()
    run.decide(package)
    run.record(package)
    assert service.aws.ledger.postponed("bank") is None
    record = service.aws.ledger.run("bank", 1)
    assert (record.outcome, record.sentence) == (
        "PROMOTED",
        "Promoted, after it had ended POSTPONED.",
    )
    (notice,) = service.notices()
    assert notice["Subject"] == "[ratchet] bank-000001: promoted"
    assert "is the champion now" in notice["Message"]


def test_a_postponed_promotion_that_is_rejected_later_is_told(service: Service) -> None:
    run, package = postponed(service)
    service.notices()
    run.close(package, "ChampionChanged")
    assert approval(service, package) == "Rejected"
    assert service.aws.ledger.postponed("bank") is None
    (notice,) = service.notices()
    assert notice["Subject"] == "[ratchet] bank-000001: model rejected"
    assert "ChampionChanged" in notice["Message"]
    record = service.aws.ledger.run("bank", 1)
    assert (record.outcome, record.error) == ("FAILED", "ChampionChanged")
    assert "failed after it was postponed" in str(record.sentence)


def test_a_newer_model_without_room_takes_the_place_of_the_older(service: Service) -> None:
    _, package = postponed(service)
    newer = Run(service, token=2, challenger=4.0)
    newer.judge()
    other = newer.register()["package"]
    service.notices()
    newer.close(other, "PromotionLocked")
    assert approval(service, package) == "Rejected"
    (notice,) = service.notices()
    assert notice["Subject"] == "[ratchet] bank-000001: model rejected"
    assert service.aws.ledger.run("bank", 1).outcome == "FAILED"
    waiting = service.aws.ledger.postponed("bank")
    assert waiting
    assert (waiting.package, waiting.tries) == (other, 1)
