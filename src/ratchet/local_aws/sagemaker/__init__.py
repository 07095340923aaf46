"""SageMaker brought to life: jobs, endpoints and the model registry.

The services are imported when asked for: the container programs in `containers` start in a
process of their own, import this package, and must not pay for boto3.
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
