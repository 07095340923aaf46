"""The classic of retraining, three times over: the same endpoint moves; and several classes."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from sklearn.datasets import load_iris
from workplace import ROOT, Stack, Workplace

sys.path.insert(0, str(ROOT / "tests" / "notebooks"))

from notebooks import executed, pictures, read, texts

PIPELINE = "customer-churn"
FOLDER = ROOT / "pipelines" / PIPELINE
SEEDS = ("3", "4", "5")


@pytest.fixture(scope="module")
def drops(place: Workplace) -> list[Path]:
    """Three drops of customers who were never seen before."""
    files = [place.work / f"customers-{seed}.csv" for seed in SEEDS]
    for seed, file in zip(SEEDS, files, strict=True):
        place.run(
            "python", str(FOLDER / "sample_data.py"),
            "--rows", "3000", "--seed", seed, "--out", str(file),
        )  # fmt: skip
        text = file.read_text().replace("\nC", f"\nC{seed}-")
        file.write_text(text)
    return files


def described(stack: Stack) -> dict[str, Any]:
    """The endpoint as SageMaker describes it."""
    name = stack.name(PIPELINE)
    found: dict[str, Any] = stack.aws("sagemaker", "describe-endpoint", "--endpoint-name", name)
    return found


@pytest.fixture(scope="module")
def moves(stack: Stack, drops: list[Path]) -> list[dict[str, Any]]:
    """The endpoint after each of the drops, which were all promoted."""
    stack.ratchet("push", str(FOLDER))
    seen = []
    for number, drop in enumerate(drops, start=1):
        stack.copy(drop, f"s3://{stack.landing}/{PIPELINE}/")
        record = stack.ended(f"{PIPELINE}-{number:06d}")["record"]
        assert record["outcome"] == "PROMOTED", record["sentence"]
        assert record["metrics"]["fresh"]["challenger"] > 0.75
        seen.append(described(stack))
    return seen


def test_the_second_and_the_third_retraining_move_the_same_endpoint(
    stack: Stack, drops: list[Path], moves: list[dict[str, Any]]
) -> None:
    assert len({one["CreationTime"] for one in moves}) == 1, "it was made once"
    assert len({one["EndpointConfigName"] for one in moves}) == len(SEEDS), "and moved twice"
    said = json.loads(stack.ratchet("invoke", PIPELINE, str(drops[2]), "--json").stdout)
    assert len(said["answers"]) == 3000
    assert all(0 <= answer <= 1 for answer in said["answers"])


@pytest.mark.usefixtures("moves")
def test_a_notebook_shows_what_was_promised_and_what_came_true(stack: Stack) -> None:
    environment = {**stack.place.environment, "AWS_ENDPOINT_URL": stack.endpoint}
    notebook = executed(read("inspecting-a-run"), environment)
    said = texts(notebook)
    runs = [f"{PIPELINE}-{number:06d}" for number in range(1, len(SEEDS) + 1)]
    assert all(re.search(rf"^{run} +PROMOTED", said, re.MULTILINE) for run in runs)
    kept = re.findall(r"^(\d) +PROMOTED +([\d.-]+) +([\d.-]+) +([\d.]+)$", said, re.MULTILINE)
    assert [run for run, *_ in kept] == ["1", "2", "3"]
    promises = [promised for _, promised, _, _ in kept]
    assert promises == ["-", *(now for *_, now in kept[:-1])], "kept or not, by the next batch"
    assert "passed - " in said
    assert sum(map(int, re.findall(r"^(?:trained on|validation|held out) +([\d,]+)$",
                                   said.replace(",", ""), re.MULTILINE))) == 3000  # fmt: skip
    shown = [data["image/svg+xml"] for data in pictures(notebook)]
    assert len(shown) == 4, "promises, account, drift and execution"
    for picture in shown:
        assert "<script" not in picture
        assert ET.fromstring(picture).tag.endswith("}svg")


COLUMNS = ("sepal_length", "sepal_width", "petal_length", "petal_width")
NAMES = ("setosa", "versicolor", "virginica")


@pytest.fixture(scope="module")
def irises(place: Workplace) -> tuple[Path, Path]:
    """A pipeline of three classes in words, without any code, and a drop for it."""
    table = load_iris()
    folder, file = place.folder / "pipelines" / "irises", place.work / "irises.csv"
    rows = [
        ",".join([*map(str, row), NAMES[kind]])
        for row, kind in zip(table.data, table.target, strict=True)
    ]
    file.write_text("\n".join([",".join((*COLUMNS, "kind")), *rows, ""]))
    columns: dict[str, Any] = {name: {"type": "number"} for name in COLUMNS}
    columns["kind"] = {"type": "category", "values": list(NAMES)}
    ranges = {
        "max_depth": {"integer": [2, 4]},
        "eta": {"continuous": [0.1, 0.5], "scale": "log"},
    }
    tuning = {"strategy": "random", "jobs": 2, "ranges": ranges}
    chosen = {"objective": "multi:softprob", "num_round": 20, "seed": 1}
    pipeline = {
        "name": "irises",
        "data": {"label": "kind", "columns": "columns.yaml"},
        "trigger": {"quiet_period": "1s"},
        "split": {"train": 0.5, "validation": 0.2, "holdout": 0.3},
        "training": {
            "hyperparameters": chosen,
            "tuning": tuning,
            "refit": True,
            "max_runtime": "10m",
        },
        "gate": {"metric": "mlogloss", "minimum": 1.0, "min_holdout_rows": 30},
    }
    folder.mkdir(parents=True)
    for name, content in (("pipeline", pipeline), ("columns", {"columns": columns})):
        (folder / f"{name}.yaml").write_text(json.dumps(content))  # YAML too
    return folder, file


def trained_names(stack: Stack, pipeline: str) -> list[str]:
    """Where the training jobs of a pipeline's first run put their models."""
    place = ("--bucket", stack.bucket, "--prefix", f"runs/{pipeline}/000001/model/")
    return [one["Key"] for one in stack.aws("s3api", "list-objects-v2", *place)["Contents"]]


def expires(stack: Stack, key: str) -> bool:
    """Whether S3 is to delete an object of the work bucket in time."""
    tags = stack.aws("s3api", "get-object-tagging", "--bucket", stack.bucket, "--key", key)
    return {"Key": "ratchet:passing", "Value": "true"} in tags["TagSet"]


def test_three_classes_in_words_are_searched_for_judged_by_probability_and_answered_by_name(
    stack: Stack, irises: tuple[Path, Path]
) -> None:
    folder, file = irises
    stack.ratchet("push", str(folder))
    stack.copy(file, f"s3://{stack.landing}/irises/")
    record = stack.ended("irises-000001")["record"]
    assert record["outcome"] == "PROMOTED", record["sentence"]
    assert record["metrics"]["fresh"]["challenger"] < 0.5, "1.1 is what guessing earns"
    run = f"s3://{stack.bucket}/runs/irises/000001"
    best, refit = json.loads(stack.read(f"{run}/candidates.json"))["candidates"]
    assert (best["role"], refit["role"]) == ("challenger", "refit")
    assert refit["hyperparameters"] == best["hyperparameters"], "as the search found them"
    assert refit["train"].endswith("/refit/train/")
    champion = stack.item("irises", "champion")
    assert champion["model"]["S"] == refit["model"]
    assert 2 <= int(best["hyperparameters"]["max_depth"]) <= 4
    assert 0.1 <= float(best["hyperparameters"]["eta"]) <= 0.5
    assert best["hyperparameters"]["num_class"] == "3"
    assert best["artifact"] == f"{run}/model/{best['training_job']}/output/model.tar.gz"
    trained = stack.aws(
        "sagemaker", "describe-training-job", "--training-job-name", best["training_job"]
    )
    assert trained["TuningJobArn"].rpartition("/")[2] == best["training_job"][:-13]
    passing = [name for name in trained_names(stack, "irises") if expires(stack, name)]
    search = [name for name in trained_names(stack, "irises") if "-refit-" not in name]
    assert (len(search), passing) == (
        2,
        [name for name in search if best["training_job"] not in name],
    )
    rows = stack.place.work / "asked.csv"
    rows.write_text(
        "".join(f"{line.rpartition(',')[0]}\n" for line in file.read_text().split()[1:])
    )
    said = json.loads(stack.ratchet("invoke", "irises", str(rows), "--json").stdout)
    assert [sum(answer) for answer in said["answers"]] == pytest.approx([1] * 150, abs=1e-5)
    right = [name == NAMES[number // 50] for number, name in enumerate(said["classes"])]
    assert sum(right) / len(right) > 0.9
    shown = stack.ratchet("invoke", "irises", str(rows)).stdout
    assert "setosa" in shown
    golden = json.loads(stack.ratchet("invoke", "irises", "--json").stdout)
    assert golden["classes"][0] in NAMES
