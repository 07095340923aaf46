"""What the states call against what the role in the template allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from ratchet.workflow.asl import resources
from ratchet.workflow.asl.findings import WARNING, Finding, Path
from ratchet.workflow.asl.model import Map, State, Task
from ratchet.workflow.asl.resources import Resource
from ratchet.workflow.checks.integrations import resource_of
from ratchet.workflow.checks.role import Role
from ratchet.workflow.checks.rule import Rule, Subject

_RULES = ("events:PutRule", "events:PutTargets", "events:DescribeRule")
# What Step Functions itself calls to follow a .sync job and to stop it.
_FOLLOWING: Mapping[str, tuple[str, ...]] = {
    "athena:startQueryExecution": ("athena:GetQueryExecution", "athena:StopQueryExecution"),
    "batch:submitJob": ("batch:DescribeJobs", "batch:TerminateJob", *_RULES),
    "codebuild:startBuild": ("codebuild:BatchGetBuilds", "codebuild:StopBuild", *_RULES),
    "databrew:startJobRun": ("databrew:DescribeJobRun", "databrew:StopJobRun"),
    "ecs:runTask": ("ecs:DescribeTasks", "ecs:StopTask", *_RULES),
    "glue:startJobRun": ("glue:GetJobRun", "glue:BatchStopJobRun"),
    "sagemaker:createProcessingJob": (
        "sagemaker:DescribeProcessingJob",
        "sagemaker:StopProcessingJob",
        *_RULES,
    ),
    "sagemaker:createTrainingJob": (
        "sagemaker:DescribeTrainingJob",
        "sagemaker:StopTrainingJob",
        *_RULES,
    ),
    "sagemaker:createTransformJob": (
        "sagemaker:DescribeTransformJob",
        "sagemaker:StopTransformJob",
        *_RULES,
    ),
    "states:startExecution": ("states:DescribeExecution", "states:StopExecution", *_RULES),
}
# Services whose actions are called in IAM as in their API, with IAM's prefix for them.
_PREFIXES: Mapping[str, str] = {
    "athena": "athena",
    "batch": "batch",
    "codebuild": "codebuild",
    "comprehend": "comprehend",
    "databrew": "databrew",
    "dynamodb": "dynamodb",
    "ecs": "ecs",
    "events": "events",
    "firehose": "firehose",
    "glue": "glue",
    "kinesis": "kinesis",
    "kms": "kms",
    "polly": "polly",
    "rekognition": "rekognition",
    "sagemaker": "sagemaker",
    "scheduler": "scheduler",
    "secretsmanager": "secretsmanager",
    "sns": "sns",
    "sqs": "sqs",
    "ssm": "ssm",
    "stepfunctions": "states",
    "textract": "textract",
    "transcribe": "transcribe",
    "translate": "translate",
}
_OTHERWISE: Mapping[str, str] = {
    "http:Invoke": "states:InvokeHTTPEndpoint",
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:CopyObject": "s3:PutObject",
    "s3:DeleteObject": "s3:DeleteObject",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:GetObject": "s3:GetObject",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:PutObject": "s3:PutObject",
}
# Calls whose permission depends on what they say.
_UNSURE = frozenset(
    {
        "dynamodb:BatchExecuteStatement",
        "dynamodb:ExecuteStatement",
        "dynamodb:ExecuteTransaction",
        "dynamodb:TransactGetItems",
        "dynamodb:TransactWriteItems",
        "sns:PublishBatch",
        "sqs:ChangeMessageVisibilityBatch",
        "sqs:DeleteMessageBatch",
        "sqs:SendMessageBatch",
    }
)
# The argument that names the thing which is called.
_TARGETS: Mapping[str, str] = {
    "dynamodb": "TableName",
    "lambda": "FunctionName",
    "sns": "TopicArn",
    "sqs": "QueueUrl",
    "states": "StateMachineArn",
    "sfn": "StateMachineArn",
}


class Permissions(Rule):
    """The role of the machine may call what the states call."""

    id = "permission"
    summary = "The role in the template allows what the states call"
    link = Rule.link + "service-integration-iam-templates.html"
    code = "PERMISSION_MISSING"

    def check(self, subject: Subject) -> Iterator[Finding]:
        role = subject.role
        if role is None or role.is_open:
            return
        for state in subject.states:
            if isinstance(state, Task) and "Credentials" not in state.document:
                resource = resource_of(subject, state)
                action = _action(resource) if resource is not None else None
                if resource is not None and action is not None:
                    yield from self._task(role, state, resource, action)
            elif isinstance(state, Map):
                yield from self._map(role, state)

    def _task(self, role: Role, state: Task, resource: Resource, action: str) -> Iterator[Finding]:
        path = (*state.path, "Resource")
        if not role.allows(action):
            yield self._refused(path, f"allow {action}", action)
            return
        target = _target(role, state, resource)
        if target is not None and not role.allows_on(action, target):
            yield self._refused(path, f"allow {action} on {target}", action)
        if resource.is_job:
            needed = _FOLLOWING.get(f"{resource.service}:{resource.action}", ())
            missing = [name for name in needed if not role.allows(name)]
            if missing:
                yield self.finding(
                    path,
                    f"The role does not allow {', '.join(missing)}, with which Step Functions "
                    "follows the job",
                    "Add them to the role, or drop .sync",
                    severity=WARNING,
                )

    def _map(self, role: Role, state: Map) -> Iterator[Finding]:
        config = state.processor.document.get("ProcessorConfig") if state.processor else None
        is_distributed = isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED"
        if is_distributed and not role.allows("states:StartExecution"):
            yield self.finding(
                state.path,
                "The role does not allow states:StartExecution, with which a distributed Map "
                "starts its child executions",
                "Add it to the role, on the state machine itself",
                severity=WARNING,
            )

    def _refused(self, path: Path, what: str, action: str) -> Finding:
        return self.finding(path, f"The role does not {what}", f"Add {action} to its policies")


def _action(resource: Resource) -> str | None:
    """The permission that a call needs; None where that is not certain."""
    if resource.kind == "lambda":
        return "lambda:InvokeFunction"
    if resource.kind not in ("optimised", "aws-sdk"):
        return None
    return _permission(resource.kind == "aws-sdk", resource.service, resource.action)


@cache
def _permission(is_sdk: bool, service: str, action: str) -> str | None:
    operation = action[:1].upper() + action[1:]
    name = resources.botocore_name(service, sdk=is_sdk) or service
    known = f"{name}:{operation}"
    if known in _OTHERWISE or known in _UNSURE or name not in _PREFIXES:
        return _OTHERWISE.get(known)
    return f"{_PREFIXES[name]}:{operation}"


def _target(role: Role, state: State, resource: Resource) -> str | None:
    if resource.kind == "lambda":
        return role.named(resource.arn)
    arguments = state.document.get("Arguments" if state.is_jsonata else "Parameters")
    name = _TARGETS.get(resource.service)
    value = arguments.get(name) if isinstance(arguments, dict) and name is not None else None
    return role.named(value) if isinstance(value, str) else None
