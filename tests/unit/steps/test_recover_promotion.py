"""A promotion whose execution ended is ended by another, as the ledger says how far it came."""

from __future__ import annotations

import json
from typing import Any

import pytest
from unit_hosting import CHECK, NAME, Hosting, hosting
from unit_model import Run, approval
from unit_service import EVENTS, Service

import recover_promotion
from retraining import errors

MACHINE = "arn:aws:states:us-east-1:123456789012:execution:promotion"
FIRST, SECOND = f"{NAME}-000001", f"{NAME}-000002"


class Promotion:
    """The promotion of a second model, by an execution that can end at any time."""

    def __init__(self, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        self.service = service
        self.endpoints: Hosting = hosting(service, monkeypatch)
        former = Run(service, challenger=3.0)
        former.judge()
        self.former = former.promote()["package"]
        self.endpoints.serve(NAME, FIRST)
        self.run = Run(service, token=2, challenger=4.0, champion=3.0)
        self.run.judge(champion=True)
        self.package = self.run.register()["package"]
        self.execution = f"{MACHINE}:bank-000002"

    def go(self, *goals: str) -> None:
        """What the machine's states do, up to the last of these goals."""
        self.run.decide(self.package, self.execution)
        for goal in goals:
            self.run.move(goal, self.execution)
            self.endpoints.settle()

    def holder(self) -> str:
        """The execution that holds the promotion."""
        held = self.service.aws.ledger.promotion("bank")
        assert held
        return held.holder

    def end(self, status: str = "ABORTED", execution: str | None = None) -> str | None:
        """The execution's status event; the name of the execution that it started."""
        kind = status.lower().replace("_", "-")
        event = json.loads((EVENTS / f"execution-{kind}.json").read_text())
        given = {"pipeline": "bank", "token": 2, "package": self.package}
        given["manifest"] = f"{self.run.uri}/manifest.json"
        event["detail"]["executionArn"] = execution or self.execution
        event["detail"]["input"] = json.dumps(given)
        started = recover_promotion.handler(event, None)["started"]
        return str(started) if started else None

    def recover(self, name: str) -> Any:
        """What the machine does in the execution of that name; how the package ended."""
        arn = f"{MACHINE}:{name}"
        found = self.service.client("stepfunctions").describe_execution(
            executionArn=self.service.aws.promotions.arn(name)
        )
        given = json.loads(found["input"])
        with pytest.raises(errors.PromotionStopped) as stopped:
            self.run.decide(self.package, arn, given["ended"])
        self.run.move("back", arn)
        self.endpoints.settle()
        failure = {"State": "DecidePromotion", "Error": "PromotionStopped"}
        reason = {**failure, "Cause": str(stopped.value)}
        return self.run.close(self.package, execution=arn, failure=reason)


@pytest.fixture
def promotion(service: Service, monkeypatch: pytest.MonkeyPatch) -> Promotion:
    return Promotion(service, monkeypatch)


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
@pytest.mark.parametrize("goals", [(), ("check",), ("check", "cleared"), ("serve",)])
def test_a_promotion_that_stopped_leaves_the_champion_serving_and_nothing_else(
    promotion: Promotion, status: str, goals: tuple[str, ...]
) -> None:
    promotion.go(*goals)
    name = promotion.end(status)
    assert name == "bank-000002--recovery-1"
    closed = promotion.recover(name)
    assert not closed["promoted"]
    assert promotion.endpoints.serving() == {NAME: ("InService", FIRST)}
    assert set(promotion.endpoints.configs) == {FIRST, *([SECOND] if "serve" in goals else [])}
    assert approval(promotion.service, promotion.package) == "Rejected"
    assert approval(promotion.service, promotion.former) == "Approved"
    assert promotion.service.aws.ledger.promotion("bank") is None
    assert promotion.end("FAILED", f"{MACHINE}:{name}") is None


def test_a_promotion_that_stopped_after_its_champion_was_named_goes_forward(
    promotion: Promotion, monkeypatch: pytest.MonkeyPatch
) -> None:
    promotion.go("serve")

    def broken(*_: Any) -> None:
        raise ConnectionError("no table")

    with monkeypatch.context() as patched:
        patched.setattr("retraining.adapters.ledger.Ledger.update_run", broken)
        with pytest.raises(ConnectionError):
            promotion.run.record(promotion.package, promotion.execution)
    name = promotion.end()
    assert name
    assert promotion.recover(name)["promoted"]
    assert promotion.endpoints.serving() == {NAME: ("InService", SECOND)}
    assert approval(promotion.service, promotion.package) == "Approved"
    assert promotion.service.aws.ledger.run("bank", 2).promoted is True
    assert promotion.service.aws.ledger.promotion("bank") is None


def test_a_promotion_that_stopped_before_it_had_the_lock_rejects_its_package(
    promotion: Promotion,
) -> None:
    name = promotion.end("ABORTED")
    assert name
    promotion.recover(name)
    assert approval(promotion.service, promotion.package) == "Rejected"


def test_a_promotion_that_ended_in_good_order_is_not_recovered(promotion: Promotion) -> None:
    promotion.go()
    promotion.run.close(promotion.package, execution=promotion.execution)
    assert promotion.end("FAILED") is None


def test_an_event_that_comes_twice_starts_one_recovery(promotion: Promotion) -> None:
    promotion.go("serve")
    first = promotion.end()
    assert promotion.end() == first
    machine = promotion.service.aws.promotions.arn("x").rpartition(":")[0]
    stepfunctions = promotion.service.client("stepfunctions")
    found = stepfunctions.list_executions(
        stateMachineArn=machine.replace(":execution:", ":stateMachine:")
    )
    assert [one["name"] for one in found["executions"]] == [first]


def test_a_recovery_that_fails_is_tried_again_and_then_told_once(promotion: Promotion) -> None:
    promotion.go("serve")
    promotion.service.notices()
    ended = promotion.execution
    for number in (1, 2, 3):
        name = promotion.end("FAILED", ended)
        assert name == f"bank-000002--recovery-{number}"
        ended = f"{MACHINE}:{name}"
        if number != 2:  # that one does not even come to take the lock over
            before = {"execution": promotion.holder(), "status": "FAILED"}
            with pytest.raises(errors.PromotionStopped):
                promotion.run.decide(promotion.package, ended, before)
    assert promotion.service.notices() == []
    assert promotion.end("FAILED", ended) is None
    (notice,) = promotion.service.notices()
    assert notice["Subject"] == "[ratchet] bank: endpoint not restored"
    assert f"endpoint {NAME} could not be brought back" in notice["Message"]
    assert "Next step: " in notice["Message"]
    assert promotion.service.aws.ledger.promotion("bank") is None


def test_a_later_promotion_is_left_alone(promotion: Promotion) -> None:
    promotion.go("check")
    promotion.run.close(promotion.package, execution=promotion.execution)
    other = Run(promotion.service, token=3, challenger=3.0)
    other.judge()
    other.decide(other.register()["package"], f"{MACHINE}:bank-000003")
    held = promotion.service.aws.ledger.promotion("bank")
    assert promotion.end("ABORTED") is None
    assert promotion.service.aws.ledger.promotion("bank") == held
    assert CHECK in promotion.endpoints.endpoints


def test_a_promotion_that_was_postponed_is_not_recovered(promotion: Promotion) -> None:
    promotion.go()
    error = "EndpointLimitReached"
    promotion.run.close(promotion.package, error, execution=promotion.execution)
    assert promotion.end("FAILED") is None
    assert approval(promotion.service, promotion.package) == "PendingManualApproval"
