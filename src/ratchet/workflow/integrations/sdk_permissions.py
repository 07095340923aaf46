"""Permissions of AWS SDK integrations that no optimised integration has.

From the service authorization reference of each service.
"""

from __future__ import annotations

from collections.abc import Mapping

from ratchet.workflow.integrations.row import Target
from ratchet.workflow.integrations.services.sagemaker import ENDPOINT

# IAM prefixes that differ from botocore's service name.
PREFIXES: Mapping[str, str] = {"bedrock-runtime": "bedrock"}
# Services, by botocore's name, whose IAM actions are named like the API's operations.
SAME_NAMES = frozenset(
    {
        "athena", "batch", "codebuild", "comprehend", "databrew", "dynamodb", "ecs", "events",
        "firehose", "glue", "kinesis", "kms", "polly", "rekognition", "sagemaker", "scheduler",
        "secretsmanager", "sns", "sqs", "ssm", "stepfunctions", "textract", "transcribe",
        "translate",
    }
)  # fmt: skip
# Operations whose IAM action has another name, by botocore's service and operation.
RENAMED: Mapping[str, tuple[str, ...]] = {
    "s3:CopyObject": ("s3:PutObject",),
    "s3:DeleteObject": ("s3:DeleteObject",),
    "s3:DeleteObjects": ("s3:DeleteObject",),
    "s3:GetObject": ("s3:GetObject",),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:ListBuckets": ("s3:ListAllMyBuckets",),
    "s3:ListObjects": ("s3:ListBucket",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:PutObject": ("s3:PutObject",),
}
# The same, where the action depends on the request: granted, but never reported as missing.
VARYING: Mapping[str, tuple[str, ...]] = {
    "dynamodb:BatchExecuteStatement": ("dynamodb:PartiQL*",),
    "dynamodb:ExecuteStatement": ("dynamodb:PartiQL*",),
    "dynamodb:ExecuteTransaction": ("dynamodb:PartiQL*",),
    "dynamodb:TransactGetItems": ("dynamodb:GetItem",),
    "dynamodb:TransactWriteItems": (
        *("dynamodb:ConditionCheckItem", "dynamodb:DeleteItem"),
        *("dynamodb:PutItem", "dynamodb:UpdateItem"),
    ),
    "sns:PublishBatch": ("sns:Publish",),
    "sqs:ChangeMessageVisibilityBatch": ("sqs:ChangeMessageVisibility",),
    "sqs:DeleteMessageBatch": ("sqs:DeleteMessage",),
    "sqs:SendMessageBatch": ("sqs:SendMessage",),
}
TARGETS: Mapping[str, tuple[Target, ...]] = {
    "sagemaker:DeleteEndpoint": (ENDPOINT,),
    "sagemaker:DescribeEndpoint": (ENDPOINT,),
}
