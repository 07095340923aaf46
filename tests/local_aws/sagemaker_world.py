"""A small world for the SageMaker tests: data in S3, requests in short form, waits for states."""

from __future__ import annotations

import functools
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ratchet.local_aws.running.local import LocalAws

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
BUCKET = "sagemaker-world"
PARAMETERS = {
    "num_round": "20",
    "objective": "binary:logistic",
    "eval_metric": "logloss,auc",
    "early_stopping_rounds": "5",
    "max_depth": "3",
}
DEADLINE_SECONDS = 60.0


def rows(count: int, seed: int, *, flipped: bool = False) -> list[str]:
    """Lines `label,a,b,c,d`; the label follows a, or the opposite of a."""
    chance = random.Random(seed)
    lines = []
    for _ in range(count):
        features = [chance.gauss(0, 1) for _ in range(4)]
        lean = -features[0] if flipped else features[0]
        label = int(chance.random() < 1 / (1 + math.exp(-3 * lean)))
        lines.append(",".join([str(label), *(f"{value:.4f}" for value in features)]))
    return lines


def channel(name: str, uri: str, content_type: str | None = "text/csv") -> dict[str, Any]:
    """One channel of a training job."""
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    stated = {"ContentType": content_type} if content_type else {}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, **stated}


@dataclass(frozen=True)
class World:
    """A local AWS with a bucket of data and two models."""

    local: LocalAws

    @property
    def sagemaker(self) -> Any:
        return self.local.client("sagemaker")

    @property
    def runtime(self) -> Any:
        return self.local.client("sagemaker-runtime")

    @property
    def s3(self) -> Any:
        return self.local.client("s3")

    def put(self, key: str, body: str | bytes) -> str:
        """Store an object; its URI."""
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"

    def get(self, uri: str) -> bytes:
        """The bytes at a URI."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        body: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def start_training(self, name: str, data: str = "data", **changes: Any) -> None:
        """CreateTrainingJob on the world's data, with the request's members changed."""
        request = {
            "TrainingJobName": name,
            "RoleArn": ROLE,
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "HyperParameters": PARAMETERS,
            "InputDataConfig": [
                channel("train", f"s3://{BUCKET}/{data}/train/"),
                channel("validation", f"s3://{BUCKET}/{data}/validation/"),
            ],
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/model"},
            "ResourceConfig": {
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 30,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        }
        self.sagemaker.create_training_job(**{**request, **changes})

    def trained(self, name: str) -> dict[str, Any]:
        """The job's description once it has ended."""
        describe = self.sagemaker.describe_training_job
        return self.ended(lambda: describe(TrainingJobName=name), "TrainingJobStatus")

    def start_transform(self, name: str, model: str, uri: str, **changes: Any) -> None:
        """CreateTransformJob of the objects under a URI, as the scoring state asks for it."""
        request = {
            "TransformJobName": name,
            "ModelName": model,
            "TransformInput": {
                "ContentType": "text/csv",
                "SplitType": "Line",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}},
            },
            "TransformOutput": {
                "S3OutputPath": f"s3://{BUCKET}/scores/{name}/",
                "Accept": "text/csv",
                "AssembleWith": "Line",
            },
            "DataProcessing": {
                "InputFilter": "$[4:]",
                "JoinSource": "Input",
                "OutputFilter": "$[0,1,2,3,-1]",
            },
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        }
        self.sagemaker.create_transform_job(**{**request, **changes})

    def transformed(self, name: str) -> dict[str, Any]:
        """The transform job's description once it has ended."""
        describe = self.sagemaker.describe_transform_job
        return self.ended(lambda: describe(TransformJobName=name), "TransformJobStatus")

    def model(self, name: str, uri: str) -> None:
        """CreateModel of an artifact."""
        self.sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=ROLE,
            PrimaryContainer={"Image": IMAGE, "ModelDataUrl": uri},
        )

    def config(self, name: str, model: str, concurrency: int = 50, **variant: Any) -> None:
        """CreateEndpointConfig: serverless unless the variant says otherwise."""
        serverless = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": concurrency}}
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {"VariantName": "AllTraffic", "ModelName": model, **(variant or serverless)}
            ],
        )

    def settled(self, endpoint: str) -> dict[str, Any]:
        """The endpoint's description once it is neither Creating nor Updating."""
        describe = self.sagemaker.describe_endpoint
        return self.ended(
            lambda: describe(EndpointName=endpoint), "EndpointStatus", ("Creating", "Updating")
        )

    def invoke(self, endpoint: str, body: str, **changes: Any) -> str:
        """The endpoint's answer as text."""
        request = {"EndpointName": endpoint, "ContentType": "text/csv", "Body": body, **changes}
        answer: bytes = self.runtime.invoke_endpoint(**request)["Body"].read()
        return answer.decode()

    def ended(
        self, describe: Any, status: str, under_way: tuple[str, ...] = ("InProgress", "Stopping")
    ) -> dict[str, Any]:
        """What describe() answers once its status is final."""
        limit = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < limit:
            answer: dict[str, Any] = describe()
            if answer[status] not in under_way:
                return answer
            time.sleep(0.02)
        msg = f"still {answer[status]} after {DEADLINE_SECONDS} s: {answer}"
        raise AssertionError(msg)

    def settle(self) -> World:
        """Fill the bucket and make two models that differ: `first` and `second`."""
        self.s3.create_bucket(Bucket=BUCKET)
        for data, flipped in (("data", False), ("flipped", True)):
            self.put(f"{data}/train/part-0.csv", "\n".join(rows(900, 1, flipped=flipped)))
            self.put(f"{data}/train/part-1.csv", "\n".join(rows(300, 2, flipped=flipped)))
            self.put(f"{data}/validation/part-0.csv", "\n".join(rows(400, 3, flipped=flipped)))
        for name, data in (("first", "data"), ("second", "flipped")):
            self.start_training(name, data)
        for name in ("first", "second"):
            self.model(name, self.trained(name)["ModelArtifacts"]["S3ModelArtifacts"])
        return self


@functools.cache
def world_of(local: LocalAws) -> World:
    """The world of a local AWS, settled once."""
    return World(local).settle()


def past_its_runtime(local: LocalAws, describe: Callable[[], Any], status: str) -> Any:
    """The job, once the clock has run past its 60 seconds.

    A minute each second and no more: other tests share the clock, and CloudWatch Logs refuses
    events that are two hours ahead.
    """
    job, turned = describe(), 0.0
    while job[status] == "InProgress":
        if time.monotonic() - turned > 1:
            local.clock.turn(timedelta(seconds=61))
            turned = time.monotonic()
        job = describe()
    return job


__all__ = [
    "BUCKET",
    "IMAGE",
    "PARAMETERS",
    "ROLE",
    "World",
    "channel",
    "past_its_runtime",
    "rows",
    "world_of",
]
