"""Models and endpoint configs: stored definitions, checked as AWS checks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ratchet.local_aws.sagemaker.base import (
    Answer,
    Request,
    SageMakerPart,
    bucket_and_key,
    invalid,
    refuse_members,
    unsupported,
)
from ratchet.local_aws.sagemaker.containers.images import container_of
from ratchet.local_aws.sagemaker.listing import page, summary
from ratchet.local_aws.sagemaker.placing import check_environment, containers_of
from ratchet.local_aws.shared.transfer import exists

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Host

MODEL = (
    "ModelName", "PrimaryContainer", "Containers", "InferenceExecutionConfig",
    "ExecutionRoleArn", "Tags", "VpcConfig", "EnableNetworkIsolation",
)  # fmt: skip
CONTAINER = ("Image", "ModelDataUrl", "ContainerHostname", "Mode", "Environment")
CONFIG = (
    "EndpointConfigName", "ProductionVariants", "Tags", "KmsKeyId", "ExecutionRoleArn",
    "VpcConfig", "EnableNetworkIsolation",
)  # fmt: skip
VARIANT = (
    "VariantName", "ModelName", "InitialInstanceCount", "InstanceType", "InitialVariantWeight",
    "ServerlessConfig", "VolumeSizeInGB", "ModelDataDownloadTimeoutInSeconds",
    "ContainerStartupHealthCheckTimeoutInSeconds",
)  # fmt: skip
SERIAL = "Serial"
"""Containers one after the other, the answer of one being the request of the next."""
SERVERLESS = ("MemorySizeInMB", "MaxConcurrency")
MEMORY_SIZES = tuple(range(1024, 6145, 1024))
MAX_CONCURRENCY = 200


class Models(SageMakerPart):
    """CreateModel, CreateEndpointConfig and related operations."""

    def __init__(self, local: Host) -> None:
        super().__init__(local)
        self._models: dict[str, Answer] = {}
        self._configs: dict[str, Answer] = {}

    # Models

    def create_model(self, request: Request) -> Answer:
        name = request["ModelName"]
        arn = self._arn("model", name)
        self._check_model(request)
        record = {key: value for key, value in request.items() if key != "Tags"}
        with self._lock:
            if name in self._models:
                raise invalid(f'Cannot create already existing model "{arn}".')
            self._models[name] = {**record, "ModelArn": arn, "CreationTime": self._now()}
            self._set_tags(arn, request)
        return {"ModelArn": arn}

    def describe_model(self, request: Request) -> Answer:
        return dict(self._model(request["ModelName"]))

    def list_models(self, request: Request) -> Answer:
        with self._lock:
            found, more = page(list(self._models.values()), request, name="ModelName")
        members = ("ModelName", "ModelArn", "CreationTime")
        return {"Models": [summary(record, members) for record in found], **more}

    def delete_model(self, request: Request) -> Answer:
        with self._lock:
            record = self._model(request["ModelName"])
            del self._models[record["ModelName"]]
            self._tags.pop(record["ModelArn"], None)
        return {}

    def _check_model(self, request: Request) -> None:
        refuse_members(request, MODEL, "CreateModel")
        if ("PrimaryContainer" in request) == bool(request.get("Containers")):
            raise invalid("Name either PrimaryContainer or Containers, and not both.")
        mode = request.get("InferenceExecutionConfig", {}).get("Mode", SERIAL)
        if mode != SERIAL:
            raise unsupported(f"InferenceExecutionConfig Mode={mode}; use {SERIAL}")
        for container in containers_of(request):
            self._check_container(container)
        _check_hostnames(request.get("Containers", []))

    def _check_container(self, container: Request) -> None:
        refuse_members(container, CONTAINER, "a container's")
        if container.get("Mode", "SingleModel") != "SingleModel":
            raise unsupported(f"a container's Mode={container['Mode']}; use SingleModel")
        found = container_of(container.get("Image"), self.local.region, "CreateModel")
        if not found.serves:
            raise unsupported(f"a model of {container['Image']}, which only trains")
        uri = container.get("ModelDataUrl")
        if not uri:
            raise unsupported("a container without ModelDataUrl; its image needs one")
        check_environment(container.get("Environment", {}), found.framework)
        if not exists(self.local.client("s3"), *bucket_and_key(uri)):
            raise invalid(f"Could not find model data at {uri}.")

    def _model(self, name: str) -> Answer:
        record = self._models.get(name)
        if record is None:
            raise invalid(f'Could not find model "{self._arn("model", name)}".')
        return record

    # Endpoint configs

    def create_endpoint_config(self, request: Request) -> Answer:
        name = request["EndpointConfigName"]
        arn = self._arn("endpoint-config", name)
        self._check_config(request)
        record = {key: value for key, value in request.items() if key != "Tags"}
        with self._lock:
            if name in self._configs:
                raise invalid(f'Cannot create already existing endpoint configuration "{arn}".')
            self._configs[name] = {
                **record,
                "EndpointConfigArn": arn,
                "CreationTime": self._now(),
            }
            self._set_tags(arn, request)
        return {"EndpointConfigArn": arn}

    def describe_endpoint_config(self, request: Request) -> Answer:
        return dict(self._config(request["EndpointConfigName"]))

    def list_endpoint_configs(self, request: Request) -> Answer:
        with self._lock:
            found, more = page(list(self._configs.values()), request, name="EndpointConfigName")
        members = ("EndpointConfigName", "EndpointConfigArn", "CreationTime")
        return {"EndpointConfigs": [summary(record, members) for record in found], **more}

    def delete_endpoint_config(self, request: Request) -> Answer:
        with self._lock:
            record = self._config(request["EndpointConfigName"])
            del self._configs[record["EndpointConfigName"]]
            self._tags.pop(record["EndpointConfigArn"], None)
        return {}

    def _config(self, name: str) -> Answer:
        record = self._configs.get(name)
        if record is None:
            arn = self._arn("endpoint-config", name)
            raise invalid(f'Could not find endpoint configuration "{arn}".')
        return record

    def _check_config(self, request: Request) -> None:
        refuse_members(request, CONFIG, "CreateEndpointConfig")
        variants = request["ProductionVariants"]
        if len(variants) != 1:
            raise unsupported(f"{len(variants)} ProductionVariants; use one")
        variant = variants[0]
        refuse_members(variant, VARIANT, "ProductionVariant")
        if not variant.get("ModelName"):
            raise unsupported("ProductionVariant without ModelName")
        model = self._model(variant["ModelName"])
        if "ServerlessConfig" in variant:
            _check_serverless(variant, model, request)
        elif not variant.get("InstanceType") or not variant.get("InitialInstanceCount"):
            raise invalid(
                f"Variant {variant['VariantName']} needs either ServerlessConfig, or InstanceType "
                "and InitialInstanceCount"
            )


def _check_hostnames(containers: list[Request]) -> None:
    """In a pipeline all have one or none has (API reference, ContainerDefinition)."""
    named = [container.get("ContainerHostname") for container in containers]
    if len(containers) > 1 and any(named) and (not all(named) or len({*named}) < len(named)):
        raise invalid(
            "ContainerHostname names each container of an inference pipeline: name every one of "
            "them, each by another name, or none."
        )


def _check_serverless(variant: Request, model: Answer, request: Request) -> None:
    """The limits and exclusions of Serverless Inference (developer guide)."""
    serverless, name = variant["ServerlessConfig"], variant["VariantName"]
    refuse_members(serverless, SERVERLESS, "ServerlessConfig")
    if variant.get("InstanceType") or variant.get("InitialInstanceCount"):
        raise invalid(f"Variant {name} has both ServerlessConfig and an instance type or count")
    if serverless["MemorySizeInMB"] not in MEMORY_SIZES:
        raise invalid(
            f"MemorySizeInMB {serverless['MemorySizeInMB']} of variant {name} is not one of "
            f"{', '.join(str(size) for size in MEMORY_SIZES)}"
        )
    if not 1 <= serverless["MaxConcurrency"] <= MAX_CONCURRENCY:
        raise invalid(
            f"MaxConcurrency {serverless['MaxConcurrency']} of variant {name} is not between 1 "
            f"and {MAX_CONCURRENCY}"
        )
    if len(containers_of(model)) > 1:
        raise invalid(
            f"Serverless variant {name}: its model has {len(containers_of(model))} containers, and "
            "Serverless Inference excludes inference pipelines"
        )
    for holder, what in ((model, "its model"), (request, "the endpoint configuration")):
        for member in ("VpcConfig", "EnableNetworkIsolation"):
            if holder.get(member):
                raise invalid(f"Serverless variant {name}: {what} has {member}, which it excludes")
