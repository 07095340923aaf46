"""Resource ARNs of service integrations, and the three patterns of calling them."""

from __future__ import annotations

import os
from collections.abc import Collection
from enum import Enum


class IntegrationPattern(Enum):
    """How a Task waits: for its token to be returned, for the job to end, or not at all."""

    WaitForTaskToken = "waitForTaskToken"
    WaitForCompletion = "sync"
    CallAndContinue = ""


def partition() -> str:
    """The partition of the region in the environment. No AWS call, no session."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def get_service_integration_arn(
    service: str,
    api: str | Enum,
    integration_pattern: IntegrationPattern = IntegrationPattern.CallAndContinue,
    version: int | None = None,
) -> str:
    """`arn:aws:states:::sagemaker:createTrainingJob.sync`, for example."""
    name = api.value if isinstance(api, Enum) else api
    suffix = f".{integration_pattern.value}" if integration_pattern.value else ""
    return f"arn:{partition()}:states:::{service}:{name}{suffix}" + (
        f":{version}" if version else ""
    )


def is_integration_pattern_valid(
    integration_pattern: IntegrationPattern, supported: Collection[IntegrationPattern]
) -> None:
    """Raise TypeError for anything but a pattern, ValueError for one not offered."""
    if not isinstance(integration_pattern, IntegrationPattern):
        raise TypeError(f"An IntegrationPattern is needed, not {integration_pattern!r}")
    if integration_pattern not in supported:
        known = ", ".join(pattern.name for pattern in supported)
        raise ValueError(f"{integration_pattern.name} is not offered here; use one of {known}")
