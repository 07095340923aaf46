"""The sentence of a failed run names the step, the cause and what to do."""

from __future__ import annotations

import json

import pytest

from retraining.rules import outcomes

LAMBDA = json.dumps({"errorMessage": "it answers {no} scores", "errorType": "GoldenRowsDiffer"})
NESTED = json.dumps({"Status": "FAILED", "Error": "GoldenRowsDiffer", "Cause": LAMBDA})


def test_a_state_that_failed_concludes_a_failed_run_whose_data_stays_pending() -> None:
    caught = {"State": "TrainModel", "Error": "States.TaskFailed", "Cause": "no capacity"}
    concluded = outcomes.Conclusion.from_json(caught)
    assert (concluded.outcome, concluded.data_state) == ("FAILED", "PENDING")
    assert concluded.sentence == "TrainModel failed: States.TaskFailed"
    assert (concluded.error, concluded.cause) == ("States.TaskFailed", "no capacity")
    del caught["Cause"]
    assert outcomes.Conclusion.from_json(caught).cause == "States.TaskFailed"


@pytest.mark.parametrize("state", ["PrepareDataset", "TrainModel"])
def test_a_job_that_refuses_the_data_concludes_a_run_whose_data_are_rejected(state: str) -> None:
    job = json.dumps({"JobRunState": "FAILED", "ErrorMessage": "DataRefused: Label 'y' is 2"})
    caught = {"State": state, "Error": "States.TaskFailed", "Cause": job}
    concluded = outcomes.Conclusion.from_json(caught)
    if state == "PrepareDataset":
        assert (concluded.outcome, concluded.data_state) == ("DATA_REJECTED", "QUARANTINED")
        assert (concluded.sentence, concluded.error) == ("Label 'y' is 2", None)
    else:
        assert (concluded.outcome, concluded.data_state) == ("FAILED", "PENDING")


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        (NESTED, "it answers {no} scores"),
        (
            f"Not brought back (A: {LAMBDA}) after B: {LAMBDA}",
            "Not brought back (A: it answers {no}",
        ),
        (NESTED[:-5], '{"Status": "FAILED"'),
        ("{" * 30_000, "{{{"),
        ("States.Timeout", "it exceeded its time limit (States.Timeout)"),
        ("", "States.TaskFailed"),
    ],
)
def test_a_failed_promotion_is_one_sentence_with_what_failed_and_what_to_do(
    cause: str, told: str
) -> None:
    ended = outcomes.Ended(
        pipeline="bank", token=1, outcome="FAILED", sentence="Promote failed: States.TaskFailed",
        error="States.TaskFailed", cause=cause, package="arn",
    )  # fmt: skip
    sentence = outcomes.sentence(ended)
    assert sentence.startswith(f"Promote failed: {told}")
    assert len(sentence) < 1200
    assert sentence.endswith("drop more, and the gate judges a new challenger.")
