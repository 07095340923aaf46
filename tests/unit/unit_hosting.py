"""SageMaker's endpoints in memory: each request is accepted at once and done when it `settle`s."""

from __future__ import annotations

import io
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.response import StreamingBody
from unit_service import TAGS, Service

from retraining.adapters import Adapters
from retraining.adapters.endpoints import Endpoints
from retraining.adapters.ownership import Ownership

NAME = "ratchet--bank--rfjp"
CHECK = f"{NAME}-check"


def refused(message: str, code: str = "ValidationException", status: int = 400) -> ClientError:
    said = {"Code": code, "Message": message}
    answer: Any = {"Error": said, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")


class Hosting:
    """Endpoints and configs by name; `writes` are the requests that were accepted."""

    def __init__(self) -> None:
        self.endpoints: dict[str, dict[str, Any]] = {}
        self.configs: dict[str, list[dict[str, Any]]] = {}
        self.models: set[str] = set()
        self.tags = TAGS
        self.writes: list[tuple[str, ...]] = []
        self.refusals: dict[str, list[Exception]] = {}
        self.lost: set[str] = set()
        self.answers: list[Any] = []

    def serve(self, name: str, config: str, status: str = "InService") -> None:
        """An endpoint of this config, which exists."""
        self.configs.setdefault(config, [{"ModelName": config, "ServerlessConfig": {}}])
        self.endpoints[name] = {"status": status, "config": config, "next": config}

    def settle(self) -> None:
        """What was asked for has come about."""
        for name, endpoint in list(self.endpoints.items()):
            if endpoint["status"] == "Deleting":
                del self.endpoints[name]
            elif endpoint["status"] in ("Creating", "Updating"):
                endpoint.update(status="InService", config=endpoint["next"])

    def serving(self) -> dict[str, tuple[str, str]]:
        return {name: (one["status"], one["config"]) for name, one in self.endpoints.items()}

    def _accepted(self, operation: str, *about: str) -> dict[str, str]:
        self.writes.append((operation, *about))
        if operation in self.lost:
            self.lost.discard(operation)
            raise ReadTimeoutError(endpoint_url="https://sagemaker")
        return {}

    def _meet(self, operation: str) -> None:
        if self.refusals.get(operation):
            raise self.refusals[operation].pop(0)

    # the API, in its own spelling

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:  # noqa: N803
        self._meet("describe_endpoint")
        if EndpointName not in self.endpoints:
            raise refused(f"Could not find endpoint {EndpointName}")
        found = self.endpoints[EndpointName]
        return {
            "EndpointArn": EndpointName,
            "EndpointStatus": found["status"],
            "EndpointConfigName": found["config"],
        }

    def describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:  # noqa: N803
        if EndpointConfigName not in self.configs:
            raise refused(f"Could not find endpoint configuration {EndpointConfigName}")
        variants = self.configs[EndpointConfigName]
        return {"EndpointConfigArn": EndpointConfigName, "ProductionVariants": variants}

    def create_endpoint_config(self, **request: Any) -> dict[str, str]:
        self._meet("create_endpoint_config")
        name = request["EndpointConfigName"]
        if name in self.configs:
            raise refused("Cannot create already existing endpoint configuration")
        self.configs[name] = request["ProductionVariants"]
        return self._accepted("create_endpoint_config", name)

    def create_endpoint(self, **request: Any) -> dict[str, str]:
        self._meet("create_endpoint")
        name, config = request["EndpointName"], request["EndpointConfigName"]
        if name in self.endpoints:
            raise refused("Cannot create already existing endpoint")
        self.endpoints[name] = {"status": "Creating", "config": config, "next": config}
        return self._accepted("create_endpoint", name, config)

    def update_endpoint(self, EndpointName: str, EndpointConfigName: str) -> Any:  # noqa: N803
        self._meet("update_endpoint")
        self._changeable(EndpointName)
        self.describe_endpoint_config(EndpointConfigName)
        self.endpoints[EndpointName].update(status="Updating", next=EndpointConfigName)
        return self._accepted("update_endpoint", EndpointName, EndpointConfigName)

    def delete_endpoint(self, EndpointName: str) -> dict[str, str]:  # noqa: N803
        self._changeable(EndpointName)
        self.endpoints[EndpointName]["status"] = "Deleting"
        return self._accepted("delete_endpoint", EndpointName)

    def _changeable(self, name: str) -> None:
        if self.endpoints[name]["status"] not in ("InService", "Failed"):
            raise refused(f"Cannot update in-progress endpoint {name}")

    def delete_endpoint_config(self, EndpointConfigName: str) -> dict[str, str]:  # noqa: N803
        del self.configs[EndpointConfigName]
        return self._accepted("delete_endpoint_config", EndpointConfigName)

    def describe_model(self, ModelName: str) -> dict[str, Any]:  # noqa: N803
        if ModelName not in self.models:
            raise refused(f"Could not find model {ModelName}")
        return {"ModelArn": ModelName}

    def delete_model(self, ModelName: str) -> dict[str, str]:  # noqa: N803
        self.models.remove(ModelName)
        return self._accepted("delete_model", ModelName)

    def invoke_endpoint(self, **_: Any) -> dict[str, Any]:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"Body": StreamingBody(io.BytesIO(answer.encode()), len(answer))}

    def get_paginator(self, _: str) -> Hosting:
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        return [{"Tags": self.tags}]


def hosting(service: Service, monkeypatch: pytest.MonkeyPatch) -> Hosting:
    """Endpoints that the functions see in place of moto's, which cannot be updated."""
    made = Hosting()
    ownership = Ownership(made, lambda: service.aws.names)
    monkeypatch.setattr(Adapters, "endpoints", Endpoints(made, lambda: made, ownership))
    return made
