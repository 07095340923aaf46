"""Round trips: whatever a real boto3 client sends is read as meant, whatever is answered arrives.

The client is real up to the wire: botocore's `before-send` hook hands its HTTP request to our
protocol, and our reply back to its parser.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.door.protocol import Protocol, Reply, Request, protocol_for
from ratchet.local_aws.door.validation import validate
from ratchet.local_aws.running.local import LIVING_SERVICES

MODELS = ["stepfunctions" if name == "states" else name for name in LIVING_SERVICES]
DEEPEST = 2
BOTOCORES_OWN = ("TemplateBody", "EndpointId")  # read as JSON, and made a host name, by the client
MOMENT = datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)


@cache
def _client(service: str) -> Any:
    session: Any = boto3
    return session.client(
        service,
        endpoint_url="http://127.0.0.1:1",
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(
            inject_host_prefix=False, parameter_validation=False, retries={"total_max_attempts": 1}
        ),
    )


@cache
def _protocol(service: str) -> Protocol:
    return protocol_for(_client(service).meta.service_model)


def _request(prepared: Any) -> Request:
    parts = urlsplit(prepared.url)
    body = prepared.body or b""
    body = body.read() if hasattr(body, "read") else body
    return Request(
        method=prepared.method,
        path=parts.path or "/",
        query=parts.query,
        headers={
            key.lower(): value.decode() if isinstance(value, bytes) else value
            for key, value in prepared.headers.items()
        },
        body=body.encode() if isinstance(body, str) else bytes(body),
    )


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> list[bytes]:
        return [self.read()]


def _response(reply: Reply) -> AWSResponse:
    body = reply.body if isinstance(reply.body, bytes) else b"".join(reply.body)
    headers: Any = dict(reply.headers)
    return AWSResponse("http://127.0.0.1:1", reply.status, headers, _Raw(body))


def _exchange(service: str, name: str, sent: dict[str, Any], result: Any) -> tuple[Any, Any]:
    """What the service sees of a call, and what the caller sees of its result."""
    seen: list[Any] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        speaks, read = _protocol(service), _request(request)
        operation = speaks.operation(read)
        seen.extend([operation.name, speaks.parameters(operation, read)])
        if isinstance(result, ServiceError):
            return _response(speaks.refuse(result))
        return _response(speaks.answer(operation, result))

    client = _client(service)
    client.meta.events.register("before-send", answer, unique_id="answer")
    try:
        got = getattr(client, xform_name(name))(**sent)
    finally:
        client.meta.events.unregister("before-send", unique_id="answer")
    assert seen[0] == name
    got.pop("ResponseMetadata")
    return seen[1], got


# --- values of any shape ------------------------------------------------------------------------


def _values(shape: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    located = shape.serialization.get("location") in {"header", "uri", "headers"}
    match shape.type_name:
        case "structure":
            return _structures(shape, depth)
        case "list":
            most = 0 if depth > DEEPEST and not shape.metadata.get("min") else 2
            least = max(1, shape.metadata.get("min", 0)) if most else 0
            return st.lists(_values(shape.member, depth + 1), min_size=least, max_size=least + 1)
        case "map":
            return st.dictionaries(_text(plain=True), _values(shape.value, depth + 1), max_size=2)
        case "string":
            return st.sampled_from(shape.enum) if shape.enum else _text(plain=located)
        case "integer" | "long":
            return st.integers(0, 2**31)
        case "float" | "double":
            return st.floats(-1e6, 1e6, allow_nan=False)
        case "boolean":
            return st.booleans()
        case "timestamp":
            return st.just(MOMENT)
        case "blob":
            return st.binary(min_size=1, max_size=40)
    raise AssertionError(shape.type_name)


def _text(*, plain: bool) -> st.SearchStrategy[str]:
    if plain:
        return st.text("abcXYZ019-_.:/+ %&=", min_size=1, max_size=12).filter(
            lambda text: text == text.strip() and not text.startswith(("/", "."))
        )
    return st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1)


@st.composite
def _structures(draw: Any, shape: Any, depth: int) -> dict[str, Any]:
    optional = [] if depth > DEEPEST else list(shape.members)
    chosen = draw(st.lists(st.sampled_from(optional), unique=True, max_size=4)) if optional else []
    names = dict.fromkeys([*shape.required_members, *chosen])
    if getattr(shape, "is_tagged_union", False):
        names = dict.fromkeys((chosen or list(shape.members))[:1])
    return {name: draw(_values(shape.members[name], depth + 1)) for name in names}


def _is_recursive_or_free(shape: Any, seen: frozenset[str] = frozenset()) -> bool:
    if shape is None:
        return False
    if shape.type_name == "structure":
        if shape.is_document_type or shape.name in seen:
            return True
        inner = seen | {shape.name}
        return any(_is_recursive_or_free(m, inner) for m in shape.members.values())
    if shape.type_name == "list":
        return _is_recursive_or_free(shape.member, seen)
    return shape.type_name == "map" and _is_recursive_or_free(shape.value, seen)


@cache
def _operations(service: str) -> list[str]:
    """Those without event streams, endless shapes and free documents; no living service has any."""
    model = _client(service).meta.service_model
    names = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        shapes = (operation.input_shape, operation.output_shape)
        streams = operation.has_event_stream_input or operation.has_event_stream_output
        if not streams and not any(_is_recursive_or_free(shape) for shape in shapes):
            names.append(name)
    return names


@pytest.mark.parametrize("service", MODELS)
@settings(
    max_examples=60,
    derandomize=True,
    suppress_health_check=[HealthCheck.data_too_large],
)
@given(data=st.data())
def test_requests_and_results_travel_unharmed(service: str, data: Any) -> None:
    name = data.draw(st.sampled_from(_operations(service)))
    operation = _client(service).meta.service_model.operation_model(name)
    sent = data.draw(_values(operation.input_shape)) if operation.input_shape else {}
    result = data.draw(_values(operation.output_shape)) if operation.output_shape else {}
    for member in BOTOCORES_OWN:
        sent.pop(member, None)
        result.pop(member, None)
    _complete(operation.output_shape, result)
    seen, got = _exchange(service, name, sent, result)
    tokens = {
        name
        for name, shape in (operation.input_shape.members if operation.input_shape else {}).items()
        if shape.metadata.get("idempotencyToken")
    }
    seen = {key: value for key, value in seen.items() if key in sent or key not in tokens}
    assert _plain(seen) == _plain(sent)
    assert _plain(got) == _plain(result)


def _complete(shape: Any, result: dict[str, Any]) -> None:
    """What every answer has: a status, and a body, if only an empty one."""
    for name, member in (shape.members if shape else {}).items():
        if member.serialization.get("location") == "statusCode":
            result[name] = 202
        if shape.serialization.get("payload") == name and member.type_name == "blob":
            result.setdefault(name, b"")


def _plain(value: Any) -> Any:
    """Values to compare: streams read; empty containers, which query cannot carry, dropped."""
    if hasattr(value, "read"):
        return value.read()
    if isinstance(value, dict):
        plain = {key: _plain(item) for key, item in value.items()}
        return {key: item for key, item in plain.items() if item not in ({}, [])}
    if isinstance(value, list):
        return [item for item in map(_plain, value) if item not in ({}, [])]
    return value


# --- errors, payloads ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "operation", "sent", "code", "status"),
    [
        ("stepfunctions", "DescribeExecution", {"executionArn": "a"}, "ExecutionDoesNotExist", 400),
        ("lambda", "GetFunction", {"FunctionName": "f"}, "ResourceNotFoundException", 404),
        ("databrew", "StartJobRun", {"Name": "j"}, "ConflictException", 409),
        ("glue", "GetJob", {"JobName": "j"}, "EntityNotFoundException", 400),
        ("cloudformation", "DescribeStacks", {}, "ValidationError", 400),
    ],
)
def test_an_error_arrives_under_its_own_name(
    service: str, operation: str, sent: dict[str, Any], code: str, status: int
) -> None:
    client = _client(service)
    with pytest.raises(client.exceptions.ClientError) as caught:
        _exchange(service, operation, sent, ServiceError(code, 'no "such" <thing> ü'))
    response = caught.value.response
    assert response["Error"]["Code"] == code
    assert response["Error"]["Message"] == 'no "such" <thing> ü'
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_modelled_error_carries_its_members() -> None:
    refusal = ServiceError("ModelError", "boom", members={"OriginalStatusCode": 500})
    client = _client("sagemaker-runtime")
    with pytest.raises(client.exceptions.ModelError) as caught:
        _exchange(
            "sagemaker-runtime", "InvokeEndpoint", {"EndpointName": "e", "Body": b""}, refusal
        )
    assert caught.value.response["OriginalStatusCode"] == 500


@pytest.mark.parametrize(
    "payload", [b"\x00\xff", io.BytesIO(b"\x00\xff"), iter([b"\x00", b"\xff"])]
)
def test_a_payload_may_be_bytes_a_file_or_parts(payload: Any) -> None:
    result = {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": payload}
    seen, got = _exchange("lambda", "Invoke", {"FunctionName": "a:b", "Payload": b"{}"}, result)
    assert seen == {"FunctionName": "a:b", "Payload": b"{}"}
    assert got["FunctionError"] == "Unhandled"
    assert got["Payload"].read() == b"\x00\xff"


# --- validation ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "operation", "sent", "reason"),
    [
        (
            "sagemaker",
            "CreateModel",
            {"ModelName": "-bad-"},
            "1 validation error detected: Value '-bad-' at 'modelName' failed to satisfy const",
        ),
        ("sagemaker", "CreateModel", {"ModelName": "m" * 64}, "less than or equal to 63"),
        ("stepfunctions", "CreateStateMachine", {"name": "x"}, "3 validation errors|2 validation"),
        ("stepfunctions", "StopExecution", {}, "Value null at 'executionArn'.*must not be null"),
        (
            "scheduler",
            "CreateSchedule",
            {
                "Name": "x",
                "ScheduleExpression": "rate(1 day)",
                "FlexibleTimeWindow": {"Mode": "MAYBE"},
                "Target": {"Arn": "a", "RoleArn": "arn:aws:iam::123456789012:role/r"},
            },
            r"'MAYBE' at 'flexibleTimeWindow.mode'.*enum value set: \[OFF, FLEXIBLE\]",
        ),
        (
            "events",
            "PutRule",
            {"Name": "x", "Tags": [{"Key": "", "Value": ""}]},
            "tags.1.member.key",
        ),
        ("glue", "GetJob", {"JobName": "j", "Colour": "red"}, 'Unknown parameter.*"Colour"'),
        ("databrew", "CreateRecipeJob", {"MaxCapacity": "five"}, "must not be null"),
        ("glue", "StartJobRun", {"JobName": "j", "MaxCapacity": "five"}, "Invalid type"),
    ],
)
def test_what_the_model_forbids_is_refused_in_the_words_of_aws(
    service: str, operation: str, sent: dict[str, Any], reason: str
) -> None:
    model = _client(service).meta.service_model.operation_model(operation)
    with pytest.raises(ServiceError, match=reason):
        validate(service, model, sent)


def test_every_pattern_of_the_living_services_compiles() -> None:
    from ratchet.local_aws.door.java_patterns import compiled, matches

    for service in MODELS:
        model = _client(service).meta.service_model
        for name in model.shape_names:
            if pattern := model.shape_for(name).metadata.get("pattern"):
                compiled(pattern)
    assert matches(r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$", "Größe 1")
    assert not matches(r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$", "a;b")
