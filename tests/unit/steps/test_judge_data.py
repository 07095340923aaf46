"""A batch is judged as a whole, by the reports of all its chunks."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from unit_service import BAD, DEFINITION, HEADER, Service, claim, rows, started

import check_data
import judge_data
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
    assert judged() == {"rows": 3, "conclusion": None}


def test_the_labels_of_a_rejected_object_do_not_count(service: Service) -> None:
    started(service, good=YES, bad=BAD + "31;cook;no\n")
    answer = judged()
    assert answer["rows"] == 2
    assert answer["conclusion"]["outcome"] == "DATA_REJECTED"


def test_a_batch_of_bad_objects_alone_is_rejected(service: Service) -> None:
    started(service, bad=BAD)
    assert judged() == {
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
