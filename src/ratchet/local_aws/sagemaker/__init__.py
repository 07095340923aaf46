"""Living SageMaker: jobs, endpoints and the model registry.

The services are imported on first use: the container programs in `containers` run in separate
processes, import this package, and must not load boto3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ratchet.local_aws.sagemaker.service import SageMaker, SageMakerRuntime

__all__ = ["SageMaker", "SageMakerRuntime"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ratchet.local_aws.sagemaker import service

    return getattr(service, name)
