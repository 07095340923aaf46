"""Every claimed version gets its state, the lease goes back, and one wake follows."""

from __future__ import annotations

import dataclasses
from threading import Barrier
from typing import Any

import pytest
from unit_model import FORMER, Run
from unit_service import BAD, Service, claim, concluded, failed, finish, rows, started

import check_data
import settle_data
from retraining.rules import claims
from retraining.steps import quarantine


def test_what_arrived_during_the_run_gets_exactly_one_follow_up(service: Service) -> None:
    started(service, a=rows(40))
    claim()
    service.deliver(service.drop("bank/b.csv", rows(40)))
    service.receive_wakes()
    service.wake({"pipeline": "bank"})
    assert service.receive_wakes() == []
    answer = service.run_machine("bank", 1)
    assert answer == {"settled": True, "follow_up": True}
    assert len(service.receive_wakes()) == 1
    service.now += 61
    service.wake({"pipeline": "bank"})
    assert service.aws.ledger.state("bank").token == 2
    service.run_machine("bank", 2)
    manifest = service.read("runs/bank/000002/manifest.json")
    assert manifest["history"] == ["run-000001"]
    assert [item["key"] for item in manifest["objects"]] == ["bank/b.csv"]


def test_what_one_run_may_not_take_is_the_follow_up_s(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "MOST_OBJECTS", 2)
    started(service, **{name: rows(40) for name in "abc"})
    assert service.run_machine("bank", 1) == {"settled": True, "follow_up": True}
    service.now += 61
    for wake in service.receive_wakes():
        service.wake(wake)
    service.run_machine("bank", 2)
    taken = [
        [item["key"] for item in service.read(f"runs/bank/00000{n}/manifest.json")["objects"]]
        for n in (1, 2)
    ]
    assert sorted(taken[0] + taken[1]) == ["bank/a.csv", "bank/b.csv", "bank/c.csv"]
    assert len(taken[0]) == 2


def test_settling_twice_changes_nothing_more(service: Service) -> None:
    started(service, a=rows(40))
    service.run_machine("bank", 1)
    before = service.objects()
    payload = {"pipeline": "bank", "token": 1, **failed("Gate", "Broken")}
    assert settle_data.handler(payload, None) == {"settled": False, "follow_up": False}
    assert service.objects() == before
    assert len(service.keys("accepted/")) == 1


def test_a_batch_goes_to_quarantine_side_by_side(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after the other 20,000 objects take longer than the function may, and so does whoever
    comes after it."""
    started(service, **{name: rows(40) for name in "abc"})
    check_data.handler({"manifest": claim()["manifest"], "chunk": 0}, None)
    keep, all_at_once = quarantine.keep, Barrier(3)

    def kept(*given: Any) -> None:
        all_at_once.wait(timeout=30)
        keep(*given)

    monkeypatch.setattr(quarantine, "keep", kept)
    rejected = concluded("DATA_REJECTED", "QUARANTINED", "One label.")
    settle_data.handler({"pipeline": "bank", "token": 1, **rejected}, None)
    assert {item["state"] for item in service.objects().values()} == {"QUARANTINED"}
    assert len(service.keys("quarantine/")) == 6


def test_a_failed_run_gives_its_data_back_and_pauses_after_three_with_one_notice(
    service: Service,
) -> None:
    started(service, a=rows(40))
    waits = []
    for token in (1, 2, 3):
        service.run_machine("bank", token, "FAILED")
        assert service.keys("accepted/") == []
        waits += [wake["delay"] for wake in service.receive_wakes()]
        service.now += 4000
        service.wake({"pipeline": "bank"})
    assert waits == [60, 240]
    state = service.aws.ledger.state("bank")
    assert (state.token, state.paused, state.failures) == (3, True, 3)
    (item,) = service.objects().values()
    assert item["state"] == "PENDING"
    told = [notice["Message"] for notice in service.notices()]
    assert len(told) == 3
    assert ["is paused" in text for text in told] == [False, False, True]
    service.deliver(service.drop("bank/b.csv", rows(3)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    assert service.aws.ledger.state("bank").token == 4


def test_a_batch_that_is_rejected_as_a_whole_goes_to_quarantine(service: Service) -> None:
    started(service, a=rows(40))
    run = claim()
    check_data.handler({"manifest": run["manifest"], "chunk": 0}, None)
    sentence = "The label has a single value in all 40 rows of this batch."
    rejected = concluded("DATA_REJECTED", "QUARANTINED", sentence)
    settle_data.handler({"pipeline": "bank", "token": 1, **rejected}, None)
    (item,) = service.objects().values()
    assert (item["state"], item["reason"][:9]) == ("QUARANTINED", "The label")
    assert len(service.keys("quarantine/")) == 2
    assert service.keys("accepted/") == []
    assert service.aws.ledger.run("bank", 1).data_state == "QUARANTINED"


def test_a_rejected_batch_settles_though_a_version_was_deleted_meanwhile(service: Service) -> None:
    """The report is written without a copy; the run neither fails nor claims the batch again."""
    started(service, a=rows(40))
    run = claim()
    check_data.handler({"manifest": run["manifest"], "chunk": 0}, None)
    (landed,) = service.read(run["manifest"].removeprefix("s3://work/"))["objects"]
    where = {"Bucket": landed["bucket"], "Key": landed["key"]}
    service.s3.delete_object(**where, VersionId=landed["version"])
    rejected = concluded("DATA_REJECTED", "QUARANTINED", "One label.")
    settled = settle_data.handler({"pipeline": "bank", "token": 1, **rejected}, None)
    assert settled["settled"]
    (report,) = service.keys("quarantine/")
    assert service.read(report)["data"] is None


@pytest.mark.parametrize("end", [concluded("PROMOTED"), failed("Promote", "EndpointFailed")])
def test_a_run_waits_for_the_promotion_under_way_and_starts_at_its_end(
    service: Service, end: dict[str, Any]
) -> None:
    """Else it would be judged against yesterday's champion, and its verdict be refused."""
    started(service, a=rows(40))
    run = claim()
    check_data.handler({"manifest": run["manifest"], "chunk": 0}, None)
    ran = {"pipeline": "bank", "token": 1, "execution": "arn", "package": None}
    settle_data.handler({**ran, **concluded("PROMOTED")}, None)
    service.deliver(service.drop("bank/b.csv", rows(40, start=100)))
    service.now += 61
    service.receive_wakes()
    service.wake({"pipeline": "bank"})
    assert service.aws.ledger.state("bank").lease is None
    assert [wake["delay"] for wake in service.receive_wakes()] == [900]  # should its end get lost
    finish({**ran, **end})
    (wake,) = service.receive_wakes()
    assert wake["delay"] == 0
    service.wake(wake)
    lease = service.aws.ledger.state("bank").lease
    assert lease is not None
    assert lease.token == 2


def test_suspect_data_leaves_the_history(service: Service) -> None:
    started(service, a=rows(40))
    run = claim()
    check_data.handler({"manifest": run["manifest"], "chunk": 0}, None)
    rejected = concluded("MODEL_REJECTED", "SUSPECT", "worse")
    settle_data.handler({"pipeline": "bank", "token": 1, **rejected}, None)
    (item,) = service.objects().values()
    assert (item["state"], item["reason"]) == ("SUSPECT", "worse")
    assert len(service.keys("accepted/")) == 1
    service.deliver(service.drop("bank/b.csv", rows(40)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    claim(2)
    assert service.read("runs/bank/000002/manifest.json")["history"] == []


def failed_twice(service: Service) -> None:
    """Two failures, and run 3 open on the same data."""
    started(service, a=rows(40))
    for token in (1, 2):
        service.run_machine("bank", token, "FAILED")
        service.now += 4000
        service.wake({"pipeline": "bank"})
    claim(3)
    service.receive_wakes()


@pytest.mark.parametrize("when", ["during the run", "at the last moment"])
def test_a_third_failure_does_not_pause_a_pipeline_that_has_new_data(
    service: Service, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """The new data may be the repair; at the last moment: after the lease was looked at."""
    failed_twice(service)
    event = service.drop("bank/b.csv", rows(40, start=100))
    if when == "during the run":
        service.deliver(event)
        service.wake({"pipeline": "bank"})
    else:
        deliver_before_release(service, monkeypatch, event)
    service.receive_wakes()
    answer = settle_data.handler({"pipeline": "bank", "token": 3, **failed("Gate", "Broken")}, None)
    assert answer == {"settled": True, "follow_up": True}
    state = service.aws.ledger.state("bank")
    assert (state.lease, state.paused, state.failures) == (None, False, 3)
    assert len(service.receive_wakes()) == 1


def deliver_before_release(
    service: Service, monkeypatch: pytest.MonkeyPatch, event: dict[str, Any]
) -> None:
    kind = type(service.aws.ledger)
    release, left = kind.release_lease, [event]

    def late(*arguments: Any, **named: Any) -> Any:
        while left:
            service.deliver(left.pop())
        return release(*arguments, **named)

    monkeypatch.setattr(kind, "release_lease", late)


def wait_for_rows(service: Service, token: int) -> None:
    """Run `token` finds too few rows."""
    run = claim(token)
    for chunk in run["chunks"]:
        check_data.handler({"manifest": run["manifest"], **chunk}, None)
    few = {"pipeline": "bank", "token": token, **concluded("WAITING", "WAITING", "too few")}
    assert settle_data.handler(few, None)["follow_up"] is False


def test_too_few_rows_wait_until_more_arrive_and_count_towards_the_next_run(
    service: Service,
) -> None:
    started(service, a=rows(40), bad=BAD)
    wait_for_rows(service, 1)
    states = {key.split()[0]: item["state"] for key, item in service.objects().items()}
    assert states == {"bank/a.csv": "WAITING", "bank/bad.csv": "QUARANTINED"}
    assert service.keys("accepted/") == []
    service.now += 4000
    assert service.wake({"pipeline": "bank"}) == []
    assert service.sweep()["woken"] == []
    assert service.aws.ledger.state("bank").token == 1
    service.deliver(service.drop("bank/b.csv", rows(40, 40)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    service.run_machine("bank", 2)
    claimed = service.read("runs/bank/000002/manifest.json")["objects"]
    assert {item["key"] for item in claimed} == {"bank/a.csv", "bank/b.csv"}
    ends = {item["state"] for item in service.objects().values() if item["run"] == 2}
    assert ends == {"TRAINED"}


def test_more_that_arrived_while_a_run_found_too_few_rows_starts_the_next(
    service: Service,
) -> None:
    started(service, a=rows(40))
    run = claim()
    check_data.handler({"manifest": run["manifest"], "chunk": 0}, None)
    service.deliver(service.drop("bank/b.csv", rows(40, 40)))
    few = {"pipeline": "bank", "token": 1, **concluded("WAITING", "WAITING", "too few")}
    assert settle_data.handler(few, None)["follow_up"] is True


def test_a_push_looks_again_at_rows_that_were_too_few(service: Service) -> None:
    started(service, a=rows(40))
    wait_for_rows(service, 1)
    service.receive_wakes()
    assert service.push()["pending_objects"] == 1
    (wake,) = service.receive_wakes()
    service.now += 61
    service.wake(wake)
    assert service.aws.ledger.state("bank").token == 2


def test_a_repeated_event_of_an_object_that_waits_for_rows_is_not_more_data(
    service: Service,
) -> None:
    service.push()
    event = service.drop("bank/a.csv", rows(40))
    service.deliver(event)
    service.now += 61
    service.wake({"pipeline": "bank"})
    wait_for_rows(service, 1)
    service.deliver(event, received=2)
    service.now += 61
    service.wake({"pipeline": "bank"})
    assert service.aws.ledger.state("bank").token == 1


def test_a_failed_run_of_rows_that_waited_is_repeated(service: Service) -> None:
    started(service, a=rows(40))
    wait_for_rows(service, 1)
    service.deliver(service.drop("bank/b.csv", rows(40, 40)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    service.run_machine("bank", 2, "FAILED")
    service.now += 61
    service.wake({"pipeline": "bank"})
    assert len(service.read("runs/bank/000002/manifest.json")["objects"]) == 2
    claim(3)
    assert len(service.read("runs/bank/000003/manifest.json")["objects"]) == 2


def test_the_next_claim_knows_how_the_champion_did_on_this_batch(service: Service) -> None:
    """It may come before FinishRun does: the lease is free by then."""
    started(service, a=rows(3))
    run = Run(service, challenger=3.0)
    run.arrive(300)
    run.write("manifest.json", dataclasses.replace(run.manifest, champion=FORMER))
    run.judge(champion=True)
    where = {"pipeline": "bank", "token": 1}
    settle_data.handler({**where, **concluded("MODEL_REJECTED")}, None)
    arrival = service.aws.ledger.run("bank", 1).arrival
    assert arrival is not None
    assert (arrival.champion, arrival.rows) == (FORMER.run, 700)
