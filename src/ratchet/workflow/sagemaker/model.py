"""Models as steps see them: an image, an artifact and a role; several of these; or a package."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ratchet.workflow.former_names import Description
from ratchet.workflow.sagemaker.inputs import given
from ratchet.workflow.sagemaker.source import Source, Upload


@dataclass(slots=True)
class Model(Description):
    """One container. Values may be placeholders."""

    image_uri: Any
    model_data: Any = None
    role: Any = None
    name: Any = None
    env: dict[str, Any] = field(default_factory=dict)
    vpc_config: dict[str, Any] | None = None
    enable_network_isolation: bool = False
    source: Source | None = None

    def container(self) -> dict[str, Any]:
        env = dict(self.env)
        if self.source is not None:
            env |= {
                "SAGEMAKER_PROGRAM": self.source.program,
                "SAGEMAKER_SUBMIT_DIRECTORY": self.source.uri,
            }
        return given(Image=self.image_uri, ModelDataUrl=self.model_data, Environment=env)

    @property
    def uploads(self) -> tuple[Upload, ...]:
        return self.source.uploads if self.source is not None else ()


@dataclass(slots=True)
class PipelineModel(Description):
    """Containers that process each request one after the other."""

    models: list[Model]
    role: Any
    name: Any = None


@dataclass(frozen=True, slots=True)
class ModelPackage(Description):
    """A version in the model registry, deployed as it is."""

    role: Any
    model_package_arn: Any
    name: Any = None
