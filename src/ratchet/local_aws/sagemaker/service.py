"""The service as the gateway sees it, composed of its parts."""

from __future__ import annotations

from typing import Any

from ratchet.local_aws.sagemaker.base import Tags
from ratchet.local_aws.sagemaker.endpoints import Endpoints
from ratchet.local_aws.sagemaker.processing import ProcessingJobs
from ratchet.local_aws.sagemaker.registry import Registry
from ratchet.local_aws.sagemaker.runtime import SageMakerRuntime
from ratchet.local_aws.sagemaker.transform import TransformJobs
from ratchet.local_aws.sagemaker.tuning import TuningJobs

__all__ = ["SageMaker", "SageMakerRuntime"]


class SageMaker(Endpoints, ProcessingJobs, Registry, TransformJobs, TuningJobs, Tags):
    """Training, tuning, processing and transform jobs, models, endpoints, the registry, tags."""

    def about(self) -> dict[str, Any]:
        """For `/_ratchet`: every endpoint and what it serves."""
        return {"endpoints": self.endpoints_summary()}
