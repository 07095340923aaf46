"""An execution that ended without finishing its run is settled and recorded once."""

from __future__ import annotations

import json

import pytest
from unit_model import Run, serve
from unit_service import Service, claim, rows, started

import check_data


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


def test_a_run_that_stopped_gives_its_data_back_without_a_copy(service: Service) -> None:
    """What the next run claims again must not lie in accepted/ twice."""
    started(service, a=rows(40))
    run = claim()
    check_data.handler({"manifest": run["manifest"], "chunk": 0}, None)
    assert len(service.keys("accepted/")) == 1
    service.end("bank-000001", "ABORTED")
    assert service.keys("accepted/") == []
    (item,) = service.objects().values()
    assert item["state"] == "PENDING"
    assert service.aws.ledger.run("bank", 1).data_state == "PENDING"


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_run_that_stopped_after_its_promotion_stays_promoted(
    service: Service, status: str
) -> None:
    """Its model serves: recorded as failed, it would be deleted and its batch never referred to."""
    run = Run(service, challenger=3.0)
    run.judge()
    champion = run.promote()
    serve(service, "ratchet--bank--rfjp", champion["config"])
    record = service.end("bank-000001", status)
    assert (record["outcome"], record["promoted"]) == ("PROMOTED", True)
    assert record["package"] == champion["package"]
    assert service.aws.ledger.run("bank", 1).promoted is True
    models = service.client("sagemaker").list_models()["Models"]
    assert [model["ModelName"] for model in models] == [champion["model"]]
    (notice,) = service.notices()
    assert "Promoted." in notice["Message"]


@pytest.mark.parametrize(
    "document", ["manifest.json", "check/chunk-0.json", "prepared/summary.json", "verdict.json"]
)
def test_a_run_that_fails_over_a_document_is_settled_and_recorded_without_it(
    service: Service, document: str
) -> None:
    """Else the lease would never return: each attempt to settle would fail as the run did."""
    started(service, a=rows(40))
    run = claim()
    check_data.handler({"manifest": run["manifest"], "chunk": 0}, None)
    of_another_release = json.dumps({"document": f"{document}/9"}).encode()
    service.s3.put_object(
        Bucket="work", Key=f"runs/bank/000001/{document}", Body=of_another_release
    )
    record = service.end("bank-000001", "FAILED")
    assert (record["outcome"], record["data_state"]) == ("FAILED", "PENDING")
    assert service.read("runs/bank/000001/record.json")["outcome"] == "FAILED"
    assert service.aws.ledger.state("bank").lease is None
    assert service.keys("accepted/") == []
    assert (len(service.receive_wakes()), len(service.notices())) == (1, 1)
