"""Map Runs and redrives through the API of local AWS."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ratchet.local_aws.running.local import LocalAws

ROLE = "arn:aws:iam::123456789012:role/machine"


@pytest.fixture
def states(local_aws: LocalAws) -> Any:
    return local_aws.client("stepfunctions")


@pytest.fixture
def bucket(local_aws: LocalAws) -> Iterator[str]:
    s3, name = local_aws.client("s3"), f"items-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    yield name
    for entry in s3.list_objects_v2(Bucket=name).get("Contents", []):
        s3.delete_object(Bucket=name, Key=entry["Key"])
    s3.delete_bucket(Bucket=name)


def _machine(states: Any, content: dict[str, Any]) -> str:
    definition = json.dumps({"StartAt": next(iter(content)), "States": content})
    name = f"m-{uuid.uuid4().hex[:8]}"
    created = states.create_state_machine(name=name, definition=definition, roleArn=ROLE)
    return str(created["stateMachineArn"])


def _ended(states: Any, arn: str) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        answer: dict[str, Any] = states.describe_execution(executionArn=arn)
        if answer["status"] != "RUNNING":
            return answer
        threading.Event().wait(0.01)
    raise AssertionError(f"{arn} did not end")


def _each(bucket: str, states: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": "Map",
        "Label": "Rows",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            "Parameters": {"Bucket": bucket, "Key.$": "$.key"},
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": next(iter(states)),
            "States": states,
        },
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket": bucket, "Prefix": "results"},
        },
        "ToleratedFailureCount": 1,
        "End": True,
    }


def test_a_map_run_reads_s3_is_described_and_writes_its_results(
    local_aws: LocalAws, states: Any, bucket: str
) -> None:
    s3 = local_aws.client("s3")
    s3.put_object(Bucket=bucket, Key="rows.csv", Body="id,name\n1,a\n2,b\n")
    check = {
        "Check": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.id", "StringEquals": "2", "Next": "Bad"}],
            "Default": "Good",
        },
        "Good": {"Type": "Pass", "OutputPath": "$.name", "End": True},
        "Bad": {"Type": "Fail", "Error": "Bad"},
    }
    machine = _machine(states, {"Each": _each(bucket, check)})
    started = states.start_execution(
        stateMachineArn=machine, input=json.dumps({"key": "rows.csv"})
    )["executionArn"]
    answer = _ended(states, started)
    assert answer["status"] == "SUCCEEDED", answer
    [listed] = states.list_map_runs(executionArn=started)["mapRuns"]
    run = states.describe_map_run(mapRunArn=listed["mapRunArn"])
    assert run["status"] == "SUCCEEDED"
    assert run["itemCounts"]["succeeded"] == run["itemCounts"]["failed"] == 1
    children = states.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    assert {child["status"] for child in children} == {"SUCCEEDED", "FAILED"}
    assert {child["itemCount"] for child in children} == {1}
    child = states.describe_execution(executionArn=children[0]["executionArn"])
    assert json.loads(child["input"])["name"] in ("a", "b")
    assert states.get_execution_history(executionArn=child["executionArn"])["events"]
    processor = states.describe_state_machine_for_execution(executionArn=child["executionArn"])
    assert json.loads(processor["definition"])["StartAt"] == "Check"
    assert (processor["label"], processor["mapRunArn"]) == ("Rows", run["mapRunArn"])
    place = json.loads(answer["output"])["ResultWriterDetails"]
    manifest = json.loads(s3.get_object(**place)["Body"].read())
    key = manifest["ResultFiles"]["SUCCEEDED"][0]["Key"]
    [result] = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    assert result["Output"] == '"a"'


def test_new_limits_apply_to_a_run_in_progress(states: Any) -> None:
    each = {
        "Type": "Map",
        "MaxConcurrency": 1,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Wait",
            "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}},
        },
        "End": True,
    }
    machine = _machine(states, {"Each": each})
    arn = states.start_execution(stateMachineArn=machine, input="[1, 2, 3]")["executionArn"]
    counts = _counted(states, arn, "running", 1)
    assert (counts["pending"], counts["total"]) == (2, 3)
    [run] = states.list_map_runs(executionArn=arn)["mapRuns"]
    states.update_map_run(mapRunArn=run["mapRunArn"], maxConcurrency=2)
    counts = _counted(states, arn, "running", 2)
    assert counts["pending"] == 1
    states.stop_execution(executionArn=arn)
    counts = _counted(states, arn, "aborted", 2)
    assert (counts["pending"], counts["running"], counts["pendingRedrive"]) == (1, 0, 0)


def _counted(states: Any, arn: str, status: str, number: int) -> dict[str, Any]:
    """The counts of the only Map Run once so many of its executions have the status."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for run in states.list_map_runs(executionArn=arn)["mapRuns"]:
            described = states.describe_map_run(mapRunArn=run["mapRunArn"])
            counts: dict[str, Any] = described["executionCounts"]
            if counts[status] == number:
                return counts
        threading.Event().wait(0.01)
    raise AssertionError(f"never were {number} executions {status}")


def test_an_execution_is_redriven_once_what_failed_is_fixed(
    local_aws: LocalAws, states: Any, bucket: str
) -> None:
    get = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
        "Parameters": {"Bucket": bucket, "Key": "late"},
        "ResultSelector": {"text.$": "$.Body"},
        "End": True,
    }
    machine = _machine(states, {"Get": get})
    arn = states.start_execution(stateMachineArn=machine)["executionArn"]
    failed = _ended(states, arn)
    assert failed["error"] == "S3.NoSuchKeyException"
    assert failed["redriveStatus"] == "REDRIVABLE"
    local_aws.client("s3").put_object(Bucket=bucket, Key="late", Body="here")
    states.redrive_execution(executionArn=arn, clientToken="once")
    states.redrive_execution(executionArn=arn, clientToken="once")
    answer = _ended(states, arn)
    assert json.loads(answer["output"]) == {"text": "here"}
    assert answer["redriveCount"] == 1
    events = states.get_execution_history(executionArn=arn)["events"]
    assert "ExecutionRedriven" in [event["type"] for event in events]
    with pytest.raises(ClientError, match="Execution is SUCCEEDED and cannot be redriven"):
        states.redrive_execution(executionArn=arn)
