"""The rights that a role needs for a Task: for its call, and to follow the job it starts.

The export writes roles from them; the lint holds roles against them.
"""

from __future__ import annotations

from ratchet.workflow.integrations import index, sdk, sdk_rights
from ratchet.workflow.integrations.resource import Resource
from ratchet.workflow.integrations.row import Integration, Job, Operation, Service, Target, capital

RULE_ACTIONS = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
MAP_ACTIONS = ("states:StartExecution", "states:DescribeExecution", "states:StopExecution")
"""What a distributed Map needs on its own machine and on its executions."""


def called(resource: Resource) -> tuple[str, ...]:
    """The actions that the call itself needs, to the best of what is known."""
    row = row_for(resource)
    if row is not None:
        job = following(resource)
        return row.needs + (job.starting if job is not None else ())
    operation = _operation(resource)
    key = f"{operation.service}:{operation.name}"
    alike = (f"{_prefix(operation.service)}:{operation.name}",)
    return sdk_rights.OTHERWISE.get(key) or sdk_rights.UNSURE.get(key) or alike


def is_certain(resource: Resource) -> bool:
    """Whether the call fails without the actions that `called` gives."""
    row = row_for(resource)
    if row is not None:
        return row.is_certain
    operation = _operation(resource)
    key = f"{operation.service}:{operation.name}"
    is_alike = operation.service in sdk_rights.ALIKE and key not in sdk_rights.UNSURE
    return is_alike or key in sdk_rights.OTHERWISE


def following(resource: Resource) -> Job | None:
    """What a `.sync` resource starts, with the rights to follow it."""
    row = index.row_of(resource) if resource.is_job else None
    return row.job if row is not None else None


def targets_of(resource: Resource) -> tuple[Target, ...]:
    """What the call is about, as far as its arguments name it."""
    row = row_for(resource)
    if row is not None and row.targets:
        return row.targets
    operation = _operation(resource)
    known = sdk_rights.TARGETS.get(f"{operation.service}:{operation.name}")
    service = _service(resource)
    return known or ((service.target,) if service is not None and service.target else ())


def principal_of(resource: Resource) -> str:
    """Who takes the roles that are passed in the call."""
    service = _service(resource)
    if service is None:
        return f"{_operation(resource).service}.amazonaws.com"
    return service.principal or f"{service.iam}.amazonaws.com"


def row_for(resource: Resource) -> Integration | None:
    """The row of the action, also if the AWS SDK calls it."""
    if resource.kind == "aws-sdk":
        return index.row_behind(_operation(resource))
    return index.row_of(resource)


def _operation(resource: Resource) -> Operation:
    """The operation as it would be named; whether botocore has it does not matter here."""
    is_sdk = resource.kind == "aws-sdk"
    model = sdk.service_model(resource.service) if is_sdk else None
    return Operation(model or resource.service, capital(resource.action))


def _service(resource: Resource) -> Service | None:
    if resource.kind == "aws-sdk":
        return index.service_behind(_operation(resource).service)
    return index.service_named(resource.service)


def _prefix(model: str) -> str:
    service = index.service_behind(model)
    return service.iam if service is not None else sdk_rights.PREFIXES.get(model, model)
