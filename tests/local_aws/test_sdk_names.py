"""What SDK integrations give and fail with: the names of the AWS SDK for Java 2.x."""

from __future__ import annotations

import json
import threading
import time
import uuid
from typing import Any

import pytest

from ratchet.local_aws.running.local import LocalAws
from ratchet.local_aws.stepfunctions.failures import class_name, sdk_prefix
from ratchet.workflow.integrations.spelling import spelt_by_sdk

NOWHERE = "https://sqs.us-east-1.amazonaws.com/123456789012/nowhere"


def _answer(local_aws: LocalAws, resource: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """How a machine of this one task ends."""
    states = local_aws.client("stepfunctions")
    task = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters}
    definition = {"StartAt": "Call", "States": {"Call": {**task, "End": True}}}
    machine = states.create_state_machine(
        name=f"m-{uuid.uuid4().hex[:8]}",
        definition=json.dumps(definition),
        roleArn="arn:aws:iam::123456789012:role/machine",
    )["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        answer: dict[str, Any] = states.describe_execution(executionArn=execution)
        if answer["status"] != "RUNNING":
            states.delete_state_machine(stateMachineArn=machine)
            return answer
        threading.Event().wait(0.01)
    raise AssertionError(f"{execution} did not end")


def test_an_acronym_that_begins_a_members_name_is_a_word(local_aws: LocalAws) -> None:
    queue = local_aws.client("sqs").create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    message = {"QueueUrl": queue, "MessageBody": "hello"}
    by_sdk = json.loads(_answer(local_aws, "aws-sdk:sqs:sendMessage", message)["output"])
    assert by_sdk.keys() == {"MessageId", "Md5OfMessageBody"}
    optimised = json.loads(_answer(local_aws, "sqs:sendMessage", message)["output"])
    assert optimised["MD5OfMessageBody"] == by_sdk["Md5OfMessageBody"]


@pytest.mark.parametrize(
    ("resource", "parameters", "error"),
    [
        (
            "aws-sdk:sqs:sendMessage",
            {"QueueUrl": NOWHERE, "MessageBody": "x"},
            "Sqs.QueueDoesNotExistException",
        ),
        (
            "sqs:sendMessage",
            {"QueueUrl": NOWHERE, "MessageBody": "x"},
            "SQS.QueueDoesNotExistException",
        ),
        ("aws-sdk:s3:headBucket", {"Bucket": "no-such-bucket"}, "S3.NoSuchBucketException"),
        (
            "aws-sdk:rds:describeDBInstances",
            {"DbInstanceIdentifier": "none"},
            "Rds.DbInstanceNotFoundException",
        ),
        (
            "aws-sdk:cloudwatchlogs:describeLogStreams",
            {"LogGroupName": "none"},
            "CloudWatchLogs.ResourceNotFoundException",
        ),
    ],
)
def test_a_failure_has_the_name_of_javas_exception(
    local_aws: LocalAws, resource: str, parameters: dict[str, Any], error: str
) -> None:
    assert _answer(local_aws, resource, parameters)["error"] == error


def test_an_object_whose_head_is_missing_is_no_such_key(local_aws: LocalAws) -> None:
    bucket = f"b-{uuid.uuid4().hex[:8]}"
    local_aws.client("s3").create_bucket(Bucket=bucket)
    answer = _answer(local_aws, "aws-sdk:s3:headObject", {"Bucket": bucket, "Key": "none"})
    assert answer["error"] == "S3.NoSuchKeyException"
    assert answer["cause"].startswith("null (Service: S3, Status Code: 404, Request ID: ")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("DBInstances", "DbInstances"),
        ("ETag", "ETag"),
        ("ID", "Id"),
        ("SSEKMSKeyId", "SsekmsKeyId"),
        ("ChecksumCRC32", "ChecksumCRC32"),
        ("jobArn", "JobArn"),
        ("Equals", "EqualsValue"),
    ],
)
def test_a_member_is_written_as_javas_getter_with_a_capital(name: str, written: str) -> None:
    assert spelt_by_sdk(name) == written


@pytest.mark.parametrize(
    ("service_id", "prefix"),
    [
        ("DynamoDB", "DynamoDb"),
        ("CloudWatch Logs", "CloudWatchLogs"),
        ("Elastic Load Balancing v2", "ElasticLoadBalancingV2"),
        ("SESv2", "SesV2"),
        ("IoT Data Plane", "IotDataPlane"),
        ("Database Migration Service", "DatabaseMigration"),
        ("AWSHealth", "Health"),
        ("mgn", "Mgn"),
    ],
)
def test_a_service_has_the_name_of_javas_client(service_id: str, prefix: str) -> None:
    assert sdk_prefix(service_id) == prefix


def test_an_acronym_in_an_exceptions_name_is_a_word_too() -> None:
    assert class_name("KMSInvalidStateException") == "KmsInvalidStateException"
