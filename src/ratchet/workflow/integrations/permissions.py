"""The IAM actions behind a Task's Resource: what the call needs, and what following its job needs.

From the developer guide's "IAM policies for integrated services" and from botocore's operations.
The export writes roles from these tables; the lint holds roles against them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ratchet.workflow.integrations.api import botocore_name
from ratchet.workflow.integrations.resource import Resource

RULE_ACTIONS = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
MAP_ACTIONS = ("states:StartExecution", "states:DescribeExecution", "states:StopExecution")
"""What a distributed Map needs on its own machine and on its executions."""


@dataclass(frozen=True, slots=True)
class Following:
    """With what Step Functions watches and stops a `.sync` job.

    `rule` is the managed EventBridge rule it keeps for that. `also` is in the documented policy,
    and jobs are followed without it.
    """

    actions: tuple[str, ...]
    rule: str | None = None
    also: tuple[str, ...] = ()


_FOLLOWING: Mapping[str, Following] = {
    "athena:startQueryExecution": Following(
        ("athena:GetQueryExecution", "athena:StopQueryExecution"), also=("athena:GetDataCatalog",)
    ),
    "batch:submitJob": Following(
        ("batch:DescribeJobs", "batch:TerminateJob"), "StepFunctionsGetEventsForBatchJobsRule"
    ),
    "bedrock:createModelCustomizationJob": Following(
        ("bedrock:GetModelCustomizationJob", "bedrock:StopModelCustomizationJob")
    ),
    "codebuild:startBuild": Following(
        ("codebuild:BatchGetBuilds", "codebuild:StopBuild"),
        "StepFunctionsGetEventForCodeBuildStartBuildRule",
    ),
    "databrew:startJobRun": Following(
        ("databrew:DescribeJobRun", "databrew:StopJobRun"), also=("databrew:ListJobRuns",)
    ),
    "ecs:runTask": Following(
        ("ecs:DescribeTasks", "ecs:StopTask"), "StepFunctionsGetEventsForECSTaskRule"
    ),
    "elasticmapreduce:createCluster": Following(
        ("elasticmapreduce:DescribeCluster", "elasticmapreduce:TerminateJobFlows"),
        "StepFunctionsGetEventForEMRRunJobFlowRule",
    ),
    "elasticmapreduce:terminateCluster": Following(
        ("elasticmapreduce:DescribeCluster",), "StepFunctionsGetEventForEMRTerminateJobFlowsRule"
    ),
    "elasticmapreduce:addStep": Following(
        ("elasticmapreduce:DescribeStep", "elasticmapreduce:CancelSteps"),
        "StepFunctionsGetEventForEMRAddJobFlowStepsRule",
    ),
    "emr-serverless:startJobRun": Following(
        ("emr-serverless:GetJobRun", "emr-serverless:CancelJobRun"),
        "StepFunctionsGetEventsForEMRServerlessJobRule",
    ),
    "emr-serverless:createApplication": Following(
        ("emr-serverless:GetApplication", "emr-serverless:DeleteApplication"),
        "StepFunctionsGetEventsForEMRServerlessApplicationRule",
    ),
    "glue:startJobRun": Following(
        ("glue:GetJobRun", "glue:BatchStopJobRun"), also=("glue:GetJobRuns",)
    ),
    **{
        f"sagemaker:create{kind}Job": Following(
            (f"sagemaker:Describe{kind}Job", f"sagemaker:Stop{kind}Job"),
            f"StepFunctionsGetEventsForSageMaker{rule}JobsRule",
        )
        for kind, rule in (
            ("HyperParameterTuning", "Tuning"),
            ("Processing", "Processing"),
            ("Training", "Training"),
            ("Transform", "Transform"),
        )
    },
    "states:startExecution": Following(
        ("states:DescribeExecution", "states:StopExecution"),
        "StepFunctionsGetEventsForStepFunctionsExecutionRule",
    ),
}
# IAM's prefix is not botocore's name of the service.
_PREFIXES: Mapping[str, str] = {
    "bedrock-runtime": "bedrock",
    "emr": "elasticmapreduce",
    "stepfunctions": "states",
}
# Services (as botocore names them) whose actions IAM calls as the API does.
_ALIKE = frozenset(
    {
        "athena", "batch", "codebuild", "comprehend", "databrew", "dynamodb", "ecs", "events",
        "firehose", "glue", "kinesis", "kms", "polly", "rekognition", "sagemaker", "scheduler",
        "secretsmanager", "sns", "sqs", "ssm", "stepfunctions", "textract", "transcribe",
        "translate",
    }
)  # fmt: skip
# Actions that IAM calls otherwise, by botocore's service and operation.
_OTHERWISE: Mapping[str, tuple[str, ...]] = {
    "http:Invoke": ("states:InvokeHTTPEndpoint",),
    "lambda:Invoke": ("lambda:InvokeFunction",),
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
# The same, where it depends on what the call says: granted, but never missed.
_UNSURE: Mapping[str, tuple[str, ...]] = {
    "apigateway:Invoke": ("execute-api:Invoke",),
    "dynamodb:BatchExecuteStatement": ("dynamodb:PartiQL*",),
    "dynamodb:ExecuteStatement": ("dynamodb:PartiQL*",),
    "dynamodb:ExecuteTransaction": ("dynamodb:PartiQL*",),
    "dynamodb:TransactGetItems": ("dynamodb:GetItem",),
    "dynamodb:TransactWriteItems": (
        *("dynamodb:ConditionCheckItem", "dynamodb:DeleteItem"),
        *("dynamodb:PutItem", "dynamodb:UpdateItem"),
    ),
    "eks:Call": ("eks:DescribeCluster",),
    "eks:RunJob": ("eks:DescribeCluster",),
    "emr:AddStep": ("elasticmapreduce:AddJobFlowSteps",),
    "emr:CancelStep": ("elasticmapreduce:CancelSteps",),
    "emr:CreateCluster": ("elasticmapreduce:RunJobFlow",),
    "emr:ModifyInstanceFleetByName": (
        "elasticmapreduce:ModifyInstanceFleet",
        "elasticmapreduce:ListInstanceFleets",
    ),
    "emr:ModifyInstanceGroupByName": (
        "elasticmapreduce:ModifyInstanceGroups",
        "elasticmapreduce:ListInstanceGroups",
    ),
    "emr:SetClusterTerminationProtection": ("elasticmapreduce:SetTerminationProtection",),
    "emr:TerminateCluster": ("elasticmapreduce:TerminateJobFlows",),
    "sns:PublishBatch": ("sns:Publish",),
    "sqs:ChangeMessageVisibilityBatch": ("sqs:ChangeMessageVisibility",),
    "sqs:DeleteMessageBatch": ("sqs:DeleteMessage",),
    "sqs:SendMessageBatch": ("sqs:SendMessage",),
}


@dataclass(frozen=True, slots=True)
class Target:
    """The argument that names what a call is about, and where the name stands in its ARN."""

    parameter: str
    service: str
    path: str


# By service and action, or by service alone.
_TARGETS: Mapping[str, Target] = {
    "databrew:startJobRun": Target("Name", "databrew", "job/%s"),
    "dynamodb": Target("TableName", "dynamodb", "table/%s"),
    "glue:startJobRun": Target("JobName", "glue", "job/%s"),
    "lambda": Target("FunctionName", "lambda", "function:%s"),
    "sagemaker:createEndpoint": Target("EndpointName", "sagemaker", "endpoint/%s"),
    "sagemaker:createEndpointConfig": Target(
        "EndpointConfigName", "sagemaker", "endpoint-config/%s"
    ),
    "sagemaker:createHyperParameterTuningJob": Target(
        "HyperParameterTuningJobName", "sagemaker", "hyper-parameter-tuning-job/%s"
    ),
    "sagemaker:createModel": Target("ModelName", "sagemaker", "model/%s"),
    "sagemaker:createProcessingJob": Target("ProcessingJobName", "sagemaker", "processing-job/%s"),
    "sagemaker:createTrainingJob": Target("TrainingJobName", "sagemaker", "training-job/%s"),
    "sagemaker:createTransformJob": Target("TransformJobName", "sagemaker", "transform-job/%s"),
    "sagemaker:deleteEndpoint": Target("EndpointName", "sagemaker", "endpoint/%s"),
    "sagemaker:describeEndpoint": Target("EndpointName", "sagemaker", "endpoint/%s"),
    "sagemaker:updateEndpoint": Target("EndpointName", "sagemaker", "endpoint/%s"),
    "sfn:startExecution": Target("StateMachineArn", "states", "stateMachine:%s"),
    "sns:publish": Target("TopicArn", "sns", "%s"),
    "sqs": Target("QueueUrl", "sqs", "%s"),
    "states": Target("StateMachineArn", "states", "stateMachine:%s"),
}


def called(resource: Resource) -> tuple[str, ...]:
    """The actions that the call itself needs, to the best of what is known."""
    service, operation = _api(resource)
    known = f"{service}:{operation}"
    alike = (f"{_PREFIXES.get(service, service)}:{operation}",)
    return _OTHERWISE.get(known) or _UNSURE.get(known) or alike


def is_certain(resource: Resource) -> bool:
    """Whether the call fails without the actions that `called` gives."""
    service, operation = _api(resource)
    known = f"{service}:{operation}"
    return known in _OTHERWISE or (service in _ALIKE and known not in _UNSURE)


def following(resource: Resource) -> Following | None:
    """What Step Functions needs beside the call, for a `.sync` job."""
    return _FOLLOWING.get(f"{resource.service}:{resource.action}") if resource.is_job else None


def target_of(resource: Resource) -> Target | None:
    """What the call is about, as far as one argument names it."""
    named = _TARGETS.get(f"{resource.service}:{resource.action}")
    return named or _TARGETS.get(resource.service)


def _api(resource: Resource) -> tuple[str, str]:
    """Service and operation as botocore names them."""
    name = botocore_name(resource.service, sdk=resource.kind == "aws-sdk")
    return name or resource.service, resource.action[:1].upper() + resource.action[1:]
