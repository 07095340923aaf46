"""The old package's training template, executed: train, create the model, serve it, update it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest

from ratchet.local_aws.local import LocalAws
from ratchet.workflow.sagemaker import Estimator, TrainingInput
from ratchet.workflow.template import TrainingPipeline

ROLE = "arn:aws:iam::123456789012:role/workflow"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"
BUCKET = "training-pipeline-test"


@pytest.fixture
def turned_aws() -> Iterator[LocalAws]:
    """A local AWS of the test's own, for its clock is turned: the template looks every 30 s."""
    with LocalAws.start(port=0, announced=False) as local:
        yield local


def put_parts(local_aws: LocalAws) -> dict[str, TrainingInput]:
    """A label and two features a line, in both channels."""
    s3, chance = local_aws.client("s3"), random.Random(1)
    s3.create_bucket(Bucket=BUCKET)
    pairs = [(chance.random(), chance.random()) for _ in range(300)]
    text = "".join(f"{int(a + b > 1)},{a:.4f},{b:.4f}\n" for a, b in pairs)
    for channel in ("train", "validation"):
        s3.put_object(Bucket=BUCKET, Key=f"{channel}/part.csv", Body=text.encode())
    return {
        channel: TrainingInput(f"s3://{BUCKET}/{channel}/", content_type="text/csv")
        for channel in ("train", "validation")
    }


def test_the_second_execution_of_a_training_pipeline_updates_the_endpoint(
    turned_aws: LocalAws,
) -> None:
    estimator = Estimator(
        image_uri=IMAGE,
        role=ROLE,
        instance_type="ml.m5.large",
        hyperparameters={"num_round": 5, "objective": "binary:logistic", "eval_metric": "auc"},
    )
    pipeline = TrainingPipeline(
        estimator,
        ROLE,
        put_parts(turned_aws),
        BUCKET,
        client=turned_aws.client("stepfunctions"),
        pipeline_name="classic",
    )
    pipeline.create()
    sagemaker, configs = turned_aws.client("sagemaker"), set()
    for _ in range(2):
        execution = pipeline.execute()
        while (status := execution.describe()["status"]) == "RUNNING":
            turned_aws.clock.turn(timedelta(seconds=1))
        assert status == "SUCCEEDED"
        endpoint = sagemaker.describe_endpoint(EndpointName="classic")
        assert endpoint["EndpointStatus"] == "InService"
        configs.add(endpoint["EndpointConfigName"])
    assert len(configs) == 2
    answer = turned_aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="classic", ContentType="text/csv", Body=b"0.9,0.9\n0.1,0.1"
    )
    high, low = map(float, answer["Body"].read().decode().strip().split(","))
    assert high > 0.5 > low
