"""Which batches a run can train on, and how it ends with the others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from retraining.documents.batch_report import Finding
from retraining.documents.check_report import CheckedObject, CheckReport
from retraining.rules import data_verdict
from retraining.rules.data_verdict import Checked

BOTH = frozenset({"0", "1"})


def report(chunk: int, labels: tuple[str, ...], *objects: tuple[int, bool]) -> CheckReport:
    """A chunk's report: of each object its rows, and whether it was accepted."""
    return CheckReport(
        chunk=chunk,
        labels=labels,
        objects=tuple(
            CheckedObject(
                id=f"{chunk}-{n}",
                key="k",
                version="v",
                size=1,
                accepted=fine,
                rows=rows,
                bad_rows=0,
                notes=(),
                sentence="",
            )
            for n, (rows, fine) in enumerate(objects)
        ),
    )


def test_the_rows_of_accepted_objects_count_and_the_labels_of_all_chunks() -> None:
    reports = [report(0, ("1",), (500, True), (7, False)), report(1, ("0",), (300, True))]
    assert data_verdict.merged(reports) == Checked(800, 1, BOTH, 3, landed=807)


def test_a_batch_of_enough_rows_and_two_labels_is_trained_on() -> None:
    assert data_verdict.judge(Checked(1000, 3, BOTH), 1000) is None


@pytest.mark.parametrize(
    ("rejected", "sentence"),
    [
        (1, "The one object of this batch was rejected by the data check."),
        (2, "All 2 objects of this batch were rejected by the data check."),
    ],
)
def test_a_batch_without_an_accepted_row_is_rejected(rejected: int, sentence: str) -> None:
    found = data_verdict.judge(Checked(0, rejected), 1)
    assert found is not None
    assert (found.outcome, found.data_state) == ("DATA_REJECTED", "QUARANTINED")
    assert found.sentence == sentence


def finding(sentence: str, *, serious: bool) -> Finding:
    return Finding(kind="drift", column="age", sentence=sentence, serious=serious)


def test_rows_that_are_bad_as_a_batch_are_set_aside_with_the_reasons() -> None:
    """Not quarantined: each passed the check, and a person may release them."""
    found = [finding(f"Reason {n}.", serious=True) for n in range(5)]
    judged = data_verdict.judge(Checked(1000, 0, BOTH), 1, found)
    assert judged is not None
    assert (judged.outcome, judged.data_state) == ("DATA_REJECTED", "SUSPECT")
    assert judged.sentence == "Reason 0. Reason 1. Reason 2. And 2 more."


def test_what_is_only_worth_telling_stops_no_run() -> None:
    assert data_verdict.judge(Checked(1000, 0, BOTH), 1, [finding("Odd.", serious=False)]) is None


@pytest.mark.parametrize("labels", [frozenset({"1"}), BOTH])
def test_too_few_rows_wait_for_more_whatever_their_labels(labels: frozenset[str]) -> None:
    found = data_verdict.judge(Checked(1000, 0, labels), 1001, [finding("Bad.", serious=True)])
    assert found is not None
    assert (found.outcome, found.data_state) == ("WAITING", "WAITING")
    assert found.sentence.startswith("1000 of the 1001 new rows")


def test_a_rejected_object_stops_a_batch_that_must_be_whole() -> None:
    checked = Checked(599, 1, BOTH, 2)
    found = data_verdict.judge(checked, 1, whole=True)
    assert found is not None
    assert (found.outcome, found.data_state) == ("DATA_REJECTED", "QUARANTINED")
    assert found.sentence.startswith("1 of 2 objects was rejected by the data check, and checks.")
    assert data_verdict.judge(checked, 1) is None
    assert data_verdict.judge(Checked(599, 0, BOTH, 2), 1, whole=True) is None


def test_what_was_set_aside_is_told_in_sentences() -> None:
    fine, bad = report(0, (), (600, True), (400, False)).objects
    some = replace(fine, bad_rows=3, notes=("1 column without a name left out",))
    assert data_verdict.set_aside([some, bad, some]) == (
        "1 of 3 objects was rejected by the data check.",
        "6 rows were set aside of the 1,200 in accepted objects.",
        "In 2 objects: 1 column without a name left out.",
    )
    assert data_verdict.set_aside([fine]) == ()
    assert data_verdict.set_aside([bad]) == (), "the outcome says so"
