"""record_arrivals and start_retraining: every object noted once, one wake, at most one run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from unit_service import Service, rows

from retraining import adapters, observability

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
HOSTILE = [
    "a+b.csv",
    "100%.csv",
    "a b.csv",
    "Müller.csv",
    "%2B.csv",
    "a&b=c.csv",
    "..csv",
    "'\".csv",
]


def test_ten_objects_are_one_wake_and_one_run(service: Service) -> None:
    service.push()
    events = [service.drop(f"bank/{n}.csv", rows(3)) for n in range(10)]
    assert service.deliver(*events[:6]) == []
    assert service.deliver(*events[6:]) == []
    assert [wake["delay"] for wake in service.receive_wakes()] == [60]
    service.now += 61
    assert service.wake({"pipeline": "bank", "reason": "arrivals"}) == []
    lease = adapters.ledger().state("bank").lease
    assert lease
    assert (lease.execution, lease.started, lease.arrivals) == ("bank-000001", True, 10)
    assert json.loads(lease.input) == {"pipeline": "bank", "token": 1}
    record = adapters.ledger().run("bank", 1)
    assert record["execution"].endswith(":execution:retraining:bank-000001")
    service.wake({"pipeline": "bank", "reason": "arrivals"})
    assert adapters.ledger().state("bank").token == 1


def test_data_that_still_arrives_puts_the_run_off(service: Service) -> None:
    service.push()
    service.deliver(service.drop("bank/1.csv", rows(3)))
    service.now += 50
    service.deliver(service.drop("bank/2.csv", rows(3)))
    service.receive_wakes()
    service.now += 10
    service.wake({"pipeline": "bank", "reason": "arrivals"})
    assert adapters.ledger().state("bank").lease is None
    assert service.receive_wakes() == [{"pipeline": "bank", "reason": "arrivals", "delay": 50}]


@pytest.mark.parametrize("name", HOSTILE)
def test_an_object_with_any_name_is_noted_and_read_under_exactly_that_name(
    service: Service, name: str
) -> None:
    service.push()
    service.deliver(service.drop(f"bank/{name}", rows(3)))
    (item,) = service.objects().values()
    assert item["key"] == f"bank/{name}"
    service.wake({"pipeline": "bank"})
    service.now += 100
    service.wake({"pipeline": "bank"})
    service.run_machine("bank", 1)
    (item,) = service.objects().values()
    assert (item["state"], item["run"]) == ("TRAINED", 1)
    assert "pending" not in item


def test_a_duplicate_counts_while_it_waits_and_not_afterwards(service: Service) -> None:
    service.push()
    event = service.drop("bank/1.csv", rows(3))
    service.deliver(event, event)
    assert adapters.ledger().state("bank").arrivals == 1
    service.deliver(event)
    assert adapters.ledger().state("bank").arrivals == 2
    service.now += 61
    service.wake({"pipeline": "bank"})
    service.run_machine("bank", 1)
    service.receive_wakes()
    service.deliver(event)
    assert adapters.ledger().state("bank").arrivals == 2
    assert service.receive_wakes() == []


def test_two_versions_of_a_key_are_two_objects(service: Service) -> None:
    service.push()
    service.deliver(service.drop("bank/1.csv", rows(3)), service.drop("bank/1.csv", rows(4)))
    assert len(service.objects()) == 2


def test_folders_and_markers_wake_nobody(service: Service) -> None:
    service.push()
    service.deliver(service.drop("bank/2026/", ""), service.drop("bank/_SUCCESS", ""))
    assert service.objects() == {}
    assert service.receive_wakes() == []


def test_a_bad_message_comes_again_alone(service: Service) -> None:
    service.push()
    good = service.drop("bank/1.csv", rows(3))
    assert service.deliver("no json", good, {"detail": {}}) == ["message-0", "message-2"]
    assert len(service.objects()) == 1


def test_a_second_delivery_sends_the_wake_that_a_crash_swallowed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.push()
    event = service.drop("bank/1.csv", rows(3))

    def crash(*_: Any) -> None:
        raise ConnectionError("the function died here")

    with monkeypatch.context() as broken:
        broken.setattr(type(adapters.wakes()), "send", crash)
        assert service.deliver(event) == ["message-0"]
    assert service.deliver(event, received=2) == []
    assert len(service.receive_wakes()) == 1


def test_data_for_an_unknown_pipeline_is_kept_told_once_and_picked_up_by_a_push(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    service.deliver(service.drop("bank/1.csv", rows(3)))
    service.deliver(service.drop("bank/2.csv", rows(3)))
    (notice,) = service.notices()
    assert "ratchet push pipelines/bank" in notice["Message"]
    assert "s3://landing/bank/1.csv" in notice["Message"]
    assert "ObjectsWithoutPipeline" in capsys.readouterr().out
    assert service.receive_wakes() == []
    assert service.push()["pending_objects"] == 2
    assert len(service.receive_wakes()) == 1


def test_data_without_a_prefix_is_told_and_left_where_it_is(service: Service) -> None:
    assert service.deliver(service.drop("top.csv", rows(3))) == []
    (notice,) = service.notices()
    assert "s3://landing/top.csv landed under no pipeline's prefix" in notice["Message"]
    assert "copy it to s3://landing/<pipeline>/" in notice["Message"]


def test_a_schedule_without_new_data_does_nothing_and_with_it_wakes_every_pipeline(
    service: Service,
) -> None:
    service.push()
    assert service.wake({"reason": "schedule"}) == []
    assert adapters.ledger().state("bank").token == 0
    service.deliver(service.drop("bank/1.csv", rows(3)))
    service.now += 61
    service.wake({"reason": "schedule"})
    assert adapters.ledger().state("bank").token == 1


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

    monkeypatch.setattr(type(adapters.executions()), "start", start)
    assert service.wake({"pipeline": "bank"}) == ["message-0"]
    assert service.wake({"pipeline": "bank"}) == []
    assert begun[0] == begun[1]
    assert adapters.ledger().state("bank").token == 1


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
    assert adapters.ledger().state("bank").lease is None
    assert len(service.receive_wakes()) == 1
    service.wake({"pipeline": "bank"})
    lease = adapters.ledger().state("bank").lease
    assert lease
    assert lease.execution == "bank-000002"


def test_metrics_are_counted_by_stack_alone_too(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    observability.count(observability.RUN_OUTCOME, Pipeline="bank", Outcome="PROMOTED")
    line = json.loads(capsys.readouterr().out)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Ratchet"
    assert directive["Dimensions"] == [["Stack"], ["Outcome", "Pipeline", "Stack"]]
    assert (line["RunOutcome"], line["Stack"], line["Outcome"]) == (1, "ratchet", "PROMOTED")


def test_the_templates_alarms_read_metrics_that_exist() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    named = set(re.findall(r"Namespace: Ratchet[,\s]+MetricName: (\w+)", text))
    known = {v for k, v in vars(observability).items() if k.isupper() and isinstance(v, str)}
    assert named
    assert named <= known
