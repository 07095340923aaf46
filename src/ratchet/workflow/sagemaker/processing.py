"""Plain descriptions of processing jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ratchet.workflow.former_names import Description
from ratchet.workflow.sagemaker import image_uris


@dataclass(slots=True)
class Processor(Description):
    """A container run on files: image, role, machines, limits."""

    role: Any
    image_uri: Any = None
    instance_count: Any = 1
    instance_type: Any = None
    entrypoint: list[str] | None = None
    volume_size_in_gb: int = 30
    volume_kms_key: Any = None
    output_kms_key: Any = None
    max_runtime_in_seconds: int | None = None
    env: dict[str, Any] = field(default_factory=dict)
    tags: list[dict[str, str]] | None = None
    network_config: dict[str, Any] | None = None
    sagemaker_session: Any = None
    base_job_name: str | None = None


@dataclass(slots=True)
class ScriptProcessor(Processor):
    """A processor whose entry point is a script among its inputs."""

    command: list[str] = field(default_factory=lambda: ["python3"])


@dataclass(slots=True)
class SKLearnProcessor(ScriptProcessor):
    """A processor on SageMaker's scikit-learn image."""

    framework_version: str = "1.2-1"

    def __post_init__(self) -> None:
        self.image_uri = self.image_uri or image_uris.retrieve(
            "sklearn", version=self.framework_version
        )
