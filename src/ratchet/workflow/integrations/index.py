"""All rows, found by what a Resource names and by the API's operation."""

from __future__ import annotations

from itertools import chain

from ratchet.workflow.integrations import sdk
from ratchet.workflow.integrations.resource import Resource
from ratchet.workflow.integrations.row import Integration, Operation, Service
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
"""By service and action, as Step Functions names them."""


def row_of(resource: Resource) -> Integration | None:
    """The row of an optimised integration or of a plain function ARN; None for anything else."""
    if resource.kind not in ("lambda", "optimised"):
        return None
    return ROWS.get((resource.service, resource.action))


def row_behind(operation: Operation) -> Integration | None:
    """The row whose action is this operation of an API."""
    return next((row for row in ROWS.values() if row.operation == operation), None)


def service_named(name: str) -> Service | None:
    """The service with this name in Step Functions."""
    return next((row.service for row in ROWS.values() if row.service.name == name), None)


def service_behind(model: str) -> Service | None:
    """The service with this name in botocore."""
    return next((row.service for row in ROWS.values() if row.service.model == model), None)


def actions_of(service: str) -> dict[str, Integration]:
    """The rows of a service, by action."""
    return {action: row for (name, action), row in ROWS.items() if name == service}


def caption_of(service: str) -> str:
    """What a service is called in pictures; an unknown one by its name in the Resource."""
    known = service_named(service)
    return known.caption if known is not None else sdk.CAPTIONS.get(service, service)
