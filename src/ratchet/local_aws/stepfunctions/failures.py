"""Names and causes of failed calls, spelt as Step Functions spells them.

Optimised integrations are built on the AWS SDK for Java 1.x, `aws-sdk` ones on 2.x; both leave
their class names in the error: `SageMaker.AmazonSageMakerException`, `S3.NoSuchBucketException`.
"""

from __future__ import annotations

import re
from typing import Any

from ratchet.workflow.asl.errors import StateError
from ratchet.workflow.asl.resources import Resource

# Integration -> (name before the dot, the service's name in Java 1.x).
_OPTIMISED = {
    "databrew": ("DataBrew", "AWSGlueDataBrew"),
    "dynamodb": ("DynamoDB", "AmazonDynamoDB"),
    "events": ("EventBridge", "AmazonEventBridge"),
    "glue": ("Glue", "AWSGlue"),
    "lambda": ("Lambda", "AWSLambda"),
    "sagemaker": ("SageMaker", "AmazonSageMaker"),
    "sns": ("SNS", "AmazonSNS"),
    "sqs": ("SQS", "AmazonSQS"),
    "states": ("StepFunctions", "AWSStepFunctions"),
}
_ACRONYM = re.compile(r"[A-Z]{2,}(?![a-z])")


def service_error(resource: Resource, operation: Any, error: Any) -> StateError:
    """The failure behind a botocore ClientError."""
    code = error.response.get("Error", {}).get("Code", "Unknown")
    message = error.response.get("Error", {}).get("Message", str(error))
    meta = error.response.get("ResponseMetadata", {})
    status, request = meta.get("HTTPStatusCode", 400), meta.get("RequestId", "")
    known = _modelled(operation, code)
    if resource.kind == "aws-sdk":
        prefix = sdk_prefix(operation.service_model.service_id)
        name = known or f"{prefix}Exception"
        cause = f"{message} (Service: {prefix}, Status Code: {status}, Request ID: {request})"
    else:
        prefix, java = _OPTIMISED[resource.service]
        name = known or f"{java}Exception"
        cause = (
            f"{message} (Service: {java}; Status Code: {status}; Error Code: {code}; "
            f"Request ID: {request}; Proxy: null)"
        )
    return StateError(f"{prefix}.{name}", cause)


def unreachable(resource: Resource, operation: Any, error: Exception) -> StateError:
    """The failure when the service gave no answer at all."""
    if resource.kind == "aws-sdk":
        prefix = sdk_prefix(operation.service_model.service_id)
    else:
        prefix = _OPTIMISED[resource.service][0]
    return StateError(f"{prefix}.SdkClientException", str(error))


def function_error(payload: Any, text: str) -> StateError:
    """The failure of a Lambda function: its exception's class name is the error's name."""
    name = payload.get("errorType") if isinstance(payload, dict) else None
    return StateError(name or "Lambda.Unknown", text)


def sdk_prefix(service_id: str) -> str:
    """`DynamoDB` -> `DynamoDb`, `SQS` -> `Sqs`, as Java 2.x names its classes."""
    words = re.split(r"[\s-]+", service_id.removesuffix(" Service"))
    return "".join(_ACRONYM.sub(lambda run: run[0].capitalize(), word) for word in words)


def _modelled(operation: Any, code: str) -> str | None:
    for shape in (*operation.error_shapes, *operation.service_model.error_shapes):
        if code in (shape.name, shape.metadata.get("error", {}).get("code")):
            name = str(shape.name)
            return name if name.endswith("Exception") else f"{name}Exception"
    return None
