"""Names and causes of failed calls, spelt as Step Functions spells them.

Optimised integrations are built on the AWS SDK for Java 1.x, `aws-sdk` ones on 2.x; both leave
their class names in the error: `SageMaker.AmazonSageMakerException`, `S3.NoSuchBucketException`.
"""

from __future__ import annotations

import re
from typing import Any

from ratchet.workflow.asl.errors import StateError
from ratchet.workflow.integrations import index
from ratchet.workflow.integrations.resource import Resource
from ratchet.workflow.integrations.row import Error

_MISSING = {"HeadObject": "NoSuchKeyException", "HeadBucket": "NoSuchBucketException"}
"""Operations whose error response has no body: Java 2.x infers what is missing."""


def service_error(resource: Resource, operation: Any, error: Any) -> StateError:
    """The failure behind a botocore ClientError."""
    if resource.kind == "aws-sdk":
        return _sdk_error(operation, error.response)
    given, meta = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    named = _error_of(resource)
    known = _modelled(operation, given)
    cause = (
        f"{given.get('Message', error)} (Service: {named.java}; "
        f"Status Code: {meta.get('HTTPStatusCode', 400)}; "
        f"Error Code: {given.get('Code', 'Unknown')}; "
        f"Request ID: {meta.get('RequestId', '')}; Proxy: null)"
    )
    return StateError(f"{named.prefix}.{_exception(known or named.java)}", cause)


def _sdk_error(operation: Any, response: Any) -> StateError:
    given, meta = response.get("Error", {}), response.get("ResponseMetadata", {})
    prefix, status = sdk_prefix(operation.service_model.service_id), meta.get("HTTPStatusCode", 400)
    name = class_name(_exception(_modelled(operation, given) or prefix))
    message = given.get("Message")
    if status == 404 and operation.name in _MISSING:
        name, message = _MISSING[operation.name], "null"
    extended = f", Extended Request ID: {meta['HostId']}" if meta.get("HostId") else ""
    cause = (
        f"{message} (Service: {prefix}, Status Code: {status}, "
        f"Request ID: {meta.get('RequestId', '')}{extended})"
    )
    return StateError(f"{prefix}.{name}", cause)


def unreachable(resource: Resource, operation: Any, error: Exception) -> StateError:
    """The failure when the service did not respond."""
    if resource.kind == "aws-sdk":
        prefix = sdk_prefix(operation.service_model.service_id)
    else:
        prefix = _error_of(resource).prefix
    return StateError(f"{prefix}.SdkClientException", str(error))


def _error_of(resource: Resource) -> Error:
    service = index.service_named(resource.service)
    if service is None or service.error is None:
        raise KeyError(resource.service)
    return service.error


def function_error(payload: Any, text: str) -> StateError:
    """The failure of a Lambda function: its exception's class name is the error's name."""
    name = payload.get("errorType") if isinstance(payload, dict) else None
    return StateError(name or "Lambda.Unknown", text)


def sdk_prefix(service_id: str) -> str:
    """`DynamoDB` -> `DynamoDb`, `SQS` -> `Sqs`, as Java 2.x names its services."""
    name = class_name(service_id)
    for begin in ("Amazon", "Aws"):
        name = name.removeprefix(begin)
    return name.removesuffix("Service")


_NO_LETTER = re.compile(r"[^A-Za-z0-9]+")
_BOUNDARIES = (
    (re.compile(r"([^a-z]{2,})v(\d+)"), r"\1 v\2 "),
    (re.compile(r"([^A-Z]{2,})V(\d+)"), r"\1 V\2 "),
    (re.compile(r"(?<=[a-z])(?=[A-Z][A-Za-z0-9])"), " "),
    (re.compile(r"([A-Z]+)([A-Z][a-z])"), r"\1 \2"),
    (re.compile(r"(\d)([A-Za-z])"), r"\1 \2"),
)


def class_name(name: str) -> str:
    """A name as Java 2.x writes it in a class: acronyms are words, each word has one capital."""
    text = _NO_LETTER.sub(" ", name)
    for pattern, replacement in _BOUNDARIES:
        text = pattern.sub(replacement, text)
    return "".join(word.capitalize() for word in text.split())


def _exception(name: str) -> str:
    """`QueueDoesNotExist` -> `QueueDoesNotExistException`; a suffix `Fault` is replaced."""
    name = name.removesuffix("Fault")
    return name if name.endswith("Exception") else f"{name}Exception"


def _modelled(operation: Any, given: Any) -> str | None:
    """The API's name of the error, also for services that still send older error codes."""
    codes = (given.get("QueryErrorCode"), given.get("Code"))
    for shape in (*operation.error_shapes, *operation.service_model.error_shapes):
        if {shape.name, shape.metadata.get("error", {}).get("code")} & {*codes} - {None}:
            return str(shape.name)
    return None
