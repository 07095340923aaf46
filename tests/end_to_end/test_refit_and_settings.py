"""A model of all rows serves in place of the one that was judged, and settings are backtested."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from workplace import Stack, bank_rows, csv_bytes, pipeline_folder

NAME = "refitted"
EVERY = 4  # row of the file goes into one drop, and its neighbour into the other


@pytest.fixture(scope="module")
def runs(stack: Stack) -> list[dict[str, Any]]:
    """A first champion, then a drop after a push of other settings."""
    header, rows = bank_rows(stack.place)
    folder = pipeline_folder(stack.place, NAME)
    definition = folder / "pipeline.yaml"
    text = re.sub(r"\n +early_stopping_rounds: .*", "", definition.read_text())
    text = text.replace("training:\n", "training:\n  refit: true\n", 1)
    found = []
    for number, (depth, part) in enumerate([(3, rows[::EVERY]), (5, rows[1::EVERY])], start=1):
        definition.write_text(re.sub(r"max_depth: \d+", f"max_depth: {depth}", text))
        stack.ratchet("push", str(folder))
        drop = stack.place.work / f"{NAME}-{number}.csv"
        drop.write_bytes(csv_bytes(header, part))
        stack.copy(drop, f"s3://{stack.landing}/{NAME}/")
        found.append(stack.ended(f"{NAME}-{number:06d}")["record"])
    return found


def scored(stack: Stack, number: int) -> dict[str, dict[str, Any]]:
    """A run's candidates by role."""
    uri = f"s3://{stack.bucket}/runs/{NAME}/{number:06d}/candidates.json"
    return {one["role"]: one for one in json.loads(stack.read(uri))["candidates"]}


def test_the_refit_model_serves_and_the_challenger_was_judged(
    stack: Stack, runs: list[dict[str, Any]]
) -> None:
    """The promotion has verified the endpoint with golden rows, which are the refit model's."""
    assert runs[0]["outcome"] == "PROMOTED", runs[0]
    by_role = scored(stack, 1)
    assert list(by_role) == ["challenger", "refit"]
    verdict = json.loads(stack.read(f"s3://{stack.bucket}/runs/{NAME}/000001/verdict.json"))
    assert (verdict["judged"], verdict["serves"]) == ("challenger", "refit")
    assert list(verdict["measured"]) == ["challenger"]
    golden = json.loads(stack.read(f"s3://{stack.bucket}/runs/{NAME}/000001/golden.json"))
    files = stack.files(f"s3://{stack.bucket}/runs/{NAME}/000001/scores/refit/")
    lines = b"".join(files.values()).decode().splitlines()
    scores = {line.split(",")[0]: float(line.split(",")[-1]) for line in lines}
    assert all(row["answer"] == [scores[row["row_id"]]] for row in golden["rows"])


def test_changed_settings_are_backtested_before_there_is_a_challenger(
    stack: Stack, runs: list[dict[str, Any]]
) -> None:
    by_role = scored(stack, 2)
    assert list(by_role)[:2] == ["champion", "backtest"]
    assert {"challenger", "refit"} <= set(by_role)
    assert by_role["backtest"]["hyperparameters"]["max_depth"] == "5"
    verdict = json.loads(stack.read(f"s3://{stack.bucket}/runs/{NAME}/000002/verdict.json"))
    taken = {"new": "5", "former": "3"}[verdict["settings"]["taken"]]
    assert by_role["challenger"]["hyperparameters"]["max_depth"] == taken
    assert runs[1]["settings"]["max_depth"] == taken
    assert runs[1]["arrival"]["rows"] == runs[1]["rows"]["arrival"] > 9_000
    assert runs[1]["outcome"] in ("PROMOTED", "MODEL_REJECTED"), runs[1]


def test_only_the_model_that_serves_is_left(stack: Stack, runs: list[dict[str, Any]]) -> None:
    champion = stack.item(NAME, "champion")
    listed = stack.aws("sagemaker", "list-models", "--name-contains", f"{NAME}--")["Models"]
    left = {one["ModelName"] for one in listed}
    former = f"{stack.name(NAME)}-000001"
    assert champion["model"]["S"] in left <= {champion["model"]["S"], former}
    assert champion["refit"]["BOOL"] is True
