"""A champion is prepared its own way: another recipe, then a new baseline with a transform."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from workplace import Stack, bank_rows, csv_bytes, pipeline_folder

NAME = "own-way"
EVERY = 8  # row of the file goes into one drop
NUMBERS = itertools.count(1)  # of runs
CODING = '''"""What several functions share."""

from pyspark.sql import functions as f


def yes(name):
    return (f.col(name) == "yes").cast("int")
'''
TRANSFORM = """import csv
from pathlib import Path

import coding
from pyspark.sql import functions as f

JOBS = Path(__file__).with_name("jobs.csv")
TEXTS = ("marital", "education", "default", "housing", "loan", "contact", "month", "day_of_week",
         "poutcome", "duration")


def transform(data):
    with JOBS.open(encoding="utf-8", newline="") as file:
        rows = [(row["job"], int(row["code"])) for row in csv.DictReader(file)]
    codes = data.sparkSession.createDataFrame(rows, "job string, job_code int")
    joined = data.join(f.broadcast(codes), "job", "left")
    return joined.withColumn("y", coding.yes("y")).drop("job", *TEXTS)
"""


@pytest.fixture(scope="module")
def folder(stack: Stack) -> Path:
    """The bank's pipeline for small drops, in which undecided settings are taken."""
    made = pipeline_folder(stack.place, NAME)
    changed(made, "min_holdout_rows: 1000", "min_holdout_rows: 300\n  undecided_settings: take")
    changed(made, "num_round: 300", "num_round: 60")
    return made


def changed(folder: Path, old: str, new: str, name: str = "pipeline.yaml") -> None:
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))


def dropped(stack: Stack) -> tuple[int, dict[str, Any]]:
    """Number and record of the run of the next part of the file."""
    number = next(NUMBERS)
    header, rows = bank_rows(stack.place)
    drop = stack.place.work / f"{NAME}-{number}.csv"
    drop.write_bytes(csv_bytes(header, rows[number::EVERY]))
    stack.copy(drop, f"s3://{stack.landing}/{NAME}/")
    record: dict[str, Any] = stack.ended(f"{NAME}-{number:06d}")["record"]
    return number, record


def of_run(stack: Stack, number: int, name: str) -> Any:
    return json.loads(stack.read(f"s3://{stack.bucket}/runs/{NAME}/{number:06d}/{name}"))


def lines_of(stack: Stack, number: int, place: str) -> list[list[str]]:
    uri = f"s3://{stack.bucket}/runs/{NAME}/{number:06d}/prepared/{place}/"
    text = b"".join(stack.files(uri).values()).decode()
    return [line.split(",") for line in text.splitlines()]


def same_rows(stack: Stack, number: int, place: str) -> tuple[int, int]:
    """How many features the challenger and the champion have on the same rows."""
    ours, theirs = (lines_of(stack, number, name) for name in (place, f"champion/{place}"))
    assert [line[:4] for line in ours] == [line[:4] for line in theirs]
    return len(ours[0]) - 4, len(theirs[0]) - 4


def recipe_jobs(stack: Stack) -> set[str]:
    jobs = stack.aws("databrew", "list-jobs")["Jobs"]
    return {job["Name"] for job in jobs if f"--{NAME}--" in job["Name"]}


@pytest.fixture(scope="module")
def first(stack: Stack, folder: Path) -> dict[str, Any]:
    stack.ratchet("push", str(folder))
    return dropped(stack)[1]


@pytest.fixture(scope="module")
def second(stack: Stack, folder: Path, first: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """The next part, after a push of a recipe that leaves one column out."""
    recipe = json.loads((folder / "recipe.json").read_text())
    parameters = {"sourceColumns": '["campaign"]'}
    recipe.append({"Action": {"Operation": "DELETE", "Parameters": parameters}})
    (folder / "recipe.json").write_text(json.dumps(recipe))
    stack.ratchet("push", str(folder))
    return dropped(stack)


def test_a_champion_of_another_recipe_scores_rows_that_its_own_made(
    stack: Stack, first: dict[str, Any], second: tuple[int, dict[str, Any]]
) -> None:
    assert first["outcome"] == "PROMOTED", first["sentence"]
    number, record = second
    assert record["outcome"] in {"PROMOTED", "INCONCLUSIVE", "MODEL_REJECTED"}, record["sentence"]
    for place in ("holdout", "arrival"):
        ours, theirs = same_rows(stack, number, place)
        assert ours == theirs - 1
    roles = [one["role"] for one in of_run(stack, number, "candidates.json")["candidates"]]
    assert roles[:2] == ["champion", "backtest"]
    assert recipe_jobs(stack) == {stack.name(NAME), f"{stack.name(NAME)}-champion"}
    versions = {
        name: stack.aws("databrew", "describe-job", "--name", name)["RecipeReference"]
        for name in recipe_jobs(stack)
    }
    assert {found["RecipeVersion"] for found in versions.values()} == {"1.0", "2.0"}
    assert {found["Name"] for found in versions.values()} == {stack.name(NAME)}


def test_after_a_new_baseline_the_champion_serves_until_a_model_is_promoted(
    stack: Stack, folder: Path, first: dict[str, Any]
) -> None:
    """Another split, and a transform with files in place of the recipe."""
    serving = stack.aws("sagemaker", "describe-endpoint", "--endpoint-name", stack.name(NAME))
    champion = stack.item(NAME, "champion")
    (folder / "transform.py").write_text(TRANSFORM)
    (folder / "coding.py").write_text(CODING)
    (folder / "jobs.csv").write_text("job,code\nstudent,1\nretired,2\nadmin.,3\n")
    text = (folder / "pipeline.yaml").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("  transform: null")]
    (folder / "pipeline.yaml").write_text("\n".join(lines) + "\n")
    changed(folder, "  recipe: recipe.json", "  transform: transform.py\n"
            "  files: [coding.py, jobs.csv]\n  #")  # fmt: skip
    changed(folder, "  train: 0.7\n  validation: 0.15\n  holdout: 0.15",
            "  train: 0.6\n  validation: 0.2\n  holdout: 0.2")  # fmt: skip
    assert "--new-baseline" in stack.ratchet("push", str(folder), code=1).stderr
    said = stack.ratchet("push", str(folder), "--new-baseline").stdout
    left = r"the data of \d earlier runs? will not be trained on any more"
    assert re.search(left, " ".join(said.split()))
    assert stack.item(NAME, "champion") == champion

    number, record = dropped(stack)
    assert record["outcome"] == "PROMOTED", record["sentence"]
    manifest = of_run(stack, number, "manifest.json")
    assert (manifest["history"], manifest["champion"]["run"]) == ([], champion["run"]["S"])
    roles = [one["role"] for one in of_run(stack, number, "candidates.json")["candidates"]]
    assert roles == ["champion", "challenger"], "without a history nothing can be backtested"
    for place in ("holdout", "arrival"):
        ours, theirs = same_rows(stack, number, place)
        assert (ours, theirs) == (10, len(champion["features"]["L"]))
    compared = of_run(stack, number, "verdict.json")["comparisons"]
    assert [one["theirs"] for one in compared] == ["champion"]
    now = stack.aws("sagemaker", "describe-endpoint", "--endpoint-name", stack.name(NAME))
    assert now["EndpointConfigName"] != serving["EndpointConfigName"]
    assert stack.item(NAME, "champion")["run"]["S"] == f"{NAME}-{number:06d}"
