"""The SageMaker requests that steps send, made from plain descriptions.

Shapes as in the SageMaker API reference. Any object with the public attributes read here works,
an estimator of SDK 2 too.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from ratchet.workflow.dynamic import Dynamic, Format
from ratchet.workflow.inputs import Placeholder
from ratchet.workflow.sagemaker import xgboost
from ratchet.workflow.sagemaker.inputs import TrainingInput, given
from ratchet.workflow.sagemaker.tuning import HyperparameterTuner


def training_job(
    estimator: Any,
    data: Any,
    hyperparameters: Any,
    mini_batch_size: int | None,
    output_path: Any = None,
) -> dict[str, Any]:
    """CreateTrainingJob without its name."""
    _refuse_no_estimator(estimator)
    attribute = _reader(estimator)
    values = _hyperparameters(estimator, hyperparameters, mini_batch_size)
    return given(
        AlgorithmSpecification=_algorithm(estimator, attribute),
        OutputDataConfig=given(
            S3OutputPath=output_path or attribute("output_path"),
            KmsKeyId=attribute("output_kms_key"),
        ),
        StoppingCondition=_stopping(attribute),
        ResourceConfig=_resources(attribute),
        RoleArn=attribute("role"),
        InputDataConfig=channels(data),
        HyperParameters=values,
        Environment=attribute("environment"),
        VpcConfig=_vpc(attribute("subnets"), attribute("security_group_ids")),
        EnableManagedSpotTraining=attribute("use_spot_instances") or None,
        EnableNetworkIsolation=_only_true(attribute("enable_network_isolation")),
        CheckpointConfig=given(S3Uri=attribute("checkpoint_s3_uri")),
        Tags=attribute("tags"),
    )


def _algorithm(estimator: Any, attribute: Any) -> dict[str, Any]:
    return given(
        TrainingImage=estimator.training_image_uri(),
        TrainingInputMode=attribute("input_mode", "File"),
        MetricDefinitions=attribute("metric_definitions"),
    )


def _stopping(attribute: Any) -> dict[str, Any]:
    return given(
        MaxRuntimeInSeconds=attribute("max_run", 86_400),
        MaxWaitTimeInSeconds=attribute("max_wait"),
    )


def _resources(attribute: Any) -> dict[str, Any]:
    return given(
        InstanceCount=attribute("instance_count", 1),
        InstanceType=attribute("instance_type"),
        VolumeSizeInGB=attribute("volume_size", 30),
        VolumeKmsKeyId=attribute("volume_kms_key"),
    )


def _only_true(value: Any) -> bool | None:
    """True or nothing: an estimator of SDK 2 has a method of this name, which does not count."""
    return True if value is True else None


def _refuse_no_estimator(estimator: Any) -> None:
    for name in ("hyperparameters", "training_image_uri"):
        if not hasattr(estimator, name):
            raise TypeError(
                "A training job is described by an Estimator of ratchet.workflow.sagemaker or an "
                f"object like one; {estimator!r} has no {name}"
            )


def _reader(thing: Any) -> Any:
    def read(name: str, default: Any = None) -> Any:
        value = getattr(thing, name, default)
        return default if value is None else value

    return read


def _vpc(subnets: Any, groups: Any) -> dict[str, Any] | None:
    return {"Subnets": subnets, "SecurityGroupIds": groups} if subnets and groups else None


def _hyperparameters(estimator: Any, override: Any, mini_batch_size: int | None) -> Any:
    if isinstance(override, Dynamic):
        return override
    values = dict(estimator.hyperparameters() or {}) | dict(override or {})
    if mini_batch_size is not None:
        values["mini_batch_size"] = mini_batch_size
    _warn_of_typos(str(estimator.training_image_uri()), values)
    return {name: as_text(value) for name, value in values.items()}


def as_text(value: Any) -> Any:
    """A hyperparameter as the API takes it: text. A typed placeholder becomes text at run time."""
    if isinstance(value, Placeholder) and value.type in (int, float, bool):
        return Format("{}", value)
    return value if isinstance(value, Dynamic | str) else str(value)


def _warn_of_typos(image: str, values: Mapping[str, Any]) -> None:
    if "sagemaker-xgboost" not in image or "sagemaker_program" in values:
        return
    for problem in filter(None, map(xgboost.problem, values)):
        warnings.warn(problem, stacklevel=6)


def channels(data: Any) -> list[dict[str, Any]]:
    """InputDataConfig from whatever `fit` takes: a URI, an input, a mapping, record sets."""
    if data is None:
        return []
    if isinstance(data, Mapping):
        return [{"ChannelName": name, **_channel(value)} for name, value in data.items()]
    if isinstance(data, list | tuple):
        return [channel for part in data for channel in channels(part)]
    if hasattr(data, "records_s3_input"):
        return [{"ChannelName": data.channel, **data.records_s3_input().config}]
    return [{"ChannelName": "training", **_channel(data)}]


def _channel(value: Any) -> dict[str, Any]:
    if isinstance(value, str | Dynamic):
        return TrainingInput(value).config
    if hasattr(value, "records_s3_input"):
        value = value.records_s3_input()
    config = getattr(value, "config", None)
    if not isinstance(config, dict):
        raise TypeError(f"Training data is a URI, a placeholder or a TrainingInput, not {value!r}")
    return config


def transform_job(transformer: Any, data: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """CreateTransformJob without job and model name."""
    attribute = _reader(transformer)
    return given(
        TransformInput=given(
            DataSource={"S3DataSource": {"S3DataType": options["data_type"], "S3Uri": data}},
            ContentType=options["content_type"],
            CompressionType=options["compression_type"],
            SplitType=options["split_type"],
        ),
        TransformOutput=given(
            S3OutputPath=attribute("output_path"),
            AssembleWith=attribute("assemble_with"),
            Accept=attribute("accept"),
            KmsKeyId=attribute("output_kms_key"),
        ),
        TransformResources=given(
            InstanceCount=attribute("instance_count"),
            InstanceType=attribute("instance_type"),
            VolumeKmsKeyId=attribute("volume_kms_key"),
        ),
        DataProcessing=given(
            InputFilter=options["input_filter"],
            OutputFilter=options["output_filter"],
            JoinSource=options["join_source"],
        ),
        BatchStrategy=attribute("strategy"),
        MaxConcurrentTransforms=attribute("max_concurrent_transforms"),
        MaxPayloadInMB=attribute("max_payload"),
        Environment=attribute("env"),
    )


def processing_job(
    processor: Any, inputs: Any, outputs: Any, arguments: Any, entrypoint: Any, kms_key: Any
) -> dict[str, Any]:
    """CreateProcessingJob without its name."""
    attribute = _reader(processor)
    seconds = attribute("max_runtime_in_seconds")
    written = given(
        Outputs=[_numbered(part, number) for number, part in enumerate(outputs or (), 1)],
        KmsKeyId=kms_key or attribute("output_kms_key"),
    )
    return given(
        AppSpecification=given(
            ImageUri=attribute("image_uri"),
            ContainerEntrypoint=entrypoint or attribute("entrypoint"),
            ContainerArguments=_texts(arguments),
        ),
        ProcessingInputs=[_numbered(part, number) for number, part in enumerate(inputs or (), 1)],
        ProcessingOutputConfig=written if written.get("Outputs") else None,
        ProcessingResources={
            "ClusterConfig": given(
                InstanceCount=attribute("instance_count", 1),
                InstanceType=attribute("instance_type"),
                VolumeSizeInGB=attribute("volume_size_in_gb", 30),
                VolumeKmsKeyId=attribute("volume_kms_key"),
            )
        },
        RoleArn=attribute("role"),
        StoppingCondition=given(MaxRuntimeInSeconds=seconds),
        Environment=attribute("env"),
        NetworkConfig=attribute("network_config"),
        Tags=attribute("tags"),
    )


def _texts(arguments: Any) -> Any:
    return [as_text(part) for part in arguments] if isinstance(arguments, list) else arguments


def _numbered(part: Any, number: int) -> Any:
    if hasattr(part, "request"):
        return part.request(number)
    if isinstance(part, Mapping):
        return part
    raise TypeError(f"A processing input or output is needed, not {part!r}")


def tuning_job(tuner: HyperparameterTuner, data: Any) -> dict[str, Any]:
    """CreateHyperParameterTuningJob without its name."""
    job = training_job(tuner.estimator, data, None, None)
    fixed = job.pop("HyperParameters", {})
    algorithm = job["AlgorithmSpecification"]
    if tuner.metric_definitions:
        algorithm["MetricDefinitions"] = tuner.metric_definitions
    names = set(tuner.hyperparameter_ranges)
    job["StaticHyperParameters"] = {
        name: value for name, value in fixed.items() if name not in names
    }
    tags = tuner.tags or job.pop("Tags", None)
    job.pop("Tags", None)
    return given(
        HyperParameterTuningJobConfig={
            "Strategy": tuner.strategy,
            "HyperParameterTuningJobObjective": {
                "Type": tuner.objective_type,
                "MetricName": tuner.objective_metric_name,
            },
            "ResourceLimits": {
                "MaxNumberOfTrainingJobs": tuner.max_jobs,
                "MaxParallelTrainingJobs": tuner.max_parallel_jobs,
            },
            "ParameterRanges": tuner.ranges(),
            "TrainingJobEarlyStoppingType": tuner.early_stopping_type,
        },
        TrainingJobDefinition=job,
        Tags=tags,
    )


def model_containers(model: Any) -> dict[str, Any]:
    """The part of CreateModel that names what runs: a package, several containers, or one."""
    package = getattr(model, "model_package_arn", None)
    if package is not None:
        return {"Containers": [{"ModelPackageName": package}]}
    if hasattr(model, "models"):
        return {"Containers": [container(part) for part in model.models]}
    fields: dict[str, Any] = {"PrimaryContainer": container(model)}
    if getattr(model, "vpc_config", None):
        fields["VpcConfig"] = model.vpc_config
    if getattr(model, "enable_network_isolation", None) is True:
        fields["EnableNetworkIsolation"] = True
    return fields


def container(model: Any) -> dict[str, Any]:
    """One container: image, artifact, environment."""
    if hasattr(model, "container"):
        return dict(model.container())
    for name in ("image_uri", "model_data"):
        if not hasattr(model, name):
            raise ValueError(
                f"A model has image_uri and model_data; {model!r} has no {name}. The model of a "
                "training job is that step's get_expected_model()"
            )
    return given(Image=model.image_uri, ModelDataUrl=model.model_data, Environment=model.env)


def tag_list(tags: Any) -> Any:
    """Tags as the API takes them, from a mapping, a list or a placeholder."""
    if isinstance(tags, Mapping):
        return [{"Key": str(key), "Value": str(value)} for key, value in tags.items()]
    return tags


def merged(request: Mapping[str, Any], override: Any) -> dict[str, Any]:
    """The request with a user's own fields merged into it, nested ones one by one."""
    if override is None:
        return dict(request)
    if not isinstance(override, Mapping):
        raise TypeError(f"parameters must be a mapping of API fields, not {override!r}")
    result = dict(request)
    for key, value in override.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result.pop(key.removesuffix(".$"), None) if key.endswith(".$") else None
        result[key] = merged(result[key], value) if both else value
    return result
