"""Batch transform through the real client: filters, joins, formats, failures."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from sagemaker_world import BUCKET, World, rows, world_of

from ratchet.local_aws.running.local import LocalAws
from ratchet.local_aws.sagemaker.containers.filters import BadFilter, parse_filter


@pytest.fixture(scope="module")
def world(local_aws: LocalAws) -> World:
    return world_of(local_aws)


@pytest.fixture(scope="module")
def holdout(world: World) -> str:
    lines = [f"r{place},fresh,-,{row}" for place, row in enumerate(rows(50, 10))]
    world.put("holdout/part-0.csv", "\n".join(lines) + "\n")
    return f"s3://{BUCKET}/holdout/"


def test_scores_are_joined_to_the_chosen_columns_of_their_rows(world: World, holdout: str) -> None:
    world.start_transform("scored", "first", holdout)
    assert world.transformed("scored")["TransformJobStatus"] == "Completed"
    lines = world.get(f"s3://{BUCKET}/scores/scored/part-0.csv.out").decode().splitlines()
    fields = [line.split(",") for line in lines]
    assert [row[0] for row in fields] == [f"r{place}" for place in range(50)]
    assert {row[1] for row in fields} == {"fresh"}
    right = sum((float(score) > 0.5) == (label == "1") for *_, label, score in fields)
    assert right > 35


def test_without_filters_only_the_scores_are_stored(world: World) -> None:
    features = [row.partition(",")[2] for row in rows(3, 9)]
    world.put("features/a.csv", "\n".join(features))
    world.start_transform("plain", "first", f"s3://{BUCKET}/features/", DataProcessing={})
    world.transformed("plain")
    answers = world.get(f"s3://{BUCKET}/scores/plain/a.csv.out").decode()
    assert answers.endswith("\n")
    assert [0 < float(answer) < 1 for answer in answers.split()] == [True] * 3


def test_labelled_lines_of_libsvm_are_scored_like_the_same_rows_of_csv(world: World) -> None:
    """As the abalone notebook sends its test file, by the address of its region."""
    table = [row.split(",") for row in rows(3, 9)]
    lines = [
        " ".join([label, *(f"{place}:{value}" for place, value in enumerate(values))])
        for label, *values in table
    ]
    world.put("libsvm/a.libsvm", "\n".join(lines) + "\n")
    place = f"https://s3-us-east-1.amazonaws.com/{BUCKET}"
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{place}/libsvm/"}}
    world.start_transform(
        "libsvm",
        "first",
        "",
        DataProcessing={},
        TransformInput={"ContentType": "text/libsvm", "SplitType": "Line", "DataSource": source},
        TransformOutput={"S3OutputPath": f"{place}/scores/libsvm", "AssembleWith": "Line"},
    )
    job = world.transformed("libsvm")
    assert job["TransformJobStatus"] == "Completed", job
    scores = world.get(f"s3://{BUCKET}/scores/libsvm/a.libsvm.out").decode().split()
    world.put("same/a.csv", "\n".join(",".join(values) for _, *values in table))
    world.start_transform("same", "first", f"s3://{BUCKET}/same/", DataProcessing={})
    world.transformed("same")
    assert scores == world.get(f"s3://{BUCKET}/scores/same/a.csv.out").decode().split()


def test_batch_and_endpoint_give_the_same_answers(world: World) -> None:
    features = [row.partition(",")[2] for row in rows(3, 9)]
    world.put("features/a.csv", "\n".join(features))
    world.start_transform("batch-answers", "first", f"s3://{BUCKET}/features/", DataProcessing={})
    world.transformed("batch-answers")
    batch = world.get(f"s3://{BUCKET}/scores/batch-answers/a.csv.out").decode().split()
    world.config("same-answers", "first")
    world.sagemaker.create_endpoint(EndpointName="same-answers", EndpointConfigName="same-answers")
    world.settled("same-answers")
    assert world.invoke("same-answers", "\n".join(features)).split(",") == batch


def test_a_row_that_the_model_cannot_take_fails_the_job_with_its_place(world: World) -> None:
    world.put("unfit/a.csv", "r1,fresh,-,1,0.1,0.2,0.3,0.4\nr2,fresh,-,0,none,0.2,0.3,0.4\n")
    world.start_transform("unfit", "first", f"s3://{BUCKET}/unfit/")
    job = world.transformed("unfit")
    assert job["TransformJobStatus"] == "Failed"
    assert "Bad HTTP status received from algorithm: 415" in job["FailureReason"]
    assert "a.csv: " in job["FailureReason"]
    assert job["FailureReason"].endswith("(line 2)")


def test_a_used_name_is_refused_as_aws_does(world: World, holdout: str) -> None:
    world.start_transform("twice", "first", holdout)
    with pytest.raises(ClientError, match=r"ResourceInUse.*a job with this name already exists"):
        world.start_transform("twice", "first", holdout)
    world.transformed("twice")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"ModelName": "nobody"}, "Could not find model"),
        ({"DataProcessing": {"InputFilter": "$.features"}}, "only \\$ and positions"),
        ({"DataProcessing": {"InputFilter": "$[1:4]"}}, "name the positions one by one"),
        ({"TransformOutput": {"S3OutputPath": "s3://x/", "Accept": "text/csv"}},
         "DataProcessing InputFilter without lines of text/csv"),
        ({"TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 2}},
         "InstanceCount=2"),
    ],
)  # fmt: skip
def test_what_local_aws_cannot_do_is_refused_by_name(
    world: World, holdout: str, changes: dict[str, Any], expected: str
) -> None:
    model = changes.pop("ModelName", "first")
    with pytest.raises(ClientError, match=expected):
        world.start_transform("never", model, holdout, **changes)


@pytest.mark.parametrize(
    ("path", "chosen"),
    [
        ("$", "abcde"),
        ("$[1]", "b"),
        ("$[0,-1]", "ae"),
        ("$[3:]", "de"),
        ("$[:-1]", "abcd"),
        ("$[1:-1]", "bcd"),
        ("$[0,3:]", "ade"),
    ],
)
def test_a_filter_chooses_columns_by_position(path: str, chosen: str) -> None:
    assert parse_filter(path).choose(list("abcde")) == list(chosen)


@pytest.mark.parametrize("path", ["$[5]", "$[-6]", "$[7:]"])
def test_a_position_outside_the_row_is_an_error(path: str) -> None:
    with pytest.raises(BadFilter, match="5 columns"):
        parse_filter(path).choose(list("abcde"))
