"""What the arguments of a Task must look like: botocore's shapes, and the few that have none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ratchet.workflow.integrations.resource import Resource
from ratchet.workflow.integrations.sdk import service_model as sdk_model
from ratchet.workflow.integrations.service_models import actions, session
from ratchet.workflow.integrations.spelling import Shape

# Actions of ours that are called otherwise in the API behind them.
BOTOCORE_SERVICE = {
    "states": "stepfunctions",
    "elasticmapreduce": "emr",
    "bedrock": "bedrock-runtime",
    "bedrockagentcore": "bedrock-agentcore",
}


@dataclass(frozen=True, slots=True)
class Members:
    """Arguments of an integration that is no API call: what it takes and what it needs."""

    names: frozenset[str]
    needed: tuple[str, ...]


def members(needed: str, others: str = "") -> Members:
    """Names in a row, as the documents list them."""
    return Members(frozenset((*needed.split(), *others.split())), tuple(needed.split()))


# The developer guide's pages on API Gateway, HTTP endpoints, EKS, EMR and Bedrock.
OWN: Mapping[tuple[str, str], Members] = {
    ("apigateway", "invoke"): members(
        "ApiEndpoint Method",
        "Headers Stage Path QueryParameters RequestBody AllowNullValues AuthType",
    ),
    ("http", "invoke"): members(
        "ApiEndpoint Method",
        "Authentication InvocationConfig Headers QueryParameters RequestBody Transform",
    ),
    ("eks", "call"): members(
        "ClusterName CertificateAuthority Endpoint Method Path", "QueryParameters RequestBody"
    ),
    ("eks", "runJob"): members(
        "ClusterName CertificateAuthority Endpoint Job", "Namespace LogOptions"
    ),
    ("elasticmapreduce", "addStep"): members("ClusterId Step", "ExecutionRoleArn"),
    ("elasticmapreduce", "cancelStep"): members("ClusterId StepId"),
    ("elasticmapreduce", "terminateCluster"): members("ClusterId"),
    ("elasticmapreduce", "setClusterTerminationProtection"): members(
        "ClusterId TerminationProtected"
    ),
    ("elasticmapreduce", "modifyInstanceFleetByName"): members(
        "ClusterId InstanceFleetName InstanceFleet"
    ),
    ("elasticmapreduce", "modifyInstanceGroupByName"): members(
        "ClusterId InstanceGroupName InstanceGroup"
    ),
    ("bedrock", "invokeModel"): members(
        "ModelId",
        "Body Accept ContentType Input Output Trace GuardrailIdentifier GuardrailVersion "
        "PerformanceConfigLatency ServiceTier",
    ),
}
_OTHER_NAMES = {("elasticmapreduce", "createCluster"): ("emr", "RunJobFlow")}
_OTHER_SERVICES = {("bedrock", "createModelCustomizationJob"): "bedrock"}


def own_members(resource: Resource) -> Members | None:
    """The arguments of an integration that is no plain API call."""
    if resource.kind != "optimised":
        return None
    return OWN.get((resource.service, resource.action))


def input_shape(resource: Resource) -> Shape | None:
    """The shape of the arguments; None if botocore does not know the call or it takes none."""
    found = _operation(resource)
    return _input(*found) if found is not None else None


def _operation(resource: Resource) -> tuple[str, str] | None:
    key = (resource.service, resource.action)
    if resource.kind == "optimised" and key in _OTHER_NAMES:
        return _OTHER_NAMES[key]
    service = botocore_name(resource.service, sdk=resource.kind == "aws-sdk")
    if resource.kind == "optimised":
        service = _OTHER_SERVICES.get(key, service)
    if service is None or resource.kind not in ("optimised", "aws-sdk") or not _is_known(service):
        return None
    name = actions(service).get(resource.action)
    return (service, name) if name is not None else None


@cache
def _is_known(service: str) -> bool:
    return service in session().get_available_services()


@cache
def _input(service: str, operation: str) -> Shape | None:
    return _model(service).operation_model(operation).input_shape


@cache
def _model(service: str) -> Any:
    return session().get_service_model(service)


def needed(shape: Shape) -> list[str]:
    """Members that must be given; tokens against repeated calls are filled in by the SDK."""
    return [
        name
        for name in shape.required_members
        if not shape.members[name].metadata.get("idempotencyToken")
    ]


@cache
def botocore_name(service: str, *, sdk: bool) -> str | None:
    """The botocore service behind an integration's service name, or None."""
    if not sdk:
        return BOTOCORE_SERVICE.get(service, service)
    return sdk_model(service)


def operation(resource: Resource) -> str | None:
    """The API operation behind a resource, or None if botocore knows none."""
    service = botocore_name(resource.service, sdk=resource.kind == "aws-sdk")
    return actions(service).get(resource.action) if service else None
