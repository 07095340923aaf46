"""From scores to a verdict that the state machine and people can read."""

from __future__ import annotations

import copy
import dataclasses
import json
import random
from typing import Any

import pytest
from unit_model import ALONE, FORMER, Run, scored
from unit_service import Service

import extract_metrics
import gate
from retraining.documents.manifest import ChampionsWay, ClaimedObject, Learned, Manifest
from retraining.documents.prepared import PreparedRows
from retraining.documents.verdict import Promise
from retraining.errors import ScoresUnreadable
from retraining.steps import gate as step


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
    spread = [row["answer"][0] for row in golden]
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


def way(run: Run, *lacks: str) -> ChampionsWay:
    ref = run.manifest.definition_ref
    return ChampionsWay(definition=run.manifest.definition, definition_ref=ref, lacks=lacks)


def test_a_champion_that_cannot_be_scored_since_a_new_baseline_is_replaced_by_the_absolute_rules(
    service: Service,
) -> None:
    run = Run(service, challenger=3.0)
    unscored = dataclasses.replace(
        run.manifest, champion=FORMER, champions_way=way(run, "age", "town")
    )
    run.write("manifest.json", unscored)
    answer = run.judge()
    assert (answer["outcome"], answer["next"]) == ("PROMOTED", [])
    said = "in place of a champion that needs age, town, which no row has since the new baseline"
    assert said in answer["sentence"]
    verdict = service.read(f"{run.prefix}/verdict.json")
    assert verdict["champion"]["package"] == FORMER.package, "the one that the promotion replaces"
    run.put("scores/challenger/part-0.csv.out", scored(run.lines, 0.0))
    assert run.judge()["outcome"] == "MODEL_REJECTED"


def test_a_champion_whose_answers_the_metric_cannot_read_is_replaced_by_the_absolute_rules(
    service: Service,
) -> None:
    run, why = Run(service, challenger=3.0), "was trained with objective rank:pairwise, whose"
    other = dataclasses.replace(run.manifest, champion=FORMER, incomparable=why)
    run.write("manifest.json", other)
    answer = run.judge()
    assert (answer["outcome"], answer["next"]) == ("PROMOTED", [])
    assert f"in place of a champion that {why}" in answer["sentence"]


def test_rows_on_which_the_champion_cannot_be_scored_are_counted_and_said(
    service: Service,
) -> None:
    run = Run(service, challenger=3.0, champion=1.0)
    run.write("manifest.json", dataclasses.replace(run.manifest, champion=FORMER))
    summary = service.read(f"{run.prefix}/prepared/summary.json")
    for apart, said in ((0, None), (1, "1 row is judged"), (1200, "1,200 rows are judged")):
        summary["rows"]["apart"] = apart
        run.put("prepared/summary.json", json.dumps(summary))
        sentence = run.judge(champion=True)["sentence"]
        assert ("the champion cannot be scored there" in sentence) == (said is not None)
        assert said is None or said in sentence


def test_rows_in_another_order_are_not_compared(service: Service) -> None:
    run = Run(service, challenger=3.0, champion=1.0)
    lines = scored(run.lines, 1.0).splitlines(keepends=True)
    random.Random(1).shuffle(lines)
    run.put("scores/champion/part-0.csv.out", "".join(lines))
    with pytest.raises(ScoresUnreadable, match=r"row 1 is r.* in the same order"):
        run.judge(champion=True)


def searched(run: Run) -> Manifest:
    """The run's manifest where settings are searched, and the model of all rows is to serve."""
    definition = copy.deepcopy(run.manifest.definition)
    ranges = {"max_depth": {"integer": [2, 6]}}
    definition.json["training"] |= {"refit": True, "tuning": {"jobs": 2, "ranges": ranges}}
    return dataclasses.replace(run.manifest, definition=definition)


def test_a_challenger_that_was_searched_for_is_trained_on_all_rows_before_it_serves(
    service: Service,
) -> None:
    run = Run(service, challenger=3.0, refit=3.0)
    run.write("manifest.json", searched(run))
    first = run.judge()
    assert (first["decision"], first["outcome"]) == ("further", None)
    assert first["sentence"].startswith("To be trained: refit, with the settings that were found.")
    (refit,) = first["next"]
    assert (refit["role"], refit["tuned"]) == ("refit", False)
    assert refit["hyperparameters"] == run.scored("challenger")["hyperparameters"]
    verdict = service.read(f"{run.prefix}/verdict.json")
    assert verdict["wanted"] == [{"role": "refit", "settings": "new"}]
    last = run.judge("refit")
    assert (last["decision"], last["outcome"], last["next"]) == ("promote", "PROMOTED", [])
    verdict = service.read(f"{run.prefix}/verdict.json")
    assert (verdict["judged"], verdict["serves"], verdict["wanted"]) == ("challenger", "refit", [])


def test_nothing_is_trained_on_all_rows_where_what_a_search_found_loses(service: Service) -> None:
    run = Run(service, challenger=0.0)
    run.write("manifest.json", searched(run))
    lost = run.judge()
    assert (lost["outcome"], lost["next"]) == ("MODEL_REJECTED", [])


def test_a_model_that_loses_costs_no_data(service: Service) -> None:
    answer = Run(service, challenger=0.0).judge()
    assert (answer["outcome"], answer["data_state"]) == ("MODEL_REJECTED", "TRAINED")


def test_a_refit_champion_that_knows_every_held_out_row_is_not_compared(service: Service) -> None:
    """The rows are a reference of the run's own batch, with or without earlier ones."""
    run = Run(service, challenger=3.0)
    known = scored(run.lines, 3.0).replace(",fresh,", ",reference,")
    for role in ("champion", "challenger"):
        run.put(f"scores/{role}/part-0.csv.out", known)
    rows = dataclasses.replace(run.summary.rows, holdout_fresh=0, holdout_reference=400, arrival=0)
    run.prepared(dataclasses.replace(run.summary, rows=rows))
    champion = dataclasses.replace(FORMER, refit=True)
    for reference in ((), ("run-000000",)):
        changed = {"champion": champion, "reference": reference, "history": reference}
        run.write("manifest.json", dataclasses.replace(run.manifest, **changed))
        answer = run.judge(champion=True)
        assert answer["outcome"] == "PROMOTED"
        assert "the champion was trained on every held-out row" in answer["sentence"]


def test_data_are_suspect_where_neither_the_champion_nor_a_model_of_them_finds_anything(
    service: Service,
) -> None:
    """The second sign is asked for when the first is there; never twice."""
    run = Run(service, challenger=0.0, alone=0.0)
    run.arrive(400, skill=0.0)
    promise = Promise(
        holdout="fresh",
        metric="auc",
        value=0.8,
        lift=0.3,
        expected=None,
        lower=None,
        upper=None,
        promises_kept=0,
    )
    champion = dataclasses.replace(FORMER, promise=promise)
    run.write("manifest.json", dataclasses.replace(run.manifest, champion=champion))
    asked = run.judge(champion=True)
    assert (asked["decision"], asked["outcome"]) == ("further", None)
    for part in ({"train": 0}, {"validation": 0}, {"labels": False}):
        parts = (dataclasses.replace(ALONE, **part),)
        run.write("prepared/summary.json", dataclasses.replace(run.summary, parts=parts))
        assert run.judge(champion=True)["next"] == []
    run.prepared(run.summary)
    (alone,) = asked["next"]
    assert (alone["role"], alone["train"]) == ("alone", f"{run.uri}/prepared/alone/train/")
    answer = run.judge("alone", champion=True)
    assert (answer["outcome"], answer["data_state"], answer["next"]) == ("SUSPECT", "SUSPECT", [])
    item = {"id": "i", "bucket": "b", "key": "k", "version": "v", "etag": "e", "size": 1}
    released = (ClaimedObject(**item, chunk=0, released=True),)
    run.write(
        "manifest.json", dataclasses.replace(run.manifest, champion=champion, objects=released)
    )
    answer = run.judge(champion=True)
    assert (answer["outcome"], answer["data_state"]) == ("MODEL_REJECTED", "TRAINED")


@pytest.mark.parametrize(
    ("champion", "batches", "knows"),
    [
        ({}, ("run-000001",), False),
        ({"refit": True}, ("run-000001",), True),
        ({}, ("run-000009", "run-000001"), True),
        (None, (), False),
    ],
)
def test_a_champion_may_know_rows_of_batches_that_are_none_of_this_run(
    service: Service, champion: dict[str, Any] | None, batches: tuple[str, ...], knows: bool
) -> None:
    """As after a new baseline: then it is compared on fresh rows alone."""
    run = Run(service)
    learned = Learned(batches=batches, judged=batches[-1:])
    serves = None if champion is None else dataclasses.replace(FORMER, **champion)
    manifest = dataclasses.replace(run.manifest, champion=serves, learned=learned)
    assert manifest.knows_reference is knows


@pytest.mark.parametrize(
    ("fresh", "reference", "earlier", "expected"),
    [
        (9, 0, (), ()),
        (9, 5, (), ("run-000001",)),  # its rows landed before a new baseline as well
        (0, 5, (), ("run-000001",)),
        (0, 5, ("run-000000",), ("run-000000", "run-000001")),
        (9, 5, ("run-000000",), ("run-000000",)),
    ],
)
def test_held_out_rows_that_the_champion_knows_are_a_reference(
    service: Service,
    fresh: int,
    reference: int,
    earlier: tuple[str, ...],
    expected: tuple[str, ...],
) -> None:
    manifest = dataclasses.replace(Run(service).manifest, reference=earlier)
    rows = PreparedRows(
        train=1,
        validation=1,
        holdout_fresh=fresh,
        holdout_reference=reference,
        arrival=0,
        holdout_own=fresh,
    )
    assert step._references(manifest, rows) == expected


def test_a_candidate_that_scored_no_row_is_not_asked_for_again(service: Service) -> None:
    run = Run(service)
    run.put("scores/challenger/part-0.csv.out", "")
    answer = run.judge()
    assert (answer["decision"], answer["outcome"]) == ("reject", "MODEL_REJECTED")
    assert "0 rows" in answer["sentence"]


def test_a_backtest_chooses_the_settings_of_the_challenger(service: Service) -> None:
    run = Run(service, backtest=3.0)
    run.arrive(400)
    run.arrive(400, role="backtest", skill=3.0)
    champion = dataclasses.replace(FORMER, hyperparameters={"num_round": "99"})
    manifest = dataclasses.replace(run.manifest, champion=champion, history=("run-000000",))
    run.write("manifest.json", manifest)
    extract_metrics.handler(
        {**run.event, "candidates": [run.scored("champion"), run.scored("backtest")]}, None
    )
    (challenger,) = gate.handler(run.event, None)["next"]
    assert (challenger["role"], challenger["hyperparameters"]["num_round"]) == ("challenger", "10")
    run.arrive(400, role="backtest", skill=-3.0)
    extract_metrics.handler({**run.event, "candidates": []}, None)
    (challenger,) = gate.handler(run.event, None)["next"]
    assert challenger["hyperparameters"] == {"num_round": "99"}


def test_a_score_that_is_not_a_number_refuses_the_model(service: Service) -> None:
    run = Run(service, challenger=3.0)
    body = scored(run.lines, 3.0).splitlines(keepends=True)
    body[5] = body[5].rpartition(",")[0] + ",nan\n"
    run.put("scores/challenger/part-0.csv.out", "".join(body))
    answer = run.judge()
    assert answer["outcome"] == "MODEL_REJECTED"
    assert "1 score is not finite" in answer["sentence"]
    json.dumps(service.read(f"{run.prefix}/verdict.json"), allow_nan=False)
