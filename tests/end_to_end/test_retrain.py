"""Training on the data there are: by a person's word, after a push, and each batch counted once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from workplace import ROOT, Stack, is_closed, until

PIPELINE = "late-parcels"
FOLDER = ROOT / "pipelines" / PIPELINE
DEPTH = "training.hyperparameters.max_depth"


@pytest.fixture(scope="module")
def folder(stack: Stack) -> Path:
    """The pipeline with a champion and two months in the history."""
    copy = stack.place.work / "pipelines" / PIPELINE
    shutil.copytree(FOLDER, copy)
    stack.ratchet("push", str(copy))
    for token, month in enumerate(("2024-01", "2024-02"), start=1):
        file = stack.place.work / f"{month}.csv"
        script, rows = str(FOLDER / "sample_data.py"), ("--rows", "3000")
        stack.place.run("python", script, "--month", month, "--out", str(file), *rows)
        stack.copy(file, f"s3://{stack.landing}/{PIPELINE}/")
        record = stack.ended(f"{PIPELINE}-{token:06d}")["record"]
        assert record["data_state"] == "TRAINED", record
    return copy


def document(stack: Stack, token: int, name: str) -> Any:
    return json.loads(stack.read(f"s3://{stack.bucket}/runs/{PIPELINE}/{token:06d}/{name}"))


def test_the_same_again_says_that_there_is_nothing_to_do(stack: Stack, folder: Path) -> None:
    said = stack.ratchet("retrain", PIPELINE, "--wait", code=1).stdout
    assert f"The batch of run {PIPELINE}-000002 is judged again" in said
    assert f"as in run {PIPELINE}-000002: nothing to train" in said
    assert stack.ended(f"{PIPELINE}-000003")["record"]["outcome"] == "UNCHANGED"


def test_other_settings_are_judged_on_the_newest_batch(stack: Stack, folder: Path) -> None:
    """Pushes while the run is open lead to one run that follows it."""
    answer = json.loads(stack.ratchet("retrain", PIPELINE, "--set", f"{DEPTH}=3", "--json").stdout)
    assert answer["asked_run"]["again"] == f"{PIPELINE}-000002"
    run = f"{PIPELINE}-000004"
    until(lambda: stack.execution(run), f"run {run} was started")
    for number in (60, 80):
        setting = f"training.hyperparameters.num_round={number}"
        said = stack.ratchet("push", str(folder), "--set", setting).stdout
        assert f"One run with this definition follows run {run}" in said
    record = stack.ended(run)["record"]
    assert record["again"] == f"{PIPELINE}-000002", record
    assert (record["data_state"], record["objects"], record["arrival"]) == ("KEPT", 0, None)
    assert (record["rows"]["accepted"], record["account"]["accepted"]) == (0, 3000)
    assert is_closed(record["account"])
    before = stack.ended(f"{PIPELINE}-000002")["record"]
    assert record["account"] == before["account"], "the batch is cut as it was"
    assert record["outcome"] in ("PROMOTED", "MODEL_REJECTED"), record
    roles = [one["role"] for one in document(stack, 4, "candidates.json")["candidates"]]
    assert roles == ["champion", "backtest", "former", "challenger", "refit"]
    verdict = document(stack, 4, "verdict.json")
    tested = verdict["comparisons"][0]
    assert (tested["ours"], tested["theirs"]) == ("backtest", "former")
    held_out = record["account"]["holdout"]  # which the champion knows, as it was refit
    assert tested["rows"] == record["rows"]["arrival"] == 3000 - held_out
    assert verdict["data"] is None
    assert "arrival" not in verdict["measured"]["champion"]
    taken = {"new": "3", "former": "4"}[verdict["settings"]["taken"]]
    assert record["settings"]["max_depth"] == taken


def test_one_run_follows_with_what_was_pushed_last(stack: Stack, folder: Path) -> None:
    record = stack.ended(f"{PIPELINE}-000005")["record"]
    assert record["again"] == f"{PIPELINE}-000002", record
    manifest = document(stack, 5, "manifest.json")
    assert manifest["definition"]["training"]["hyperparameters"]["num_round"] == 80
    assert (manifest["history"], manifest["objects"]) == (["run-000001"], [])
    state = stack.item(PIPELINE, "state")
    assert state["asked"] == state["answered"]
    assert stack.execution(f"{PIPELINE}-000006") is None
    shown = stack.ratchet("show", f"{PIPELINE}-000005").stdout
    assert f"a retraining without new data: the batch of run {PIPELINE}-000002" in shown
