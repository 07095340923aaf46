"""Processing jobs: a user's script on files that it names below /opt/ml/processing."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sagemaker_world import BUCKET, ROLE, World, past_its_runtime, world_of
from script_mode import REGISTRY, SKLEARN

from ratchet.local_aws.running.local import LocalAws

PREPARE = """
import argparse
import json
import os
import sys

import pandas as pd
from sklearn.preprocessing import StandardScaler

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float)
    parser.add_argument("--out", default="/opt/ml/processing/train")
    args = parser.parse_args()
    data = pd.read_csv(os.path.join("/opt/ml/processing/input", "raw.csv"))
    data["a"] = StandardScaler().fit_transform(data[["a"]]) * args.scale
    data.to_csv(f"{args.out}/train.csv", index=False)
    with open("/opt/ml/processing/report/evaluation.json", "w") as file:
        json.dump({"rows": len(data), "level": os.environ["LEVEL"]}, file)
    with open(__file__) as own, open("/opt/ml/processing/report/copy.py", "w") as copy:
        copy.write(own.read())
    with open("/opt/ml/output/message", "w") as file:
        file.write("prepared " + str(len(data)))
    config = json.load(open("/opt/ml/config/processingjobconfig.json"))
    print(config["ProcessingJobName"], json.load(open("/opt/ml/config/resourceconfig.json")))
"""
SCRIPT = "/opt/ml/processing/input/code/script.py"


def given(name: str, uri: str, place: str, **changes: Any) -> dict[str, Any]:
    source = {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/{place}", "S3DataType": "S3Prefix"}
    return {"InputName": name, "S3Input": {**source, "S3InputMode": "File", **changes}}


def made(name: str, uri: str, place: str, **changes: Any) -> dict[str, Any]:
    target = {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/{place}"}
    return {"OutputName": name, "S3Output": {**target, "S3UploadMode": "EndOfJob", **changes}}


@pytest.fixture(scope="module")
def world(local_aws: LocalAws) -> World:
    world = world_of(local_aws)
    world.put("raw/raw.csv", "a,b\n1,x\n2,y\n3,z\n")
    return world


def request(world: World, name: str, script: str, **changes: Any) -> dict[str, Any]:
    """CreateProcessingJob of a script, with the request's members changed."""
    code = world.put(f"processing/{name}/script.py", script)
    inputs = [given("code", code, "input/code"), given("raw", f"s3://{BUCKET}/raw/", "input")]
    outputs = [
        made("train", f"s3://{BUCKET}/processing/{name}/train", "train"),
        made("report", f"s3://{BUCKET}/processing/{name}/report/", "report"),
    ]
    return {
        "ProcessingJobName": name,
        "RoleArn": ROLE,
        "AppSpecification": {
            "ImageUri": SKLEARN,
            "ContainerEntrypoint": ["python3", SCRIPT],
            "ContainerArguments": ["--scale", "2"],
        },
        "Environment": {"LEVEL": "3"},
        "ProcessingInputs": inputs,
        "ProcessingOutputConfig": {"Outputs": outputs},
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30
            }
        },
        **changes,
    }  # fmt: skip


def ended(world: World, name: str) -> dict[str, Any]:
    describe = world.sagemaker.describe_processing_job
    return world.ended(lambda: describe(ProcessingJobName=name), "ProcessingJobStatus")


def test_a_script_finds_its_inputs_and_its_outputs_are_stored(world: World) -> None:
    world.sagemaker.create_processing_job(**request(world, "prepare", PREPARE))
    job = ended(world, "prepare")
    assert job["ProcessingJobStatus"] == "Completed", job
    assert job["ExitMessage"] == "prepared 3"
    train = world.get(f"s3://{BUCKET}/processing/prepare/train/train.csv").decode().splitlines()
    assert train[0] == "a,b"
    assert train[2] == "0.0,y"
    report = json.loads(world.get(f"s3://{BUCKET}/processing/prepare/report/evaluation.json"))
    assert report == {"rows": 3, "level": "3"}
    copy = world.get(f"s3://{BUCKET}/processing/prepare/report/copy.py").decode()
    assert copy == PREPARE, "a script that is stored names /opt/ml as before"
    listed = world.sagemaker.list_processing_jobs(NameContains="prep", StatusEquals="Completed")
    assert [row["ProcessingJobName"] for row in listed["ProcessingJobSummaries"]] == ["prepare"]


PIECES = "import os\nopen(os.sep + os.path.join('opt', 'ml', 'processing', 'input', 'raw.csv'))"
BINARY = "open('/opt/ml/output/message', 'wb').write(bytes([255]))"


@pytest.mark.parametrize(
    ("name", "script", "words"),
    [
        ("process-raises", "raise KeyError('no column')",
         "AlgorithmError: See job logs for more information, exit code: 1 (KeyError: 'no column')"),
        ("process-ends", "import sys; sys.exit(3)", "exit code: 3"),
        ("process-pieces", PIECES, "local AWS has no /opt/ml. It replaces that text in scripts"),
        ("process-binary", BINARY, "ClientError: /opt/ml/output/message is not UTF-8"),
    ],
)  # fmt: skip
def test_a_script_that_fails_fails_the_job_with_its_reason(
    world: World, name: str, script: str, words: str
) -> None:
    world.sagemaker.create_processing_job(**request(world, name, script))
    job = ended(world, name)
    assert job["ProcessingJobStatus"] == "Failed"
    assert words in job["FailureReason"]


def test_a_shell_command_runs_as_well(world: World) -> None:
    command = {
        "ImageUri": SKLEARN,
        "ContainerEntrypoint": ["/bin/sh", "-c"],
        "ContainerArguments": ["wc -l < /opt/ml/processing/input/raw.csv > /opt/ml/output/message"],
    }
    wanted = request(world, "process-shell", "", AppSpecification=command)
    world.sagemaker.create_processing_job(**wanted)
    assert ended(world, "process-shell")["ExitMessage"].strip() == "4"


def test_a_job_can_be_stopped_and_ends_when_its_time_is_up(local_aws: LocalAws) -> None:
    world, sleep = world_of(local_aws), "import time\nprint('asleep')\ntime.sleep(600)"
    world.sagemaker.create_processing_job(**request(world, "process-stopped", sleep))
    world.sagemaker.stop_processing_job(ProcessingJobName="process-stopped")
    assert ended(world, "process-stopped")["ProcessingJobStatus"] == "Stopped"
    limit = {"StoppingCondition": {"MaxRuntimeInSeconds": 60}}
    world.sagemaker.create_processing_job(**request(world, "process-late", sleep, **limit))
    describe = partial(world.sagemaker.describe_processing_job, ProcessingJobName="process-late")
    job = past_its_runtime(local_aws, describe, "ProcessingJobStatus")
    assert job["ProcessingJobStatus"] == "Stopped"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"AppSpecification": {"ImageUri": SKLEARN}}, "without ContainerEntrypoint"),
        ({"AppSpecification": {"ImageUri": f"{REGISTRY}/own:1"}}, "local AWS runs"),
        ({"ProcessingInputs": [given("raw", f"s3://{BUCKET}/raw/", "input", S3InputMode="Pipe")]},
         "input raw S3InputMode=Pipe; use File"),
        ({"ProcessingInputs": [given("raw", f"s3://{BUCKET}/nothing/", "input")]},
         "No S3 objects found"),
        ({"ProcessingInputs": [given("raw", f"s3://{BUCKET}/raw/", "../x")]}, "use a folder below"),
        ({"ProcessingOutputConfig": {"Outputs": [
            made("o", f"s3://{BUCKET}/o", "o", S3UploadMode="Continuous")]}}, "use EndOfJob"),
        ({"ProcessingJobName": "prepare"}, "already exists"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_refused_by_name(
    world: World, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ClientError) as caught:
        world.sagemaker.create_processing_job(**request(world, "never", "", **changes))
    assert words in str(caught.value)


def test_step_functions_waits_for_a_job_and_its_end_is_an_event(world: World) -> None:
    events, sqs = world.local.client("events"), world.local.client("sqs")
    queue = sqs.create_queue(QueueName="processing-events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    pattern = {
        "detail-type": ["SageMaker Processing Job State Change"],
        "detail": {"ProcessingJobName": ["followed"], "ProcessingJobStatus": ["Completed"]},
    }
    events.put_rule(Name="processing", EventPattern=json.dumps(pattern))
    target = {"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}
    events.put_targets(Rule="processing", Targets=[target])
    machine = {
        "StartAt": "Process",
        "States": {
            "Process": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sagemaker:createProcessingJob.sync",
                "Parameters": request(world, "followed", PREPARE),
                "ResultSelector": {"said.$": "$.ExitMessage"},
                "End": True,
            }
        },
    }
    steps = world.local.client("stepfunctions")
    made = steps.create_state_machine(name="process", definition=json.dumps(machine), roleArn=ROLE)
    execution = steps.start_execution(stateMachineArn=made["stateMachineArn"])["executionArn"]
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
    assert json.loads(message["Body"])["detail"]["ExitMessage"] == "prepared 3"
    describe = steps.describe_execution
    done = world.ended(lambda: describe(executionArn=execution), "status", ("RUNNING",))
    assert (done["status"], json.loads(done["output"])) == ("SUCCEEDED", {"said": "prepared 3"})
