"""An execution that ended without finishing its run is settled and recorded once."""

from __future__ import annotations

import pytest
from unit_service import Service, claim, rows, started


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_an_execution_that_ended_without_finishing_is_settled_and_told_once(
    service: Service, status: str
) -> None:
    started(service, a=rows(40))
    claim()
    record = service.end("bank-000001", status)
    assert record["outcome"] == "FAILED"
    assert service.aws.ledger.state("bank").lease is None
    assert len(service.receive_wakes()) == 1
    assert len(service.notices()) == 1
    assert service.end("bank-000001", status) == record
    assert service.notices() == []
    assert service.receive_wakes() == []


def test_a_run_that_finished_in_good_order_is_not_recovered(service: Service) -> None:
    started(service, a=rows(40))
    service.run_machine("bank", 1, "FAILED")
    service.receive_wakes()
    service.notices()
    record = service.end("bank-000001", "FAILED")
    assert record["sentence"] == "Gate failed: Broken"
    assert (service.notices(), service.receive_wakes()) == ([], [])


def test_a_late_recovery_does_not_touch_the_run_that_follows(service: Service) -> None:
    started(service, a=rows(40))
    service.run_machine("bank", 1)
    service.deliver(service.drop("bank/b.csv", rows(40)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    claim(2)
    service.end("bank-000001", "FAILED")
    lease = service.aws.ledger.state("bank").lease
    assert lease
    assert lease.token == 2
    assert service.aws.ledger.run("bank", 1).outcome == "INCONCLUSIVE"
