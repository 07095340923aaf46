"""A hundred pipelines in one stack: each has its own names, data and runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from workplace import Stack, csv_bytes, pipeline_folder, until

HUNDRED = [f"shop-{number}" for number in range(100)]
PUSH_EACH = """
import sys
from typer.testing import CliRunner
from ratchet.cli.app import app

for folder in sys.argv[2:]:
    said = CliRunner().invoke(app, ["push", folder, "--endpoint-url", sys.argv[1]])
    assert said.exit_code == 0, said.output
"""
"""What a shell loop does, without starting Python a hundred times."""


@pytest.fixture(scope="module")
def pushed(stack: Stack) -> Stack:
    """The stack with a hundred pipelines."""
    folders = [str(pipeline_folder(stack.place, name)) for name in HUNDRED]
    stack.place.run("python", "-c", PUSH_EACH, stack.endpoint, *folders)
    return stack


def test_info_shows_each_of_a_hundred_pipelines(pushed: Stack) -> None:
    shown = pushed.info()["pipelines"]
    assert [pipeline["name"] for pipeline in shown] == sorted(HUNDRED)
    assert {pipeline["waiting_objects"] for pipeline in shown} == {0}


def test_each_has_package_group_and_recipe_of_its_own(pushed: Stack) -> None:
    generation = pushed.name("").rpartition("--")[2]
    names = {f"ratchet--{name}--{generation}" for name in HUNDRED}
    groups = pushed.aws("sagemaker", "list-model-package-groups", "--max-results", "100")
    assert {group["ModelPackageGroupName"] for group in groups["ModelPackageGroupSummaryList"]} == (
        names
    )
    recipes = pushed.aws("databrew", "list-recipes", "--max-results", "100")["Recipes"]
    assert len({recipe["Name"] for recipe in recipes}) == len(HUNDRED)


def test_a_drop_is_a_run_of_its_own_pipeline_alone(pushed: Stack, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_bytes(csv_bytes("age;y", []))
    ends = ("shop-1", "shop-10")  # the name of one begins the other's
    for name in ends:
        pushed.copy(empty, f"s3://{pushed.landing}/{name}/empty.csv")
    runs = {
        name: until(lambda name=name: _run_of(pushed, name), f"a run of {name}") for name in ends
    }
    for name, run in runs.items():
        assert pushed.ended(run)["record"]["outcome"] == "DATA_REJECTED", run
        assert run.startswith(f"{name}-0")
    listed = json.loads(pushed.ratchet("runs", "--json").stdout)
    assert {run["pipeline"] for run in listed} == set(ends)


def _run_of(stack: Stack, pipeline: str) -> str | None:
    found = json.loads(stack.ratchet("runs", pipeline, "--json").stdout)
    return str(found[0]["run"]) if found else None
