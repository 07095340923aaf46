"""A batch is judged as a whole, by the reports of all its chunks."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import pytest
from unit_model import FORMER, crown
from unit_service import BAD, DEFINITION, HEADER, Service, claim, concluded, rows, started

import check_data
import judge_data
import settle_data
from retraining.errors import ObjectGone
from retraining.rules import claims

YES, NO = HEADER + "30;cook;yes\n31;cook;yes\n", HEADER + "32;cook;no\n"


def judged(token: int = 1) -> Any:
    """JudgeData's answer, once all chunks of the claim are checked."""
    run = claim(token)
    for chunk in run["chunks"]:
        check_data.handler({"manifest": run["manifest"], **chunk}, None)
    return judge_data.handler({"manifest": run["manifest"]}, None)


def test_a_batch_whose_chunks_have_one_label_each_is_trained_on(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "CHUNK_OBJECTS", 1)
    started(service, a=YES, b=NO, bad=BAD)
    assert judged() == {"landed": 5, "rows": 3, "conclusion": None}


def test_the_labels_of_a_rejected_object_do_not_count(service: Service) -> None:
    started(service, good=YES, bad=BAD + "31;cook;no\n")
    answer = judged()
    assert answer["rows"] == 2
    assert answer["conclusion"] == {
        "outcome": "DATA_REJECTED",
        "data_state": "SUSPECT",
        "sentence": "All 2 rows have label yes, and one value teaches nothing.",
    }


def test_a_rejected_object_stops_the_run_of_a_pipeline_that_wants_whole_drops(
    service: Service,
) -> None:
    started(service, good=YES + NO.removeprefix(HEADER), bad=BAD)
    assert judged()["conclusion"] is None
    service.push({**DEFINITION, "checks": {"on_rejected_object": "stop"}}, "1" * 64)
    service.deliver(service.drop("bank/c.csv", YES + NO.removeprefix(HEADER)))
    service.deliver(service.drop("bank/d.csv", BAD))
    settle_data.handler({"pipeline": "bank", "token": 1, **concluded("INCONCLUSIVE")}, None)
    service.now += 61
    service.wake({"pipeline": "bank"})
    conclusion = judged(2)["conclusion"]
    assert (conclusion["outcome"], conclusion["data_state"]) == ("DATA_REJECTED", "QUARANTINED")
    assert conclusion["sentence"].startswith("1 of 2 objects was rejected by the data check")


def test_a_batch_of_bad_objects_alone_is_rejected(service: Service) -> None:
    started(service, bad=BAD)
    assert judged() == {
        "landed": 2,
        "rows": 0,
        "conclusion": {
            "outcome": "DATA_REJECTED",
            "data_state": "QUARANTINED",
            "sentence": "The one object of this batch was rejected by the data check.",
        },
    }


def test_too_few_rows_wait_unless_the_batch_is_full(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full batch would be claimed again and again, and what lands behind it never."""
    patient = copy.deepcopy(DEFINITION)
    patient["trigger"]["min_new_rows"] = 500
    started(service, a=rows(30), b=rows(40))
    service.push(patient, "1" * 64)
    monkeypatch.setattr(claims, "MOST_OBJECTS", 3)
    assert judged()["conclusion"]["outcome"] == "WAITING"
    monkeypatch.setattr(claims, "MOST_OBJECTS", 2)
    assert judged()["conclusion"] is None


def test_a_batch_is_not_judged_before_every_chunk_is_checked(service: Service) -> None:
    started(service, a=YES)
    with pytest.raises(ObjectGone):
        judge_data.handler({"manifest": claim()["manifest"]}, None)


def ran(service: Service, token: int, body: str) -> Any:
    """A run whose data end in the history."""
    if token == 1:
        started(service, a=body)
    else:
        service.deliver(service.drop(f"bank/{token}.csv", body))
        service.now += 61
        service.wake({"pipeline": "bank"})
    answer = judged(token)
    how = answer["conclusion"] or concluded("INCONCLUSIVE")["conclusion"]
    settle_data.handler({"pipeline": "bank", "token": token, "conclusion": how}, None)
    return answer


def drop(ages: range, label: str | None = None) -> str:
    lines = (
        f"{age};{('cook', 'nurse')[n % 2]};{label or ('yes', 'no')[n % 3 > 0]}\n"
        for n, age in enumerate(list(ages) * 10)
    )
    return HEADER + "".join(lines)


def test_a_batch_is_compared_with_the_batches_in_the_history(service: Service) -> None:
    assert ran(service, 1, drop(range(20, 60)))["conclusion"] is None
    first = service.read("runs/bank/000001/batch-report.json")
    assert (first["rows"], first["findings"], first["compared"]) == (400, [], False)
    assert first["labels"] == {"no": 0.665, "yes": 0.335}
    assert ran(service, 2, drop(range(40, 120, 2)))["conclusion"] is None
    second = service.read("runs/bank/000002/batch-report.json")
    (finding,) = second["findings"]
    assert (finding["kind"], finding["column"], finding["serious"]) == ("unit", "age", False)
    assert second["columns"][0]["since_training"] > 0.25
    assert second["last"] == "run-000001"
    answer = ran(service, 3, drop(range(20, 60), "no"))
    assert answer["conclusion"]["data_state"] == "SUSPECT"
    assert answer["conclusion"]["sentence"] == (
        "All 400 rows have label no; earlier batches had 34 % rows of label yes."
    )
    ran(service, 4, drop(range(20, 60), "no"))
    fourth = service.read("runs/bank/000004/batch-report.json")
    assert fourth["last"] == "run-000002", "what is set aside is compared with nothing"
    assert service.keys("accepted/bank/run-000003/"), "it can be released"


def test_the_champion_s_training_data_are_those_of_its_own_run(service: Service) -> None:
    ran(service, 1, drop(range(20, 60)))
    crown(service, dataclasses.replace(FORMER, token=1))
    ran(service, 2, drop(range(30, 110, 2)))
    ran(service, 3, drop(range(20, 60)))
    third = service.read("runs/bank/000003/batch-report.json")
    assert [column["since_training"] for column in third["columns"]] == [0, 0, 0]
    assert third["columns"][0]["since_last"] > 0.25


def test_what_pipeline_yaml_rejects_is_set_aside(service: Service) -> None:
    strict = {"max_null_share": None, "drift": {"psi": 0.25, "action": "reject"}}
    ran(service, 1, drop(range(20, 60)))
    service.push({**DEFINITION, "checks": strict}, "1" * 64)
    answer = ran(service, 2, drop(range(40, 120, 2)))
    assert answer["conclusion"]["data_state"] == "SUSPECT"
    assert "times what it was" in answer["conclusion"]["sentence"]


def test_the_chunks_of_a_batch_have_one_profile(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "CHUNK_OBJECTS", 1)
    started(service, a=YES, b=NO, bad=BAD)
    judged()
    profile = service.read("runs/bank/000001/profile.json")
    assert (profile["rows"], profile["labels"]) == (3, ["no", "yes"])
    age = profile["columns"][0]
    assert (age["least"], age["greatest"], age["total"]) == (30, 32, 93)
