"""A run without new objects: asked for by a person, a push or a release, and come exactly once."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
from unit_model import FORMER, crown
from unit_service import BAD, DEFINITION, HEADER, Service, claim, concluded, finish, rows, started

import check_data
import judge_data
import review_data
import settle_data
from retraining.documents.manifest import Manifest
from retraining.documents.run_record import RunRecord
from retraining.errors import PipelineRejected
from retraining.rules.claims import DECISIVE

ONE_LABEL: Final = HEADER + "".join(f"{age};cook;yes\n" for age in range(20, 60))
PLAIN: Final = DEFINITION


def deeper(depth: int) -> dict[str, Any]:
    """The pipeline with another setting."""
    changed = copy.deepcopy(PLAIN)
    changed["training"]["hyperparameters"]["max_depth"] = depth
    return changed


def ended(service: Service, token: int, outcome: str = "INCONCLUSIVE") -> Any:
    """A run as far as it concerns the ledger; its manifest."""
    run = claim(token)
    for chunk in run["chunks"]:
        check_data.handler({"manifest": run["manifest"], **chunk}, None)
    judged = judge_data.handler({"manifest": run["manifest"]}, None)
    how = concluded(outcome)
    if judged["conclusion"]:
        how = {"conclusion": judged["conclusion"]}
    where = {"pipeline": "bank", "token": token}
    settle_data.handler({**where, **how}, None)
    finish({**where, **how, "execution": "arn", "package": None})
    return service.read(f"runs/bank/{token:06d}/manifest.json")


def woken(service: Service) -> Iterator[int]:
    """Deliver the wakes until none is on its way; the tokens of the runs that they start."""
    while wakes := service.receive_wakes():
        for wake in wakes:
            service.now += wake["delay"] + 1
            service.wake(wake)
        lease = service.aws.ledger.state("bank").lease
        if lease is not None:
            yield lease.token


def runs(service: Service) -> list[str | None]:
    return [run.outcome for run in service.aws.ledger.runs("bank")]


@pytest.fixture
def trained(service: Service) -> Service:
    """Two batches in the history, nothing waits."""
    service.push(PLAIN)
    for token, name in enumerate("ab", start=1):
        service.deliver(service.drop(f"bank/{name}.csv", rows(40, 40 * token)))
        service.now += 61
        service.wake({"pipeline": "bank"})
        ended(service, token)
    service.receive_wakes()
    return service


def test_retrain_judges_the_newest_batch_once_more_after_those_before_it(trained: Service) -> None:
    service = trained
    crown(service, FORMER)
    answer = service.push(deeper(6), "1" * 64, retrain=True)
    assert answer["asked_run"] == {
        "by": "retrain",
        "after": None,
        "again": "bank-000002",
        "batches": 2,
        "seconds": 0,
    }
    assert list(woken(service)) == [3]
    run = claim(3)
    assert (run["chunks"], run["batch"]) == ([], "run-000002")
    assert [one["role"] for one in run["candidates"]] == ["champion", "backtest", "former"]
    judged = judge_data.handler({"manifest": run["manifest"]}, None)
    assert judged == {"landed": 40, "rows": 40, "conclusion": None}, "its account again"
    before = service.read("runs/bank/000002/manifest.json")
    manifest = ended(service, 3)
    assert manifest["objects"] == []
    assert (manifest["history"], manifest["reference"]) == (["run-000001"], ["run-000001"])
    assert (before["again"], manifest["again"]) == (False, True)
    record = service.aws.ledger.run("bank", 3)
    assert (record.again, record.data_state, record.objects) == ("bank-000002", "KEPT", 0)
    assert record.rows == {"accepted": 0, "rejected": 0}, "they landed once"
    assert service.aws.ledger.run("bank", 2).data_state == "TRAINED"
    assert service.keys("accepted/bank/run-000002/"), "and its rows stay"
    assert list(woken(service)) == []
    service.deliver(service.drop("bank/c.csv", rows(40, 500)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    assert ended(service, 4)["history"] == ["run-000001", "run-000002"], "each batch once"


def test_retrain_without_a_change_says_that_there_is_nothing_to_do(trained: Service) -> None:
    service = trained
    service.push(PLAIN, retrain=True)
    assert list(woken(service)) == [3]
    ended(service, 3)
    record = service.aws.ledger.run("bank", 3)
    assert record.outcome == "UNCHANGED"
    assert "as in run bank-000002" in str(record.sentence)
    service.push(deeper(6), "1" * 64, retrain=True)
    assert list(woken(service)) == [4]
    assert ended(service, 4)["repeats"] is None
    service.push(deeper(6), "1" * 64, retrain=True)
    assert list(woken(service)) == [5]
    assert ended(service, 5)["repeats"] == "bank-000004"
    assert runs(service)[2:] == ["UNCHANGED", "INCONCLUSIVE", "UNCHANGED"]


@pytest.mark.parametrize(
    ("promoted", "serves", "unchanged"),
    [
        (False, 0, True),  # as when it lost to it
        (True, 2, True),
        (False, 1, False),  # another was approved, or rolled back to, since
        (True, 0, False),  # rolled back: the run's own model does not serve any more
        (True, 3, False),
    ],
)
@pytest.mark.parametrize("by", ["retrain", "drop"])
def test_the_same_data_against_another_champion_are_judged_again(
    service: Service, by: str, promoted: bool, serves: int, unchanged: bool
) -> None:
    service.push(PLAIN)
    crown(service, FORMER)
    for token, body in enumerate([rows(40), rows(40, 500)], start=1):
        service.deliver(service.drop(f"bank/{token}.csv", body))
        service.now += 61
        service.wake({"pipeline": "bank"})
        ended(service, token)
    service.receive_wakes()
    service.aws.ledger.update_run(RunRecord(pipeline="bank", token=2, promoted=promoted or None))
    if serves:
        crown(
            service, replace(FORMER, token=serves, run=f"bank-00000{serves}", package=str(serves))
        )
    if by == "retrain":
        service.push(PLAIN, retrain=True)
        assert list(woken(service)) == [3]
    else:
        service.deliver(service.drop("bank/other-name.csv", rows(40, 500)))
        service.now += 61
        service.wake({"pipeline": "bank"})
    manifest = ended(service, 3)
    assert manifest["repeats"] == ("bank-000002" if unchanged else None)


@pytest.mark.parametrize(
    ("known", "repeats"),
    [
        ({}, True),
        ({"token": 1}, False),  # it was trained on the first batch alone
        ({"image": "another"}, False),
        ({"refit": True}, False),
    ],
)
def test_a_run_knows_when_the_champions_settings_would_make_the_champion_once_more(
    trained: Service, known: dict[str, Any], repeats: bool
) -> None:
    image = trained.read("runs/bank/000002/manifest.json")["serving_image"]
    crown(trained, replace(FORMER, **{"token": 2, "image": image, **known}))
    trained.push(deeper(6), "1" * 64, retrain=True)
    assert list(woken(trained)) == [3]
    claim(3)
    manifest = trained.aws.run_folder("bank", 3).read(Manifest)
    assert manifest.repeats_champion is repeats
    trains_only = replace(manifest, image="an image that trains and does not serve")
    assert trains_only.repeats_champion is repeats


def test_what_waits_is_trained_on_by_the_run_that_was_asked_for(trained: Service) -> None:
    service = trained
    service.deliver(service.drop_now("bank/c.csv", rows(40, 500)))
    service.push(deeper(6), "1" * 64, retrain=True)
    assert list(woken(service)) == [3]
    manifest = ended(service, 3)
    assert [item["key"] for item in manifest["objects"]] == ["bank/c.csv"]
    assert list(woken(service)) == [], "one run for both"


def test_a_request_outlives_a_batch_that_is_set_aside_and_a_run_that_fails(
    trained: Service,
) -> None:
    service = trained
    service.deliver(service.drop_now("bank/c.csv", BAD))
    service.push(deeper(6), "1" * 64, retrain=True)
    for token, outcome in zip(woken(service), ["INCONCLUSIVE", "FAILED", "PROMOTED"], strict=False):
        if outcome == "FAILED":
            service.run_machine("bank", token, "FAILED")
        else:
            ended(service, token, outcome)
    assert runs(service)[2:] == ["DATA_REJECTED", "FAILED", "PROMOTED"]
    assert service.read("runs/bank/000005/manifest.json")["again"] is True


def failed_twice(service: Service) -> None:
    """A run is asked for and fails, and so does the one after it; the third is open."""
    service.push(deeper(6), "1" * 64, retrain=True)
    for token in woken(service):
        if token == 5:
            break
        service.run_machine("bank", token, "FAILED")
    claim(5)


def test_a_request_outlives_a_pause_and_is_answered_by_the_first_run_after_it(
    trained: Service,
) -> None:
    service = trained
    failed_twice(service)
    service.run_machine("bank", 5, "FAILED")
    state = service.aws.ledger.state("bank")
    assert (state.paused, state.wanted) == (True, "retrain")
    assert list(woken(service)) == []
    service.now += 4000
    service.sweep()
    assert list(woken(service)) == [], "a pause is a pause"
    service.push(deeper(7), "2" * 64)
    service.sweep()
    service.now += 2000
    assert list(woken(service)) == [6]
    assert ended(service, 6)["again"] is True
    assert service.aws.ledger.state("bank").wanted is None


def test_what_is_asked_for_during_a_third_failing_run_is_not_paused_over(trained: Service) -> None:
    """It may be the push that repairs it, which was promised a run."""
    service = trained
    failed_twice(service)
    assert service.push(deeper(7), "2" * 64)["asked_run"]["after"] == "bank-000005"
    service.run_machine("bank", 5, "FAILED")
    assert not service.aws.ledger.state("bank").paused
    assert list(woken(service)) == [6]
    manifest = ended(service, 6)
    assert manifest["definition"]["training"]["hyperparameters"]["max_depth"] == 7


def test_retrain_needs_a_batch(service: Service) -> None:
    with pytest.raises(PipelineRejected, match="there is no batch to train on"):
        service.push(PLAIN, retrain=True)
    started(service, a=BAD)
    ended(service, 1)
    assert runs(service) == ["DATA_REJECTED"]
    with pytest.raises(PipelineRejected, match="there is no batch to train on"):
        service.push(PLAIN, retrain=True)


def test_pushes_during_a_run_lead_to_one_that_follows_it(service: Service) -> None:
    service.push(PLAIN)
    service.deliver(service.drop("bank/a.csv", rows(40)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    claim(1)
    service.receive_wakes()
    answers = [service.push(deeper(depth), str(depth) * 64) for depth in (3, 4, 5)]
    assert [one["asked_run"]["after"] for one in answers] == ["bank-000001"] * 3
    ended(service, 1)
    assert list(woken(service)) == [2]
    manifest = ended(service, 2)
    assert manifest["definition"]["training"]["hyperparameters"]["max_depth"] == 5
    assert (manifest["again"], manifest["batch"], manifest["history"]) == (True, "run-000001", [])
    assert list(woken(service)) == []
    assert len(runs(service)) == 2


def test_a_push_that_the_open_run_claims_itself_leads_to_no_other(service: Service) -> None:
    """The lease is taken, and the manifest not written yet."""
    service.push(PLAIN)
    service.deliver(service.drop("bank/a.csv", rows(40)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    service.receive_wakes()
    service.push(deeper(3), "3" * 64)
    manifest = ended(service, 1)
    assert manifest["definition"]["training"]["hyperparameters"]["max_depth"] == 3
    assert list(woken(service)) == []
    assert len(runs(service)) == 1


@pytest.mark.parametrize("section", ["trigger", "endpoint"])
def test_a_push_that_changes_no_result_leads_to_no_run(service: Service, section: str) -> None:
    service.push(PLAIN)
    service.deliver(service.drop("bank/a.csv", rows(40)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    claim(1)
    changes = {"trigger": {"quiet_period": "90s"}, "endpoint": {"kind": "none"}}
    assert section not in DECISIVE
    assert service.push({**PLAIN, section: changes[section]}, "3" * 64)["asked_run"] is None


def test_a_first_run_without_data_is_not_followed_by_one_without_a_batch(service: Service) -> None:
    service.push(PLAIN)
    service.deliver(service.drop("bank/a.csv", BAD))
    service.now += 61
    service.wake({"pipeline": "bank"})
    claim(1)
    service.push(deeper(3), "3" * 64)
    ended(service, 1)
    assert list(woken(service)) == []
    assert service.aws.ledger.state("bank").wanted is None, "the first drop has the definition"


@pytest.mark.parametrize("repeated", [False, True])
def test_a_release_of_rows_that_return_to_the_history_arms_a_run(
    service: Service, repeated: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyed = {**PLAIN, "data": {**PLAIN["data"], "key": "age"}}
    service.push(keyed)
    for token, body in enumerate([ONE_LABEL, rows(40)], start=1):
        service.deliver(service.drop(f"bank/{token}.csv", body))
        service.now += 61
        service.wake({"pipeline": "bank"})
        ended(service, token)
    service.receive_wakes()
    release = {"pipeline": "bank", "token": 1, "decision": "release"}
    if repeated:

        def dies(*_: Any) -> Any:
            raise RuntimeError("no connection")

        with monkeypatch.context() as patched:
            patched.setattr(type(service.aws.wakes), "send", dies)
            with pytest.raises(RuntimeError, match="no connection"):
                review_data.handler(release, None)
        service.now += 2000  # the sweep finds what was asked for
        service.sweep()
    review_data.handler(release, None)
    assert list(woken(service)) == [3]
    manifest = ended(service, 3)
    assert (manifest["batch"], manifest["history"]) == ("run-000002", ["run-000001"])
    assert manifest["repeats"] is None, "the history is another"
    assert list(woken(service)) == []


@pytest.mark.parametrize("released", [False, True])
def test_a_drop_that_came_before_trains_on_what_was_released_since(
    service: Service, released: bool
) -> None:
    """It is due, so it answers the release; as a repetition it would train on nothing."""
    service.push({**PLAIN, "data": {**PLAIN["data"], "key": "age"}})
    for token, body in enumerate([ONE_LABEL, rows(40), rows(40)], start=1):
        service.deliver(service.drop(f"bank/{token}.csv", body))
        if released and token == 3:
            review_data.handler({"pipeline": "bank", "token": 1, "decision": "release"}, None)
        service.now += 61
        service.wake({"pipeline": "bank"})
        manifest = ended(service, token)
    assert manifest["again"] is False
    assert manifest["repeats"] == (None if released else "bank-000002")
    assert manifest["history"] == ["run-000001"] * released + ["run-000002"]


def test_a_sweep_wakes_for_a_request_whose_wake_was_lost(trained: Service) -> None:
    service = trained
    service.push(deeper(6), "1" * 64, retrain=True)
    assert len(service.receive_wakes()) == 1  # and lost
    service.now += 1000
    assert service.sweep()["woken"] == ["bank"]
    assert list(woken(service)) == [3]
