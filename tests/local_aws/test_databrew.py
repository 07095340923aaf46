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
        return self.ended(self.databrew.start_job_run(Name=self.name)["RunId"])

    def ended(self, run: str) -> dict[str, Any]:
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


def test_a_join_reads_the_other_file_as_its_dataset_says(world: World) -> None:
    world.put("pay/pay.csv", "job|pay\ncook|20\n")
    world.databrew.create_dataset(
        Name=f"{world.name}-pay",
        Input={"S3InputDefinition": {"Bucket": world.name, "Key": "other/"}},
        FormatOptions={"Csv": {"Delimiter": "|"}},
    )
    keys = {
        "joinKeys": '[{"key":"job","value":"job"}]',
        "joinType": "LEFT_JOIN",
        "leftColumns": '["job","age"]',
        "rightColumns": '["pay"]',
        "secondInputLocation": f"s3://{world.name}/pay/pay.csv",
        "secondaryDatasetName": f"{world.name}-pay",
    }
    world.define([{"Action": {"Operation": "JOIN", "Parameters": keys}}], Overwrite=True)
    run = world.run()
    assert run["State"] == "SUCCEEDED", run
    assert world.get(world.keys("out/")[0]) == "job,age,pay\nnurse,30,\ncook,040,20\n"
    world.s3.delete_object(Bucket=world.name, Key="pay/pay.csv")
    message = world.run()["ErrorMessage"]
    assert message == f"The dataset has no files at s3://{world.name}/pay/pay.csv"


def test_a_job_has_one_open_run_and_updates_are_for_the_next(world: World) -> None:
    world.define(UPPER, Overwrite=True)
    run = world.databrew.start_job_run(Name=world.name)["RunId"]
    for call in (world.databrew.start_job_run, world.databrew.delete_job):
        with pytest.raises(ClientError) as error:
            call(Name=world.name)
        assert error.value.response["Error"]["Code"] == "ConflictException"
        assert run in error.value.response["Error"]["Message"]
    location = {"Location": {"Bucket": world.name, "Key": "next/"}, "Overwrite": True}
    world.databrew.update_recipe_job(Name=world.name, RoleArn=ROLE, Outputs=[location])
    assert world.ended(run)["State"] == "SUCCEEDED"
    assert (len(world.keys("out/")), world.keys("next/")) == (1, [])
    assert world.run()["Outputs"][0]["Location"]["Key"] == "next/"
    assert world.keys("next/") == [f"next/{world.name}_part00000.csv"]


def test_a_recipe_version_is_not_updated_with_its_job(world: World) -> None:
    """UpdateRecipeJob has no member for it: a job of another version is another job."""
    members = world.databrew.meta.service_model.operation_model("UpdateRecipeJob").input_shape
    assert "RecipeReference" not in members.members


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        (
            "create_profile_job",
            {"DatasetName": "a", "Name": "a", "RoleArn": ROLE, "OutputLocation": {"Bucket": "abc"}},
        ),
        ("create_project", {"DatasetName": "a", "Name": "a", "RecipeName": "a", "RoleArn": ROLE}),
        ("create_schedule", {"CronExpression": "cron(0 1 * * ? *)", "Name": "a"}),
    ],
)
def test_what_local_aws_does_not_run_is_refused_by_name(
    world: World, operation: str, request_: dict[str, Any]
) -> None:
    name = "".join(part.capitalize() for part in operation.split("_"))
    with pytest.raises(ClientError, match=name):
        getattr(world.databrew, operation)(**request_)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ({"CompressionFormat": "GZIP"}, "CompressionFormat is not supported on local AWS"),
        ({"PartitionColumns": ["a"]}, "PartitionColumns is not supported on local AWS"),
        ({"Format": "PARQUET"}, "Output format PARQUET is not supported on local AWS"),
    ],
)
def test_an_output_that_is_not_plain_csv_is_refused(
    world: World, output: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message):
        world.define(UPPER, **output)


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
