"""A training job described by a ModelTrainer of the SageMaker SDK 3, read by its public fields.

Nothing of the SDK is imported: the object has all the fields. What the SDK adds when it
starts a job itself (drivers for `source_code`, a distributed launcher) is not available this way
and is refused by name.
"""

from __future__ import annotations

import json
from typing import Any

from ratchet.workflow.sagemaker.estimators import Estimator
from ratchet.workflow.sagemaker.inputs import TrainingInput

_REFUSED = {
    "source_code": "the SDK uploads its own drivers for it; use PyTorch, SKLearn or XGBoost of "
    "ratchet.workflow.sagemaker, or an image that contains the script",
    "distributed": "the SDK uploads its own launcher for it; use an image that contains one",
    "algorithm_name": "give training_image",
}


def estimator_of(trainer: Any) -> Estimator:
    """The same job as an Estimator. Raises ValueError for what a request cannot express."""
    for name, reason in _REFUSED.items():
        if _get(trainer, name) is not None:
            raise ValueError(f"A ModelTrainer with {name} cannot become a step: {reason}")
    compute, network = _get(trainer, "compute"), _get(trainer, "networking")
    limits, output = _get(trainer, "stopping_condition"), _get(trainer, "output_data_config")
    return Estimator(
        image_uri=_get(trainer, "training_image"),
        role=_get(trainer, "role"),
        instance_count=_get(compute, "instance_count", 1),
        instance_type=_get(compute, "instance_type"),
        volume_size=_get(compute, "volume_size_in_gb", 30),
        volume_kms_key=_get(compute, "volume_kms_key_id"),
        max_run=_get(limits, "max_runtime_in_seconds", 86_400),
        max_wait=_get(limits, "max_wait_time_in_seconds"),
        input_mode=_get(trainer, "training_input_mode", "File"),
        output_path=_get(output, "s3_output_path"),
        output_kms_key=_get(output, "kms_key_id"),
        hyperparameters=_texts(_get(trainer, "hyperparameters", {})),
        environment=_get(trainer, "environment"),
        tags=[{"Key": tag.key, "Value": tag.value} for tag in _get(trainer, "tags", [])] or None,
        subnets=_get(network, "subnets"),
        security_group_ids=_get(network, "security_group_ids"),
        use_spot_instances=bool(_get(compute, "enable_managed_spot_training", False)),
        checkpoint_s3_uri=_get(_get(trainer, "checkpoint_config"), "s3_uri"),
        enable_network_isolation=bool(_get(network, "enable_network_isolation", False)),
    )


def data_of(trainer: Any) -> dict[str, TrainingInput]:
    """The channels that the trainer itself names. Raises ValueError for data not in S3."""
    return {
        channel.channel_name: _channel(channel)
        for channel in _get(trainer, "input_data_config", [])
    }


def _channel(channel: Any) -> TrainingInput:
    source = _get(channel, "data_source")
    inner = _get(source, "s3_data_source", source)
    uri = source if isinstance(source, str) else _get(inner, "s3_uri")
    if not isinstance(uri, str) or not uri.startswith("s3://"):
        raise ValueError(
            f"Channel {channel.channel_name} is not in S3 ({source!r}); a step needs an s3:// URI"
        )
    return TrainingInput(
        uri,
        distribution=_get(inner, "s3_data_distribution_type", "FullyReplicated"),
        s3_data_type=_get(inner, "s3_data_type", "S3Prefix"),
        content_type=_get(channel, "content_type"),
        compression=_get(channel, "compression_type"),
        input_mode=_get(channel, "input_mode"),
    )


def _texts(hyperparameters: dict[str, Any]) -> dict[str, str]:
    """As the SDK writes them: text as it is, everything else as JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in hyperparameters.items()
    }


def _get(thing: Any, name: str, default: Any = None) -> Any:
    """A field that is set; the SDK marks unset ones with None or an `Unassigned`."""
    value = None if isinstance(thing, str) else getattr(thing, name, None)
    return default if value is None or type(value).__name__ == "Unassigned" else value
