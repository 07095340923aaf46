"""SageMaker as the machines and functions use it: refusals and changes over time as AWS has them.

An endpoint takes SETTLES seconds to reach what it was asked for; what serves answers golden rows
with the scores of its model, whose skill is what its artifact says.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.response import StreamingBody
from model_dynamodb import refused

from retraining.rules.rows import Shares, row_id, side

ARN = "arn:aws:sagemaker:us-east-1:123456789012:"
SETTLES = 4
DELETES = 4
ROWS = 40
Answer = dict[str, Any]


def missing(kind: str, name: str, operation: str) -> Exception:
    return refused("ValidationException", f'Could not find {kind} "{name}".', operation)


def taken(kind: str, name: str, operation: str) -> Exception:
    message = f'Cannot create already existing {kind} "{name}".'
    return refused("ValidationException", message, operation)


class SageMaker:
    """Models, configs, endpoints and the registry, in `things` by kind and name."""

    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud
        self._things: dict[str, dict[str, Answer]] = cloud.things

    def _of(self, kind: str) -> dict[str, Answer]:
        return self._things.setdefault(kind, {})

    def _create(self, kind: str, words: str, name: str, request: Answer, operation: str) -> str:
        if name in self._of(kind):
            raise taken(words, name, operation)
        arn = f"{ARN}{kind}/{name}"
        self._of(kind)[name] = {**request, "arn": arn}
        return arn

    def _get(self, kind: str, words: str, name: str, operation: str) -> Answer:
        if name not in self._of(kind):
            raise missing(words, name, operation)
        return self._of(kind)[name]

    def list_tags(self, *, ResourceArn: str) -> Answer:
        kind, _, name = ResourceArn.removeprefix(ARN).partition("/")
        return {"Tags": self._get(kind, kind, name, "ListTags").get("Tags", [])}

    # models and configs

    def create_model(self, **request: Any) -> Answer:
        arn = self._create("model", "model", request["ModelName"], request, "CreateModel")
        return {"ModelArn": arn}

    def describe_model(self, *, ModelName: str) -> Answer:
        found = self._get("model", "model", ModelName, "DescribeModel")
        return {**found, "ModelArn": found["arn"]}

    def delete_model(self, *, ModelName: str) -> Answer:
        self._get("model", "model", ModelName, "DeleteModel")
        del self._of("model")[ModelName]
        return {}

    def create_endpoint_config(self, **request: Any) -> Answer:
        name, operation = request["EndpointConfigName"], "CreateEndpointConfig"
        arn = self._create("endpoint-config", "endpoint configuration", name, request, operation)
        return {"EndpointConfigArn": arn}

    def describe_endpoint_config(self, *, EndpointConfigName: str) -> Answer:
        words, operation = "endpoint configuration", "DescribeEndpointConfig"
        found = self._get("endpoint-config", words, EndpointConfigName, operation)
        return {**found, "EndpointConfigArn": found["arn"]}

    def delete_endpoint_config(self, *, EndpointConfigName: str) -> Answer:
        words, operation = "endpoint configuration", "DeleteEndpointConfig"
        self._get("endpoint-config", words, EndpointConfigName, operation)
        del self._of("endpoint-config")[EndpointConfigName]
        return {}

    # endpoints

    def endpoint(self, name: str, operation: str = "DescribeEndpoint") -> Answer:
        """An endpoint as it is by now."""
        found = self._of("endpoint").get(name)
        if found and found["until"] <= self._cloud.now():
            if found["status"] == "Deleting":
                del self._of("endpoint")[name]
                found = None
            elif found["status"] in ("Creating", "Updating"):
                found.update(status="InService", config=found["next"])
        if found is None:
            raise missing("endpoint", name, operation)
        return found

    def create_endpoint(self, **request: Any) -> Answer:
        name, config = request["EndpointName"], request["EndpointConfigName"]
        if self.exists(name):
            raise taken("endpoint", name, "CreateEndpoint")
        self._get("endpoint-config", "endpoint configuration", config, "CreateEndpoint")
        arn = f"{ARN}endpoint/{name}"
        self._cloud.asked.append(config)
        until = self._cloud.now() + SETTLES
        status = {"status": "Creating", "config": config, "next": config, "until": until}
        self._of("endpoint")[name] = {**request, **status, "arn": arn}
        return {"EndpointArn": arn}

    def exists(self, name: str) -> bool:
        try:
            self.endpoint(name)
        except Exception:  # noqa: BLE001 - the one error it raises
            return False
        return True

    def describe_endpoint(self, *, EndpointName: str) -> Answer:
        found = self.endpoint(EndpointName)
        return {
            "EndpointName": EndpointName,
            "EndpointArn": found["arn"],
            "EndpointStatus": found["status"],
            "EndpointConfigName": found["config"],
        }

    def _changeable(self, name: str, operation: str) -> Answer:
        found = self.endpoint(name, operation)
        if found["status"] != "InService":
            message = f'Cannot update in-progress endpoint "{found["arn"]}".'
            raise refused("ValidationException", message, operation)
        return found

    def update_endpoint(self, *, EndpointName: str, EndpointConfigName: str) -> Answer:
        found, config = self._changeable(EndpointName, "UpdateEndpoint"), EndpointConfigName
        self._get("endpoint-config", "endpoint configuration", config, "UpdateEndpoint")
        if found["config"] == config:
            message = f'Cannot update endpoint "{found["arn"]}" with the configuration it uses.'
            raise refused("ValidationException", message, "UpdateEndpoint")
        self._cloud.asked.append(config)
        found.update(status="Updating", next=config, until=self._cloud.now() + SETTLES)
        return {"EndpointArn": found["arn"]}

    def delete_endpoint(self, *, EndpointName: str) -> Answer:
        found = self._changeable(EndpointName, "DeleteEndpoint")
        found.update(status="Deleting", until=self._cloud.now() + DELETES)
        return {}

    def invoke_endpoint(self, *, EndpointName: str, Body: bytes, **_: str) -> Answer:
        found = self.endpoint(EndpointName, "InvokeEndpoint")
        if found["status"] not in ("InService", "Updating"):
            raise refused("ValidationError", f"Endpoint {EndpointName} not found", "InvokeEndpoint")
        variant = self._of("endpoint-config")[found["config"]]["ProductionVariants"][0]
        skill = self.skill_of(variant["ModelName"])
        lines = Body.decode().splitlines()
        wrong = 0.25 if variant["ModelName"] in self._cloud.broken else 0.0
        body = ",".join(score(skill + wrong, line) for line in lines).encode()
        return {"Body": StreamingBody(io.BytesIO(body), len(body))}

    def skill_of(self, model: str) -> float:
        uri = self._of("model")[model]["PrimaryContainer"]["ModelDataUrl"]
        return float(json.loads(self._cloud.body_of(uri))["skill"])

    # the registry

    def create_model_package_group(self, **request: Any) -> Answer:
        name, words = request["ModelPackageGroupName"], "model package group"
        operation = "CreateModelPackageGroup"
        arn = self._create("model-package-group", words, name, request, operation)
        return {"ModelPackageGroupArn": arn}

    def describe_model_package_group(self, *, ModelPackageGroupName: str) -> Answer:
        name = ModelPackageGroupName
        if name not in self._of("model-package-group"):
            message = f"ModelPackageGroup {name} does not exist."
            raise refused("ValidationException", message, "DescribeModelPackageGroup")
        return {"ModelPackageGroupArn": self._of("model-package-group")[name]["arn"]}

    def create_model_package(self, *, ClientToken: str, **request: Any) -> Answer:
        for known in self._of("model-package").values():
            if known["ClientToken"] == ClientToken:
                return {"ModelPackageArn": known["arn"]}
        group = request["ModelPackageGroupName"]
        name = f"{group}/{len(self._of('model-package')) + 1}"
        arn = f"{ARN}model-package/{name}"
        more = {"arn": arn, "ModelPackageArn": arn, "ClientToken": ClientToken}
        made = {**request, **more, "CreationTime": self._cloud.moment}
        self._of("model-package")[name] = made
        return {"ModelPackageArn": arn}

    def _package(self, arn: str, operation: str) -> Answer:
        name = arn.removeprefix(f"{ARN}model-package/")
        return self._get("model-package", "model package", name, operation)

    def describe_model_package(self, *, ModelPackageName: str) -> Answer:
        return dict(self._package(ModelPackageName, "DescribeModelPackage"))

    def update_model_package(self, *, ModelPackageArn: str, **changes: Any) -> Answer:
        self._package(ModelPackageArn, "UpdateModelPackage").update(changes)
        return {"ModelPackageArn": ModelPackageArn}

    def list_model_packages(self, *, ModelPackageGroupName: str, **given: Any) -> Answer:
        found = [
            one
            for one in self._of("model-package").values()
            if one["ModelPackageGroupName"] == ModelPackageGroupName
            and given.get("ModelApprovalStatus") in (None, one["ModelApprovalStatus"])
            and (
                "CreationTimeBefore" not in given
                or one["CreationTime"] < given["CreationTimeBefore"].timestamp()
            )
        ]
        if given.get("SortOrder") == "Descending":
            found.reverse()
        return {"ModelPackageSummaryList": found[: given.get("MaxResults")]}

    def paginate(self, operation: str, request: Answer) -> Iterator[Answer]:
        yield getattr(self, operation)(**request)


# what models score


@cache
def holdout(share: str) -> tuple[str, ...]:
    """Prepared holdout lines: row id, share, cluster, label, and the features noise and signal."""
    shares, found, number = Shares(0.7, 0.15), [], 0
    while len(found) < ROWS:
        number += 1
        identifier = row_id(f"{share}{number}".encode())
        if (side(identifier, shares) == "holdout") is (share != "new"):
            label = len(found) % 2
            noise = len(found) * 7 % ROWS / ROWS - 0.5
            found.append(f"{identifier},{share},-,{label},{noise:.6f},{label - 0.5}")
    return tuple(sorted(found))  # a transform keeps the order of its input


def score(skill: float, features: str) -> str:
    """A score that is right as often as the model has skill."""
    noise, signal = (float(part) for part in features.split(","))
    return f"{1 / (1 + math.exp(-(skill * signal + 2 * noise))):.6f}"


def scored(skill: float, lines: list[str]) -> str:
    """What the batch transform writes: the first four columns and the score."""
    found = []
    for line in lines:
        *first, noise, signal = line.split(",")
        found.append(",".join([*first, score(skill, f"{noise},{signal}")]))
    return "\n".join(found) + "\n"
