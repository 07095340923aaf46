"""DataBrew through its API: recipes published, run on files in S3, outputs named as AWS does."""

from __future__ import annotations

import json
import re
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ratchet.local_aws.running.local import LocalAws

CLASSIC = json.loads((Path(__file__).parents[1] / "fixtures/classic-recipe.json").read_text())
UPPER = [{"Action": {"Operation": "UPPER_CASE", "Parameters": {"sourceColumn": "job"}}}]
ROLE = "arn:aws:iam::123456789012:role/databrew"


class World:
    """A bucket with two CSV files, and a dataset, recipe and job of one name on them."""

    def __init__(self, local: LocalAws) -> None:
        self.name = f"ratchet-bank-{uuid.uuid4().hex[:8]}"
        self.databrew = local.client("databrew")
        self.s3 = local.client("s3")
        self.logs = local.client("logs")
        self.s3.create_bucket(Bucket=self.name)
        self.put("in/1.csv", "job;age\nnurse;30\n")
        self.put("in/deep/2.csv", "job;age\ncook;040\n")

    def put(self, key: str, text: str) -> None:
        self.s3.put_object(Bucket=self.name, Key=key, Body=text.encode())

    def get(self, key: str) -> str:
        return str(self.s3.get_object(Bucket=self.name, Key=key)["Body"].read().decode())

    def keys(self, prefix: str) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=self.name, Prefix=prefix)
        return [item["Key"] for item in found.get("Contents", [])]

    def define(self, steps: Any, key: str = "in/", **output: Any) -> None:
        self.databrew.create_dataset(
            Name=self.name,
            Input={"S3InputDefinition": {"Bucket": self.name, "Key": key}},
            FormatOptions={"Csv": {"Delimiter": ";"}},
        )
        self.databrew.create_recipe(Name=self.name, Steps=steps)
        self.databrew.publish_recipe(Name=self.name)
        location = {"Location": {"Bucket": self.name, "Key": "out/"}}
        self.databrew.create_recipe_job(
            Name=self.name,
            DatasetName=self.name,
            RecipeReference={"Name": self.name, "RecipeVersion": "1.0"},
            Outputs=[location | output],
            RoleArn=ROLE,
            Tags={"ratchet:stack": "ratchet"},
        )

    def run(self) -> dict[str, Any]:
        run = self.databrew.start_job_run(Name=self.name)["RunId"]
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            found: dict[str, Any] = self.databrew.describe_job_run(Name=self.name, RunId=run)
            if found["State"] in ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"):
                return found
            time.sleep(0.05)
        raise AssertionError(f"run {run} is still {found['State']}")


@pytest.fixture
def world(local_aws: LocalAws) -> World:
    return World(local_aws)


def test_a_job_reads_a_folder_and_writes_under_a_name_with_date_and_time(world: World) -> None:
    world.define(UPPER)
    run = world.run()
    assert run["State"] == "SUCCEEDED", run
    (key,) = world.keys("out/")
    stem = rf"{world.name}_\d\d[A-Z][a-z]{{2}}\d{{4}}_\d{{13}}"
    assert re.fullmatch(rf"out/({stem})/\1_part00000\.csv", key)
    assert world.get(key) == "job,age\nNURSE,30\nCOOK,040\n"
    lines = world.logs.get_log_events(logGroupName=run["LogGroupName"], logStreamName=run["RunId"])[
        "events"
    ]
    assert lines[-1]["message"] == "INFO wrote 2 rows"


def test_overwrite_replaces_what_lies_at_the_location(world: World) -> None:
    world.define(UPPER, key="in/<[0-9]+>.csv", Overwrite=True)
    world.put("out/old.csv", "old")
    for _ in range(2):
        assert world.run()["State"] == "SUCCEEDED"
        assert world.keys("out/") == [f"out/{world.name}_part00000.csv"]
    assert world.get(world.keys("out/")[0]) == "job,age\nNURSE,30\n"


def test_a_run_uses_the_dataset_and_output_set_just_before_it(world: World) -> None:
    world.define(UPPER)
    other = {"S3InputDefinition": {"Bucket": world.name, "Key": "in/deep/2.csv"}}
    world.databrew.update_dataset(
        Name=world.name, Input=other, FormatOptions={"Csv": {"Delimiter": ";"}}
    )
    world.databrew.update_recipe_job(
        Name=world.name,
        RoleArn=ROLE,
        Outputs=[{"Location": {"Bucket": world.name, "Key": "runs/1/recipe/"}, "Overwrite": True}],
    )
    assert world.run()["State"] == "SUCCEEDED"
    assert world.get(f"runs/1/recipe/{world.name}_part00000.csv") == "job,age\nCOOK,040\n"
    assert world.databrew.describe_job(Name=world.name)["Tags"] == {"ratchet:stack": "ratchet"}


@pytest.mark.parametrize(
    ("steps", "key", "message"),
    [
        (CLASSIC, "in/", r"Step 1 (CATEGORICAL_MAPPING): column 'y' does not exist"),
        (UPPER, "nothing/", "The dataset has no files at s3://"),
    ],
)
def test_a_failed_run_names_step_and_column(
    world: World, steps: Any, key: str, message: str
) -> None:
    world.define(steps, key=key)
    run = world.run()
    assert run["State"] == "FAILED"
    assert run["ErrorMessage"].startswith(message)
    assert not world.keys("out/")


def test_a_published_version_keeps_its_steps(world: World) -> None:
    world.define(UPPER)
    world.databrew.update_recipe(Name=world.name, Steps=CLASSIC)
    steps = {
        version: len(
            world.databrew.describe_recipe(Name=world.name, RecipeVersion=version)["Steps"]
        )
        for version in ("LATEST_WORKING", "LATEST_PUBLISHED", "1.0")
    }
    assert steps == {"LATEST_WORKING": 8, "LATEST_PUBLISHED": 1, "1.0": 1}
    world.databrew.publish_recipe(Name=world.name)
    versions = world.databrew.list_recipe_versions(Name=world.name)["Recipes"]
    assert [v["RecipeVersion"] for v in versions] == ["2.0", "1.0"]


def test_an_invented_operation_is_refused_when_the_recipe_is_made(world: World) -> None:
    steps = [{"Action": {"Operation": "REMOVE_COLUMN", "Parameters": {"sourceColumn": "a"}}}]
    named = "does not exist in DataBrew; did you mean REMOVE_"
    with pytest.raises(ClientError, match=named) as error:
        world.databrew.create_recipe(Name=world.name, Steps=steps)
    assert error.value.response["Error"]["Code"] == "ValidationException"


def test_what_is_used_cannot_be_deleted_and_what_is_absent_is_not_found(world: World) -> None:
    world.define(UPPER)
    codes = []
    for call, names in (
        (world.databrew.delete_dataset, {"Name": world.name}),
        (world.databrew.delete_recipe_version, {"Name": world.name, "RecipeVersion": "1.0"}),
        (world.databrew.describe_job, {"Name": "absent"}),
        (world.databrew.describe_recipe, {"Name": "absent"}),
    ):
        with pytest.raises(ClientError) as error:
            call(**names)
        codes.append(error.value.response["Error"]["Code"])
    assert codes == ["ConflictException"] * 2 + ["ResourceNotFoundException"] * 2
    world.databrew.delete_job(Name=world.name)
    world.databrew.delete_recipe_version(Name=world.name, RecipeVersion="1.0")
    world.databrew.delete_recipe_version(Name=world.name, RecipeVersion="LATEST_WORKING")
    world.databrew.delete_dataset(Name=world.name)
