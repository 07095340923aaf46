"""A wake starts at most one run, or leaves it to the open one."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from unit_service import DEFINITION, Service, rows


def test_ten_objects_are_one_wake_and_one_run(service: Service) -> None:
    service.push()
    events = [service.drop(f"bank/{n}.csv", rows(3)) for n in range(10)]
    assert service.deliver(*events[:6]) == []
    assert service.deliver(*events[6:]) == []
    assert [wake["delay"] for wake in service.receive_wakes()] == [60]
    service.now += 61
    assert service.wake({"pipeline": "bank", "reason": "arrivals"}) == []
    lease = service.aws.ledger.state("bank").lease
    assert lease
    assert (lease.execution, lease.started, lease.arrivals) == ("bank-000001", True, 10)
    assert json.loads(lease.input) == {"pipeline": "bank", "token": 1}
    record = service.aws.ledger.run("bank", 1)
    assert record.execution
    assert record.execution.endswith(":execution:retraining:bank-000001")
    service.wake({"pipeline": "bank", "reason": "arrivals"})
    assert service.aws.ledger.state("bank").token == 1


def test_data_that_still_arrives_puts_the_run_off(service: Service) -> None:
    service.push()
    service.deliver(service.drop("bank/1.csv", rows(3)))
    service.now += 50
    service.deliver(service.drop("bank/2.csv", rows(3)))
    service.receive_wakes()
    service.now += 10
    service.wake({"pipeline": "bank", "reason": "arrivals"})
    assert service.aws.ledger.state("bank").lease is None
    assert service.receive_wakes() == [{"pipeline": "bank", "reason": "arrivals", "delay": 50}]


def triggered(**trigger: str) -> dict[str, Any]:
    """The test pipeline with this trigger."""
    return {**DEFINITION, "trigger": {"quiet_period": "60s", **trigger}}


def test_a_drop_that_never_gets_quiet_starts_when_its_oldest_is_old(service: Service) -> None:
    service.now = time.time()  # by S3's clock its objects are as old as they are
    service.push(triggered(max_wait="5m"))
    for number in range(7):
        service.deliver(service.drop_now(f"bank/{number}.csv", rows(3, number)))
        service.now += 50
        service.wake({"pipeline": "bank"})
        token = service.aws.ledger.state("bank").token
        assert token == (1 if number > 4 else 0), number


def test_no_run_starts_sooner_after_the_start_of_the_one_before(service: Service) -> None:
    service.push(triggered(min_interval="1h"))
    for number in (1, 2):
        service.deliver(service.drop_now(f"bank/{number}.csv", rows(40, number)))
        service.now += 61
        service.receive_wakes()
        service.wake({"pipeline": "bank"})
        if number == 1:
            service.run_machine("bank", 1)
    assert service.aws.ledger.state("bank").lease is None
    assert service.receive_wakes()[-1]["delay"] == 900
    service.now += 3600 - 61
    service.wake({"pipeline": "bank"})
    assert service.aws.ledger.state("bank").token == 2


def test_what_lands_is_collected_until_the_schedule_calls(service: Service) -> None:
    service.push(triggered(schedule="cron(0 3 * * ? *)"))
    service.deliver(service.drop_now("bank/1.csv", rows(40)))
    service.now += 4000
    service.wake({"pipeline": "bank", "reason": "arrivals"})
    assert service.aws.ledger.state("bank").token == 0
    service.deliver(service.drop_now("bank/2.csv", rows(40, 40)))
    service.receive_wakes()
    service.now += 10
    service.wake({"pipeline": "bank", "reason": "schedule"})  # while a drop is under way
    (wake,) = service.receive_wakes()
    assert (wake["delay"], wake["reason"]) == (50, "scheduled")
    service.now += 49
    service.deliver(service.drop_now("bank/3.csv", rows(40, 80)))  # of the same drop
    service.now += 61
    service.wake(wake)
    service.run_machine("bank", 1)
    assert len(service.read("runs/bank/000001/manifest.json")["objects"]) == 3
    service.deliver(service.drop_now("bank/4.csv", rows(40, 120)))
    service.now += 61
    for wake in service.receive_wakes():
        service.wake(wake)
    assert service.aws.ledger.state("bank").token == 1
    service.wake({"pipeline": "bank", "reason": "schedule"})
    assert service.aws.ledger.state("bank").token == 2


def test_a_scheduled_run_that_failed_is_repeated_without_another_call(service: Service) -> None:
    service.push(triggered(schedule="rate(1 day)"))
    service.deliver(service.drop_now("bank/1.csv", rows(40)))
    service.now += 61
    service.wake({"pipeline": "bank", "reason": "schedule"})
    service.run_machine("bank", 1, "FAILED")
    service.now += 61
    service.wake({"pipeline": "bank", "reason": "follow-up"})
    assert service.aws.ledger.state("bank").token == 2


def test_a_failed_run_is_repeated_after_its_pause_whatever_the_interval(service: Service) -> None:
    service.push(triggered(min_interval="1d"))
    service.deliver(service.drop_now("bank/1.csv", rows(40)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    service.run_machine("bank", 1, "FAILED")
    service.now += 61
    service.wake({"pipeline": "bank"})
    assert service.aws.ledger.state("bank").token == 2


def test_a_schedule_without_new_data_does_nothing_and_with_it_wakes_every_pipeline(
    service: Service,
) -> None:
    service.push()
    assert service.wake({"reason": "schedule"}) == []
    assert service.aws.ledger.state("bank").token == 0
    service.deliver(service.drop("bank/1.csv", rows(3)))
    service.now += 61
    service.wake({"reason": "schedule"})
    assert service.aws.ledger.state("bank").token == 1


def test_an_unconfirmed_start_is_repeated_with_exactly_what_the_lease_stores(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.push()
    service.deliver(service.drop("bank/1.csv", rows(3)))
    service.now += 61
    begun: list[tuple[str, str]] = []

    def start(_: Any, name: str, payload: str) -> bool:
        begun.append((name, payload))
        if len(begun) == 1:
            raise ConnectionError("the reply was lost")
        return True

    monkeypatch.setattr(type(service.aws.executions), "start", start)
    assert service.wake({"pipeline": "bank"}) == ["message-0"]
    assert service.wake({"pipeline": "bank"}) == []
    assert begun[0] == begun[1]
    assert service.aws.ledger.state("bank").token == 1


def test_a_name_that_an_ended_execution_used_is_not_waited_for(service: Service) -> None:
    service.push()
    service.deliver(service.drop("bank/1.csv", rows(3)))
    machines = service.client("stepfunctions")
    arn = machines.list_state_machines()["stateMachines"][0]["stateMachineArn"]
    old = machines.start_execution(stateMachineArn=arn, name="bank-000001", input="{}")
    machines.stop_execution(executionArn=old["executionArn"])
    service.now += 61
    service.receive_wakes()
    assert service.wake({"pipeline": "bank"}) == []
    assert service.aws.ledger.state("bank").lease is None
    assert len(service.receive_wakes()) == 1
    service.wake({"pipeline": "bank"})
    lease = service.aws.ledger.state("bank").lease
    assert lease
    assert lease.execution == "bank-000002"
