"""SageMaker steps. Every value may be a placeholder; `parameters` is merged into the request."""

from __future__ import annotations

import copy
from typing import Any, Self

from ratchet.workflow.sagemaker.inputs import given
from ratchet.workflow.sagemaker.model_trainer import data_of, estimator_of
from ratchet.workflow.sagemaker.source import Upload
from ratchet.workflow.steps import requests
from ratchet.workflow.steps.service_step import CALL, JOB, ServiceStep


class SageMakerStep(ServiceStep):
    """A step whose request is made from typed arguments; the user's `parameters` override it."""

    service = "sagemaker"

    def __init__(
        self,
        state_id: str,
        request: dict[str, Any],
        *,
        wait: bool = False,
        uploads: tuple[Upload, ...] = (),
        **fields: Any,
    ) -> None:
        try:
            parameters = requests.merged(request, fields.pop("parameters", None))
        except TypeError as error:
            raise TypeError(f"{type(self).__name__} '{state_id}': {error}") from error
        self.uploads = uploads
        pattern = JOB if wait else CALL
        super().__init__(state_id, pattern=pattern, parameters=parameters, **fields)


class TrainingStep(SageMakerStep):
    """Runs a training job. `estimator` is a plain Estimator (or any object like one).

    `job_name=fresh_name(...)` gives every attempt a new name, so that Retry works.
    """

    action = "createTrainingJob"
    patterns = (JOB, CALL)

    def __init__(
        self,
        state_id: str,
        estimator: Any,
        job_name: Any,
        data: Any = None,
        hyperparameters: Any = None,
        mini_batch_size: int | None = None,
        experiment_config: Any = None,
        wait_for_completion: bool = True,
        tags: Any = None,
        output_data_config_path: Any = None,
        **fields: Any,
    ) -> None:
        self.estimator, self.job_name = estimator, job_name
        job = requests.training_job(
            estimator, data, hyperparameters, mini_batch_size, output_data_config_path
        )
        request = job | given(
            TrainingJobName=job_name,
            ExperimentConfig=experiment_config,
            Tags=requests.tag_list(tags),
        )
        uploads = getattr(estimator, "uploads", ())
        super().__init__(state_id, request, wait=wait_for_completion, uploads=uploads, **fields)

    @classmethod
    def from_model_trainer(
        cls, state_id: str, trainer: Any, job_name: Any, data: Any = None, **fields: Any
    ) -> Self:
        """A step for the job that a ModelTrainer of the SageMaker SDK 3 describes.

        `data` replaces the trainer's own channels. Raises ValueError for what only the SDK
        itself can start: source_code, distributed, algorithm_name.
        """
        estimator = estimator_of(trainer)
        channels = data_of(trainer) if data is None else data
        return cls(state_id, estimator=estimator, job_name=job_name, data=channels, **fields)

    def get_expected_model(self, model_name: Any = None) -> Any:
        """The model of this step's artifact, for a ModelStep right after it."""
        model = copy.copy(self.estimator.create_model())
        model.name = model_name or self.job_name
        environment = getattr(self.estimator, "environment", None)
        if environment:
            model.env = {**(model.env or {}), **environment}
        model.model_data = self.output()["ModelArtifacts"]["S3ModelArtifacts"]
        return model


class TransformStep(SageMakerStep):
    """Runs a batch transform."""

    action = "createTransformJob"
    patterns = (JOB, CALL)

    def __init__(
        self,
        state_id: str,
        transformer: Any,
        job_name: Any,
        model_name: Any,
        data: Any,
        data_type: Any = "S3Prefix",
        content_type: Any = None,
        compression_type: Any = None,
        split_type: Any = None,
        experiment_config: Any = None,
        wait_for_completion: bool = True,
        tags: Any = None,
        input_filter: Any = None,
        output_filter: Any = None,
        join_source: Any = None,
        **fields: Any,
    ) -> None:
        options = {
            "data_type": data_type,
            "content_type": content_type,
            "compression_type": compression_type,
            "split_type": split_type,
            "input_filter": input_filter,
            "output_filter": output_filter,
            "join_source": join_source,
        }
        request = requests.transform_job(transformer, data, options) | given(
            TransformJobName=job_name,
            ModelName=model_name,
            ExperimentConfig=experiment_config,
            Tags=requests.tag_list(tags),
        )
        super().__init__(state_id, request, wait=wait_for_completion, **fields)


class TuningStep(SageMakerStep):
    """Runs a hyperparameter tuning job."""

    action = "createHyperParameterTuningJob"
    patterns = (JOB, CALL)

    def __init__(
        self,
        state_id: str,
        tuner: Any,
        job_name: Any,
        data: Any,
        wait_for_completion: bool = True,
        tags: Any = None,
        **fields: Any,
    ) -> None:
        request = requests.tuning_job(tuner, data) | given(
            HyperParameterTuningJobName=job_name, Tags=requests.tag_list(tags)
        )
        uploads = getattr(tuner.estimator, "uploads", ())
        super().__init__(state_id, request, wait=wait_for_completion, uploads=uploads, **fields)


class ProcessingStep(SageMakerStep):
    """Runs a processing job."""

    action = "createProcessingJob"
    patterns = (JOB, CALL)

    def __init__(
        self,
        state_id: str,
        processor: Any,
        job_name: Any,
        inputs: Any = None,
        outputs: Any = None,
        experiment_config: Any = None,
        container_arguments: Any = None,
        container_entrypoint: Any = None,
        kms_key_id: Any = None,
        wait_for_completion: bool = True,
        tags: Any = None,
        **fields: Any,
    ) -> None:
        job = requests.processing_job(
            processor, inputs, outputs, container_arguments, container_entrypoint, kms_key_id
        )
        request = job | given(
            ProcessingJobName=job_name,
            ExperimentConfig=experiment_config,
            Tags=requests.tag_list(tags),
        )
        super().__init__(state_id, request, wait=wait_for_completion, **fields)


class ModelStep(SageMakerStep):
    """Creates a model from a Model, a PipelineModel or a ModelPackage."""

    action = "createModel"

    def __init__(
        self,
        state_id: str,
        model: Any,
        model_name: Any = None,
        instance_type: Any = None,  # noqa: ARG002 - the image's machine; a Model names its image
        tags: Any = None,
        **fields: Any,
    ) -> None:
        request = given(
            ModelName=model_name or getattr(model, "name", None),
            ExecutionRoleArn=getattr(model, "role", None),
            Tags=requests.tag_list(tags),
        ) | requests.model_containers(model)
        super().__init__(state_id, request, uploads=getattr(model, "uploads", ()), **fields)


class EndpointConfigStep(SageMakerStep):
    """Creates an endpoint config with one variant, on instances or serverless."""

    action = "createEndpointConfig"

    def __init__(
        self,
        state_id: str,
        endpoint_config_name: Any,
        model_name: Any,
        initial_instance_count: Any = None,
        instance_type: Any = None,
        variant_name: Any = "AllTraffic",
        data_capture_config: Any = None,
        tags: Any = None,
        *,
        serverless_config: dict[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        on_instances = initial_instance_count is not None and instance_type is not None
        if on_instances == (serverless_config is not None):
            raise ValueError(
                f"EndpointConfigStep '{state_id}' needs initial_instance_count and instance_type, "
                "or else serverless_config"
            )
        variant = given(
            VariantName=variant_name,
            ModelName=model_name,
            InitialInstanceCount=initial_instance_count,
            InstanceType=instance_type,
            ServerlessConfig=serverless_config,
        )
        capture = data_capture_config
        request = given(
            EndpointConfigName=endpoint_config_name,
            ProductionVariants=[variant],
            DataCaptureConfig=capture.request() if hasattr(capture, "request") else capture,
            Tags=requests.tag_list(tags),
        )
        super().__init__(state_id, request, **fields)


class EndpointStep(SageMakerStep):
    """Creates an endpoint, or with `update=True` updates one to another config."""

    action = "createEndpoint"

    def __init__(
        self,
        state_id: str,
        endpoint_name: Any,
        endpoint_config_name: Any,
        tags: Any = None,
        update: bool = False,
        **fields: Any,
    ) -> None:
        if update:
            self.action = "updateEndpoint"  # type: ignore[misc]
            if tags:
                raise ValueError(
                    f"EndpointStep '{state_id}': UpdateEndpoint takes no tags; "
                    "the endpoint keeps those it was created with"
                )
        request = given(
            EndpointName=endpoint_name,
            EndpointConfigName=endpoint_config_name,
            Tags=requests.tag_list(tags),
        )
        super().__init__(state_id, request, **fields)


class ModelPackageStep(SageMakerStep):
    """Registers a model as a version of a group in the model registry."""

    service, action = "aws-sdk:sagemaker", "createModelPackage"

    def __init__(
        self,
        state_id: str,
        model: Any,
        model_package_group_name: Any,
        approval_status: Any = "PendingManualApproval",
        content_types: tuple[str, ...] = ("text/csv",),
        response_types: tuple[str, ...] = ("text/csv",),
        **fields: Any,
    ) -> None:
        request = {
            "ModelPackageGroupName": model_package_group_name,
            "ModelApprovalStatus": approval_status,
            "InferenceSpecification": {
                "Containers": [requests.container(model)],
                "SupportedContentTypes": list(content_types),
                "SupportedResponseMIMETypes": list(response_types),
            },
        }
        super().__init__(state_id, request, uploads=getattr(model, "uploads", ()), **fields)
