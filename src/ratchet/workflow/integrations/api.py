"""The API behind a Resource: its operation and the shapes of its input and output."""

from __future__ import annotations

from functools import cache

from ratchet.workflow.integrations import index, sdk
from ratchet.workflow.integrations.resource import Resource
from ratchet.workflow.integrations.row import Arguments, Polling
from ratchet.workflow.integrations.service_models import Operation, actions, operation_model
from ratchet.workflow.integrations.spelling import Shape


def operation_of(resource: Resource) -> Operation | None:
    """The operation behind a resource, or None if botocore does not have it."""
    if resource.kind == "aws-sdk":
        service = sdk.service_model(resource.service)
        name = actions(service).get(resource.action) if service else None
        return Operation(service, name) if service and name else None
    row = index.row_of(resource)
    operation = row.operation if row is not None else None
    return operation if operation is not None and operation_model(operation) else None


def own_arguments(resource: Resource) -> Arguments | None:
    """The arguments of an integration whose input is not that of an API."""
    row = index.row_of(resource)
    return row.arguments if row is not None else None


def input_shape(resource: Resource) -> Shape | None:
    """The shape of the arguments; None if the call is unknown to botocore or takes none."""
    operation = operation_of(resource) if resource.kind in ("optimised", "aws-sdk") else None
    model = operation_model(operation) if operation is not None else None
    return model.input_shape if model is not None else None


def polling_of(resource: Resource) -> Polling | None:
    """How the job of a `.sync` resource is polled."""
    row = index.row_of(resource) if resource.is_job else None
    return row.job.polling if row is not None and row.job is not None else None


@cache
def output_shape(resource: Resource) -> Shape | None:
    """The shape of a Task's result; None if any result is possible."""
    row = index.row_of(resource)
    is_custom = row is not None and row.has_own_result
    if is_custom or resource.waits_for_token or resource.kind not in ("optimised", "aws-sdk"):
        return None
    operation = operation_of(resource)
    if operation is None:
        return None
    if not resource.is_job:
        return operation_model(operation).output_shape
    polling = polling_of(resource)
    if polling is None or not polling.is_result:
        return None
    shape = operation_model(Operation(operation.service, polling.describe)).output_shape
    return shape_at(shape, polling.job_path)


def shape_at(shape: Shape, path: tuple[str, ...]) -> Shape:
    """The shape at the end of a path of members; "[]" leads to the elements of a list."""
    for step in path:
        shape = shape.member if step == "[]" else shape.members[step]
    return shape


def needed(shape: Shape) -> list[str]:
    """Required members, without idempotency tokens, which the SDK fills in."""
    return [
        name
        for name in shape.required_members
        if not shape.members[name].metadata.get("idempotencyToken")
    ]
