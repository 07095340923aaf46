"""Score files become metrics and golden rows; lines of another form are named."""

from __future__ import annotations

import pytest
from unit_model import Run, scored
from unit_service import Service

import extract_metrics
from retraining import errors


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("r1,fresh,-,1,0.5,0.7\n", "line 1"),
        ("r1,train,-,1,0.5\n", "line 1"),
        ("r1,fresh,1,0.5\n", "line 1"),
        ("r1,fresh,monday,1,0.5\n", "line 1"),
        ("<Error>\n", "line 1"),
    ],
)
def test_lines_that_are_not_scores_are_named(service: Service, body: str, said: str) -> None:
    run = Run(service, challenger=3.0)
    run.put("scores/challenger/part-0.csv.out", body)
    with pytest.raises(errors.ScoresUnreadable, match=said):
        run.judge()


def test_golden_rows_are_those_of_the_model_that_would_serve(service: Service) -> None:
    """The refit model of a challenger is never judged, and its answers prove what serves."""
    run = Run(service, challenger=3.0, refit=5.0)
    run.judge("refit")
    kept = (line.split(",") for line in scored(run.lines, 5.0).splitlines())
    scores = {line[0]: float(line[-1]) for line in kept}
    golden = service.read(f"{run.prefix}/golden.json")["rows"]
    assert golden
    assert all(row["answer"] == [scores[row["row_id"]]] for row in golden)
    assert set(service.read(f"{run.prefix}/metrics.json")["candidates"]) == {"challenger"}
    described = service.client("sagemaker").describe_model_package(
        ModelPackageName=run.register()["package"]
    )
    assert described["CustomerMetadataProperties"]["training_job"] == "job-refit"


def test_candidates_of_a_later_pass_join_those_that_were_scored(service: Service) -> None:
    run = Run(service, challenger=3.0, alone=2.0)
    run.judge()
    later = {**run.event, "candidates": [run.scored("alone")]}
    extract_metrics.handler(later, None)
    known = service.read(f"{run.prefix}/candidates.json")["candidates"]
    assert [one["role"] for one in known] == ["challenger", "alone"]
    assert set(service.read(f"{run.prefix}/metrics.json")["candidates"]) == {"challenger", "alone"}


def test_a_champion_scores_new_rows_that_the_challenger_was_trained_on(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.arrive(300)
    run.judge(champion=True)
    measured = service.read(f"{run.prefix}/metrics.json")["candidates"]
    assert measured["champion"]["arrival"]["rows"] == 700
    assert measured["champion"]["fresh"]["rows"] == measured["challenger"]["fresh"]["rows"] == 400


def test_the_rows_of_each_value_are_measured_apart(service: Service) -> None:
    """A champion scores new rows too, which belong to no slice."""
    run = Run(service, challenger=3.0)
    run.arrive(300)
    values = ("a", "")
    run.slice_by("town", values)
    run.judge(champion=True)
    measured = service.read(f"{run.prefix}/metrics.json")
    found = {one["value"]: one["candidates"] for one in measured["slices"]}
    assert set(found) == {"a", "", None}
    for roles in found.values():
        assert set(roles) == {"challenger", "champion"}
        assert roles["champion"]["rows"] == roles["challenger"]["rows"]
    assert sum(roles["champion"]["rows"] for roles in found.values()) == 400
    assert set(measured["candidates"]) == {"challenger", "champion"}
    verdict = service.read(f"{run.prefix}/verdict.json")
    assert [one["name"] for one in verdict["slices"]] == [
        "town=a", "town: missing", "town: all other values",
    ]  # fmt: skip


def test_a_slice_under_its_floor_refuses_a_first_champion(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.slice_by("town", ("a", "b"), minimum=0.999)
    answer = run.judge()
    assert answer["outcome"] == "MODEL_REJECTED"
    assert "surely below its floor of 0.999" in answer["sentence"]


def test_missing_scores_are_reported(service: Service) -> None:
    with pytest.raises(errors.ScoresUnreadable, match=r"contains no \.out file"):
        Run(service).judge()
