"""The Resource of a Task: what it calls, in which pattern, and whether AWS offers that.

Tables from the AWS documentation page "Integrating optimized services with Step Functions";
service names of `aws-sdk:` are those of the AWS SDK for Java 2.x, that is, botocore's service id
in lower case without spaces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

Pattern = Literal["request", "sync", "sync:2", "waitForTaskToken"]
Kind = Literal["lambda", "optimised", "aws-sdk", "activity", "unknown"]

REQUEST: frozenset[str] = frozenset({"request"})
JOB: frozenset[str] = frozenset({"request", "sync"})
CALLBACK: frozenset[str] = frozenset({"request", "waitForTaskToken"})
BOTH: frozenset[str] = JOB | CALLBACK

OPTIMISED: dict[str, dict[str, frozenset[str]]] = {
    "apigateway": {"invoke": CALLBACK},
    "athena": {
        "startQueryExecution": JOB,
        "stopQueryExecution": REQUEST,
        "getQueryExecution": REQUEST,
        "getQueryResults": REQUEST,
    },
    "batch": {"submitJob": JOB},
    "bedrock": {"invokeModel": CALLBACK, "createModelCustomizationJob": JOB},
    "bedrockagentcore": {"invokeHarness": REQUEST},
    "codebuild": {
        "startBuild": JOB,
        "stopBuild": REQUEST,
        "batchDeleteBuilds": REQUEST,
        "batchGetReports": REQUEST,
        "startBuildBatch": JOB,
        "stopBuildBatch": REQUEST,
        "retryBuildBatch": JOB,
        "deleteBuildBatch": REQUEST,
    },
    "databrew": {"startJobRun": JOB},
    "dynamodb": {
        "getItem": REQUEST,
        "putItem": REQUEST,
        "deleteItem": REQUEST,
        "updateItem": REQUEST,
    },
    "ecs": {"runTask": BOTH},
    "eks": {
        "call": CALLBACK,
        "runJob": BOTH,
        "createCluster": JOB,
        "deleteCluster": JOB,
        "createNodegroup": JOB,
        "deleteNodegroup": JOB,
        "createFargateProfile": JOB,
        "deleteFargateProfile": JOB,
    },
    "elasticmapreduce": {
        "createCluster": JOB,
        "terminateCluster": JOB,
        "addStep": JOB,
        "cancelStep": REQUEST,
        "setClusterTerminationProtection": REQUEST,
        "modifyInstanceFleetByName": REQUEST,
        "modifyInstanceGroupByName": REQUEST,
    },
    "emr-containers": {
        "createVirtualCluster": REQUEST,
        "deleteVirtualCluster": JOB,
        "startJobRun": JOB,
    },
    "emr-serverless": {
        "createApplication": JOB,
        "startApplication": JOB,
        "stopApplication": JOB,
        "deleteApplication": JOB,
        "startJobRun": JOB,
        "cancelJobRun": JOB,
    },
    "events": {"putEvents": CALLBACK},
    "glue": {"startJobRun": JOB},
    "http": {"invoke": REQUEST},
    "lambda": {"invoke": CALLBACK},
    "mediaconvert": {"createJob": JOB},
    "sagemaker": {
        "createEndpoint": REQUEST,
        "createEndpointConfig": REQUEST,
        "createHyperParameterTuningJob": JOB,
        "createLabelingJob": JOB,
        "createModel": REQUEST,
        "createProcessingJob": JOB,
        "createTrainingJob": JOB,
        "createTransformJob": JOB,
        "updateEndpoint": REQUEST,
    },
    "sns": {"publish": CALLBACK},
    "sqs": {"sendMessage": CALLBACK},
    "states": {"startExecution": BOTH | {"sync:2"}},
}

# Actions of ours that are called otherwise in the API behind them.
BOTOCORE_SERVICE = {
    "states": "stepfunctions",
    "elasticmapreduce": "emr",
    "bedrock": "bedrock-runtime",
    "bedrockagentcore": "bedrock-agentcore",
}

# Names on the page "AWS service SDK integrations" (those of Java 2.x) that are not the botocore
# name without its hyphens.
SDK_NAMES = {
    "applicationdiscovery": "discovery",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "config": "config",
    "costandusagereport": "cur",
    "costexplorer": "ce",
    "databasemigration": "dms",
    "directory": "ds",
    "directoryservicedata": "ds-data",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticsearch": "es",
    "eventbridge": "events",
    "iotdataplane": "iot-data",
    "iotjobsdataplane": "iot-jobs-data",
    "lexmodelbuilding": "lex-models",
    "lexmodelsv2": "lexv2-models",
    "lexruntime": "lex-runtime",
    "lexruntimev2": "lexv2-runtime",
    "marketplaceentitlement": "marketplace-entitlement",
    "marketplacemetering": "meteringmarketplace",
    "migrationhub": "mgh",
    "pinpointsmsvoice": "pinpoint-sms-voice",
    "serverlessapplicationrepository": "serverlessrepo",
    "sfn": "stepfunctions",
    "simpledb": "sdb",
}

# On that page, and gone from botocore since: AWS has closed or is closing them.
CLOSED = frozenset(
    {
        "apptest", "elasticinference", "elastictranscoder", "evidently", "finspace",
        "finspacedata", "honeycode", "iotanalytics", "iotevents", "ioteventsdata", "iotfleethub",
        "lookoutmetrics", "lookoutvision", "opsworks", "opsworkscm", "panorama",
        "privatenetworks", "qldb", "qldbsession", "robomaker", "simspaceweaver", "sms", "tnb",
    }
)  # fmt: skip
# Actions that the page excepts: they stream, hand out credentials or are long deprecated.
NOT_OFFERED: dict[str, frozenset[str]] = {
    service: frozenset(actions.split())
    for service, actions in {
        "bedrockagentruntime": "invokeAgent invokeFlow invokeInlineAgent optimizePrompt "
        "retrieveAndGenerateStream",
        "bedrockruntime": "invokeModelWithResponseStream converseStream",
        "cloudwatchlogs": "startLiveTail",
        "codedeploy": "batchGetDeploymentInstances getDeploymentInstance listDeploymentInstances "
        "skipWaitTimeForInstanceTermination",
        "comprehendmedical": "detectEntities",
        "dataexchange": "sendApiAsset",
        "directconnect": "allocateConnectionOnInterconnect describeConnectionLoa "
        "describeConnectionsOnInterconnect describeInterconnectLoa",
        "efs": "createTags",
        "emr": "describeJobFlows",
        "iot": "attachPrincipalPolicy detachPrincipalPolicy listPolicyPrincipals "
        "listPrincipalPolicies",
        "iotsitewise": "invokeAssistant",
        "kinesis": "subscribeToShard",
        "lambda": "invokeAsync invokeWithResponseStream",
        "lexruntimev2": "startConversation",
        "mediapackage": "rotateChannelCredentials",
        "qbusiness": "chat",
        "rdsdata": "executeSql",
        "s3": "selectObjectContent",
        "sagemakerruntime": "invokeEndpointWithResponseStream",
        "shield": "deleteSubscription",
        "sts": "assumeRole assumeRoleWithSAML assumeRoleWithWebIdentity",
    }.items()
}

_INTEGRATION = re.compile(
    r"^arn:(?P<partition>aws[\w-]*):states:(?P<region>[^:]*):(?P<account>[^:]*):(?P<rest>.+)$"
)
_LAMBDA = re.compile(r"^arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:[\w-]+(:[\w$-]+)?$")


@dataclass(frozen=True, slots=True)
class Resource:
    """A Task's Resource, taken apart. `type` and `name` are what history events show."""

    arn: str
    kind: Kind
    service: str = ""
    action: str = ""
    pattern: Pattern = "request"

    @property
    def type(self) -> str:
        return f"aws-sdk:{self.service}" if self.kind == "aws-sdk" else self.service

    @property
    def name(self) -> str:
        return self.action if self.pattern == "request" else f"{self.action}.{self.pattern}"

    @property
    def waits_for_token(self) -> bool:
        return self.pattern == "waitForTaskToken"

    @property
    def is_job(self) -> bool:
        return self.pattern in ("sync", "sync:2")


def parse(arn: str) -> Resource:
    """Take `arn` apart. Anything that is no known form has kind `unknown`."""
    if _LAMBDA.match(arn):
        return Resource(arn, "lambda", "lambda", "invoke")
    match = _INTEGRATION.match(arn)
    if match is None:
        return Resource(arn, "unknown")
    if match["account"]:
        return Resource(arn, "activity" if match["rest"].startswith("activity:") else "unknown")
    return _integration(arn, match["rest"])


def _integration(arn: str, rest: str) -> Resource:
    sdk = rest.startswith("aws-sdk:")
    service, _, action = rest.removeprefix("aws-sdk:").partition(":")
    action, _, suffix = action.partition(".")
    pattern = suffix or "request"
    if pattern not in ("request", "sync", "sync:2", "waitForTaskToken") or not action:
        return Resource(arn, "unknown", service, action)
    return Resource(arn, "aws-sdk" if sdk else "optimised", service, action, pattern)  # type: ignore[arg-type]


@cache
def botocore_name(service: str, *, sdk: bool) -> str | None:
    """The botocore service behind an integration's service name, or None."""
    if not sdk:
        return BOTOCORE_SERVICE.get(service, service)
    if service in SDK_NAMES:
        return SDK_NAMES[service]
    return _squeezed_names().get(service)


def sdk_services() -> list[str]:
    """The names of services behind `aws-sdk:`."""
    return [*SDK_NAMES, *_squeezed_names()]


@cache
def _squeezed_names() -> dict[str, str]:
    taken = set(SDK_NAMES.values())
    names = session().get_available_services()
    return {name.replace("-", ""): name for name in names if name not in taken}


@cache
def session() -> Any:
    """One botocore session without credentials: it only reads service models."""
    import botocore.session

    return botocore.session.get_session()


@cache
def actions(service: str) -> dict[str, str]:
    """Action as ASL writes it (`createTrainingJob`) -> operation, for a botocore service."""
    names = session().get_service_model(service).operation_names
    return {name[:1].lower() + name[1:]: name for name in names}


def operation(resource: Resource) -> str | None:
    """The API operation behind a resource, or None if botocore knows none."""
    service = botocore_name(resource.service, sdk=resource.kind == "aws-sdk")
    return actions(service).get(resource.action) if service else None
