"""All rows, and lookups by Resource, API operation and service."""

from __future__ import annotations

from itertools import chain

from ratchet.workflow.integrations import sdk
from ratchet.workflow.integrations.resource import Resource
from ratchet.workflow.integrations.row import Integration, Service
from ratchet.workflow.integrations.service_models import Operation
from ratchet.workflow.integrations.services import (
    athena,
    batch,
    bedrock,
    codebuild,
    databrew,
    dynamodb,
    ecs,
    eks,
    emr,
    emr_containers,
    emr_serverless,
    glue,
    http,
    lambda_,
    mediaconvert,
    messages,
    sagemaker,
    states,
)

ROWS: dict[tuple[str, str], Integration] = {
    (row.service.name, row.action): row
    for row in chain(
        athena.ROWS,
        batch.ROWS,
        bedrock.ROWS,
        codebuild.ROWS,
        databrew.ROWS,
        dynamodb.ROWS,
        ecs.ROWS,
        eks.ROWS,
        emr.ROWS,
        emr_containers.ROWS,
        emr_serverless.ROWS,
        glue.ROWS,
        http.ROWS,
        lambda_.ROWS,
        mediaconvert.ROWS,
        messages.ROWS,
        sagemaker.ROWS,
        states.ROWS,
    )
}
"""Rows by service and action, as a Resource names them."""


def row_of(resource: Resource) -> Integration | None:
    """The row of an optimised integration or a plain function ARN; None for anything else."""
    if resource.kind not in ("lambda", "optimised"):
        return None
    return ROWS.get((resource.service, resource.action))


def row_behind(operation: Operation) -> Integration | None:
    """The row that calls this API operation."""
    return next((row for row in ROWS.values() if row.operation == operation), None)


def service_named(name: str) -> Service | None:
    """The service with this name in a Resource."""
    return next((row.service for row in ROWS.values() if row.service.name == name), None)


def service_behind(model: str) -> Service | None:
    """The service with this name in botocore."""
    return next((row.service for row in ROWS.values() if row.service.model == model), None)


def actions_of(service: str) -> dict[str, Integration]:
    """The rows of a service, by action."""
    return {action: row for (name, action), row in ROWS.items() if name == service}


def caption_of(service: str) -> str:
    """The name of a service in pictures; for an unknown one, its name in the Resource."""
    known = service_named(service)
    return known.caption if known is not None else sdk.CAPTIONS.get(service, service)
