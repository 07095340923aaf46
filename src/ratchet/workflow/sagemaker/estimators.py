"""Plain descriptions of training and transform jobs, under the names users know.

Nothing here calls AWS or needs the SageMaker SDK. An estimator of SDK 2 has the same public
attributes, so steps accept it too.
"""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ratchet.workflow.dynamic import Dynamic
from ratchet.workflow.former_names import Description
from ratchet.workflow.sagemaker import image_uris
from ratchet.workflow.sagemaker.model import Model
from ratchet.workflow.sagemaker.source import Source, Upload
from ratchet.workflow.similar_names import did_you_mean

_FORMER = {
    "train_instance_count": "instance_count",
    "train_instance_type": "instance_type",
    "train_volume_size": "volume_size",
    "train_max_run": "max_run",
    "train_use_spot_instances": "use_spot_instances",
    "train_max_wait": "max_wait",
    "image_name": "image_uri",
}

_HOOKS = {
    "debugger_hook_config": "DebugHookConfig",
    "rules": "DebugRuleConfigurations",
    "tensorboard_output_config": "TensorBoardOutputConfig",
    "profiler_config": "ProfilerConfig",
    "disable_profiler": "ProfilerConfig",
}
"""Arguments of SDK 2 and the fields of CreateTrainingJob that they fill."""


def bucket_name(region: str, account: str) -> str:
    """The default bucket of SageMaker's SDKs."""
    return f"sagemaker-{region}-{account}"


def _default_place(role: Any) -> str | None:
    parts = role.split(":") if isinstance(role, str) else []
    account = parts[4] if len(parts) > 5 else ""
    return f"s3://{bucket_name(image_uris.region_name(), account)}" if account else None


class Estimator(Description):
    """A training job: image, role, machines, limits, hyperparameters.

    Without `output_path` artifacts go to the default bucket of the role's account.

    `sagemaker_session` is accepted and ignored: no session is needed to describe a job. Names of
    SDK 1 (`train_instance_type`, ...) are understood.
    """

    def __init__(
        self,
        image_uri: Any = None,
        role: Any = None,
        instance_count: Any = 1,
        instance_type: Any = None,
        volume_size: int = 30,
        volume_kms_key: Any = None,
        max_run: int = 86_400,
        input_mode: str = "File",
        output_path: Any = None,
        output_kms_key: Any = None,
        hyperparameters: dict[str, Any] | None = None,
        environment: dict[str, Any] | None = None,
        tags: list[dict[str, str]] | None = None,
        subnets: list[str] | None = None,
        security_group_ids: list[str] | None = None,
        use_spot_instances: bool = False,
        max_wait: int | None = None,
        checkpoint_s3_uri: Any = None,
        metric_definitions: list[dict[str, str]] | None = None,
        enable_network_isolation: bool = False,
        sagemaker_session: Any = None,  # noqa: ARG002 - scripts written for the SDK pass one
        **former: Any,
    ) -> None:
        self.image_uri, self.role = image_uri, role
        self.instance_count, self.instance_type = instance_count, instance_type
        self.volume_size, self.volume_kms_key = volume_size, volume_kms_key
        self.max_run, self.max_wait, self.input_mode = max_run, max_wait, input_mode
        self.output_path = output_path or _default_place(role)
        self.output_kms_key = output_kms_key
        self.environment, self.tags = environment or {}, tags
        self.subnets, self.security_group_ids = subnets, security_group_ids
        self.use_spot_instances, self.checkpoint_s3_uri = use_spot_instances, checkpoint_s3_uri
        self.metric_definitions = metric_definitions
        self.enable_network_isolation = enable_network_isolation
        self._hyperparameters = dict(hyperparameters or {})
        self._take(former)

    def _take(self, former: dict[str, Any]) -> None:
        for name, value in former.items():
            if name in _HOOKS:
                _refuse_hook(name, value)
                continue
            if name not in _FORMER:
                raise TypeError(
                    f"{type(self).__name__} has no argument '{name}'{_nearest(name, type(self))}"
                )
            setattr(self, _FORMER[name], value)

    def set_hyperparameters(self, **hyperparameters: Any) -> None:
        self._hyperparameters |= hyperparameters

    def hyperparameters(self) -> dict[str, Any]:
        """The hyperparameters of the training job; values become text when the step is written."""
        return dict(self._hyperparameters)

    def training_image_uri(self) -> Any:
        return self.image_uri

    def create_model(self, **fields: Any) -> Model:
        """The model of the trained artifact; `model_data` is filled in by the step."""
        return Model(**{"image_uri": self.image_uri, "role": self.role} | fields)

    def transformer(self, instance_count: Any, instance_type: Any, **fields: Any) -> Transformer:
        fields.setdefault("output_path", self.output_path)
        return Transformer(
            model_name=None, instance_count=instance_count, instance_type=instance_type, **fields
        )

    @property
    def uploads(self) -> tuple[Upload, ...]:
        return ()


def _refuse_hook(name: str, value: Any) -> None:
    """Without such a field in its request a job has no hooks: asking for none is granted."""
    wanted = not value if name == "disable_profiler" and value is not None else bool(value)
    if wanted:
        raise TypeError(
            f"{name} is not described here; put the request's {_HOOKS[name]} into the step: "
            f"TrainingStep(..., parameters={{'{_HOOKS[name]}': ...}})"
        )


def _nearest(name: str, kind: type[Estimator]) -> str:
    """The argument of an estimator, or of its base classes, that `name` resembles."""
    bases = [base for base in kind.__mro__ if base is not object]
    known = {argument for base in bases for argument in inspect.signature(base).parameters}
    return did_you_mean(name, [*known, *_FORMER])


class Framework(Estimator):
    """An estimator with a user's script (script mode)."""

    framework: ClassVar[str] = ""

    def __init__(
        self,
        entry_point: str,
        role: Any = None,
        framework_version: str | None = None,
        py_version: str = "py3",
        source_dir: str | None = None,
        code_location: str | None = None,
        model_uri: Any = None,  # noqa: ARG002 - accepted as the SDK accepts it
        **fields: Any,
    ) -> None:
        super().__init__(role=role, **fields)
        self.entry_point, self.source_dir, self.code_location = (
            entry_point,
            source_dir,
            code_location,
        )
        self.framework_version, self.py_version = framework_version, py_version
        self._packed: Source | None = None

    @property
    def source(self) -> Source:
        """The script, packed once for a place."""
        place = self.code_location or self.output_path
        wanted = Source(self.entry_point, self.source_dir, place)
        if self._packed != wanted:
            self._packed = wanted
        return self._packed or wanted

    def training_image_uri(self) -> Any:
        return self.image_uri or self._image("training")

    def _image(self, scope: str) -> str:
        return image_uris.retrieve(
            self.framework,
            version=self.framework_version,
            py_version=self.py_version,
            instance_type=str(self.instance_type),
            image_scope=scope,
        )

    def hyperparameters(self) -> dict[str, Any]:
        """Script mode writes each value as JSON and adds the location of the script."""
        own = {
            name: value if isinstance(value, Dynamic) else json.dumps(value)
            for name, value in super().hyperparameters().items()
        }
        return own | {
            "sagemaker_program": json.dumps(self.source.program),
            "sagemaker_submit_directory": json.dumps(self.source.uri),
        }

    def create_model(self, **fields: Any) -> Model:
        image = self.image_uri or self._image("inference")
        return super().create_model(**{"image_uri": image, "source": self.source} | fields)

    @property
    def uploads(self) -> tuple[Upload, ...]:
        return self.source.uploads


class PyTorch(Framework):
    """A PyTorch script."""

    framework = "pytorch"


class SKLearn(Framework):
    """A scikit-learn script."""

    framework = "sklearn"


class XGBoost(Framework):
    """An XGBoost script."""

    framework = "xgboost"


@dataclass(slots=True)
class Transformer(Description):
    """A batch transform's machines and output."""

    model_name: Any
    instance_count: Any
    instance_type: Any
    strategy: Any = None
    assemble_with: Any = None
    output_path: Any = None
    output_kms_key: Any = None
    accept: Any = None
    max_concurrent_transforms: int | None = None
    max_payload: int | None = None
    env: dict[str, Any] = field(default_factory=dict)
    volume_kms_key: Any = None
    sagemaker_session: Any = None
