"""boto3 clients, created on the first call."""

from __future__ import annotations

from typing import Any


def client(service: str = "stepfunctions") -> Any:
    """A client as the environment configures it: of AWS, or of local AWS by AWS_ENDPOINT_URL."""
    import boto3

    make: Any = boto3.client
    return make(service)


def beside(client: Any, service: str) -> Any:
    """A client of another service at the same endpoint, with the environment's credentials.

    An endpoint other than AWS's, such as local AWS, needs no credentials.
    """
    import boto3

    meta, session = client.meta, boto3.session.Session()
    is_aws = "amazonaws.com" in meta.endpoint_url
    if not is_aws and session.get_credentials() is None:
        session = boto3.session.Session("local", "local")
    make: Any = session.client
    endpoint = None if is_aws else meta.endpoint_url
    return make(service, region_name=meta.region_name, endpoint_url=endpoint)


def pages(client: Any, operation: str, key: str, limit: int, **request: Any) -> list[Any]:
    """Up to `limit` entries of a listing."""
    paginator = client.get_paginator(operation)
    config = {"MaxItems": limit, "PageSize": min(1000, limit)}
    found: list[Any] = []
    for page in paginator.paginate(**request, PaginationConfig=config):
        found += page[key]
    return found


def console_link(client: Any, kind: str, arn: str) -> str | None:
    """The address of a machine or an execution in the AWS console; None if it is not on AWS."""
    parts = arn.split(":")
    endpoint = str(getattr(client.meta, "endpoint_url", "")) if client is not None else ""
    if len(parts) < 4 or (endpoint and "amazonaws.com" not in endpoint):
        return None
    region, partition = parts[3], parts[1]
    domain = {"aws-cn": "amazonaws.cn", "aws-us-gov": "amazonaws-us-gov.com"}.get(
        partition, "aws.amazon.com"
    )
    host = f"console.{domain}" if partition != "aws" else f"{region}.console.{domain}"
    path = "executions/details" if kind == "execution" else "statemachines/view"
    return f"https://{host}/states/home?region={region}#/{path}/{arn}"
