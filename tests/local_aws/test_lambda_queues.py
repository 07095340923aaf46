"""SQS queues whose messages a function receives."""

from __future__ import annotations

import json
import time

import pytest
from botocore.exceptions import ClientError
from lambda_world import make_function, queue, receive, until

from ratchet.local_aws.running.local import LocalAws

FORWARD = """
import boto3, json, os
sqs = boto3.client("sqs")
def handler(event, context):
    sqs.send_message(QueueUrl=os.environ["SEEN"], MessageBody=json.dumps(event))
    failed = [r["messageId"] for r in event["Records"] if r["body"] == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}
"""


def forwarder(local: LocalAws, code: str = FORWARD) -> tuple[str, str]:
    """A function that sends each event it gets to a queue: its name and the queue's URL."""
    seen, _ = queue(local)
    return make_function(local, code, Environment={"Variables": {"SEEN": seen}}), seen


def left(local: LocalAws, url: str) -> int:
    """Messages in a queue, seen or unseen."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = local.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(int(found["Attributes"][each]) for each in names)


def test_a_message_arrives_at_once_in_aws_shape_and_is_deleted(
    local_aws: LocalAws,
) -> None:
    url, arn = queue(local_aws)
    function, seen = forwarder(local_aws)
    local_aws.client("lambda").create_event_source_mapping(
        EventSourceArn=arn, FunctionName=function
    )
    sqs = local_aws.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="first")
    until(lambda: receive(local_aws, seen))  # the worker is warm now
    until(lambda: left(local_aws, url) == 0)
    attribute = {"Colour": {"DataType": "String", "StringValue": "red"}}
    began = time.perf_counter()
    sqs.send_message(QueueUrl=url, MessageBody="böse + % ü", MessageAttributes=attribute)
    record = until(lambda: receive(local_aws, seen))["Records"][0]
    assert time.perf_counter() - began < 10  # 0.02 s on a quiet machine
    assert record["body"] == "böse + % ü"
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == arn
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageAttributes"]["Colour"]["stringValue"] == "red"
    until(lambda: left(local_aws, url) == 0)


def test_a_delayed_message_arrives_when_its_delay_is_over(local_aws: LocalAws) -> None:
    url, arn = queue(local_aws)
    function, seen = forwarder(local_aws)
    local_aws.client("lambda").create_event_source_mapping(
        EventSourceArn=arn, FunctionName=function
    )
    began = time.monotonic()
    local_aws.client("sqs").send_message(QueueUrl=url, MessageBody="late", DelaySeconds=1)
    assert until(lambda: receive(local_aws, seen))["Records"][0]["body"] == "late"
    assert time.monotonic() - began > 0.9


def test_only_the_messages_reported_as_failed_come_back(local_aws: LocalAws) -> None:
    dead_url, dead_arn = queue(local_aws)
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    url, arn = queue(local_aws, VisibilityTimeout="3", RedrivePolicy=redrive)
    function, _ = forwarder(local_aws)
    local_aws.client("sqs").send_message_batch(
        QueueUrl=url,
        Entries=[{"Id": str(n), "MessageBody": body} for n, body in enumerate(["good", "bad"])],
    )
    local_aws.client("lambda").create_event_source_mapping(
        EventSourceArn=arn,
        FunctionName=function,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    until(lambda: left(local_aws, dead_url) == 1)
    message = local_aws.client("sqs").receive_message(QueueUrl=dead_url)["Messages"][0]
    assert message["Body"] == "bad"
    assert left(local_aws, url) == 0


def test_a_window_gathers_messages_beyond_ten_into_one_call(local_aws: LocalAws) -> None:
    url, arn = queue(local_aws)
    function, seen = forwarder(local_aws)
    for start in (0, 10):
        entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(start, start + 10)]
        local_aws.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    local_aws.client("lambda").create_event_source_mapping(
        EventSourceArn=arn, FunctionName=function, BatchSize=100, MaximumBatchingWindowInSeconds=1
    )
    assert len(until(lambda: receive(local_aws, seen))["Records"]) == 20


def test_a_mapping_can_be_disabled_and_removed(local_aws: LocalAws) -> None:
    url, arn = queue(local_aws)
    function, seen = forwarder(local_aws)
    client = local_aws.client("lambda")
    mapping = client.create_event_source_mapping(
        EventSourceArn=arn, FunctionName=function, Enabled=False
    )
    assert mapping["State"] == "Disabled"
    local_aws.client("sqs").send_message(QueueUrl=url, MessageBody="held")
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    assert until(lambda: receive(local_aws, seen))["Records"][0]["body"] == "held"
    client.delete_event_source_mapping(UUID=mapping["UUID"])
    listed = client.list_event_source_mappings(EventSourceArn=arn)
    assert listed["EventSourceMappings"] == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"BatchSize": 11}, "window in seconds must be greater than 0"),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}, "FilterCriteria"),
        ({"EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:none"}, "NonExistentQueue"),
        ({"EventSourceArn": "arn:aws:kinesis:us-east-1:123456789012:stream/x"}, "use an SQS queue"),
    ],
)
def test_what_a_mapping_cannot_do_is_refused_by_name(
    local_aws: LocalAws, settings: dict[str, object], message: str
) -> None:
    _, arn = queue(local_aws)
    function = make_function(local_aws, "def handler(e, c): pass")
    with pytest.raises(ClientError, match=message):
        local_aws.client("lambda").create_event_source_mapping(
            **{"EventSourceArn": arn, "FunctionName": function, **settings}
        )


def test_a_queue_that_shows_messages_again_too_early_is_refused(local_aws: LocalAws) -> None:
    _, arn = queue(local_aws, VisibilityTimeout="10")
    function = make_function(local_aws, "def handler(e, c): pass", Timeout=60)
    with pytest.raises(ClientError, match="10 seconds is less than Function timeout: 60 seconds"):
        local_aws.client("lambda").create_event_source_mapping(
            EventSourceArn=arn, FunctionName=function
        )
