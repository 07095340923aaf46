"""Script mode: raw rows through a model whose code lies in S3, by endpoint and batch transform."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sagemaker_world import BUCKET, IMAGE, ROLE, World, rows, world_of

from ratchet.local_aws.running.local import LocalAws
from ratchet.local_aws.sagemaker.containers import artifacts
from ratchet.serving import inference

CONTRACT = {
    "label": "y",
    "columns": {
        "name": {"type": "text", "nullable": True},
        "a": {"type": "number", "nullable": False},
        "scale": {"type": "category", "nullable": False},
    },
    "features": ["a", "b", "c", "d"],
}
FEATURES = """
import pandas as pd


def features(rows):
    scaled = rows["a"] * rows["scale"].map({"one": 1.0, "ten": 0.1})
    size = rows["name"].str.len().astype("float64")
    return pd.DataFrame({"a": scaled, "b": size, "c": 0.5, "d": -scaled})
"""
PROGRAM = {"SAGEMAKER_PROGRAM": "inference.py"}
BOTH = """
def model_fn(folder): ...
def transform_fn(model, data, content_type, accept): ...
def input_fn(data, content_type): ...
"""
RAW = ['"Smith, ""J""",3.0,one', ",30.0,ten", "x,-3.0,one"]
PREPARED = ["3.0,10,0.5,-3.0", "3.0,nan,0.5,-3.0", "-3.0,1,0.5,3.0"]


def code(features: str = FEATURES, **more: str) -> bytes:
    """The archive that SAGEMAKER_SUBMIT_DIRECTORY names."""
    files = {
        "inference.py": Path(inference.__file__).read_text(),
        "features.py": features,
        "contract.py": f"CONTRACT = {CONTRACT!r}\n",
        **{name.replace("__", "."): text for name, text in more.items()},
    }
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return data.getvalue()


@pytest.fixture(scope="module")
def world(local_aws: LocalAws) -> World:
    world = world_of(local_aws)
    world.put("code/good.tar.gz", code())
    model(world, "raw", "good")
    return world


def model(world: World, name: str, archive: str, **more: Any) -> None:
    """CreateModel of the world's first artifact behind an archive of code."""
    first = f"s3://{BUCKET}/model/first/output/model.tar.gz"
    environment = {**PROGRAM, "SAGEMAKER_SUBMIT_DIRECTORY": f"s3://{BUCKET}/code/{archive}.tar.gz"}
    world.sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"Image": IMAGE, "ModelDataUrl": first, "Environment": environment},
        **more,
    )


@pytest.fixture(scope="module")
def endpoint(world: World) -> str:
    world.config("raw", "raw")
    world.sagemaker.create_endpoint(EndpointName="raw", EndpointConfigName="raw")
    assert world.settled("raw")["EndpointStatus"] == "InService", world.settled("raw")
    return "raw"


@pytest.fixture(scope="module")
def expected(world: World) -> list[str]:
    """What the model itself says to the prepared rows."""
    world.put("prepared/a.csv", "\n".join(PREPARED))
    world.start_transform("prepared", "first", f"s3://{BUCKET}/prepared/", DataProcessing={})
    assert world.transformed("prepared")["TransformJobStatus"] == "Completed"
    return world.get(f"s3://{BUCKET}/scores/prepared/a.csv.out").decode().split()


def test_an_endpoint_answers_raw_rows_in_every_form(
    world: World, endpoint: str, expected: list[str]
) -> None:
    plain = "\n".join(RAW)
    headed = "scale,name,y,a\n" + 'one,"Smith, ""J""",1,3.0\nten,,0,30.0\none,x,0,-3.0\n'
    for body in (plain, headed):
        assert world.invoke(endpoint, body, Accept="text/csv").split(",") == expected
    objects = [
        {"name": 'Smith, "J"', "a": 3, "scale": "one"},
        {"a": 30.0, "scale": "ten"},
        {"name": "x", "a": -3, "scale": "one"},
    ]
    answer = world.invoke(endpoint, json.dumps(objects), ContentType="application/json")
    assert [str(found["score"]) for found in json.loads(answer)["predictions"]] == expected


def test_a_batch_transform_gives_the_answers_of_the_endpoint(
    world: World, expected: list[str]
) -> None:
    lines = [f"r{place},fresh,-,1,{row}" for place, row in enumerate(RAW)]
    world.put("raw-rows/a.csv", "\n".join(lines) + "\n")
    world.start_transform("raw-rows", "raw", f"s3://{BUCKET}/raw-rows/")
    job = world.transformed("raw-rows")
    assert job["TransformJobStatus"] == "Completed", job
    stored = world.get(f"s3://{BUCKET}/scores/raw-rows/a.csv.out").decode().splitlines()
    assert stored == [f"r{place},fresh,-,1,{score}" for place, score in enumerate(expected)]


def test_a_refused_row_is_a_client_error_with_its_reason(world: World, endpoint: str) -> None:
    with pytest.raises(ClientError) as caught:
        world.invoke(endpoint, "x,many,one")
    answer = caught.value.response
    assert answer["Error"]["Code"] == "ModelError"
    assert answer["OriginalStatusCode"] == 400
    assert "row 1, column 'a': 'many' is not a number" in answer["OriginalMessage"]


def test_a_refused_row_fails_a_transform_with_its_line(world: World) -> None:
    world.put("raw-bad/a.csv", f"r1,fresh,-,1,{RAW[0]}\nr2,fresh,-,1,x,many,one\n")
    world.start_transform("raw-bad", "raw", f"s3://{BUCKET}/raw-bad/")
    reason = world.transformed("raw-bad")["FailureReason"]
    assert "a.csv: Bad HTTP status received from algorithm: 400: " in reason
    assert reason.endswith("(line 2)")


@pytest.mark.parametrize(
    ("name", "archive", "more", "words"),
    [
        ("code-absent", None, {}, "cannot download s3://sagemaker-world/code/code-absent.tar.gz"),
        ("code-isolated", code(), {"EnableNetworkIsolation": True}, "with network isolation"),
        ("code-broken", b"no archive", {}, "is not a tar.gz of code"),
        ("code-unready", code("import nothing_of_the_sort"), {}, "model_fn of inference.py failed"),
        ("code-needs", code(requirements__txt="left-pad"), {}, "installs nothing"),
        ("code-double", code(inference__py=BOTH), {}, "Cannot use transform_fn implementation"),
        ("code-raising", code(inference__py="1 / 0"), {}, "cannot be imported: ZeroDivisionError"),
    ],
)  # fmt: skip
def test_code_that_cannot_be_entered_fails_what_needs_it(
    world: World, name: str, archive: bytes | None, more: dict[str, Any], words: str
) -> None:
    if archive is not None:
        world.put(f"code/{name}.tar.gz", archive)
    model(world, name, name, **more)
    world.start_transform(name, name, f"s3://{BUCKET}/raw-one/", DataProcessing={})
    job = world.transformed(name)
    assert job["TransformJobStatus"] == "Failed"
    assert words in job["FailureReason"]
    variant = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    world.config(name, name, **variant)
    world.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    described = world.settled(name)
    assert described["EndpointStatus"] == "Failed"
    assert words in described["FailureReason"]
    world.sagemaker.delete_endpoint(EndpointName=name)


@pytest.fixture(scope="module", autouse=True)
def one_row(world: World) -> None:
    world.put("raw-one/a.csv", RAW[0])


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"LEVEL": "3"}, "Environment LEVEL; leave it out"),
        (PROGRAM, "with one of SAGEMAKER_PROGRAM and SAGEMAKER_SUBMIT_DIRECTORY"),
        ({**PROGRAM, "SAGEMAKER_SUBMIT_DIRECTORY": "s3://b/c", "SAGEMAKER_MULTI_MODEL": "true"},
         "Environment SAGEMAKER_MULTI_MODEL; leave it out"),
        ({**PROGRAM, "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/code"}, "is not an S3 URI"),
    ],
)  # fmt: skip
def test_variables_without_effect_are_refused(
    world: World, environment: dict[str, str], words: str
) -> None:
    first = f"s3://{BUCKET}/model/first/output/model.tar.gz"
    with pytest.raises(ClientError, match=words):
        world.sagemaker.create_model(
            ModelName="refused",
            ExecutionRoleArn=ROLE,
            PrimaryContainer={"Image": IMAGE, "ModelDataUrl": first, "Environment": environment},
        )


def test_the_artifact_of_a_model_with_code_is_served_as_it_is(world: World, endpoint: str) -> None:
    """Nothing repacks model.tar.gz: the same archive serves with code and without."""
    shown = world.local.services["sagemaker"].about()["endpoints"][endpoint]
    world.config("without-code", "first")
    world.sagemaker.create_endpoint(EndpointName="without-code", EndpointConfigName="without-code")
    assert world.settled("without-code")["EndpointStatus"] == "InService"
    plain = world.local.services["sagemaker"].about()["endpoints"]["without-code"]
    assert shown["artifact_sha256"] == plain["artifact_sha256"]
    assert world.invoke("without-code", rows(1, 1)[0].partition(",")[2])


def test_files_that_unpack_to_more_than_a_model_may_have_are_refused_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "MAX_UNPACKED_BYTES", 1000)
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in "ab":
            member = tarfile.TarInfo(name)
            member.size = 600
            tar.addfile(member, io.BytesIO(bytes(600)))
    with pytest.raises(artifacts.BadArtifact, match="more than 1000 bytes"):
        artifacts.unpack(archive, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_an_archive_is_unpacked_by_the_oldest_python_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian 12 has Python 3.11.2, whose tarfile knows no filters."""
    for name in ("extract", "extractall"):
        monkeypatch.delattr(tarfile.TarFile, name)
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        folder = tarfile.TarInfo("./code")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for name, body in (("./code/train.py", b"import os\n"), ("deep/er/model", b"")):
            member = tarfile.TarInfo(name)
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body))
    artifacts.unpack(archive, tmp_path / "out")
    assert (tmp_path / "out/code/train.py").read_bytes() == b"import os\n"
    assert (tmp_path / "out/deep/er/model").read_bytes() == b""
