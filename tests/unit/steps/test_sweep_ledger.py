"""A sweep repairs what no event will, through the doors that the lost events would have taken."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from typing import Any

import pytest
from unit_model import Run, serve, wanted
from unit_service import DEFINITION, Service, claim, failed, finish, rows, started

from retraining.adapters.executions import Executions
from retraining.adapters.object_store import ObjectStore
from retraining.errors import SweepIncomplete
from retraining.rules import sweeping
from retraining.rules.arrivals import Lease
from retraining.rules.sweeping import GONE, ExecutionFacts


def other_pipeline() -> dict[str, Any]:
    return {**DEFINITION, "name": "shop"}


def catch_up(service: Service) -> None:
    """Turn the clock to where what landed just now, by S3's own clock, is old."""
    service.now = time.time() + 2 * sweeping.SLACK


def end_of(service: Service, status: str, given: str | None = None) -> None:
    """Let Step Functions say so of every execution, as of something that ended long ago."""
    stopped = None if status in ("RUNNING", GONE) else service.now - 4000
    facts = ExecutionFacts(status, stopped, given)
    service.monkeypatch.setattr(Executions, "facts", lambda *_: facts)


def ages(printed: str) -> dict[str, list[int]]:
    """The values of each gauge as an alarm on the stack sees them."""
    found = defaultdict(list)
    for line in printed.splitlines():
        if '"Unit":"Seconds"' in line:
            record = json.loads(line)
            (directive,) = record["_aws"]["CloudWatchMetrics"]
            assert ["Stack"] in directive["Dimensions"]
            name = directive["Metrics"][0]["Name"]
            found[name].append(record[name])
    return dict(found)


def test_a_wake_that_was_lost_is_replaced(service: Service) -> None:
    service.push()
    service.deliver(service.drop("bank/a.csv", rows(3)))
    assert len(service.receive_wakes()) == 1  # and lost
    service.now += sweeping.SLACK
    assert service.sweep()["woken"] == ["bank"]
    (wake,) = service.receive_wakes()
    service.wake(wake)
    assert service.aws.ledger.state("bank").token == 1


def test_a_wake_that_is_on_its_way_is_not_sent_again(service: Service) -> None:
    service.push()
    service.deliver(service.drop("bank/a.csv", rows(3)))
    service.receive_wakes()
    assert service.sweep()["woken"] == []
    assert service.receive_wakes() == []


def test_a_pipeline_that_is_paused_or_has_nothing_to_do_is_left_alone(service: Service) -> None:
    started(service, a=rows(40))
    for token in (1, 2, 3):
        service.run_machine("bank", token, "FAILED")
        service.now += 4000
        service.wake({"pipeline": "bank"})
    assert service.aws.ledger.state("bank").paused
    service.receive_wakes()
    service.push(other_pipeline())
    assert service.sweep()["woken"] == []
    assert service.receive_wakes() == []


def test_a_lease_without_a_confirmed_start_is_woken_to_repeat_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> bool:
        raise RuntimeError("no connection")

    with monkeypatch.context() as patched:
        patched.setattr(Executions, "start", broken)
        started(service, a=rows(40))
    service.now += sweeping.SLACK + 1
    assert service.sweep()["woken"] == ["bank"]
    (wake,) = service.receive_wakes()
    service.wake(wake)
    lease = service.aws.ledger.state("bank").lease
    assert lease is not None
    assert lease.started


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED", "SUCCEEDED", GONE])
def test_a_run_whose_end_nobody_told_of_is_settled_by_the_same_finisher(
    service: Service, status: str
) -> None:
    started(service, a=rows(40))
    claim()
    service.now += sweeping.SLACK + 1
    end_of(service, status)
    assert service.sweep()["recovered"] == ["bank-000001"]
    assert service.recover() == ["bank-000001"]
    assert service.aws.ledger.state("bank").lease is None
    assert service.aws.ledger.run("bank", 1).outcome == "FAILED"
    assert len(service.receive_wakes()) == 1
    assert len(service.notices()) == 1
    assert service.sweep()["recovered"] == []


def test_a_run_that_was_settled_but_never_finished_is_finished(service: Service) -> None:
    started(service, a=rows(40))
    service.monkeypatch.setattr("unit_service.finish_run.handler", lambda *_: None)
    service.run_machine("bank", 1)
    assert service.aws.ledger.state("bank").lease is None
    end_of(service, "FAILED")
    assert service.sweep()["recovered"] == ["bank-000001"]
    service.recover()
    assert service.aws.ledger.run("bank", 1).notified
    assert service.objects().popitem()[1]["state"] == "TRAINED"


def test_a_run_that_was_told_but_not_settled_is_settled(service: Service) -> None:
    """SettleData failed, FinishRun told people, and the status event was lost."""
    started(service, a=rows(40))
    claim()
    execution = service.aws.ledger.run("bank", 1).execution
    given = {**failed("SettleData", "Broken"), "execution": execution, "package": None}
    finish({"pipeline": "bank", "token": 1, **given})
    service.now += 2 * sweeping.SLACK
    end_of(service, "FAILED")
    assert service.sweep()["recovered"] == ["bank-000001"]
    service.recover()
    assert service.aws.ledger.state("bank").lease is None


def test_an_open_run_is_left_alone(service: Service) -> None:
    started(service, a=rows(40))
    service.now += 100_000
    end_of(service, "RUNNING")
    found = service.sweep()
    assert (found["recovered"], found["woken"]) == ([], [])
    assert service.invoked == []


def test_a_young_run_that_step_functions_does_not_know_yet_is_left_alone(service: Service) -> None:
    started(service, a=rows(40))
    end_of(service, GONE)
    assert service.sweep()["recovered"] == []


def test_an_execution_that_ended_just_now_is_left_to_its_own_event() -> None:
    ended = ExecutionFacts("FAILED", stopped=1000)
    assert not sweeping.ended_unnoticed(ended, began=0, now=1000 + sweeping.SLACK)
    assert sweeping.ended_unnoticed(ended, began=0, now=1001 + sweeping.SLACK)


def test_what_the_ledger_never_saw_is_announced_through_the_arrivals_queue(
    service: Service,
) -> None:
    service.push()
    seen = service.drop("bank/seen.csv", rows(3))
    service.deliver(seen)
    lost = [service.drop("bank/lost + ü.csv", rows(3, start)) for start in (5, 10)]  # two versions
    service.drop("bank/_SUCCESS", "")
    service.drop("stranger/a.csv", rows(3))
    service.drop("bank-two/a.csv", rows(3))
    catch_up(service)
    assert service.sweep()["arrivals"] == 2
    events = service.receive_arrivals()
    names = ("key", "version-id", "etag", "size")
    told = [[event["detail"]["object"][name] for name in names] for event in events]
    assert sorted(told) == sorted([[e["detail"]["object"][name] for name in names] for e in lost])
    assert service.deliver(*events) == []
    assert len(service.objects()) == 3
    assert service.sweep()["arrivals"] == 0
    assert service.objects("stranger") == {}


def test_a_sweep_looks_into_the_stack_s_part_of_the_bucket_alone(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RATCHET_LANDING_PREFIX", "training/")
    service.push()
    service.drop("bank/not-ours.csv", rows(3))
    service.drop("training/bank/lost.csv", rows(3))
    catch_up(service)
    assert service.sweep()["arrivals"] == 1
    (event,) = service.receive_arrivals()
    assert event["detail"]["object"]["key"] == "training/bank/lost.csv"
    service.deliver(event)
    assert len(service.objects()) == 1


def test_a_sweep_lists_a_page_and_the_next_one_continues(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "MOST_LISTED", 2)
    service.push()
    for number in range(5):
        service.drop(f"bank/{number}.csv", rows(3))
    catch_up(service)
    found = []
    for _ in range(3):
        service.sweep()
        found.append([e["detail"]["object"]["key"] for e in service.receive_arrivals()])
    assert found == [["bank/0.csv", "bank/1.csv"], ["bank/2.csv", "bank/3.csv"], ["bank/4.csv"]]
    service.sweep()
    assert len(service.receive_arrivals()) == 2, "from the beginning again"


def test_a_place_is_not_left_before_its_arrivals_are_sent(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "MOST_LISTED", 1)
    service.push()
    service.drop("bank/0.csv", rows(3))
    service.drop("bank/1.csv", rows(3))
    catch_up(service)
    with monkeypatch.context() as patched:
        patched.setenv("RATCHET_ARRIVALS_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/1/none")
        with pytest.raises(SweepIncomplete):
            service.sweep()
    service.sweep()
    assert [e["detail"]["object"]["key"] for e in service.receive_arrivals()] == ["bank/0.csv"]


def test_what_landed_before_the_ledger_began_is_nobodys_loss(service: Service) -> None:
    service.drop("bank/old.csv", rows(3))
    service.now = time.time() + 3600
    service.push()
    service.now += 3600
    assert service.sweep()["arrivals"] == 0


def test_a_bucket_without_versions_is_listed_by_content(service: Service) -> None:
    service.s3.create_bucket(Bucket="plain")
    service.monkeypatch.setenv("RATCHET_LANDING_BUCKET", "plain")
    service.push()
    service.s3.put_object(Bucket="plain", Key="bank/a.csv", Body=rows(3).encode())
    catch_up(service)
    service.sweep()
    (event,) = service.receive_arrivals()
    assert "version-id" not in event["detail"]["object"]
    service.deliver(event)
    assert service.sweep()["arrivals"] == 0


def promoted(service: Service) -> str:
    """A champion; the config it should serve by."""
    run = Run(service, challenger=3.0)
    run.judge()
    config: str = run.promote()["config"]
    return config


def test_an_endpoint_that_does_not_serve_the_champion_is_told_once_a_day(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    promoted(service)
    serve(service, "ratchet--bank--rfjp", "ratchet--bank--rfjp-000009")
    assert service.sweep()["out_of_step"] == ["bank"]
    (notice,) = service.notices()
    assert "ratchet--bank--rfjp-000009" in notice["Message"]
    assert '"ChampionsOutOfStep":1' in capsys.readouterr().out
    assert service.sweep()["out_of_step"] == ["bank"]
    assert service.notices() == []
    service.now += 86_400
    service.sweep()
    assert len(service.notices()) == 1


def test_an_endpoint_that_is_gone_is_out_of_step(service: Service) -> None:
    promoted(service)
    assert service.sweep()["out_of_step"] == ["bank"]


def test_an_endpoint_that_serves_the_champion_is_in_step(service: Service) -> None:
    config = promoted(service)
    serve(service, "ratchet--bank--rfjp", config)
    assert service.sweep()["out_of_step"] == []


@pytest.mark.parametrize(
    ("status", "told"), [("RUNNING", []), ("ABORTED", ["promotion"]), (GONE, [])]
)
def test_a_promotion_that_ended_and_holds_its_lock_is_recovered(
    service: Service, status: str, told: list[str]
) -> None:
    service.push()
    service.aws.ledger.lock_promotion(wanted(1), "arn:promotion", int(service.now), 2**40)
    end_of(service, status, '{"pipeline": "bank"}')
    found = service.sweep()
    assert (found["recovered"], found["out_of_step"]) == (told, [])
    events = [(function, event["detail"]["input"]) for function, event in service.invoked]
    assert events == [("recover_promotion", '{"pipeline": "bank"}') for _ in told]


def test_one_stuck_pipeline_shows_beside_a_busy_one(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    service.push()
    service.push(other_pipeline())
    service.deliver(service.drop("shop/a.csv", rows(3)))
    service.receive_wakes()  # and lost: the shop is stuck
    service.now += 7200
    service.deliver(service.drop("bank/a.csv", rows(3)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    end_of(service, "RUNNING")
    capsys.readouterr()
    service.sweep()
    found = ages(capsys.readouterr().out)
    assert max(found["RunOverdue"]) == 7200 + 61 - 60
    assert max(found["OpenRunAge"]) == 0  # started this second
    assert min(found["PendingAge"]) == 0


@pytest.mark.parametrize("again", [False, True])
def test_what_waits_beside_a_run_without_new_objects_has_an_age(
    service: Service, again: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another run has claimed it."""
    service.push()
    service.deliver(service.drop_now("bank/a.csv", rows(3)))
    service.now += 500
    lease = Lease(1, "bank-000001", "{}", at=int(service.now), arrivals=1, again=again)
    service.aws.ledger.take_lease("bank", lease)
    service.aws.ledger.confirm_start("bank", 1)
    capsys.readouterr()
    service.sweep()
    assert max(ages(capsys.readouterr().out)["PendingAge"]) == (500 if again else 0)


def test_a_stack_at_rest_says_that_nothing_is_old(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    service.push()
    capsys.readouterr()
    service.sweep()
    assert ages(capsys.readouterr().out) == {
        "PendingAge": [0],
        "OpenRunAge": [0],
        "RunOverdue": [0],
    }


def test_one_pipelines_trouble_does_not_touch_anothers_and_is_raised(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.push()
    service.push(other_pipeline())
    service.deliver(service.drop("shop/a.csv", rows(3)))
    service.receive_wakes()
    service.now += sweeping.SLACK
    versions = ObjectStore.versions

    def broken(store: ObjectStore, prefix: str, *rest: Any) -> Any:
        if prefix == "bank/":
            raise RuntimeError("no connection")
        return versions(store, prefix, *rest)

    monkeypatch.setattr(ObjectStore, "versions", broken)
    with pytest.raises(SweepIncomplete, match="bank"):
        service.sweep()
    assert [wake["pipeline"] for wake in service.receive_wakes()] == ["shop"]


def test_a_postponed_promotion_is_tried_again_after_an_hour(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    run.decide(package)
    run.close(package, "EndpointLimitReached")
    assert service.sweep()["promoting"] == []
    service.now += 3600
    assert service.sweep()["promoting"] == ["bank-000001--again-1"]
    run.decide(package)
    run.close(package, "EndpointLimitReached")
    assert service.sweep()["promoting"] == []
    service.now += 3600
    assert service.sweep()["promoting"] == ["bank-000001--again-2"]
