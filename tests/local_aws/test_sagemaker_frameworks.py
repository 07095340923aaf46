"""Models of framework images: their default functions, their programs, by endpoint and batch."""

from __future__ import annotations

import io
import json
import tarfile
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError
from sagemaker_world import BUCKET, ROLE, World, world_of
from script_mode import REGISTRY, SKLEARN, packed

from ratchet.local_aws.running.local import LocalAws

joblib = pytest.importorskip("joblib")
linear_model = pytest.importorskip("sklearn.linear_model")
TORCH = pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed: .[torch]")
INSTANCE = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
ROWS = "1,2\n3,4.5\n"
MODEL_FN = """
import joblib


def model_fn(folder):
    return joblib.load(folder + "/model.joblib")
"""
WHOLE = """
import json

from helpers import model
from sagemaker_containers.beta.framework import content_types, worker


def model_fn(folder):
    return model()


def output_fn(prediction, accept):
    told = {"accept": accept, "sums": [float(value) for value in prediction]}
    return worker.Response(json.dumps(told), mimetype=content_types.JSON)
"""
HELPERS = """
import joblib


def model():
    return joblib.load("/opt/ml/model/model.joblib")
"""
TRANSFORM_FN = """
def model_fn(folder):
    return folder


def transform_fn(model, body, content_type, accept):
    return f"{content_type}:{len(body.splitlines())}", accept
"""


@pytest.fixture(scope="module")
def world(local_aws: LocalAws) -> World:
    return world_of(local_aws)


def artifact(**code: str) -> bytes:
    """model.tar.gz of a regression that adds its two features, with code beside it."""
    model = linear_model.LinearRegression().fit([[0, 0], [1, 0], [0, 1]], [0, 1, 1])
    stored = io.BytesIO()
    joblib.dump(model, stored)
    files = {"model.joblib": stored.getvalue()}
    files |= {f"code/{name.replace('__', '.')}": text.encode() for name, text in code.items()}
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body))
    return data.getvalue()


def model(
    world: World, name: str, archive: bytes, image: str = SKLEARN, **environment: str
) -> None:
    uri = world.put(f"frameworks/{name}/model.tar.gz", archive)
    container = {"Image": image, "ModelDataUrl": uri, "Environment": environment}
    world.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)


def in_s3(world: World, name: str, program: str) -> dict[str, str]:
    """The variables of code that lies in S3."""
    uri = world.put(f"frameworks/{name}/code.tar.gz", packed(serve__py=program))
    return {"SAGEMAKER_PROGRAM": "serve.py", "SAGEMAKER_SUBMIT_DIRECTORY": uri}


def served(world: World, name: str) -> dict[str, Any]:
    world.config(name, name, **INSTANCE)
    world.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    return world.settled(name)


@pytest.fixture(scope="module")
def defaults(world: World) -> str:
    """A model whose program has a model_fn alone."""
    model(world, "sums", artifact(), **in_s3(world, "sums", MODEL_FN))
    assert served(world, "sums")["EndpointStatus"] == "InService"
    return "sums"


def ask(world: World, endpoint: str, body: str | bytes, content_type: str, accept: str) -> Any:
    return world.runtime.invoke_endpoint(
        EndpointName=endpoint, Body=body, ContentType=content_type, Accept=accept
    )


def test_the_defaults_read_and_write_csv_json_and_npy(world: World, defaults: str) -> None:
    table = io.BytesIO()
    np.save(table, np.array([[1, 2], [3, 4.5]]))
    bodies: dict[str, str | bytes] = {
        "text/csv": ROWS,
        "application/json": "[[1, 2], [3, 4.5]]",
        "application/x-npy": table.getvalue(),
    }
    for content_type, body in bodies.items():
        answer = ask(world, defaults, body, content_type, "text/csv")["Body"].read().decode()
        assert [float(line) for line in answer.split()] == pytest.approx([3, 7.5])
    plain = ask(world, defaults, ROWS, "text/csv", "*/*")
    assert plain["ContentType"] == "application/json"
    assert json.loads(plain["Body"].read()) == pytest.approx([3, 7.5])
    stored = ask(world, defaults, ROWS, "text/csv", "application/x-npy")["Body"].read()
    assert np.load(io.BytesIO(stored)).tolist() == pytest.approx([3, 7.5])


@pytest.mark.parametrize(
    ("body", "content_type", "status", "words"),
    [
        ("a b", "text/plain", 415, "Content type text/plain is not supported by this framework"),
        ("1,2", "text/csv", 500, "Expected 2D array, got 1D array instead"),
        ("1,x\n2,y", "text/csv", 500, "could not convert string to float"),
    ],
)  # fmt: skip
def test_what_the_defaults_refuse_is_refused_with_their_status(
    world: World, defaults: str, body: str, content_type: str, status: int, words: str
) -> None:
    with pytest.raises(ClientError) as caught:
        ask(world, defaults, body, content_type, "*/*")
    answer = caught.value.response
    assert answer["OriginalStatusCode"] == status
    assert words in answer["OriginalMessage"]


def test_code_in_the_archive_may_import_its_neighbours_and_name_opt_ml(world: World) -> None:
    archive = artifact(inference__py=WHOLE, helpers__py=HELPERS)
    place = {
        "SAGEMAKER_PROGRAM": "inference.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
    }
    model(world, "whole", archive, **place, LEVEL="3")
    assert served(world, "whole")["EndpointStatus"] == "InService"
    answer = ask(world, "whole", ROWS, "text/csv", "text/plain")
    assert answer["ContentType"] == "application/json"
    told = json.loads(answer["Body"].read())
    assert told == {"accept": "text/plain", "sums": pytest.approx([3, 7.5])}


def transform(world: World, name: str, model: str, body: str, **changes: Any) -> str:
    """What a transform job makes of one object."""
    uri = world.put(f"frameworks/{name}/input/a.txt", body)
    world.start_transform(name, model, uri.removesuffix("a.txt"), **changes)
    job = world.transformed(name)
    assert job["TransformJobStatus"] == "Completed", job
    return world.get(f"s3://{BUCKET}/scores/{name}/a.txt.out").decode()


def test_a_batch_transform_joins_the_defaults_answers_to_their_rows(
    world: World, defaults: str
) -> None:
    processing = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}
    body = "r1,1,2\nr2,3,4.5\n"
    lines = transform(world, "sums", defaults, body, DataProcessing=processing).splitlines()
    assert [line.partition(",")[0] for line in lines] == ["r1", "r2"]
    assert [float(line.partition(",")[2]) for line in lines] == pytest.approx([3, 7.5])


@pytest.mark.parametrize(
    ("split", "strategy", "expected"),
    [
        ("None", "MultiRecord", "application/jsonlines:3\n"),
        ("Line", "MultiRecord", "application/jsonlines:3\n"),
        ("Line", "SingleRecord", "application/jsonlines:1\n" * 3),
    ],
)  # fmt: skip
def test_bodies_of_any_type_are_files_lines_or_as_many_lines_as_fit(
    world: World, split: str, strategy: str, expected: str
) -> None:
    name = f"bodies-{split}-{strategy}".lower()
    model(world, name, artifact(), **in_s3(world, name, TRANSFORM_FN))
    changes = {
        "BatchStrategy": strategy,
        "DataProcessing": {},
        "TransformInput": {
            "ContentType": "application/jsonlines",
            "SplitType": split,
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/frameworks/{name}/input/"
                }
            },
        },
    }  # fmt: skip
    output = {"S3OutputPath": f"s3://{BUCKET}/scores/{name}/", "AssembleWith": "Line"}
    text = transform(world, name, name, "{}\n{}\n{}\n", TransformOutput=output, **changes)
    assert text == expected


def test_a_model_without_program_of_an_image_that_runs_programs_only_cannot_serve(
    world: World,
) -> None:
    model(world, "no-program", artifact())
    described = served(world, "no-program")
    assert described["EndpointStatus"] == "Failed"
    assert "has no algorithm of its own" in described["FailureReason"]


def test_an_image_that_only_trains_and_one_without_its_framework_are_refused(world: World) -> None:
    tag = "2.6.0-cpu-py312-ubuntu22.04-sagemaker"
    words = "which only trains" if find_spec("torch") else "install it into the Python"
    with pytest.raises(ClientError, match=words):
        model(world, "never", artifact(), f"{REGISTRY}/pytorch-training:{tag}")


@TORCH
def test_torch_serves_a_torchscript_model_without_any_program(world: World) -> None:
    import torch

    stored = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.Flatten()), stored)
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        member = tarfile.TarInfo("model.pth")
        member.size = len(stored.getvalue())
        tar.addfile(member, io.BytesIO(stored.getvalue()))
    ignored = {"SAGEMAKER_PROGRAM": "mnist.py", "SAGEMAKER_SUBMIT_DIRECTORY": "s3://b/code.tar.gz"}
    image = f"{REGISTRY}/pytorch-inference:1.8.1-cpu-py3"
    model(world, "flat", data.getvalue(), image, **ignored)
    assert served(world, "flat")["EndpointStatus"] == "InService"
    answer = ask(world, "flat", "[[[1, 2], [3, 4]]]", "application/json", "application/json")
    assert json.loads(answer["Body"].read()) == [[1, 2, 3, 4]]
