"""A person's word on data that were set aside is carried out once, whatever happens around it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from unit_faults import Crash
from unit_service import BAD, DEFINITION, HEADER, Service, claim, concluded, finish, rows, started

import check_data
import judge_data
import review_data
import settle_data
from retraining.adapters.ledger import Ledger
from retraining.documents.prepared import Cut
from retraining.documents.run_record import RunRecord
from retraining.errors import ReviewRefused
from retraining.rules import review
from retraining.rules.review import DISCARD, RELEASE

ONE_LABEL = HEADER + "".join(f"{age};cook;yes\n" for age in range(20, 60))


def ended(service: Service, token: int = 1) -> Any:
    """Run the machine as far as it concerns the data; JudgeData's answer."""
    run = claim(token)
    for chunk in run["chunks"]:
        check_data.handler({"manifest": run["manifest"], **chunk}, None)
    answer = judge_data.handler({"manifest": run["manifest"]}, None)
    conclusion = {"conclusion": answer["conclusion"]} if answer["conclusion"] else None
    how = conclusion or concluded("INCONCLUSIVE")
    where = {"pipeline": "bank", "token": token}
    settle_data.handler({**where, **how}, None)
    finish({**where, **how, "execution": "arn", "package": None})
    return answer


def decide(decision: str, token: int = 1) -> Any:
    return review_data.handler({"pipeline": "bank", "token": token, "decision": decision}, None)


def states(service: Service) -> dict[str, str]:
    return {item["key"]: item["state"] for item in service.objects().values()}


def data_state(service: Service, token: int = 1) -> str | None:
    return service.aws.ledger.run("bank", token).data_state


def dropped(service: Service, token: int, **bodies: str) -> None:
    """A further drop, and its run as far as it concerns the data."""
    service.deliver(*(service.drop(f"bank/{name}.csv", body) for name, body in bodies.items()))
    service.now += 61
    service.wake({"pipeline": "bank"})
    ended(service, token)


def test_released_suspect_rows_are_trained_on_at_once_and_not_set_aside_again(
    service: Service,
) -> None:
    started(service, before=rows(400, 400))
    ended(service)
    dropped(service, 2, a=ONE_LABEL)
    assert data_state(service, 2) == "SUSPECT"
    service.deliver(service.drop("bank/b.csv", ONE_LABEL.replace("cook", "nurse")))
    assert decide(RELEASE, 2) == {
        "run": "bank-000002",
        "decision": "release",
        "was": "SUSPECT",
        "becomes": "PENDING",
        "objects": 1,
    }
    assert data_state(service, 2) == "RELEASED"
    assert service.keys("accepted/bank/run-000002/") == []
    service.now += 61
    service.wake({"pipeline": "bank"})
    judged = ended(service, 3)
    assert judged["conclusion"] is None, "it is trained on"
    manifest = service.read("runs/bank/000003/manifest.json")
    assert [item["key"] for item in manifest["objects"]] == ["bank/a.csv"], "and nothing beside it"
    assert (states(service)["bank/a.csv"], states(service)["bank/b.csv"]) == ("TRAINED", "PENDING")
    assert data_state(service, 3) == "TRAINED"
    report = service.read("runs/bank/000003/batch-report.json")
    assert report["findings"][0]["kind"] == "one label", "told all the same"
    service.now += 61
    service.wake({"pipeline": "bank"})
    ended(service, 4)
    assert data_state(service, 4) == "SUSPECT", "the word was on other rows"


def test_released_rows_of_one_label_alone_are_kept_and_not_trained_on(service: Service) -> None:
    started(service, a=ONE_LABEL)
    ended(service)
    decide(RELEASE)
    service.now += 61
    service.wake({"pipeline": "bank"})
    judged = ended(service, 2)
    assert judged["conclusion"]["outcome"] == "DATA_REJECTED"
    assert (data_state(service, 2), states(service)) == ("TRAINED", {"bank/a.csv": "TRAINED"})


def test_of_a_split_by_time_released_rows_that_were_never_cut_stay_out_of_the_history(
    service: Service,
) -> None:
    """They can be released again, as soon as there are rows of another label."""
    split = {"train": 0.7, "validation": 0.15, "holdout": 0.15, "by": "time", "column": "age"}
    service.push({**DEFINITION, "split": split})
    dropped(service, 1, a=ONE_LABEL)
    decide(RELEASE)
    service.now += 61
    service.wake({"pipeline": "bank"})
    assert ended(service, 2)["conclusion"]["outcome"] == "DATA_REJECTED"
    assert (data_state(service, 2), states(service)) == ("SUSPECT", {"bank/a.csv": "SUSPECT"})
    dropped(service, 3, b=rows(40))
    assert service.read("runs/bank/000003/manifest.json")["history"] == []
    assert decide(RELEASE, 2)["becomes"] == "PENDING"


def test_what_the_gate_says_of_released_rows_costs_them_nothing(service: Service) -> None:
    started(service, a=ONE_LABEL)
    ended(service)
    decide(RELEASE)
    service.now += 61
    service.wake({"pipeline": "bank"})
    claim(2)
    check_data.handler({"manifest": "s3://work/runs/bank/000002/manifest.json", "chunk": 0}, None)
    suspect = concluded("SUSPECT", "SUSPECT", "no signal")
    settle_data.handler({"pipeline": "bank", "token": 2, **suspect}, None)
    assert (data_state(service, 2), states(service)) == ("TRAINED", {"bank/a.csv": "TRAINED"})
    assert service.keys("accepted/bank/run-000002/")


def test_suspect_rows_with_a_key_return_under_their_own_batch(service: Service) -> None:
    """As a newer batch they would replace what came after them."""
    split = {"train": 0.7, "validation": 0.15, "holdout": 0.15, "by": "key"}
    keyed = {**DEFINITION, "data": {**DEFINITION["data"], "key": "age"}, "split": split}
    service.push(keyed)
    dropped(service, 1, a=ONE_LABEL)
    (copied,) = service.keys("accepted/")
    dropped(service, 2, b=rows(40))
    assert service.read("runs/bank/000002/manifest.json")["history"] == []
    assert decide(RELEASE)["becomes"] == "TRAINED"
    assert (data_state(service), states(service)["bank/a.csv"]) == ("TRAINED", "TRAINED")
    assert copied in service.keys("accepted/")
    dropped(service, 3, c=rows(30, 90))
    history = service.read("runs/bank/000003/manifest.json")["history"]
    assert history == ["run-000001", "run-000002"]


@pytest.mark.parametrize("prepared", [False, True])
def test_of_a_split_by_time_a_batch_that_was_never_cut_lands_again(
    service: Service, prepared: bool
) -> None:
    """Or no later run could tell its sides, and all of them would fail."""
    split = {"train": 0.7, "validation": 0.15, "holdout": 0.15, "by": "time", "column": "age"}
    keyed = {**DEFINITION, "data": {**DEFINITION["data"], "key": "age"}, "split": split}
    service.push(keyed)
    dropped(service, 1, a=ONE_LABEL)
    if prepared:
        cut = Cut(train_until=1, validation_from=2, validation_until=3, holdout_from=4)
        service.aws.ledger.update_run(RunRecord(pipeline="bank", token=1, cut=cut))
    assert decide(RELEASE)["becomes"] == ("TRAINED" if prepared else "PENDING")
    assert data_state(service) == ("TRAINED" if prepared else "RELEASED")
    assert bool(service.keys("accepted/bank/run-000001/")) == prepared


def test_quarantined_objects_are_checked_again_by_the_contract_of_today(service: Service) -> None:
    bad = HEADER + "16;cook;yes\n17;cook;no\n"
    started(service, good=rows(40), bad=bad)
    ended(service)
    assert states(service) == {"bank/good.csv": "TRAINED", "bank/bad.csv": "QUARANTINED"}
    wider = copy.deepcopy(DEFINITION)
    wider["data"]["columns"]["age"]["min"] = 16
    service.push(wider, "1" * 64)
    assert decide(RELEASE)["objects"] == 1
    assert states(service) == {"bank/good.csv": "TRAINED", "bank/bad.csv": "PENDING"}
    assert [wake["reason"] for wake in service.receive_wakes()] == ["released"]
    service.now += 61
    service.wake({"pipeline": "bank"})
    ended(service, 2)
    assert states(service)["bank/bad.csv"] == "TRAINED"
    assert data_state(service) == "TRAINED"


def test_released_rows_that_waited_are_trained_on_however_few(service: Service) -> None:
    patient = copy.deepcopy(DEFINITION)
    patient["trigger"]["min_new_rows"] = 500
    started(service, a=rows(40))
    service.push(patient, "1" * 64)
    ended(service)
    assert states(service) == {"bank/a.csv": "WAITING"}
    decide(RELEASE)
    assert data_state(service) == "RELEASED"
    service.now += 61
    service.wake({"pipeline": "bank"})
    ended(service, 2)
    assert states(service) == {"bank/a.csv": "TRAINED"}


@pytest.mark.parametrize(
    ("bodies", "was"), [({"a": ONE_LABEL}, "SUSPECT"), ({"a": BAD}, "QUARANTINED")]
)
def test_what_is_discarded_is_in_no_later_run(
    service: Service, bodies: dict[str, str], was: str
) -> None:
    started(service, **bodies)
    ended(service)
    assert decide(DISCARD)["was"] == was
    assert (data_state(service), states(service)) == ("DISCARDED", {"bank/a.csv": "DISCARDED"})
    assert service.keys("accepted/") == []
    landed = service.s3.list_object_versions(Bucket="landing")
    assert "DeleteMarkers" not in landed
    with pytest.raises(ReviewRefused, match="nothing of run bank-000001 is set aside"):
        decide(RELEASE)


def test_of_a_mixed_run_the_suspect_rows_come_first_and_the_bad_ones_next(service: Service) -> None:
    started(service, a=ONE_LABEL, bad=BAD)
    ended(service)
    assert decide(RELEASE)["was"] == "SUSPECT"
    assert states(service) == {"bank/a.csv": "PENDING", "bank/bad.csv": "QUARANTINED"}
    assert decide(RELEASE)["was"] == "QUARANTINED"
    with pytest.raises(ReviewRefused, match="its data are RELEASED"):
        decide(RELEASE)


@pytest.mark.parametrize("decision", [RELEASE, DISCARD])
def test_a_call_that_died_half_way_is_completed_by_the_next(
    service: Service, monkeypatch: pytest.MonkeyPatch, decision: str
) -> None:
    started(service, a=ONE_LABEL)
    ended(service)

    def dies(*_: Any) -> Any:
        raise Crash

    with monkeypatch.context() as dying:
        dying.setattr(Ledger, "move_objects", dies)
        with pytest.raises(Crash):
            decide(decision)
    assert decide(decision)["objects"] == 1
    after = {RELEASE: ("RELEASED", "PENDING"), DISCARD: ("DISCARDED", "DISCARDED")}
    assert (data_state(service), states(service)["bank/a.csv"]) == after[decision]
    assert service.keys("accepted/") == []


def test_of_two_who_decide_at_once_one_is_refused(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(service, a=ONE_LABEL)
    ended(service)
    moves = review.moves

    def overtaken(record: Any, decision: str, *, own_batch: bool) -> Any:
        monkeypatch.setattr(review, "moves", moves)
        decide(DISCARD)
        return moves(record, decision, own_batch=own_batch)

    monkeypatch.setattr(review, "moves", overtaken)
    with pytest.raises(ReviewRefused, match="somebody else has decided"):
        decide(RELEASE)
    assert (data_state(service), states(service)["bank/a.csv"]) == ("DISCARDED", "DISCARDED")


def test_a_run_that_is_open_or_unknown_is_refused(service: Service) -> None:
    started(service, a=rows(40))
    claim()
    for token in (1, 7):
        with pytest.raises(ReviewRefused, match="has not ended or does not exist"):
            decide(RELEASE, token)
    ended(service)
    with pytest.raises(ReviewRefused, match="neither release nor discard"):
        decide("forget")


def test_waiting_rows_that_an_open_run_has_claimed_are_left_to_it(service: Service) -> None:
    patient = copy.deepcopy(DEFINITION)
    patient["trigger"]["min_new_rows"] = 60
    started(service, a=rows(40))
    service.push(patient, "1" * 64)
    ended(service)
    service.deliver(service.drop("bank/b.csv", rows(40, 50)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    claim(2)
    with pytest.raises(ReviewRefused, match="run bank-000002 is open and has claimed them"):
        decide(DISCARD)
