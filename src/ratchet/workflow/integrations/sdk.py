"""AWS SDK integrations: names of services, and services and actions that AWS does not offer.

The service in `aws-sdk:` is named as in the AWS SDK for Java 2.x: botocore's service ID in lower
case without spaces.
"""

from __future__ import annotations

from functools import cache

from ratchet.workflow.integrations.service_models import session

# Names on AWS's page of supported SDK integrations that differ from botocore's name without
# hyphens.
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

# On that page, but no longer in botocore: AWS has closed these services or is closing them.
CLOSED = frozenset(
    {
        "apptest", "elasticinference", "elastictranscoder", "evidently", "finspace",
        "finspacedata", "honeycode", "iotanalytics", "iotevents", "ioteventsdata", "iotfleethub",
        "lookoutmetrics", "lookoutvision", "opsworks", "opsworkscm", "panorama",
        "privatenetworks", "qldb", "qldbsession", "robomaker", "simspaceweaver", "sms", "tnb",
    }
)  # fmt: skip
# Actions that the page excludes: they stream, return credentials or are deprecated.
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

# Captions of services without an optimised integration.
CAPTIONS = {"s3": "S3"}


def service_model(service: str) -> str | None:
    """The botocore service of a name in `aws-sdk:`, or None."""
    if service in SDK_NAMES:
        return SDK_NAMES[service]
    return _squeezed_names().get(service)


def sdk_services() -> list[str]:
    """All names of services in `aws-sdk:`."""
    return [*SDK_NAMES, *_squeezed_names()]


@cache
def _squeezed_names() -> dict[str, str]:
    taken = set(SDK_NAMES.values())
    names = session().get_available_services()
    return {name.replace("-", ""): name for name in names if name not in taken}
