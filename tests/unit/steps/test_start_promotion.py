"""A person's approval promotes the model of a run that waits for it, once, and nothing else."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from unit_model import Waiting, approval
from unit_service import DEFINITION, EVENTS, Service, concluded, failed

import recover_promotion
import start_promotion
from retraining import errors
from retraining.documents.run_record import RunRecord

EXECUTION = "bank-000001--approved"


def executions(service: Service) -> list[str]:
    machine = service.aws._settings.promotion_arn
    found = service.client("stepfunctions").list_executions(stateMachineArn=machine)
    return [one["name"] for one in found["executions"]]


@pytest.fixture
def manual(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The pipeline of a stack, with `gate.approval: manual`."""
    monkeypatch.setitem(DEFINITION["gate"], "approval", "manual")
    return service


def test_a_winner_waits_with_its_package_and_its_notice_says_what_to_do(manual: Service) -> None:
    waiting = Waiting(manual, finished=False)
    assert (waiting.gate["decision"], waiting.gate["outcome"]) == ("promote", "APPROVAL_PENDING")
    assert waiting.gate["sentence"].startswith("Waits for approval as the first champion: ")
    record = waiting.finish()
    assert (record["outcome"], record["promoted"]) == ("APPROVAL_PENDING", False)
    assert approval(manual, waiting.package) == "PendingManualApproval"
    (notice,) = manual.notices()
    assert notice["Subject"] == "[ratchet] bank-000001: approval pending"
    for said in ("ratchet approve bank-000001", "ratchet reject bank-000001", waiting.package):
        assert said in notice["Message"]
    assert executions(manual) == []


def test_an_approval_promotes_the_model_once(manual: Service) -> None:
    waiting = Waiting(manual)
    waiting.approve()
    assert waiting.event() == EXECUTION
    assert waiting.event() == EXECUTION, "it is under way"
    assert executions(manual) == [EXECUTION]
    aws = manual.aws
    found = manual.client("stepfunctions").describe_execution(
        executionArn=aws.promotions.arn(EXECUTION)
    )
    given = {"pipeline": "bank", "token": 1, "package": waiting.package}
    assert json.loads(found["input"]) == {**given, "manifest": f"{waiting.run.uri}/manifest.json"}
    manual.notices()
    waiting.run.decide(waiting.package)
    waiting.run.record(waiting.package)
    record = waiting.record()
    assert (record.outcome, record.promoted) == ("PROMOTED", True)
    (notice,) = manual.notices()
    assert notice["Subject"] == "[ratchet] bank-000001: promoted"
    assert waiting.event() is None, "RecordChampion's own Approved starts nothing"


def test_an_approval_before_the_run_has_ended_is_found_at_its_end(manual: Service) -> None:
    waiting = Waiting(manual, finished=False)
    waiting.approve()
    assert waiting.event() is None
    assert waiting.finish()["outcome"] == "APPROVAL_PENDING"
    assert executions(manual) == [EXECUTION]


def test_the_approval_of_a_run_that_promotes_by_itself_starts_nothing(service: Service) -> None:
    waiting = Waiting(service, finished=False)
    waiting.approve()
    assert waiting.event() is None
    waiting.finish(concluded("PROMOTED"))
    assert waiting.event() is None
    assert executions(service) == []


def test_an_approval_that_was_withdrawn_starts_nothing(manual: Service) -> None:
    waiting = Waiting(manual)
    waiting.approve()
    manual.aws.registry.reject(waiting.package, "on second thoughts")
    assert waiting.event() is None
    manual.aws.registry.approve(waiting.package, "on third thoughts")
    assert waiting.event() == EXECUTION


def test_a_package_that_is_gone_or_not_of_this_ledger_starts_nothing(manual: Service) -> None:
    waiting = Waiting(manual)
    waiting.approve()
    event = json.loads((EVENTS / "model-package-approved.json").read_text())
    event["detail"]["ModelPackageGroupName"] = "ratchet--bank--0000"
    assert start_promotion.handler(event, None) == {"started": None}
    message = f"ModelPackage {waiting.package} does not exist."
    error = {"Code": "ValidationException", "Message": message}

    def gone(*_: Any) -> None:
        raise ClientError({"Error": error}, "DescribeModelPackage")

    manual.monkeypatch.setattr("retraining.adapters.registry.Registry.describe", gone)
    assert waiting.event() is None


def test_a_package_of_somebody_elses_making_starts_nothing(manual: Service) -> None:
    """Registered in the group by hand; it names a run, whose package is another."""
    waiting = Waiting(manual)
    made = manual.client("sagemaker").create_model_package(
        ModelPackageGroupName="ratchet--bank--rfjp",
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties={"run": "bank-000001"},
    )
    waiting.package = made["ModelPackageArn"]
    assert waiting.event() is None
    assert executions(manual) == []


def test_a_verdict_against_another_champion_rejects_the_package_and_is_told(
    manual: Service,
) -> None:
    older, newer = Waiting(manual), Waiting(manual, token=2)
    newer.approve()
    newer.run.decide(newer.package)
    newer.run.record(newer.package)
    older.approve()
    assert older.event() == EXECUTION
    manual.notices()
    with pytest.raises(errors.ChampionChanged) as refused:
        older.run.decide(older.package)
    cause = json.dumps({"errorMessage": str(refused.value)})
    failure = {"State": "DecidePromotion", "Error": "ChampionChanged", "Cause": cause}
    older.run.close(older.package, failure=failure)
    assert approval(manual, older.package) == "Rejected"
    record = older.record()
    assert (record.outcome, record.error) == ("FAILED", "ChampionChanged")
    assert "failed after it was approved" in str(record.sentence)
    (notice,) = manual.notices()
    assert notice["Subject"] == "[ratchet] bank-000001: model rejected"
    assert "the next run's model is judged against it" in notice["Message"]


def test_an_approved_promotion_without_room_is_postponed_and_told(manual: Service) -> None:
    waiting = Waiting(manual)
    waiting.approve()
    waiting.run.decide(waiting.package)
    manual.notices()
    waiting.run.close(waiting.package, "EndpointLimitReached")
    assert approval(manual, waiting.package) == "Approved"
    assert waiting.record().outcome == "POSTPONED"
    (notice,) = manual.notices()
    assert notice["Subject"] == "[ratchet] bank-000001: postponed"
    assert waiting.event() is None, "it is tried again by itself"
    waiting.run.close(waiting.package, "EndpointLimitReached")
    assert manual.notices() == []


@pytest.mark.parametrize("told", ["APPROVAL_PENDING", "FAILED", "PROMOTED", "POSTPONED"])
def test_what_became_of_an_approval_stays_when_finish_run_comes_again(
    manual: Service, told: str
) -> None:
    """FinishRun died after the record said that it waits, and a person was faster than its end."""
    waiting = Waiting(manual, finished=False)
    known = RunRecord(pipeline="bank", token=1, outcome=told, sentence="So it ended.")
    manual.aws.ledger.update_run(known)
    record = waiting.finish()
    assert record["outcome"] == told
    assert record["sentence"].startswith("So it ended.")


def test_a_run_that_waits_goes_on_waiting_when_its_execution_dies(manual: Service) -> None:
    waiting = Waiting(manual, finished=False)
    known = RunRecord(pipeline="bank", token=1, outcome="APPROVAL_PENDING", sentence="It waits.")
    manual.aws.ledger.update_run(known)
    record = waiting.finish(failed("FinishRun", "States.Timeout"))
    assert (record["outcome"], record["error"]) == ("APPROVAL_PENDING", None)
    assert approval(manual, waiting.package) == "PendingManualApproval"


def test_the_promotion_of_an_approved_package_that_stopped_is_recovered(manual: Service) -> None:
    """Before it had the lock: an approval only begins the promotion of its package."""
    waiting = Waiting(manual)
    waiting.approve()
    started = str(waiting.event())
    event = json.loads((EVENTS / "execution-aborted.json").read_text())
    given = {"pipeline": "bank", "token": 1, "package": waiting.package}
    given["manifest"] = f"{waiting.run.uri}/manifest.json"
    event["detail"]["executionArn"] = manual.aws.promotions.arn(started)
    event["detail"]["input"] = json.dumps(given)
    assert recover_promotion.handler(event, None)["started"] == f"{started}--recovery-1"
    known = RunRecord(pipeline="bank", token=1, outcome="PROMOTED", promoted=True)
    manual.aws.ledger.update_run(known)
    assert recover_promotion.handler(event, None)["started"] is None


MONTH = 30 * 86_400


def test_what_nobody_approves_within_a_month_is_rejected_and_told_once(manual: Service) -> None:
    """moto stamps a package with the time of this machine."""
    waiting = Waiting(manual)
    manual.now = time.time() + MONTH - 60
    assert manual.sweep()["expired"] == []
    assert approval(manual, waiting.package) == "PendingManualApproval"
    manual.notices()
    manual.now += 120
    assert manual.sweep()["expired"] == [waiting.package]
    assert approval(manual, waiting.package) == "Rejected"
    record = waiting.record()
    assert record.outcome == "MODEL_REJECTED"
    assert record.sentence == "Better, but: Nobody approved it within 30 days."
    (notice,) = manual.notices()
    assert notice["Subject"] == "[ratchet] bank-000001: model rejected"
    assert manual.sweep()["expired"] == []
    assert manual.notices() == []


def test_only_what_waits_for_a_person_expires(service: Service) -> None:
    """A promotion that waits for room, or is under way, is nobody's to approve."""
    waiting = Waiting(service, finished=False)
    waiting.run.decide(waiting.package)
    waiting.run.close(waiting.package, "EndpointLimitReached")
    waiting.finish(failed("Promote", "States.TaskFailed"))
    service.now = time.time() + MONTH + 60
    assert service.sweep()["expired"] == []
    assert approval(service, waiting.package) == "PendingManualApproval"


def test_an_approval_at_the_last_moment_counts(manual: Service) -> None:
    waiting = Waiting(manual)
    late = waiting.package
    manual.monkeypatch.setattr("retraining.adapters.registry.Registry.undecided", lambda *_: [late])
    waiting.approve()
    assert manual.sweep()["expired"] == []
    assert approval(manual, late) == "Approved"
    assert waiting.record().outcome == "APPROVAL_PENDING"
