"""Inference pipelines: models of several containers, behind endpoints and in batch transforms."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from sagemaker_world import BUCKET, IMAGE, ROLE, World, world_of
from script_mode import SKLEARN, packed

from ratchet.local_aws.running.local import LocalAws

INSTANCE = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
HALVE = """
import numpy as np


def model_fn(folder):
    return 0.5


def input_fn(body, content_type):
    rows = [line.split(",") for line in body.split()]
    if any(not part for row in rows for part in row):
        raise ValueError("an empty field")
    return np.array(rows).astype(float)


def predict_fn(data, model):
    return data * model


def output_fn(prediction, accept):
    assert accept == "text/csv", accept
    return "".join(",".join(str(value) for value in row) + "\\n" for row in prediction), accept
"""
RAW = ["6.0,2.0,1.0,-6.0", "-6.0,2.0,1.0,6.0"]
HALVED = ["3.0,1.0,0.5,-3.0", "-3.0,1.0,0.5,3.0"]
FIRST = {"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/model/first/output/model.tar.gz"}


@pytest.fixture(scope="module")
def world(local_aws: LocalAws) -> World:
    return world_of(local_aws)


@pytest.fixture(scope="module")
def halve(world: World) -> dict[str, Any]:
    """The preprocessor's container, which answers CSV unless it is asked for something else."""
    environment = {
        "SAGEMAKER_PROGRAM": "halve.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": world.put("halve/code.tar.gz", packed(halve__py=HALVE)),
        "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv",
    }
    uri = world.put("halve/model.tar.gz", packed(nothing=""))
    return {"Image": SKLEARN, "ModelDataUrl": uri, "Environment": environment}


@pytest.fixture(scope="module")
def model(world: World, halve: dict[str, Any]) -> str:
    world.sagemaker.create_model(
        ModelName="both",
        ExecutionRoleArn=ROLE,
        Containers=[
            {**halve, "ContainerHostname": "halve"},
            {**FIRST, "ContainerHostname": "first"},
        ],
        InferenceExecutionConfig={"Mode": "Serial"},
    )
    return "both"


@pytest.fixture(scope="module")
def expected(world: World) -> list[str]:
    """What the last container's model says to the rows as the first one makes them."""
    world.put("halved/a.csv", "\n".join(HALVED))
    world.start_transform("halved", "first", f"s3://{BUCKET}/halved/", DataProcessing={})
    assert world.transformed("halved")["TransformJobStatus"] == "Completed"
    return world.get(f"s3://{BUCKET}/scores/halved/a.csv.out").decode().split()


def test_an_endpoint_passes_the_answer_of_one_container_to_the_next(
    world: World, model: str, expected: list[str]
) -> None:
    world.config("both", model, **INSTANCE)
    world.sagemaker.create_endpoint(EndpointName="both", EndpointConfigName="both")
    assert world.settled("both")["EndpointStatus"] == "InService", world.settled("both")
    assert world.invoke("both", "\n".join(RAW)).split(",") == expected
    with pytest.raises(ClientError) as caught:
        world.invoke("both", "1,,3,4")
    assert "from halve with message" in str(caught.value)
    assert "an empty field" in caught.value.response["OriginalMessage"]
    service: Any = world.local.services["sagemaker"]
    serving = service.serving_endpoint("both").serving
    serving.leave()
    assert len(set(serving.pids)) == 2
    world.sagemaker.delete_endpoint(EndpointName="both")
    world.ended(lambda: {"alive": serving.alive()}, "alive", (True,))


def test_a_batch_transform_joins_the_last_answers_to_the_rows(
    world: World, model: str, expected: list[str]
) -> None:
    world.put("raw-pairs/a.csv", "\n".join(f"r{place},{row}" for place, row in enumerate(RAW)))
    processing = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}
    uri = f"s3://{BUCKET}/raw-pairs/"
    world.start_transform("raw-pairs", model, uri, DataProcessing=processing)
    job = world.transformed("raw-pairs")
    assert job["TransformJobStatus"] == "Completed", job
    stored = world.get(f"s3://{BUCKET}/scores/raw-pairs/a.csv.out").decode().splitlines()
    assert stored == [f"r{place},{score}" for place, score in enumerate(expected)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"InferenceExecutionConfig": {"Mode": "Direct"}}, "Mode=Direct; use Serial"),
        ({"PrimaryContainer": FIRST}, "either PrimaryContainer or Containers"),
        ({"Containers": [FIRST, {"ModelPackageName": "package"}]}, "ModelPackageName"),
        ({"Containers": [{**FIRST, "ContainerHostname": "a"}, FIRST]}, "name every one"),
        ({"Containers": [{**FIRST, "ContainerHostname": "a"}] * 2}, "each by another name"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_refused_by_name(
    world: World, changes: dict[str, Any], words: str
) -> None:
    request = {"ModelName": "never", "ExecutionRoleArn": ROLE, "Containers": [FIRST, FIRST]}
    with pytest.raises(ClientError) as caught:
        world.sagemaker.create_model(**{**request, **changes})
    assert words in str(caught.value)


def test_serverless_inference_refuses_a_pipeline(world: World, model: str) -> None:
    with pytest.raises(ClientError, match="Serverless Inference excludes inference pipelines"):
        world.config("both-serverless", model)
