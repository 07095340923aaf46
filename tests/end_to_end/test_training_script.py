"""A pipeline that trains and serves by a script of its own, and another script after it.

The image has scikit-learn; nothing in the service knows which it is. The digits, with PyTorch, run
beside it.
"""

from __future__ import annotations

import io
import json
import random
import shutil
import sys
import tarfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from workplace import ROOT, Stack

NAME = "scripted"
PIPELINE = f"""\
name: {NAME}
data:
  label: y
  columns: columns.yaml
trigger:
  quiet_period: 1s
training:
  script: train.py
  framework: sklearn
  scores: probability
  files: [shared.py]
  hyperparameters:
    C: 0.5
    solver: lbfgs
gate:
  metric: auc
  minimum: 0.6
  min_holdout_rows: 30
endpoint:
  kind: serverless
  memory_mb: 2048
"""
COLUMNS = "columns:\n  a: {type: number}\n  b: {type: number}\n  y: {type: integer}\n"
TRAIN = """\
import argparse
import os

import joblib
import numpy as np
from sklearn.linear_model import LogisticRegression

from shared import table


def model_fn(model_dir):
    return joblib.load(os.path.join(model_dir, "model.joblib"))


def predict_fn(data, model):
    return model.predict_proba(data)[:, 1]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("-C", type=float)
    parser.add_argument("--solver")
    chosen = parser.parse_args()
    rows = table(os.environ["SM_CHANNEL_TRAIN"])
    model = LogisticRegression(C=chosen.C, solver=chosen.solver).fit(rows[:, 1:], rows[:, 0])
    unseen = table(os.environ["SM_CHANNEL_VALIDATION"])
    print(f"accuracy={model.score(unseen[:, 1:], unseen[:, 0])};")
    joblib.dump(model, os.path.join(os.environ["SM_MODEL_DIR"], "model.joblib"))
"""
SHARED = """\
from pathlib import Path

import numpy as np


def table(folder):
    parts = [np.loadtxt(path, delimiter=",", ndmin=2) for path in sorted(Path(folder).glob("*"))]
    return np.concatenate([part for part in parts if part.size])
"""


SEARCH = """\
training:
  tuning:
    strategy: random
    jobs: 2
    metric: {name: accuracy, regex: "accuracy=([0-9.]+);", better: higher}
    ranges: {solver: {categorical: [liblinear, newton-cg]}}
"""
ETL = "etl:\n  features: features.py\n"
FEATURES = """\
def features(rows):
    return rows.assign(sum=rows["a"] + rows["b"])
"""


def drop(chance: random.Random, rows: int) -> str:
    pairs = [(chance.random(), chance.random()) for _ in range(rows)]
    lines = (f"{a:.4f},{b:.4f},{int(a + b + chance.gauss(0, 0.3) > 1)}\n" for a, b in pairs)
    return "a,b,y\n" + "".join(lines)


DIGITS = "handwritten-digits"
IMAGES = 1200
OLDER = 820  # of them the scanner had not slipped yet
TORCH = find_spec("torch") is not None


@pytest.fixture(scope="module")
def images(stack: Stack) -> Path | None:
    """The digits have landed, and a few of them are kept aside to be asked about."""
    if not TORCH:
        return None
    folder = stack.place.work / DIGITS
    shutil.copytree(ROOT / "pipelines" / DIGITS, folder)
    pushed = folder / "pipeline.yaml"
    pushed.write_text(pushed.read_text().replace("epochs: 30", "epochs: 15"))
    made, drop, asked = (stack.place.work / f"{name}.csv" for name in ("made", "drop", "asked"))
    rows = ("--rows", str(IMAGES), "--out", str(made))
    stack.place.run(sys.executable, str(folder / "sample_data.py"), *rows)
    header, *lines = made.read_text().splitlines(keepends=True)
    drop.write_text("".join([header, *lines[20:OLDER]]))
    asked.write_text("".join(lines[:20]))
    stack.ratchet("push", str(folder))
    stack.copy(drop, f"s3://{stack.landing}/{DIGITS}/")
    return asked


@pytest.fixture(scope="module")
def runs(stack: Stack, images: Path | None) -> list[dict[str, Any]]:
    """A first champion, for which a hyperparameter was searched; then a drop after a push of
    another script, with features and a refit.
    """
    folder = stack.place.work / NAME
    folder.mkdir()
    texts = {
        "pipeline.yaml": PIPELINE,
        "columns.yaml": COLUMNS,
        "train.py": TRAIN,
        "shared.py": SHARED,
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    chance, found = random.Random(1), []
    (folder / "features.py").write_text(FEATURES)
    refit = PIPELINE.replace("training:\n", f"{ETL}training:\n  refit: true\n")
    other = TRAIN.replace("C=chosen.C", "C=chosen.C * 2")
    search = PIPELINE.replace("training:\n", SEARCH)
    for number, (pipeline, script) in enumerate(((search, TRAIN), (refit, other)), 1):
        (folder / "pipeline.yaml").write_text(pipeline)
        (folder / "train.py").write_text(script)
        stack.ratchet("push", str(folder))
        file = stack.place.work / f"{NAME}-{number}.csv"
        file.write_text(drop(chance, 600))
        stack.copy(file, f"s3://{stack.landing}/{NAME}/")
        found.append(stack.ended(f"{NAME}-{number:06d}")["record"])
    return found


def scored(stack: Stack, number: int) -> dict[str, dict[str, Any]]:
    """A run's candidates by role."""
    uri = f"s3://{stack.bucket}/runs/{NAME}/{number:06d}/candidates.json"
    return {one["role"]: one for one in json.loads(stack.read(uri))["candidates"]}


def test_a_script_becomes_the_champion_and_its_model_carries_it(
    stack: Stack, runs: list[dict[str, Any]]
) -> None:
    """The promotion has compared the endpoint's answers with the batch scores."""
    assert runs[0]["outcome"] == "PROMOTED", runs[0]
    challenger = scored(stack, 1)["challenger"]
    with tarfile.open(fileobj=io.BytesIO(stack.read(challenger["artifact"]))) as tar:
        names = {name.removeprefix("./") for name in tar.getnames()}
    assert {"model.joblib", "code/train.py", "code/shared.py"} <= names
    assert not {name for name in names if "keep_code" in name or "__pycache__" in name}
    assert runs[0]["settings"]["C"] == "0.5"


def test_a_search_goes_by_what_the_script_prints_and_the_best_model_carries_the_script(
    stack: Stack, runs: list[dict[str, Any]]
) -> None:
    challenger = scored(stack, 1)["challenger"]
    assert challenger["hyperparameters"]["solver"] in ("liblinear", "newton-cg")
    job = stack.aws(
        "sagemaker", "describe-training-job", "--training-job-name", challenger["training_job"]
    )
    name = job["TuningJobArn"].rpartition("/")[2]
    described = ("sagemaker", "describe-hyper-parameter-tuning-job")
    search = stack.aws(*described, "--hyper-parameter-tuning-job-name", name)
    value = search["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    assert value > 0.6, search


def test_another_script_is_backtested_like_other_settings(
    stack: Stack, runs: list[dict[str, Any]]
) -> None:
    first, second = scored(stack, 1)["challenger"], scored(stack, 2)
    assert {"champion", "backtest", "challenger", "refit"} <= set(second)
    assert second["backtest"]["code"] != first["code"]
    taken = json.loads(stack.read(f"s3://{stack.bucket}/runs/{NAME}/000002/verdict.json"))
    chosen = second["challenger"]["code"]
    same = chosen.rpartition("/")[2] == first["code"].rpartition("/")[2]
    assert same == (taken["settings"]["taken"] == "former")
    assert runs[1]["outcome"] == "PROMOTED", runs[1]


def test_with_features_the_script_trains_on_what_they_make_and_serves_landed_rows(
    stack: Stack, runs: list[dict[str, Any]]
) -> None:
    """The script has no input_fn; the promotion has compared endpoint and batch scores."""
    second = scored(stack, 2)["refit"]
    assert second["variables"]["SAGEMAKER_PROGRAM"] == "features_first.py"
    with tarfile.open(fileobj=io.BytesIO(stack.read(second["artifact"]))) as tar:
        names = {name.removeprefix("./") for name in tar.getnames()}
    assert {"code/train.py", "code/features.py", "code/contract.py"} <= names
    uri = f"s3://{stack.bucket}/runs/{NAME}/000002/prepared"
    (row, *_) = b"".join(stack.files(f"{uri}/refit/train/").values()).decode().splitlines()
    _, a, b, total = map(float, row.split(","))
    assert total == pytest.approx(a + b)
    (asked, *_) = b"".join(stack.files(f"{uri}/holdout/").values()).decode().splitlines()
    assert len(asked.split(",")) == 4 + 2, "the container makes the sum"


def test_a_refit_runs_the_script_of_the_challenger_on_more_rows_and_serves(
    stack: Stack, runs: list[dict[str, Any]]
) -> None:
    """The promotion has verified the endpoint with golden rows of the refit model."""
    second = scored(stack, 2)
    for key in ("code", "hyperparameters", "variables", "training_image", "serving_image"):
        assert second["refit"][key] == second["challenger"][key], key
    assert second["refit"]["train"].endswith("/refit/train/")
    assert runs[1]["promoted"], runs[1]
    champion = stack.item(NAME, "champion")
    assert champion["refit"]["BOOL"] is True
    assert champion["model"]["S"] == second["refit"]["model"]
    assert champion["code"]["S"] == second["refit"]["code"]


def test_the_endpoint_answers_as_the_script_does_and_after_a_rollback_as_the_first_one(
    stack: Stack, runs: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Whoever is rolled back to serves with the script that made it, whatever was pushed since."""
    first, second = scored(stack, 1)["challenger"], scored(stack, 2)["refit"]
    asked = tmp_path / "rows.csv"
    asked.write_text("0.9,0.9\n0.1,0.1\n")
    later = answers(stack, NAME, asked)
    assert later[0] > 0.5 > later[1]
    stack.ratchet("rollback", NAME)
    champion = stack.item(NAME, "champion")
    assert champion["code"]["S"] == first["code"] != second["code"]
    earlier = answers(stack, NAME, asked)
    assert earlier[0] > 0.5 > earlier[1]
    assert earlier != later


@pytest.mark.skipif(not TORCH, reason="PyTorch is not installed: make install-torch")
def test_an_endpoint_of_pytorch_reads_images_that_nothing_was_trained_on(
    stack: Stack, images: Path, runs: list[dict[str, Any]], tmp_path: Path
) -> None:
    record = stack.ended(f"{DIGITS}-000001")["record"]
    assert record["outcome"] == "PROMOTED", record
    assert record["metrics"]["fresh"]["challenger"] > 0.85
    greys, _, digits = zip(
        *(line.rpartition(",") for line in images.read_text().split()), strict=True
    )
    asked = tmp_path / "images.csv"
    asked.write_text("".join(f"{line}\n" for line in greys))
    read = answers(stack, DIGITS, asked)
    right = sum(one == float(digit) for one, digit in zip(read, digits, strict=True))
    assert right >= 0.85 * len(digits)


def answers(stack: Stack, pipeline: str, rows: Path) -> list[float]:
    """What the endpoint says of the rows of a file."""
    said = json.loads(stack.ratchet("invoke", pipeline, str(rows), "--json").stdout)
    return [float(one) for one in said["answers"]]
