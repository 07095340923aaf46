"""S3's events on EventBridge, caused by real clients and seen in a queue."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ratchet.local_aws.running.local import LocalAws

KEY = "p/a+b 50%/ü.csv"
PART = 5 * 1024 * 1024

Receive = Callable[[int], list[dict[str, Any]]]


@pytest.fixture
def bucket(local_aws: LocalAws) -> str:
    name = f"landing-{uuid.uuid4().hex[:12]}"
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    return name


@pytest.fixture
def versioned(local_aws: LocalAws, bucket: str) -> str:
    local_aws.client("s3").put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    return bucket


@pytest.fixture
def receive(local_aws: LocalAws, bucket: str) -> Iterator[Receive]:
    """Receives the bucket's next n events, in the order of their sequencers."""
    sqs, events = local_aws.client("sqs"), local_aws.client("events")
    url = sqs.create_queue(QueueName=bucket)["QueueUrl"]
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
    events.put_rule(Name=bucket, EventPattern=json.dumps(pattern))
    arn = f"arn:aws:sqs:{local_aws.region}:{local_aws.account}:{bucket}"
    events.put_targets(Rule=bucket, Targets=[{"Id": "queue", "Arn": arn}])
    yield lambda count: _receive(sqs, url, count)
    events.remove_targets(Rule=bucket, Ids=["queue"])
    events.delete_rule(Name=bucket)


def _receive(sqs: Any, url: str, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for _ in range(count + 10):
        if len(found) >= count:
            break
        answer = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10)
        found += [json.loads(message["Body"]) for message in answer.get("Messages", [])]
    assert len(found) == count, found
    return sorted(found, key=lambda event: str(event["detail"]["object"]["sequencer"]))


def test_a_put_becomes_an_event_of_the_documented_shape_with_the_raw_key(
    local_aws: LocalAws, versioned: str, receive: Receive
) -> None:
    put = local_aws.client("s3").put_object(Bucket=versioned, Key=KEY, Body=b"hello")
    (event,) = receive(1)
    detail = event.pop("detail")
    assert event == {
        "version": "0",
        "id": event["id"],
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": local_aws.account,
        "time": event["time"],
        "region": local_aws.region,
        "resources": [f"arn:aws:s3:::{versioned}"],
    }
    assert detail == {
        "version": "0",
        "event-version": "1.0",
        "bucket": {"name": versioned},
        "object": {
            "key": KEY,
            "size": 5,
            "etag": put["ETag"].strip('"'),
            "version-id": put["VersionId"],
            "sequencer": detail["object"]["sequencer"],
        },
        "request-id": detail["request-id"],
        "requester": local_aws.account,
        "source-ip-address": "127.0.0.1",
        "reason": "PutObject",
    }
    int(detail["object"]["sequencer"], 16)


def test_a_copy_and_an_unversioned_bucket(
    local_aws: LocalAws, bucket: str, receive: Receive
) -> None:
    s3 = local_aws.client("s3")
    s3.put_object(Bucket=bucket, Key=KEY, Body=b"hello")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": KEY})
    put, copy = receive(2)
    assert put["detail"]["reason"] == "PutObject"
    assert "version-id" not in put["detail"]["object"]
    assert copy["detail"]["reason"] == "CopyObject"
    assert copy["detail"]["object"]["size"] == 5
    assert copy["detail"]["object"]["key"] == "copy"


def test_a_multipart_upload_is_one_event_once_it_is_complete(
    local_aws: LocalAws, versioned: str, receive: Receive
) -> None:
    s3 = local_aws.client("s3")
    place = {"Bucket": versioned, "Key": KEY}
    given_up = s3.create_multipart_upload(**place)["UploadId"]
    s3.upload_part(**place, UploadId=given_up, PartNumber=1, Body=bytes(PART))
    s3.abort_multipart_upload(**place, UploadId=given_up)
    upload = s3.create_multipart_upload(**place)["UploadId"]
    bodies = [bytes(PART), b"end"]
    parts = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(**place, UploadId=upload, PartNumber=number, Body=body)["ETag"],
        }
        for number, body in enumerate(bodies, 1)
    ]
    done = s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload={"Parts": parts})
    s3.put_object_tagging(**place, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    (event,) = receive(1)
    assert event["detail"]["reason"] == "CompleteMultipartUpload"
    about = event["detail"]["object"]
    assert (about["key"], about["size"]) == (KEY, PART + 3)
    assert about["version-id"] == done["VersionId"]
    assert about["etag"] == done["ETag"].strip('"')


def test_deletions_say_whether_a_marker_or_the_object_itself(
    local_aws: LocalAws, versioned: str, receive: Receive
) -> None:
    s3 = local_aws.client("s3")
    put = s3.put_object(Bucket=versioned, Key=KEY, Body=b"hello")
    marker = s3.delete_object(Bucket=versioned, Key=KEY)
    s3.delete_objects(
        Bucket=versioned,
        Delete={"Objects": [{"Key": KEY, "VersionId": put["VersionId"]}], "Quiet": True},
    )
    _, hidden, gone = receive(3)
    assert hidden["detail-type"] == gone["detail-type"] == "Object Deleted"
    assert hidden["detail"]["deletion-type"] == "Delete Marker Created"
    assert hidden["detail"]["object"]["version-id"] == marker["VersionId"]
    assert gone["detail"]["deletion-type"] == "Permanently Deleted"
    assert gone["detail"]["object"]["version-id"] == put["VersionId"]
    assert gone["detail"]["object"]["etag"] == put["ETag"].strip('"')


def test_only_buckets_that_ask_for_events_send_them(
    local_aws: LocalAws, bucket: str, receive: Receive
) -> None:
    s3 = local_aws.client("s3")
    found = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert found["EventBridgeConfiguration"] == {}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    s3.put_object(Bucket=bucket, Key="silent", Body=b"")
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    s3.put_object(Bucket=bucket, Key="watched", Body=b"")
    (event,) = receive(1)
    assert event["detail"]["object"]["key"] == "watched"


def test_direct_notifications_and_missing_buckets_are_refused(
    local_aws: LocalAws, bucket: str
) -> None:
    s3 = local_aws.client("s3")
    queue = {"QueueArn": "arn:aws:sqs:us-east-1:123456789012:q", "Events": ["s3:ObjectCreated:*"]}
    with pytest.raises(s3.exceptions.ClientError, match="QueueConfiguration"):
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [queue]}
        )
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.get_bucket_notification_configuration(Bucket="no-such-bucket-here")


def test_the_aws_command_copies_files_with_awkward_names_and_in_parts(
    local_aws: LocalAws, versioned: str, receive: Receive, tmp_path: Path
) -> None:
    small, large = tmp_path / "a+b 50% ü.csv", tmp_path / "large.bin"
    small.write_text("x,y\n1,2\n")
    large.write_bytes(os.urandom(2 * PART + 7))
    for file in (small, large):
        _aws(local_aws, "s3", "cp", str(file), f"s3://{versioned}/p/{file.name}", "--quiet")
    found = {event["detail"]["object"]["key"]: event["detail"] for event in receive(2)}
    assert found[f"p/{small.name}"]["reason"] == "PutObject"
    assert found[f"p/{large.name}"]["reason"] == "CompleteMultipartUpload"
    assert found[f"p/{large.name}"]["object"]["size"] == 2 * PART + 7
    body = local_aws.client("s3").get_object(Bucket=versioned, Key="p/large.bin")["Body"].read()
    assert body == large.read_bytes()


def _aws(local_aws: LocalAws, *words: str) -> None:
    command = Path(sys.executable).with_name("aws")
    subprocess.run([command, *words], env=local_aws.child_environment(), check=True, timeout=120)


def test_a_bucket_policy_is_kept_but_denies_nothing(local_aws: LocalAws) -> None:
    """A policy that denies requests without TLS would otherwise deny all of them here."""
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket="with-policy")
    tls_only = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": "arn:aws:s3:::with-policy/*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
    s3.put_bucket_policy(Bucket="with-policy", Policy=json.dumps(tls_only))
    s3.put_object(Bucket="with-policy", Key="a", Body=b"1")
    assert json.loads(s3.get_bucket_policy(Bucket="with-policy")["Policy"]) == tls_only
    s3.delete_bucket_policy(Bucket="with-policy")
    with pytest.raises(s3.exceptions.ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket="with-policy")


@pytest.mark.parametrize("name", ["\x1b[31m.csv", "two\nlines.csv", "\ufffe.csv"])
def test_a_key_that_no_list_could_hold_is_refused_by_name(
    local_aws: LocalAws, versioned: str, name: str
) -> None:
    s3 = local_aws.client("s3")
    with pytest.raises(ClientError, match="does not support control characters in keys"):
        s3.put_object(Bucket=versioned, Key=name, Body=b"1")
    s3.put_object(Bucket=versioned, Key="\x85.csv", Body=b"1")
    (kept,) = s3.list_object_versions(Bucket=versioned)["Versions"]
    assert kept["Key"] == "\x85.csv"


def test_a_request_that_is_not_xml_is_told_to_be_malformed(
    local_aws: LocalAws, bucket: str
) -> None:
    with pytest.raises(ClientError, match="MalformedXML"):
        local_aws.client("s3").delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "\x1b"}]})
