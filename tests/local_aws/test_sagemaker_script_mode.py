"""Training by a script of the user's: what it finds, what it reports, and how it fails."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sagemaker_world import BUCKET, IMAGE, World, channel, world_of
from script_mode import HELPERS, REGISTRY, SKLEARN, TRAIN, packed, train_script, unpacked

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.running.local import LocalAws
from ratchet.local_aws.sagemaker.base import bucket_and_key
from ratchet.local_aws.sagemaker.containers import toolkit
from ratchet.local_aws.sagemaker.metrics import Metrics

ACCURACY = {"Name": "accuracy", "Regex": r"accuracy=([0-9.]+)"}
LOSS = {"Name": "loss", "Regex": r"loss=(\S+)"}


@pytest.fixture(scope="module")
def world(local_aws: LocalAws) -> World:
    return world_of(local_aws)


@pytest.fixture(scope="module")
def trained(world: World) -> dict[str, Any]:
    code = packed(train__py=TRAIN, helpers__py=HELPERS)
    train_script(world, "script", code, metrics=[ACCURACY, LOSS], Environment={"LEVEL": "3"})
    return world.trained("script")


def test_a_script_trains_and_its_metrics_are_read_from_its_log(trained: dict[str, Any]) -> None:
    assert trained["TrainingJobStatus"] == "Completed", trained
    (metric,) = trained["FinalMetricDataList"]
    assert metric["MetricName"] == "accuracy"
    assert 0.8 < metric["Value"] < 1


def test_the_model_and_the_extra_output_are_stored(world: World, trained: dict[str, Any]) -> None:
    artifact = trained["ModelArtifacts"]["S3ModelArtifacts"]
    assert list(unpacked(world.get(artifact))) == ["model.joblib"]
    assert "told.json" in unpacked(world.get(f"s3://{BUCKET}/model/script/output/output.tar.gz"))


def test_a_script_finds_the_variables_of_the_toolkit(world: World, trained: dict[str, Any]) -> None:
    output = unpacked(world.get(f"s3://{BUCKET}/model/script/output/output.tar.gz"))
    told = json.loads(output["told.json"])
    found = told["variables"]
    assert json.loads(found["SM_HPS"]) == {"C": 0.5, "max-iter": 200, "solver": "lbfgs"}
    assert found["SM_HP_C"] == "0.5"
    assert found["SM_HP_SOLVER"] == "lbfgs"
    assert json.loads(found["SM_HOSTS"]) == [found["SM_CURRENT_HOST"]] == ["algo-1"]
    assert json.loads(found["SM_CHANNELS"]) == ["train", "validation"]
    assert found["SM_CHANNEL_TRAIN"].endswith("/opt/ml/input/data/train")
    assert found["SM_MODEL_DIR"].endswith("/opt/ml/model")
    assert found["SM_NUM_GPUS"] == "0"
    assert found["SM_USER_ENTRY_POINT"] == "train.py"
    assert found["SM_MODULE_NAME"] == "train"
    assert json.loads(found["SM_TRAINING_ENV"])["current_host"] == "algo-1"
    assert told["here"].endswith("/opt/ml/code")


def test_the_log_says_what_stands_in_for_the_image(world: World, trained: dict[str, Any]) -> None:
    logs, group = world.local.client("logs"), "/aws/sagemaker/TrainingJobs"
    found = logs.filter_log_events(logGroupName=group, logStreamNamePrefix="script/algo-1-")
    lines = [event["message"] for event in found["events"]]
    assert any("stands in for sagemaker-scikit-learn:1.4-2-cpu-py3" in line for line in lines)


RAISES = "import sys\nprint('told')\nraise ValueError('no such column: ' + sys.argv[2])"


@pytest.mark.parametrize(
    ("name", "files", "words"),
    [
        ("script-raises", {"train__py": RAISES},
         ("AlgorithmError: ExecuteUserScriptError:\nExitCode 1\n"
         'ErrorMessage "ValueError: no such column: 0.5"\nCommand "python train.py -C')),
        ("script-needs", {"train__py": "", "requirements__txt": "left-pad>=1\nnumpy\n"},
         "requirements.txt asks for left-pad>=1: local AWS installs nothing"),
        ("script-packed", {"train__py": "", "setup__py": ""}, "setup.py: local AWS installs no"),
        ("script-gone", {"other__py": ""}, "sagemaker_program train.py is not in the code"),
    ],
)  # fmt: skip
def test_a_script_that_cannot_run_fails_the_job_with_its_reason(
    world: World, name: str, files: dict[str, str], words: str
) -> None:
    train_script(world, name, packed(**files), given={"C": 0.5})
    job = world.trained(name)
    assert job["TrainingJobStatus"] == "Failed"
    assert words in job["FailureReason"]


def test_a_built_in_image_runs_scripts_too_and_one_without_algorithm_needs_one(
    world: World,
) -> None:
    script = "import xgboost\nprint('score=2.5')"
    metrics = [{"Name": "score", "Regex": "score=(.*)"}]
    train_script(world, "script-both", packed(train__py=script), IMAGE, metrics=metrics)
    (metric,) = world.trained("script-both")["FinalMetricDataList"]
    assert (metric["MetricName"], metric["Value"]) == ("score", 2.5)
    specification = {"TrainingImage": SKLEARN, "TrainingInputMode": "File"}
    world.start_training("script-none", AlgorithmSpecification=specification)
    assert "has no algorithm of its own" in world.trained("script-none")["FailureReason"]


IMPORTS = """
import xgboost
from sagemaker_containers.beta.framework import (
    content_types, encoders, env, modules, transformer, worker,
)
from sagemaker_inference import content_types, decoder, encoder, errors
from sagemaker_xgboost_container import encoder as xgb_encoders

table = encoders.decode("1,2\\n3,4", "text/csv")
assert decoder.decode("[[1, 2]]", content_types.JSON).shape == (1, 2)
print("rows=" + str(xgb_encoders.decode("1,2\\n3,4", "text/csv").num_row() + len(table)))
"""


def test_a_script_imports_what_the_toolkits_of_its_image_offer(world: World) -> None:
    metrics = [{"Name": "rows", "Regex": "rows=(.*)"}]
    train_script(world, "script-imports", packed(train__py=IMPORTS), IMAGE, metrics=metrics)
    job = world.trained("script-imports")
    assert job["TrainingJobStatus"] == "Completed", job
    assert [metric["Value"] for metric in job["FinalMetricDataList"]] == [4]


HOSTS = """
import json
import os

print("hosts=" + str(len(json.loads(os.environ["SM_HOSTS"]))))
with open(f"/opt/ml/model/{os.environ['SM_CURRENT_HOST']}", "w") as file:
    file.write("x")
"""


def test_a_script_on_two_instances_is_two_processes(world: World) -> None:
    resources = {"InstanceType": "ml.c4.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 30}
    metrics = [{"Name": "hosts", "Regex": "hosts=(.*)"}]
    code = packed(train__py=HOSTS)
    train_script(world, "script-hosts", code, metrics=metrics, ResourceConfig=resources)
    job = world.trained("script-hosts")
    assert job["FinalMetricDataList"][0]["Value"] == 2
    artifact = job["ModelArtifacts"]["S3ModelArtifacts"]
    assert set(unpacked(world.get(artifact))) == {"algo-1", "algo-2"}
    with pytest.raises(ClientError, match="InstanceCount=5; use 4 at most"):
        train_script(world, "never", code, ResourceConfig={**resources, "InstanceCount": 5})
    with pytest.raises(ClientError, match="InstanceCount=2; use 1 at most"):
        world.start_training("never", ResourceConfig=resources)


def test_code_may_lie_in_a_channel(world: World) -> None:
    """As the SDKs do it for a job with network isolation."""
    world.put("code/channel/sourcedir.tar.gz", packed(train__py="print('here')"))
    place = "/opt/ml/input/data/code/sourcedir.tar.gz"
    world.start_training(
        "script-channel",
        AlgorithmSpecification={"TrainingImage": SKLEARN, "TrainingInputMode": "File"},
        HyperParameters={"sagemaker_program": "train.py", "sagemaker_submit_directory": place},
        InputDataConfig=[channel("code", f"s3://{BUCKET}/code/channel/", None)],
        EnableNetworkIsolation=True,
    )
    assert world.trained("script-channel")["TrainingJobStatus"] == "Completed"


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("s3://b/a/c", ("b", "a/c")),
        ("s3://b", ("b", "")),
        ("https://s3.amazonaws.com/b/a/c", ("b", "a/c")),
        ("https://s3-us-west-2.amazonaws.com/b/a/", ("b", "a/")),
        ("https://s3.cn-north-1.amazonaws.com.cn/b", ("b", "")),
        ("https://b.x.s3.eu-west-1.amazonaws.com/a", ("b.x", "a")),
    ],
)
def test_a_place_in_s3_may_be_written_as_an_address(uri: str, place: tuple[str, str]) -> None:
    assert bucket_and_key(uri) == place


@pytest.mark.parametrize("uri", ["/opt/ml/code", "https://example.com/b/a", "s3:///a", ""])
def test_anything_else_is_refused(uri: str) -> None:
    with pytest.raises(ServiceError, match="is not an S3 URI of the form s3://bucket/key"):
        bucket_and_key(uri)


def test_a_job_takes_addresses_and_stores_its_model_by_one(world: World) -> None:
    address = f"https://s3.amazonaws.com/{BUCKET}"
    world.start_training(
        "addressed",
        InputDataConfig=[channel("train", f"{address}/data/train/")],
        OutputDataConfig={"S3OutputPath": f"{address}/model"},
        HyperParameters={"num_round": "2", "objective": "binary:logistic"},
    )
    job = world.trained("addressed")
    assert job["TrainingJobStatus"] == "Completed", job
    artifact = job["ModelArtifacts"]["S3ModelArtifacts"]
    assert artifact == f"{address}/model/addressed/output/model.tar.gz"
    world.model("addressed", artifact)


@pytest.mark.parametrize(
    ("image", "metrics", "words"),
    [
        (SKLEARN, [{"Name": "a", "Regex": "a=["}], "is not a regular expression"),
        (SKLEARN, [{"Name": "a", "Regex": "a=.*"}], "has no group"),
        (f"{REGISTRY}/sagemaker-scikit-learn:0.20.0-cpu-py3", [], "local AWS runs"),
        (f"{REGISTRY}/pytorch-training:2.6.0-gpu-py312", [], "pytorch-training:*-cpu-py3*"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_refused_when_the_job_is_created(
    world: World, image: str, metrics: list[dict[str, str]], words: str
) -> None:
    with pytest.raises(ClientError) as caught:
        train_script(world, "never", packed(train__py=""), image, metrics=metrics)
    assert words in str(caught.value)


def test_an_expression_that_never_ends_costs_its_metric_and_nothing_else() -> None:
    definitions = [{"Name": "slow", "Regex": "((a+)+)+b"}, {"Name": "loss", "Regex": "loss=(.*)"}]
    metrics = Metrics(definitions, lambda: datetime.now(UTC))
    assert not metrics.of("a" * 100)
    assert metrics.of("loss=0.5 ")["loss"]["Value"] == 0.5
    assert not metrics.of("loss=high"), "a group that holds no number is left out"
    assert set(metrics.of("aab loss=1")) == {"loss"}


def test_hyperparameters_become_arguments_as_the_toolkit_writes_them() -> None:
    raw = {"b": "[1, 2]", "flag": "true", "name": '"x y"', "plain": "x", "map": '{"k": 1}'}
    given = toolkit.read_hyperparameters({**raw, "sagemaker_region": '"r"', "sagemaker_x": "1"})
    assert toolkit.arguments(given.users) == [
        "-b", "[1, 2]", "--flag", "True", "--map", "k=1", "--name", "x y", "--plain", "x",
    ]  # fmt: skip
    assert toolkit.of_script(given, {})["framework_params"] == {"sagemaker_x": 1}
