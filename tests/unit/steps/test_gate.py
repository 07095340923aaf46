"""From scores to a verdict that the state machine and people can read."""

from __future__ import annotations

import dataclasses
import json
import random

import pytest
from unit_model import FORMER, Run, scored
from unit_service import Service

from retraining.errors import ScoresUnreadable


def test_scores_become_metrics_golden_rows_and_a_verdict(service: Service) -> None:
    run = Run(service, challenger=3.0)
    answer = run.judge()
    assert (answer["decision"], answer["outcome"]) == ("promote", "PROMOTED")
    assert answer["verdict"] == f"{run.uri}/verdict.json"
    verdict = service.read(f"{run.prefix}/verdict.json")
    assert verdict["sentence"] == answer["sentence"]
    assert verdict["measured"]["challenger"]["fresh"]["value"] > 0.9
    assert "reference" not in verdict["measured"]["challenger"]
    assert (verdict["judged"], verdict["serves"]) == ("challenger", "challenger")
    promise = verdict["promise"]
    assert promise["lower"] < promise["value"] == promise["expected"] < promise["upper"]
    golden = service.read(f"{run.prefix}/golden.json")["rows"]
    assert len(golden) == 16
    assert all(row["features"] == f"{row['row_id'][1:4]},7" for row in golden)
    spread = [row["score"] for row in golden]
    assert max(spread) - min(spread) > 0.9


def test_the_comparison_joins_rows_by_id_whatever_their_files(service: Service) -> None:
    run = Run(service, challenger=3.0, champion=1.0)
    lines = scored(run.lines, 1.0).splitlines(keepends=True)
    run.put("scores/champion/part-0.csv.out", "".join(lines[:100]))
    run.put("scores/champion/part-1.csv.out", "".join(lines[100:]))
    run.write("manifest.json", dataclasses.replace(run.manifest, champion=FORMER))
    assert run.judge(champion=True)["decision"] == "promote"
    (found,) = service.read(f"{run.prefix}/verdict.json")["comparisons"]
    assert found["holdout"] == "fresh"
    assert found["rows"] == 400
    assert found["lower"] > 0.05


def test_rows_in_another_order_are_not_compared(service: Service) -> None:
    run = Run(service, challenger=3.0, champion=1.0)
    lines = scored(run.lines, 1.0).splitlines(keepends=True)
    random.Random(1).shuffle(lines)
    run.put("scores/champion/part-0.csv.out", "".join(lines))
    with pytest.raises(ScoresUnreadable, match=r"row 1 is r.* in the same order"):
        run.judge(champion=True)


def test_shuffled_labels_are_rejected_and_their_data_is_suspect(service: Service) -> None:
    answer = Run(service, challenger=0.0).judge()
    assert (answer["outcome"], answer["data_state"]) == ("MODEL_REJECTED", "SUSPECT")


def test_a_score_that_is_not_a_number_refuses_the_model(service: Service) -> None:
    run = Run(service, challenger=3.0)
    body = scored(run.lines, 3.0).splitlines(keepends=True)
    body[5] = body[5].rpartition(",")[0] + ",nan\n"
    run.put("scores/challenger/part-0.csv.out", "".join(body))
    answer = run.judge()
    assert answer["outcome"] == "MODEL_REJECTED"
    assert "1 score is not finite" in answer["sentence"]
    json.dumps(service.read(f"{run.prefix}/verdict.json"), allow_nan=False)
