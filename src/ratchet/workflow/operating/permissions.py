"""The IAM statements that a definition's calls need, and no more.

What `.sync` needs beside the call itself is from the developer guide's "IAM policies for
integrated services"; the names of actions from botocore's operations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ratchet.workflow.asl import resources
from ratchet.workflow.asl.model import Map, StateMachine, Task
from ratchet.workflow.asl.resources import Resource

_HERE = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
_RULE = _HERE % ("events", "rule/%s")
_RULE_ACTIONS = ("events:PutTargets", "events:PutRule", "events:DescribeRule")

# botocore's operation is not the IAM action's name.
_ACTIONS = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListObjects": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:CopyObject": "s3:PutObject",
    "s3:DeleteObjects": "s3:DeleteObject",
}
# The prefix of IAM actions is not the service's name.
_PREFIXES = {
    "stepfunctions": "states",
    "emr": "elasticmapreduce",
    "bedrock-runtime": "bedrock",
    "logs": "logs",
    "cloudwatch": "cloudwatch",
    "cognito-idp": "cognito-idp",
}
# service:action -> (rule of the managed events, actions that watch and stop the job)
_JOBS: Mapping[str, tuple[str | None, tuple[str, ...]]] = {
    "athena:startQueryExecution": (
        None,
        ("athena:GetQueryExecution", "athena:StopQueryExecution", "athena:GetDataCatalog"),
    ),
    "batch:submitJob": (
        "StepFunctionsGetEventsForBatchJobsRule",
        ("batch:DescribeJobs", "batch:TerminateJob"),
    ),
    "bedrock:createModelCustomizationJob": (
        None,
        ("bedrock:GetModelCustomizationJob", "bedrock:StopModelCustomizationJob"),
    ),
    "codebuild:startBuild": (
        "StepFunctionsGetEventForCodeBuildStartBuildRule",
        ("codebuild:BatchGetBuilds", "codebuild:StopBuild"),
    ),
    "databrew:startJobRun": (
        None,
        ("databrew:ListJobRuns", "databrew:DescribeJobRun", "databrew:StopJobRun"),
    ),
    "ecs:runTask": ("StepFunctionsGetEventsForECSTaskRule", ("ecs:DescribeTasks", "ecs:StopTask")),
    "glue:startJobRun": (
        None,
        ("glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"),
    ),
    "sagemaker:createTrainingJob": (
        "StepFunctionsGetEventsForSageMakerTrainingJobsRule",
        ("sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob"),
    ),
    "sagemaker:createTransformJob": (
        "StepFunctionsGetEventsForSageMakerTransformJobsRule",
        ("sagemaker:DescribeTransformJob", "sagemaker:StopTransformJob"),
    ),
    "sagemaker:createProcessingJob": (
        "StepFunctionsGetEventsForSageMakerProcessingJobsRule",
        ("sagemaker:DescribeProcessingJob", "sagemaker:StopProcessingJob"),
    ),
    "sagemaker:createHyperParameterTuningJob": (
        "StepFunctionsGetEventsForSageMakerTuningJobsRule",
        ("sagemaker:DescribeHyperParameterTuningJob", "sagemaker:StopHyperParameterTuningJob"),
    ),
    "states:startExecution": (
        "StepFunctionsGetEventsForStepFunctionsExecutionRule",
        ("states:DescribeExecution", "states:StopExecution"),
    ),
    "elasticmapreduce:createCluster": (
        "StepFunctionsGetEventForEMRRunJobFlowRule",
        ("elasticmapreduce:DescribeCluster", "elasticmapreduce:TerminateJobFlows"),
    ),
    "elasticmapreduce:terminateCluster": (
        "StepFunctionsGetEventForEMRTerminateJobFlowsRule",
        ("elasticmapreduce:DescribeCluster",),
    ),
    "elasticmapreduce:addStep": (
        "StepFunctionsGetEventForEMRAddJobFlowStepsRule",
        ("elasticmapreduce:DescribeStep", "elasticmapreduce:CancelSteps"),
    ),
    "emr-serverless:startJobRun": (
        "StepFunctionsGetEventsForEMRServerlessJobRule",
        ("emr-serverless:GetJobRun", "emr-serverless:CancelJobRun"),
    ),
    "emr-serverless:createApplication": (
        "StepFunctionsGetEventsForEMRServerlessApplicationRule",
        ("emr-serverless:GetApplication", "emr-serverless:DeleteApplication"),
    ),
}
# Operations of ours that the API calls otherwise.
_CALLED = {
    "elasticmapreduce:createCluster": ("elasticmapreduce:RunJobFlow",),
    "elasticmapreduce:terminateCluster": ("elasticmapreduce:TerminateJobFlows",),
    "elasticmapreduce:addStep": ("elasticmapreduce:AddJobFlowSteps",),
    "elasticmapreduce:cancelStep": ("elasticmapreduce:CancelSteps",),
    "elasticmapreduce:setClusterTerminationProtection": (
        "elasticmapreduce:SetTerminationProtection",
    ),
    "elasticmapreduce:modifyInstanceFleetByName": (
        "elasticmapreduce:ModifyInstanceFleet",
        "elasticmapreduce:ListInstanceFleets",
    ),
    "elasticmapreduce:modifyInstanceGroupByName": (
        "elasticmapreduce:ModifyInstanceGroups",
        "elasticmapreduce:ListInstanceGroups",
    ),
    "http:invoke": ("states:InvokeHTTPEndpoint",),
    "apigateway:invoke": ("execute-api:Invoke",),
    "eks:call": ("eks:DescribeCluster",),
    "eks:runJob": ("eks:DescribeCluster",),
}
# service:action -> how its resource is named by a parameter, or by its kind.
_NAMED: Mapping[str, tuple[str, str]] = {
    "lambda:invoke": ("FunctionName", _HERE % ("lambda", "function:%s")),
    "glue:startJobRun": ("JobName", _HERE % ("glue", "job/%s")),
    "databrew:startJobRun": ("Name", _HERE % ("databrew", "job/%s")),
    "dynamodb:getItem": ("TableName", _HERE % ("dynamodb", "table/%s")),
    "dynamodb:putItem": ("TableName", _HERE % ("dynamodb", "table/%s")),
    "dynamodb:updateItem": ("TableName", _HERE % ("dynamodb", "table/%s")),
    "dynamodb:deleteItem": ("TableName", _HERE % ("dynamodb", "table/%s")),
    "sns:publish": ("TopicArn", "%s"),
    "states:startExecution": ("StateMachineArn", "%s"),
    "sagemaker:createTrainingJob": ("TrainingJobName", _HERE % ("sagemaker", "training-job/%s")),
    "sagemaker:createTransformJob": (
        "TransformJobName",
        _HERE % ("sagemaker", "transform-job/%s"),
    ),
    "sagemaker:createProcessingJob": (
        "ProcessingJobName",
        _HERE % ("sagemaker", "processing-job/%s"),
    ),
    "sagemaker:createHyperParameterTuningJob": (
        "HyperParameterTuningJobName",
        _HERE % ("sagemaker", "hyper-parameter-tuning-job/%s"),
    ),
    "sagemaker:createModel": ("ModelName", _HERE % ("sagemaker", "model/%s")),
    "sagemaker:createEndpointConfig": (
        "EndpointConfigName",
        _HERE % ("sagemaker", "endpoint-config/%s"),
    ),
    "sagemaker:createEndpoint": ("EndpointName", _HERE % ("sagemaker", "endpoint/%s")),
    "sagemaker:updateEndpoint": ("EndpointName", _HERE % ("sagemaker", "endpoint/%s")),
    "sagemaker:describeEndpoint": ("EndpointName", _HERE % ("sagemaker", "endpoint/%s")),
}
_ROLES = re.compile(r"^arn:[^:]+:iam::[^:]*:role/.+$")


@dataclass(frozen=True, slots=True)
class Statement:
    """What may be done to what."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: tuple[tuple[str, str], ...] = ()

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": list(self.resources),
        }
        if self.condition:
            document["Condition"] = {"StringEquals": dict(self.condition)}
        return document


def statements(machine: StateMachine) -> tuple[Statement, ...]:
    """Everything the machine's states call, each statement once, in the order of the text."""
    found: dict[Statement, None] = {}
    for state in machine.all_states():
        if isinstance(state, Task):
            arguments = state.document.get("Arguments", state.document.get("Parameters"))
            given = arguments if isinstance(arguments, dict) else {}
            found |= dict.fromkeys(_of_task(state.resource, given))
        if isinstance(state, Map):
            found |= dict.fromkeys(_of_map(state))
    return tuple(found)


def _of_task(resource: Resource, given: Mapping[str, Any]) -> Iterator[Statement]:
    if resource.kind == "lambda":
        yield Statement(("lambda:InvokeFunction",), (resource.arn, f"{resource.arn}:*"))
        return
    key = f"{resource.service}:{resource.action}"
    tags = bool({"Tags", "Tags.$"} & given.keys())
    yield Statement(_called(resource, tags=tags), _targets(resource, given))
    if resource.is_job and key in _JOBS:
        rule, actions = _JOBS[key]
        anywhere = key in ("batch:submitJob", "ecs:runTask")
        yield Statement(actions, ("*",) if anywhere else _watched(resource, given))
        if rule:
            yield Statement(_RULE_ACTIONS, (_RULE % rule,))
    for role in sorted(set(_roles_in(given))):
        service = _passed_to(resource)
        yield Statement(("iam:PassRole",), (role,), (("iam:PassedToService", service),))
    if key == "http:invoke":
        yield from _connection(given)


def _called(resource: Resource, *, tags: bool) -> tuple[str, ...]:
    key = f"{resource.service}:{resource.action}"
    if resource.kind == "optimised" and key in _CALLED:
        return _CALLED[key]
    botocore = resources.botocore_name(resource.service, sdk=resource.kind == "aws-sdk")
    prefix = _PREFIXES.get(botocore or "", botocore or resource.service)
    name = f"{prefix}:{resource.action[:1].upper()}{resource.action[1:]}"
    called = _ACTIONS.get(name, name)
    return (called, "sagemaker:AddTags") if tags and prefix == "sagemaker" else (called,)


def _targets(resource: Resource, given: Mapping[str, Any]) -> tuple[str, ...]:
    """The ARNs a call is about: by name where the definition says it, by kind where it is open."""
    if resource.service == "sagemaker" and resource.action in ("createEndpoint", "updateEndpoint"):
        config = Resource("", resource.kind, "sagemaker", "createEndpointConfig")
        return (*_named(resource, given), *_named(config, given))
    return _named(resource, given)


def _named(resource: Resource, given: Mapping[str, Any]) -> tuple[str, ...]:
    parameter, pattern = _NAMED.get(f"{resource.service}:{resource.action}", ("", ""))
    if not pattern:
        return _buckets(resource, given) or ("*",)
    value = given.get(parameter)
    name = value if isinstance(value, str) and not value.lstrip().startswith("{%") else "*"
    if name.startswith(("arn:", "${")):
        return (name, f"{name}:*") if resource.service == "lambda" else (name,)
    arn = pattern % name
    return (arn, f"{arn}:*") if resource.service == "lambda" and name != "*" else (arn,)


def _buckets(resource: Resource, given: Mapping[str, Any]) -> tuple[str, ...]:
    bucket, key = given.get("Bucket"), given.get("Key")
    if resource.service != "s3" or not isinstance(bucket, str) or bucket.startswith("{%"):
        return ()
    arn = "arn:${AWS::Partition}:s3:::" + bucket
    literal = isinstance(key, str) and not key.startswith("{%")
    return (arn, f"{arn}/{key if literal else '*'}")


def _watched(resource: Resource, given: Mapping[str, Any]) -> tuple[str, ...]:
    if resource.service == "states":
        target = _targets(resource, given)[0]
        return (target.replace(":stateMachine:", ":execution:") + ":*" if target != "*" else "*",)
    return _targets(resource, given)


def _roles_in(value: Any) -> Iterator[str]:
    """Roles handed over in a request: the service must be allowed to take them."""
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _roles_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from _roles_in(part)
    elif isinstance(value, str) and _ROLES.match(value):
        yield value


def _passed_to(resource: Resource) -> str:
    service = resources.botocore_name(resource.service, sdk=resource.kind == "aws-sdk")
    names = {"ecs": "ecs-tasks", "emr": "elasticmapreduce", "stepfunctions": "states"}
    return f"{names.get(service or '', service or resource.service)}.amazonaws.com"


def _connection(given: Mapping[str, Any]) -> Iterator[Statement]:
    authentication = given.get("Authentication")
    arn = authentication.get("ConnectionArn") if isinstance(authentication, dict) else None
    known = arn if isinstance(arn, str) and arn.startswith(("arn:", "${")) else "*"
    yield Statement(("events:RetrieveConnectionCredentials",), (known,))
    secret = _HERE % ("secretsmanager", "secret:events!connection/*")
    yield Statement(("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"), (secret,))


def _of_map(state: Map) -> Iterator[Statement]:
    """A distributed Map starts executions of its own machine and reads and writes S3."""
    flow = state.document.get("ItemProcessor")
    config = flow.get("ProcessorConfig") if isinstance(flow, dict) else None
    if not isinstance(config, dict) or config.get("Mode") != "DISTRIBUTED":
        return
    own = _HERE % ("states", "%s:${StateMachineName}")
    yield Statement(("states:StartExecution",), (own % "stateMachine",))
    yield Statement(
        ("states:DescribeExecution", "states:StopExecution"),
        (_HERE % ("states", "execution:${StateMachineName}/*"),),
    )
    yield from _s3_of(state.document.get("ItemReader"), ("s3:GetObject", "s3:ListBucket"))
    yield from _s3_of(
        state.document.get("ResultWriter"),
        ("s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"),
    )


def _s3_of(part: Any, actions: Iterable[str]) -> Iterator[Statement]:
    if isinstance(part, dict):
        given = part.get("Arguments", part.get("Parameters", {}))
        bucket = given.get("Bucket") if isinstance(given, dict) else None
        literal = isinstance(bucket, str) and not bucket.startswith("{%")
        arn = f"arn:${{AWS::Partition}}:s3:::{bucket if literal else '*'}"
        yield Statement(tuple(actions), (arn, f"{arn}/*"))
