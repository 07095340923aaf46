"""The gateway: whose requests it accepts, and where each of them goes."""

from __future__ import annotations

import json
import socket
import sys
import urllib.request
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from moto import backends

from ratchet.local_aws.door.gateway import is_loopback, service_of
from ratchet.local_aws.running.local import LocalAws

SCOPE = "AWS4-HMAC-SHA256 Credential=local/20260301/{region}/{service}/aws4_request, Signature=0"


def _ask(
    local_aws: LocalAws, method: str, path: str, headers: dict[str, str]
) -> tuple[int, dict[str, Any]]:
    connection = HTTPConnection(urlsplit(local_aws.endpoint).netloc, timeout=10)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def test_it_identifies_itself(local_aws: LocalAws) -> None:
    status, about = _ask(local_aws, "GET", "/_ratchet", {})
    assert status == 200
    assert about["product"] == "ratchet"
    assert about["endpoint"] == local_aws.endpoint
    assert about["folder"] == str(local_aws.folder)
    assert {"version", "pid", "region", "stack", "endpoints"} <= about.keys()


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:4566"},
        {"Host": "127.0.0.1.evil.example"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
@pytest.mark.parametrize("path", ["/_ratchet", "/some-bucket/key"])
def test_a_web_page_or_a_rebound_name_is_refused(
    local_aws: LocalAws, headers: dict[str, str], path: str
) -> None:
    status, body = _ask(local_aws, "GET", path, headers)
    assert status == 403
    assert "local AWS" in body["message"]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:4566", True),
        ("localhost:4566", True),
        ("[::1]:4566", True),
        ("127.9.9.9", True),
        ("0.0.0.0:4566", False),
        ("localhost.evil.example", False),
        ("[::1", False),
        ("", False),
    ],
)
def test_loopback_names(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("path", "authorization", "query", "expected"),
    [
        ("/", SCOPE.format(region="us-east-1", service="states"), "", ("states", "us-east-1")),
        ("/b/k", SCOPE.format(region="eu-west-1", service="s3"), "", ("s3", "eu-west-1")),
        (
            "/endpoints/e/invocations",
            SCOPE.format(region="us-east-1", service="sagemaker"),
            "",
            ("sagemaker-runtime", "us-east-1"),
        ),
        (
            "/b/k",
            "",
            "X-Amz-Credential=local%2F20260301%2Fus-east-1%2Fs3%2Faws4_request",
            ("s3", "us-east-1"),
        ),
        ("/b/k", "", "AWSAccessKeyId=local&Signature=x&Expires=1", ("s3", "")),
        ("/b/k", "", "", ("s3", "")),
        ("/", "", "", ("", "")),
    ],
)
def test_the_service_is_found_from_the_signature(
    path: str, authorization: str, query: str, expected: tuple[str, str]
) -> None:
    environ = {"PATH_INFO": path, "QUERY_STRING": query}
    if authorization:
        environ["HTTP_AUTHORIZATION"] = authorization
    assert service_of(environ) == expected


def test_an_unsigned_request_and_motos_own_paths_get_a_readable_refusal(
    local_aws: LocalAws,
) -> None:
    status, body = _ask(local_aws, "GET", "/", {})
    assert (status, "not signed" in body["message"]) == (400, True)
    status, body = _ask(local_aws, "POST", "/moto-api/reset", {})
    assert status == 404


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_presigned_address_works_with_either_signature(local_aws: LocalAws, version: str) -> None:
    bucket, key = f"presigned-{version}", "a+b 50% ü.txt"
    local_aws.client("s3").create_bucket(Bucket=bucket)
    signer = _other_client(local_aws, "s3", signature_version=version)
    place = {"Bucket": bucket, "Key": key}
    put = urllib.request.Request(
        signer.generate_presigned_url("put_object", Params={**place, "ContentType": "text/plain"}),
        data=b"hello",
        method="PUT",
        headers={"Content-Type": "text/plain"},
    )
    with urllib.request.urlopen(put) as answer:
        assert answer.status == 200
    with urllib.request.urlopen(signer.generate_presigned_url("get_object", Params=place)) as got:
        assert got.read() == b"hello"
    with pytest.raises(HTTPError) as missing:
        urllib.request.urlopen(f"{local_aws.endpoint}/{bucket}/no-such-key")
    assert missing.value.code in {403, 404}


def test_what_moto_serves_passes_through(local_aws: LocalAws) -> None:
    sqs, dynamodb = local_aws.client("sqs"), local_aws.client("dynamodb")
    url = sqs.create_queue(QueueName="passed")["QueueUrl"]
    assert url.startswith(local_aws.endpoint)
    dynamodb.create_table(
        TableName="passed",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    put = {
        "TableName": "passed",
        "Item": {"k": {"S": "1"}},
        "ConditionExpression": "attribute_not_exists(k)",
    }
    dynamodb.put_item(**put)
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.put_item(**put)
    assert local_aws.client("sts").get_caller_identity()["Account"] == local_aws.account


def test_moto_looks_for_the_backend_of_a_kind_of_request_once(
    local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3, looked = local_aws.client("s3"), []
    s3.list_buckets()
    modules = backends.list_of_moto_modules
    monkeypatch.setattr(
        backends, "list_of_moto_modules", lambda: looked.append("its folder") or modules()
    )
    s3.list_buckets()
    assert looked == []


def test_an_operation_that_is_not_answered_is_refused_by_name(local_aws: LocalAws) -> None:
    events = local_aws.client("events")
    with pytest.raises(events.exceptions.ClientError, match="CreateArchive") as refusal:
        events.create_archive(ArchiveName="a", EventSourceArn="arn:aws:events:x")
    assert refusal.value.response["Error"]["Code"] == "NotSupportedByLocalAws"
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_a_request_for_another_region_is_refused_with_the_one_that_runs(
    local_aws: LocalAws,
) -> None:
    elsewhere = _other_client(local_aws, "events", region="eu-west-1")
    with pytest.raises(elsewhere.exceptions.ClientError, match=f"runs in {local_aws.region}"):
        elsewhere.list_rules()


def test_an_invalid_request_is_refused_before_any_service_sees_it(local_aws: LocalAws) -> None:
    careless = _other_client(local_aws, "scheduler", parameter_validation=False)
    with pytest.raises(careless.exceptions.ValidationException, match="3 validation errors"):
        careless.create_schedule(Name="x")


@pytest.mark.skipif(sys.platform != "linux", reason="reads the listeners from /proc/net")
def test_a_connection_stays_open_whatever_is_asked_through_it(local_aws: LocalAws) -> None:
    bucket = "stays-open"
    local_aws.client("s3").create_bucket(Bucket=bucket)
    local_aws.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x" * 3_000_000)
    signed = {"Authorization": SCOPE.format(region=local_aws.region, service="s3")}
    connection = HTTPConnection(urlsplit(local_aws.endpoint).netloc, timeout=10)
    sockets = set()
    for method, path, body, headers, status, size in [
        ("GET", "/_ratchet", None, {}, 200, None),
        ("HEAD", f"/{bucket}/k", None, signed, 200, 0),
        ("GET", f"/{bucket}/k", None, signed, 200, 3_000_000),
        ("POST", "/_ratchet", b"nobody reads this" * 100, {"Origin": "https://a.b"}, 403, None),
        ("PUT", f"/{bucket}/k", iter([b"in ", b"chunks"]), signed, 200, None),
        ("GET", f"/{bucket}/k", None, signed, 200, 9),
        ("DELETE", f"/{bucket}/k", None, signed, 204, 0),
        ("GET", f"/{bucket}/k", None, signed, 404, None),
        ("GET", "/_ratchet", None, {}, 200, None),
    ]:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        assert (method, answer.status) == (method, status), content
        assert size in (None, len(content))
        sockets.add(connection.sock)
    assert len(sockets) == 1
    assert None not in sockets


def test_a_body_too_long_to_be_skipped_ends_the_connection(local_aws: LocalAws) -> None:
    connection = HTTPConnection(urlsplit(local_aws.endpoint).netloc, timeout=10)
    connection.request("POST", "/_ratchet", b"x" * 1_100_000, {"Origin": "https://a.b"})
    assert connection.getresponse().read()
    assert connection.sock is None or connection.sock.recv(1) == b""


@pytest.mark.parametrize(
    ("headers", "begun"),
    [("Content-Length: 100", ""), ("Transfer-Encoding: chunked", "4\r\nha")],
    ids=["a body with a length", "a body in chunks"],
)
def test_a_client_that_goes_away_in_the_middle_of_its_request_leaves_no_traceback(
    local_aws: LocalAws, capfd: pytest.CaptureFixture[str], headers: str, begun: str
) -> None:
    signed = SCOPE.format(region=local_aws.region, service="states")
    address = urlsplit(local_aws.endpoint)
    assert address.hostname is not None
    assert address.port is not None
    with socket.create_connection((address.hostname, address.port), timeout=10) as client:
        head = f"POST / HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: {signed}\r\n{headers}"
        client.sendall(f"{head}\r\n\r\n{begun}".encode())
        client.shutdown(socket.SHUT_WR)
        while client.recv(1024):  # until the server has closed its side as well
            pass
    assert "Traceback" not in capfd.readouterr().err


def test_idle_connections_end_with_local_aws() -> None:
    with LocalAws.start(port=0, announced=False) as local:
        connection = HTTPConnection(urlsplit(local.endpoint).netloc, timeout=10)
        connection.request("GET", "/_ratchet")
        assert connection.getresponse().read()
        assert connection.sock is not None
    assert connection.sock.recv(1) == b""


def test_it_listens_on_loopback_only(local_aws: LocalAws) -> None:
    port = urlsplit(local_aws.endpoint).port
    listening = "0A"
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    places = {row[1] for row in rows if row[3] == listening and row[1].endswith(f":{port:04X}")}
    assert places == {f"0100007F:{port:04X}"}


def _other_client(
    local_aws: LocalAws, service: str, region: str = "us-east-1", **options: Any
) -> Any:
    session: Any = boto3
    return session.client(
        service,
        endpoint_url=local_aws.endpoint,
        region_name=region,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}, **options),
    )
