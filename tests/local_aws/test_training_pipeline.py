"""The old package's templates, executed.

Both for real: train, create the models, serve them; the first one updates its endpoint. The second
also with answers of the test kit.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ratchet.local_aws.running.local import LocalAws
from ratchet.workflow.sagemaker import Estimator, SKLearn, TrainingInput
from ratchet.workflow.template import Gate, InferencePipeline, TrainingPipeline
from ratchet.workflow.testing import fails, returns, run_machine, sample

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
        gate=Gate("validation:auc", at_least=0.8),
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


# the inference pipeline

PREPARE = """
import os

from sklearn.preprocessing import StandardScaler
import joblib
import numpy as np


def model_fn(folder):
    return joblib.load(os.path.join(folder, "scaler.joblib"))


def input_fn(body, content_type):
    return np.array([line.split(",") for line in body.split()]).astype(float)


def predict_fn(rows, scaler):
    labels, features = (rows[:, :1], rows[:, 1:]) if rows.shape[1] == 3 else (None, rows)
    return labels, scaler.transform(features)


def output_fn(prediction, accept):
    labels, rows = prediction
    texts = [" ".join(f"{place}:{value}" for place, value in enumerate(row)) for row in rows]
    starts = [0] * len(texts) if labels is None else labels[:, 0]
    lines = [f"{start} {text}" for start, text in zip(starts, texts)]
    return "\\n".join(lines) + "\\n", "text/libsvm"


if __name__ == "__main__":
    folder = os.environ["SM_CHANNEL_TRAIN"]
    rows = np.loadtxt(os.path.join(folder, "part.csv"), delimiter=",")
    joblib.dump(StandardScaler().fit(rows[:, 1:]), "/opt/ml/model/scaler.joblib")
"""


def inference(folder: Path, client: Any) -> InferencePipeline:
    script = folder / "prepare.py"
    script.write_text(PREPARE)
    return InferencePipeline(
        SKLearn(
            entry_point=str(script),
            role=ROLE,
            framework_version="1.4-2",
            instance_type="ml.m5.large",
        ),
        Estimator(
            IMAGE,
            ROLE,
            instance_type="ml.m5.large",
            hyperparameters={"num_round": 5, "objective": "binary:logistic"},
        ),
        {"train": TrainingInput(f"s3://{BUCKET}/train/", content_type="text/csv")},
        BUCKET,
        ROLE,
        client=client,
        pipeline_name="both",
        content_type="text/csv",
    )


def test_an_inference_pipeline_trains_both_models_and_serves_them_as_one(
    turned_aws: LocalAws, tmp_path: Path
) -> None:
    put_parts(turned_aws)
    pipeline = inference(tmp_path, turned_aws.client("stepfunctions"))
    pipeline.create()
    execution = pipeline.execute()
    while (ended := execution.describe())["status"] == "RUNNING":
        turned_aws.clock.turn(timedelta(seconds=1))
    assert ended["status"] == "SUCCEEDED", ended.get("cause")
    answer = turned_aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="both", ContentType="text/csv", Body=b"0.9,0.9\n0.1,0.1"
    )
    high, low = map(float, answer["Body"].read().decode().strip().split(","))
    assert high > 0.5 > low


def test_both_models_of_an_inference_pipeline_meet_behind_one_endpoint(tmp_path: Path) -> None:
    def trained(artifact: str) -> Any:
        resource = "arn:aws:states:::sagemaker:createTrainingJob.sync"
        return returns(sample(resource, ModelArtifacts={"S3ModelArtifacts": artifact}))

    def looked(status: str) -> Any:
        resource = "arn:aws:states:::aws-sdk:sagemaker:describeEndpoint"
        return returns(sample(resource, EndpointStatus=status, EndpointConfigName="first"))

    sagemaker = "arn:aws:states:::sagemaker:"
    run = run_machine(
        inference(tmp_path, None).workflow.to_dict(),
        {"JobName": "first", "HyperParameters": {"num_round": "7"}},
        {
            "Train Preprocessor": trained("s3://b/preprocessor.tar.gz"),
            "Create Preprocessor Model": returns(sample(f"{sagemaker}createModel")),
            "Transform Input": returns(sample(f"{sagemaker}createTransformJob.sync")),
            "Training": trained("s3://b/estimator.tar.gz"),
            "Create Pipeline Model": returns(sample(f"{sagemaker}createModel")),
            "Configure Endpoint": returns(sample(f"{sagemaker}createEndpointConfig")),
            "Find Endpoint": fails(
                "SageMaker.SageMakerException", 'Could not find endpoint "arn:e".'
            ),
            "Deploy": returns(sample(f"{sagemaker}createEndpoint")),
            "Look at Endpoint": [looked("Creating"), looked("InService")],
        },
    )
    assert (run.status, run.path[-1]) == ("SUCCEEDED", "Done"), run.cause
    containers = run.arguments("Create Pipeline Model")["Containers"]
    artifacts = ["s3://b/preprocessor.tar.gz", "s3://b/estimator.tar.gz"]
    assert [part["ModelDataUrl"] for part in containers] == artifacts
    (channel,) = run.arguments("Training")["InputDataConfig"]
    transformed = run.arguments("Transform Input")["TransformOutput"]["S3OutputPath"]
    assert channel["DataSource"]["S3DataSource"]["S3Uri"] == transformed
    assert run.arguments("Training")["HyperParameters"] == {"num_round": "7"}
