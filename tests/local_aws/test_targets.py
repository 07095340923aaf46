"""Rules and schedules that reach a function and a state machine, which really run."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from typing import Any

import pytest

from ratchet.local_aws.running.local import LocalAws

ROLE = "arn:aws:iam::123456789012:role/target"
HANDLER = """
import json, os
import boto3

def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(event))
"""


@pytest.fixture
def queue(local_aws: LocalAws) -> str:
    """The URL of a new queue."""
    name = f"targets-{uuid.uuid4().hex}"
    return str(local_aws.client("sqs").create_queue(QueueName=name)["QueueUrl"])


def _receive(local_aws: LocalAws, url: str) -> Any:
    answer = local_aws.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=20)
    (message,) = answer["Messages"]
    return json.loads(message["Body"])


@pytest.fixture
def function(local_aws: LocalAws, queue: str) -> str:
    """The ARN of a function that sends what it gets to the queue."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("tell.py", HANDLER)
    made = local_aws.client("lambda").create_function(
        FunctionName=f"tell-{uuid.uuid4().hex[:8]}",
        Runtime="python3.13",
        Role=ROLE,
        Handler="tell.handler",
        Code={"ZipFile": packed.getvalue()},
        Environment={"Variables": {"QUEUE": queue}},
    )
    return str(made["FunctionArn"])


@pytest.fixture
def machine(local_aws: LocalAws, queue: str) -> str:
    """The ARN of a state machine that sends its input to the queue."""
    send = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Arguments": {"QueueUrl": queue, "MessageBody": "{% $string($states.input) %}"},
        "End": True,
    }
    definition = {"QueryLanguage": "JSONata", "StartAt": "Tell", "States": {"Tell": send}}
    made = local_aws.client("stepfunctions").create_state_machine(
        name=f"tell-{uuid.uuid4().hex[:8]}", definition=json.dumps(definition), roleArn=ROLE
    )
    return str(made["stateMachineArn"])


@pytest.mark.parametrize("kind", ["function", "machine"])
def test_a_rule_runs_its_target(
    local_aws: LocalAws, queue: str, kind: str, request: pytest.FixtureRequest
) -> None:
    events, source = local_aws.client("events"), f"test.{uuid.uuid4().hex}"
    target = {"Id": "1", "Arn": request.getfixturevalue(kind), "RoleArn": ROLE}
    events.put_rule(Name=source, EventPattern=json.dumps({"source": [source]}))
    events.put_targets(Rule=source, Targets=[{**target, "InputPath": "$.detail"}])
    events.put_events(
        Entries=[{"Source": source, "DetailType": "Happened", "Detail": '{"n": "ü"}'}]
    )
    assert _receive(local_aws, queue) == {"n": "ü"}


@pytest.mark.parametrize("kind", ["function", "machine"])
def test_a_schedule_runs_its_target(
    local_aws: LocalAws, queue: str, kind: str, request: pytest.FixtureRequest
) -> None:
    scheduler, name = local_aws.client("scheduler"), f"s-{uuid.uuid4().hex}"
    target = {"Arn": request.getfixturevalue(kind), "RoleArn": ROLE, "Input": '{"n": 1}'}
    scheduler.create_schedule(
        Name=name,
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
    )
    assert _receive(local_aws, queue) == {"n": 1}
    scheduler.delete_schedule(Name=name)
