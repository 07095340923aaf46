"""The permissions that a role needs for a Task: to make its call, and to follow its job.

The export writes roles from them; the lint checks roles against them.
"""

from __future__ import annotations

from ratchet.workflow.integrations import index, sdk, sdk_permissions
from ratchet.workflow.integrations.resource import Resource
from ratchet.workflow.integrations.row import Integration, Job, Service, Target, capital
from ratchet.workflow.integrations.service_models import Operation

RULE_ACTIONS = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
MAP_ACTIONS = ("states:StartExecution", "states:DescribeExecution", "states:StopExecution")
"""What a distributed Map needs on its own state machine and on that machine's executions."""


def call_permissions(resource: Resource) -> tuple[str, ...]:
    """The permissions of the call itself, as far as they are known."""
    row = row_for(resource)
    if row is not None:
        job = job_of(resource)
        return row.call_permissions + (job.starting_permissions if job is not None else ())
    operation = _operation(resource)
    key = f"{operation.service}:{operation.name}"
    same = (f"{_prefix(operation.service)}:{operation.name}",)
    return sdk_permissions.RENAMED.get(key) or sdk_permissions.VARYING.get(key) or same


def is_certain(resource: Resource) -> bool:
    """Whether the call fails without its `call_permissions`."""
    row = row_for(resource)
    if row is not None:
        return row.is_certain
    operation = _operation(resource)
    key = f"{operation.service}:{operation.name}"
    is_known = operation.service in sdk_permissions.SAME_NAMES
    return key in sdk_permissions.RENAMED or (is_known and key not in sdk_permissions.VARYING)


def job_of(resource: Resource) -> Job | None:
    """The job of a `.sync` resource, with the permissions to follow it."""
    row = index.row_of(resource) if resource.is_job else None
    return row.job if row is not None else None


def targets_of(resource: Resource) -> tuple[Target, ...]:
    """The resources of the call, as far as its arguments name them."""
    row = row_for(resource)
    if row is not None and row.targets:
        return row.targets
    operation = _operation(resource)
    known = sdk_permissions.TARGETS.get(f"{operation.service}:{operation.name}")
    service = _service(resource)
    return known or ((service.target,) if service is not None and service.target else ())


def principal_of(resource: Resource) -> str:
    """The service that assumes the roles passed in the call."""
    service = _service(resource)
    if service is None:
        return f"{_operation(resource).service}.amazonaws.com"
    return service.principal or f"{service.iam}.amazonaws.com"


def row_for(resource: Resource) -> Integration | None:
    """The row of the action, which may also be called through the AWS SDK."""
    if resource.kind == "aws-sdk":
        return index.row_behind(_operation(resource))
    return index.row_of(resource)


def _operation(resource: Resource) -> Operation:
    """The operation that the resource names, whether or not botocore has it."""
    is_sdk = resource.kind == "aws-sdk"
    model = sdk.service_model(resource.service) if is_sdk else None
    return Operation(model or resource.service, capital(resource.action))


def _service(resource: Resource) -> Service | None:
    if resource.kind == "aws-sdk":
        return index.service_behind(_operation(resource).service)
    return index.service_named(resource.service)


def _prefix(model: str) -> str:
    service = index.service_behind(model)
    return service.iam if service is not None else sdk_permissions.PREFIXES.get(model, model)
