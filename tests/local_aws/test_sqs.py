"""SQS: queues on the clock of local AWS, through real clients."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import QueryParser
from botocore.serialize import QuerySerializer

from ratchet.local_aws.running.local import LocalAws
from ratchet.local_aws.sqs import queue as queues

MINUTE = timedelta(minutes=1)
SIGNED = "AWS4-HMAC-SHA256 Credential=local/20260301/us-east-1/sqs/aws4_request, Signature=0"


@pytest.fixture(scope="module")
def local() -> Iterator[LocalAws]:
    """A local AWS whose clock these tests turn."""
    with LocalAws.start(port=0, announced=False) as local:
        yield local


@pytest.fixture
def sqs(local: LocalAws) -> Any:
    return local.client("sqs")


@pytest.fixture
def url(sqs: Any) -> str:
    return make(sqs)


def make(sqs: Any, **attributes: str) -> str:
    name = f"queue-{uuid.uuid4().hex}"
    return str(sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])


def arn_of(sqs: Any, url: str) -> str:
    return attributes_of(sqs, url, "QueueArn")["QueueArn"]


def attributes_of(sqs: Any, url: str, *names: str) -> dict[str, str]:
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names or ["All"]))
    return dict(found["Attributes"])


def counts(sqs: Any, url: str) -> tuple[int, int, int]:
    """Ready, delayed and in flight."""
    found = attributes_of(sqs, url)
    ends = ("", "Delayed", "NotVisible")
    ready, delayed, flying = (int(found[f"ApproximateNumberOfMessages{end}"]) for end in ends)
    return ready, delayed, flying


def take(sqs: Any, url: str, **options: Any) -> list[dict[str, Any]]:
    options = {"MaxNumberOfMessages": 10, **options}
    return list(sqs.receive_message(QueueUrl=url, **options).get("Messages", []))


def redrive(sqs: Any, target: str, receives: int) -> str:
    return json.dumps({"deadLetterTargetArn": arn_of(sqs, target), "maxReceiveCount": receives})


# --- what a message goes through ------------------------------------------------------------------


def test_a_message_is_sent_received_and_deleted(sqs: Any, url: str) -> None:
    colour = {"DataType": "String", "StringValue": "rot"}
    data = {"DataType": "Binary.raw", "BinaryValue": b"\x00\xff"}
    sent = sqs.send_message(
        QueueUrl=url, MessageBody="böse + % ü", MessageAttributes={"Colour": colour, "Raw": data}
    )
    assert counts(sqs, url) == (1, 0, 0)
    (message,) = take(sqs, url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"])
    assert message["MessageId"] == sent["MessageId"]
    assert message["Body"] == "böse + % ü"
    assert message["MessageAttributes"] == {"Colour": colour, "Raw": data}
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert counts(sqs, url) == (0, 0, 1)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert counts(sqs, url) == (0, 0, 0)


def test_a_receiver_sees_the_attributes_it_asks_for(sqs: Any, url: str) -> None:
    named = {
        name: {"DataType": "String", "StringValue": "x"} for name in ("app.a", "app.b", "other")
    }
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes=named, MessageGroupId="g")
    look = {"VisibilityTimeout": 0}
    (bare,) = take(sqs, url, **look)
    assert "Attributes" not in bare
    assert "MessageAttributes" not in bare
    (some,) = take(sqs, url, MessageAttributeNames=["app.*"], **look)
    assert set(some["MessageAttributes"]) == {"app.a", "app.b"}
    (one,) = take(sqs, url, AttributeNames=["MessageGroupId"], **look)
    assert one["Attributes"] == {"MessageGroupId": "g"}


def test_a_received_message_comes_back_after_its_visibility_timeout(
    local: LocalAws, sqs: Any
) -> None:
    url = make(sqs, VisibilityTimeout="60")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (first,) = take(sqs, url)
    local.clock.turn(timedelta(seconds=50))
    assert take(sqs, url) == []
    local.clock.turn(timedelta(seconds=10))
    (second,) = take(sqs, url)
    assert second["MessageId"] == first["MessageId"]
    assert second["ReceiptHandle"] != first["ReceiptHandle"]


def test_visibility_is_extended_and_given_up(local: LocalAws, sqs: Any) -> None:
    url = make(sqs, VisibilityTimeout="60")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = take(sqs, url)
    handle = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
    sqs.change_message_visibility(**handle, VisibilityTimeout=600)
    local.clock.turn(timedelta(seconds=500))
    assert counts(sqs, url) == (0, 0, 1)
    sqs.change_message_visibility(**handle, VisibilityTimeout=0)
    assert counts(sqs, url) == (1, 0, 0)
    with pytest.raises(ClientError, match="MessageNotInflight"):
        sqs.change_message_visibility(**handle, VisibilityTimeout=5)


def test_delays_of_queue_and_message_follow_the_clock(local: LocalAws, sqs: Any) -> None:
    url = make(sqs, DelaySeconds="60", VisibilityTimeout="3600")
    sqs.send_message(QueueUrl=url, MessageBody="queue's")
    sqs.send_message(QueueUrl=url, MessageBody="longest", DelaySeconds=900)
    sqs.send_message(QueueUrl=url, MessageBody="none", DelaySeconds=0)
    assert [each["Body"] for each in take(sqs, url)] == ["none"]
    assert counts(sqs, url) == (0, 2, 1)
    local.clock.turn(MINUTE)
    assert [each["Body"] for each in take(sqs, url)] == ["queue's"]
    local.clock.turn(14 * MINUTE)
    assert [each["Body"] for each in take(sqs, url)] == ["longest"]


@pytest.mark.parametrize("appears", ["sent", "delayed", "visible again"])
def test_a_long_poll_ends_when_a_message_appears(
    local: LocalAws, sqs: Any, url: str, appears: str
) -> None:
    if appears == "delayed":
        sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=900)
    if appears == "visible again":
        sqs.send_message(QueueUrl=url, MessageBody="x")
        take(sqs, url, VisibilityTimeout=900)
    found: list[dict[str, Any]] = []
    poll = {"WaitTimeSeconds": 20}
    waiting = threading.Thread(target=lambda: found.extend(take(sqs, url, **poll)))
    began = time.monotonic()
    waiting.start()
    if appears == "sent":
        sqs.send_message(QueueUrl=url, MessageBody="x")
    else:
        local.clock.turn(15 * MINUTE)
    waiting.join()
    if not found:  # the clock was turned before the poll began: it waited to its end, and no longer
        found = take(sqs, url)
    assert [each["Body"] for each in found] == ["x"]
    assert time.monotonic() - began < 15


def test_a_long_poll_of_an_empty_queue_ends_when_the_clock_says(
    local: LocalAws, sqs: Any, url: str
) -> None:
    found: list[Any] = ["nothing yet"]
    waiting = threading.Thread(target=lambda: found.__setitem__(0, take(sqs, url, **poll)))
    poll = {"WaitTimeSeconds": 20}
    began = time.monotonic()
    waiting.start()
    while waiting.is_alive():
        local.clock.turn(timedelta(seconds=21))
        waiting.join(0.05)
    assert found == [[]]
    assert time.monotonic() - began < 15


def test_a_message_received_in_vain_too_often_becomes_a_dead_letter(
    local: LocalAws, sqs: Any, url: str
) -> None:
    source = make(sqs, VisibilityTimeout="1", RedrivePolicy=redrive(sqs, url, 2))
    sent = sqs.send_message(QueueUrl=source, MessageBody="bad")
    for _ in range(2):
        assert take(sqs, source)
        local.clock.turn(timedelta(seconds=1))
    assert take(sqs, source) == []
    assert counts(sqs, source) == (0, 0, 0)
    (letter,) = take(sqs, url, MessageSystemAttributeNames=["All"])
    assert letter["MessageId"] == sent["MessageId"]
    assert letter["Attributes"]["DeadLetterQueueSourceArn"] == arn_of(sqs, source)
    assert sqs.list_dead_letter_source_queues(QueueUrl=url)["queueUrls"] == [source]


def test_a_message_stays_when_its_dead_letter_queue_is_gone(sqs: Any, url: str) -> None:
    source = make(sqs, VisibilityTimeout="0", RedrivePolicy=redrive(sqs, url, 1))
    sqs.send_message(QueueUrl=source, MessageBody="x")
    sqs.delete_queue(QueueUrl=url)
    for _ in range(3):
        assert take(sqs, source)


def test_a_message_is_kept_as_long_as_the_queue_says(local: LocalAws, sqs: Any) -> None:
    url = make(sqs, MessageRetentionPeriod="60")
    for delay in (0, 30):
        sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=delay)
    local.clock.turn(timedelta(seconds=59))
    assert counts(sqs, url) == (2, 0, 0)
    local.clock.turn(timedelta(seconds=1))
    assert counts(sqs, url) == (0, 0, 0)
    assert take(sqs, url) == []


def test_a_queue_is_purged_once_a_minute(local: LocalAws, sqs: Any, url: str) -> None:
    for delay in (0, 0, 60):
        sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=delay)
    take(sqs, url, MaxNumberOfMessages=1)
    sqs.purge_queue(QueueUrl=url)
    assert counts(sqs, url) == (0, 0, 0)
    with pytest.raises(ClientError, match="PurgeQueueInProgress"):
        sqs.purge_queue(QueueUrl=url)
    local.clock.turn(MINUTE)
    sqs.purge_queue(QueueUrl=url)


# --- batches --------------------------------------------------------------------------------------


def test_a_bad_entry_of_a_batch_fails_alone(sqs: Any, url: str) -> None:
    answer = sqs.send_message_batch(
        QueueUrl=url,
        Entries=[
            {"Id": "good", "MessageBody": "x"},
            {"Id": "late", "MessageBody": "x", "DelaySeconds": 901},
            {"Id": "zero", "MessageBody": "\0"},
        ],
    )
    assert [each["Id"] for each in answer["Successful"]] == ["good"]
    failed = {each["Id"]: (each["Code"], each["SenderFault"]) for each in answer["Failed"]}
    assert failed == {
        "late": ("InvalidParameterValue", True),
        "zero": ("InvalidMessageContents", True),
    }
    (message,) = take(sqs, url)
    handles = {"good": message["ReceiptHandle"], "bad": "not-a-handle"}
    entries = [{"Id": key, "ReceiptHandle": handle} for key, handle in handles.items()]
    hidden = sqs.change_message_visibility_batch(
        QueueUrl=url, Entries=[{**each, "VisibilityTimeout": 60} for each in entries]
    )
    deleted = sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    for answer in (hidden, deleted):
        assert [each["Id"] for each in answer["Successful"]] == ["good"]
        assert [each["Code"] for each in answer["Failed"]] == ["ReceiptHandleIsInvalid"]


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([], "EmptyBatchRequest"),
        ([("1", "x")] * 2, "BatchEntryIdsNotDistinct"),
        ([("a b", "x")], "InvalidBatchEntryId"),
        ([(str(n), "x") for n in range(11)], "TooManyEntriesInBatchRequest"),
        ([(str(n), "x" * 600_000) for n in range(2)], "BatchRequestTooLong"),
    ],
)
def test_a_batch_is_refused_as_a_whole_as_on_aws(
    sqs: Any, url: str, entries: list[tuple[str, str]], code: str
) -> None:
    with pytest.raises(ClientError) as refusal:
        sqs.send_message_batch(
            QueueUrl=url, Entries=[{"Id": key, "MessageBody": body} for key, body in entries]
        )
    assert refusal.value.response["Error"]["Code"] == f"AWS.SimpleQueueService.{code}"
    assert refusal.value.response["Error"]["QueryErrorCode"] == code
    assert isinstance(refusal.value, getattr(sqs.exceptions, code))


# --- limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"MessageBody": "x" * 1_048_577}, "InvalidParameterValue"),
        ({"MessageBody": "\x0b"}, "InvalidMessageContents"),
        ({"MessageBody": ""}, "MissingParameter"),
        ({"DelaySeconds": 901}, "InvalidParameterValue"),
        ({"DelaySeconds": -1}, "InvalidParameterValue"),
        ({"MessageAttributes": {"a b": ("String", "x")}}, "InvalidParameterValue"),
        ({"MessageAttributes": {"a": ("Text", "x")}}, "InvalidParameterValue"),
        ({"MessageAttributes": {"a": ("String", "")}}, "InvalidParameterValue"),
        (
            {"MessageAttributes": {f"a{n}": ("Number", "1") for n in range(11)}},
            "InvalidParameterValue",
        ),
    ],
)
def test_a_message_beyond_a_limit_is_refused(
    sqs: Any, url: str, options: dict[str, Any], code: str
) -> None:
    named = {
        key: {"DataType": kind, "StringValue": value}
        for key, (kind, value) in options.pop("MessageAttributes", {}).items()
    }
    with pytest.raises(ClientError) as refusal:
        sqs.send_message(
            QueueUrl=url, **{"MessageBody": "x", "MessageAttributes": named, **options}
        )
    assert refusal.value.response["Error"]["Code"] == code
    assert counts(sqs, url) == (0, 0, 0)


def test_a_message_of_the_greatest_size_is_taken(sqs: Any, url: str) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="x" * 1_048_576)
    assert len(take(sqs, url)[0]["Body"]) == 1_048_576


@pytest.mark.parametrize(
    "options",
    [
        {"MaxNumberOfMessages": 11},
        {"MaxNumberOfMessages": 0},
        {"WaitTimeSeconds": 21},
        {"VisibilityTimeout": 43_201},
    ],
)
def test_a_receive_beyond_a_limit_is_refused(sqs: Any, url: str, options: dict[str, int]) -> None:
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        sqs.receive_message(QueueUrl=url, **options)


def test_too_many_messages_in_flight_are_refused(
    sqs: Any, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert queues.MOST_IN_FLIGHT == 120_000
    monkeypatch.setattr(queues, "MOST_IN_FLIGHT", 2)
    for _ in range(3):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    assert len(take(sqs, url, MaxNumberOfMessages=2)) == 2
    with pytest.raises(sqs.exceptions.OverLimit):
        take(sqs, url)


# --- queues, attributes, tags ---------------------------------------------------------------------


def test_a_queue_is_found_listed_tagged_and_deleted(sqs: Any) -> None:
    prefix = f"listed-{uuid.uuid4().hex}"
    urls = [
        sqs.create_queue(QueueName=f"{prefix}-{n}", tags={"n": str(n)})["QueueUrl"]
        for n in range(3)
    ]
    pages = sqs.get_paginator("list_queues").paginate(
        QueueNamePrefix=prefix, PaginationConfig={"PageSize": 2}
    )
    assert [url for page in pages for url in page["QueueUrls"]] == urls
    assert sqs.get_queue_url(QueueName=f"{prefix}-1")["QueueUrl"] == urls[1]
    sqs.tag_queue(QueueUrl=urls[1], Tags={"team": "ml"})
    sqs.untag_queue(QueueUrl=urls[1], TagKeys=["n"])
    assert sqs.list_queue_tags(QueueUrl=urls[1])["Tags"] == {"team": "ml"}
    sqs.delete_queue(QueueUrl=urls[1])
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as gone:
        sqs.send_message(QueueUrl=urls[1], MessageBody="x")
    error = gone.value.response["Error"]
    assert error["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert error["QueryErrorCode"] == "QueueDoesNotExist"


def test_a_queue_is_created_again_only_as_it_is(sqs: Any) -> None:
    name = f"again-{uuid.uuid4().hex}"
    first = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "60"})
    assert sqs.create_queue(QueueName=name)["QueueUrl"] == first["QueueUrl"]
    with pytest.raises(sqs.exceptions.QueueNameExists, match="VisibilityTimeout"):
        sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "61"})


def test_attributes_are_set_and_removed(sqs: Any, url: str) -> None:
    target = make(sqs)
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    wanted = {
        "Policy": policy,
        "RedrivePolicy": redrive(sqs, target, 3),
        "DelaySeconds": "5",
        "KmsMasterKeyId": "alias/aws/sqs",
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes=wanted)
    assert wanted.items() <= attributes_of(sqs, url).items()
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": "", "RedrivePolicy": ""})
    assert not {"Policy", "RedrivePolicy"} & attributes_of(sqs, url).keys()
    assert attributes_of(sqs, url, "DelaySeconds") == {"DelaySeconds": "5"}


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"VisibilityTimeout": "43201"}, "InvalidAttributeValue"),
        ({"DelaySeconds": "901"}, "InvalidAttributeValue"),
        ({"MaximumMessageSize": "1048577"}, "InvalidAttributeValue"),
        ({"MessageRetentionPeriod": "59"}, "InvalidAttributeValue"),
        ({"ReceiveMessageWaitTimeSeconds": "x"}, "InvalidAttributeValue"),
        ({"Policy": "no"}, "InvalidAttributeValue"),
        ({"RedrivePolicy": '{"maxReceiveCount": 0}'}, "InvalidParameterValue"),
        ({"RedrivePolicy": '{"deadLetterTargetArn": "x"}'}, "InvalidParameterValue"),
        ({"FifoQueue": "true"}, "NotSupportedByLocalAws"),
    ],
)
def test_an_attribute_that_sqs_does_not_take_is_refused(
    sqs: Any, attributes: dict[str, str], code: str
) -> None:
    name = f"refused-{uuid.uuid4().hex}"
    with pytest.raises(ClientError) as refusal:
        sqs.create_queue(QueueName=name, Attributes=attributes)
    assert refusal.value.response["Error"]["Code"] == code
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix=name)


def test_an_attribute_that_no_queue_has_cannot_be_read(sqs: Any, url: str) -> None:
    with pytest.raises(sqs.exceptions.InvalidAttributeName, match="Unknown Attribute Size"):
        attributes_of(sqs, url, "Size")


def test_a_dead_letter_queue_may_refuse_a_source(sqs: Any, url: str) -> None:
    nobody = json.dumps({"redrivePermission": "denyAll"})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedriveAllowPolicy": nobody})
    with pytest.raises(ClientError, match="RedriveAllowPolicy"):
        make(sqs, RedrivePolicy=redrive(sqs, url, 1))


@pytest.mark.parametrize("name", ["a b", "x" * 81, "orders.fifo"])
def test_a_name_that_no_standard_queue_has_is_refused(sqs: Any, name: str) -> None:
    with pytest.raises(ClientError, match=r"alphanumeric|standard queue"):
        sqs.create_queue(QueueName=name)


# --- through others -------------------------------------------------------------------------------


def test_the_aws_command_line_works(local: LocalAws, tmp_path: Path) -> None:
    def aws(*arguments: str) -> Any:
        keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
        command = [str(Path(sys.executable).with_name("aws")), "sqs", *arguments]
        done = subprocess.run(
            [*command, "--endpoint-url", local.endpoint, "--region", local.region],
            env={**os.environ, **keys, "HOME": str(tmp_path)},
            capture_output=True,
            check=True,
        )
        return json.loads(done.stdout or b"{}")

    url = aws("create-queue", "--queue-name", "from-the-shell")["QueueUrl"]
    aws("send-message", "--queue-url", url, "--message-body", "hello")
    (message,) = aws("receive-message", "--queue-url", url)["Messages"]
    assert message["Body"] == "hello"
    aws("delete-message", "--queue-url", url, "--receipt-handle", message["ReceiptHandle"])
    assert (
        aws("get-queue-attributes", "--queue-url", url, "--attribute-names", "All")[
            "Attributes"
        ].items()
        >= {"ApproximateNumberOfMessagesNotVisible": "0", "VisibilityTimeout": "30"}.items()
    )


def test_an_older_sdk_speaks_the_query_protocol(local: LocalAws, sqs: Any, url: str) -> None:
    """As SDKs did until 2023: a client of the former model, read by its own parser."""
    former = local.model("sqs", former=True)
    parser = QueryParser()

    def ask(operation: str, **parameters: Any) -> dict[str, Any]:
        shape = former.operation_model(operation)
        sent = QuerySerializer().serialize_to_request(parameters, shape)
        request = urllib.request.Request(
            local.endpoint, urllib.parse.urlencode(sent["body"]).encode(), {"Authorization": SIGNED}
        )
        with urllib.request.urlopen(request) as answer:
            whole = {"body": answer.read(), "headers": answer.headers, "status_code": 200}
        return dict(parser.parse(whole, shape.output_shape))

    named = {"Colour": {"DataType": "String", "StringValue": "red"}}
    sent = ask(
        "SendMessageBatch",
        QueueUrl=url,
        Entries=[
            {"Id": "a", "MessageBody": "böse & <x>", "MessageAttributes": named},
            {"Id": "b", "MessageBody": "x", "DelaySeconds": 901},
        ],
    )
    assert [each["Id"] for each in sent["Successful"]] == ["a"]
    assert [each["Code"] for each in sent["Failed"]] == ["InvalidParameterValue"]
    (message,) = ask(
        "ReceiveMessage",
        QueueUrl=url,
        MessageAttributeNames=["All"],
        AttributeNames=["ApproximateReceiveCount"],
    )["Messages"]
    assert message["Body"] == "böse & <x>"
    assert message["MessageAttributes"] == named
    assert message["Attributes"] == {"ApproximateReceiveCount": "1"}
    ask("SetQueueAttributes", QueueUrl=url, Attributes={"DelaySeconds": "7"})
    ask("TagQueue", QueueUrl=url, Tags={"team": "ml"})
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "ml"}
    wanted = ["DelaySeconds", "QueueArn"]
    found = ask("GetQueueAttributes", QueueUrl=url, AttributeNames=wanted)["Attributes"]
    assert found == attributes_of(sqs, url, *wanted)
    with pytest.raises(urllib.error.HTTPError) as refusal:
        ask("DeleteQueue", QueueUrl=f"{url}-gone")
    assert b"<Code>AWS.SimpleQueueService.NonExistentQueue</Code>" in refusal.value.read()


def test_a_topic_delivers_to_queues_as_each_subscription_says(
    local: LocalAws, sqs: Any, url: str
) -> None:
    sns, raw = local.client("sns"), make(sqs)
    topic = sns.create_topic(Name=f"topic-{uuid.uuid4().hex}")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn_of(sqs, url))
    only_red = {
        "RawMessageDelivery": "true",
        "FilterPolicy": json.dumps({"colour": ["red"]}),
    }
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn_of(sqs, raw), Attributes=only_red)
    for colour in ("red", "blue"):
        named = {"colour": {"DataType": "String", "StringValue": colour}}
        sns.publish(TopicArn=topic, Message=colour, MessageAttributes=named)
    assert [json.loads(each["Body"])["Message"] for each in take(sqs, url)] == ["red", "blue"]
    (message,) = take(sqs, raw, MessageAttributeNames=["All"])
    assert message["Body"] == "red"
    assert message["MessageAttributes"] == {"colour": {"DataType": "String", "StringValue": "red"}}


def test_what_waits_costs_no_time(sqs: Any, url: str) -> None:
    """Ten batches take as long beside 5,000 messages as in an empty queue, give or take."""
    entries = [{"Id": str(n), "MessageBody": "x"} for n in range(10)]

    def seconds() -> float:
        began = time.perf_counter()
        for _ in range(10):
            sqs.send_message_batch(QueueUrl=url, Entries=entries)
            handles = [each["ReceiptHandle"] for each in take(sqs, url)]
            deleted = [{"Id": str(n), "ReceiptHandle": each} for n, each in enumerate(handles)]
            sqs.delete_message_batch(QueueUrl=url, Entries=deleted)
            attributes_of(sqs, url)
        return time.perf_counter() - began

    seconds()
    empty = min(seconds() for _ in range(3))
    for _ in range(500):
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert min(seconds() for _ in range(3)) < 4 * empty
