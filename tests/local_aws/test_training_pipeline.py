"""The old package's templates, executed.

Both for real: train, create the models, serve them; the first one updates its endpoint. The second
also with answers of the test kit.
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ratchet.local_aws.running.local import LocalAws
from ratchet.workflow.sagemaker import Estimator, PyTorch, SKLearn, TrainingInput
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


# the digits of the old notebook

DIGITS = """
import argparse
import json
import os

import numpy as np
import torch
import torch.distributed as dist
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 10, kernel_size=5), nn.Conv2d(10, 20, kernel_size=5)
        self.dropped = nn.Dropout2d()
        self.fc1, self.fc2 = nn.Linear(320, 50), nn.Linear(50, 10)

    def forward(self, x):
        x = torch.relu(torch.max_pool2d(self.conv1(x), 2))
        x = torch.relu(torch.max_pool2d(self.dropped(self.conv2(x)), 2))
        return torch.log_softmax(self.fc2(torch.relu(self.fc1(x.view(-1, 320)))), dim=1)


def train(args):
    rank = args.hosts.index(args.current_host)
    dist.init_process_group(backend=args.backend, rank=rank, world_size=len(args.hosts))
    torch.manual_seed(1)
    images = np.load(os.path.join(args.data_dir, "images.npy"))[rank :: len(args.hosts)]
    digits = np.load(os.path.join(args.data_dir, "digits.npy"))[rank :: len(args.hosts)]
    x, y = torch.from_numpy(images), torch.from_numpy(digits)
    model = Net()
    steps = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.5)
    for _ in range(args.epochs):
        steps.zero_grad()
        loss = nn.functional.nll_loss(model(x), y)
        loss.backward()
        for parameter in model.parameters():
            dist.all_reduce(parameter.grad)
            parameter.grad /= len(args.hosts)
        steps.step()
    accuracy = (model.eval()(x).argmax(dim=1) == y).float().mean().item()
    print(f"Accuracy: {accuracy:.3f} on {len(args.hosts)} hosts")
    if rank == 0:
        traced = torch.jit.trace(model, torch.zeros(1, 1, 28, 28))
        traced.save(os.path.join(args.model_dir, "model.pth"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--backend")
    parser.add_argument("--hosts", default=json.loads(os.environ["SM_HOSTS"]))
    parser.add_argument("--current-host", default=os.environ["SM_CURRENT_HOST"])
    parser.add_argument("--model-dir", default=os.environ["SM_MODEL_DIR"])
    parser.add_argument("--data-dir", default=os.environ["SM_CHANNEL_TRAINING"])
    parser.add_argument("--num-gpus", type=int, default=os.environ["SM_NUM_GPUS"])
    train(parser.parse_args())
"""


def stored(array: np.ndarray) -> bytes:
    body = io.BytesIO()
    np.save(body, array)
    return body.getvalue()


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed: .[torch]")
def test_the_pipeline_of_the_old_digits_notebook_trains_on_two_hosts_and_reads_images(
    local_aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its estimator, with the names of SDK 1, and a traced model, which the image itself loads: a
    PyTorch image finds a script's model_fn in the archive alone, where training has put it.
    """
    monkeypatch.setenv("AWS_ENDPOINT_URL", local_aws.endpoint)
    images = np.zeros((40, 1, 28, 28), dtype=np.float32)
    images[::2, :, :14], images[1::2, :, 14:] = 1, 1
    digits = np.array([0, 1] * 20)
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket="old-digits")
    for name, array in (("images", images), ("digits", digits)):
        s3.put_object(Bucket="old-digits", Key=f"data/{name}.npy", Body=stored(array))
    script = tmp_path / "mnist.py"
    script.write_text(DIGITS)
    estimator = PyTorch(
        entry_point=str(script),
        role=ROLE,
        framework_version="1.8.1",
        py_version="py3",
        train_instance_count=2,
        train_instance_type="ml.c4.xlarge",
        hyperparameters={"epochs": 30, "backend": "gloo"},
        metric_definitions=[{"Name": "accuracy", "Regex": "Accuracy: ([0-9.]+)"}],
    )
    pipeline = TrainingPipeline(
        estimator,
        ROLE,
        "s3://old-digits/data",
        "old-digits",
        client=local_aws.client("stepfunctions"),
        pipeline_name="old-digits",
        gate=Gate("accuracy", at_least=0.9),
        look_every=1,
    )
    pipeline.create()
    pipeline.execute().result(timeout=120)
    answer = local_aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="old-digits",
        ContentType="application/x-npy",
        Accept="application/json",
        Body=stored(images[:4]),
    )
    assert np.argmax(json.load(answer["Body"]), axis=1).tolist() == [0, 1, 0, 1]


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
