"""Training jobs through the real client: what is trained, reported, stored and refused."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sagemaker_world import (
    BUCKET,
    IMAGE,
    PARAMETERS,
    World,
    channel,
    past_its_runtime,
    rows,
    world_of,
)

from ratchet.local_aws.running.local import LocalAws


@pytest.fixture(scope="module")
def world(local_aws: LocalAws) -> World:
    return world_of(local_aws)


def refusal(world: World, name: str, **changes: Any) -> str:
    with pytest.raises(ClientError) as caught:
        world.start_training(name, **changes)
    return str(caught.value)


def test_a_job_ends_completed_with_metrics_and_every_phase_on_record(world: World) -> None:
    job = world.trained("first")
    phases = [entry["Status"] for entry in job["SecondaryStatusTransitions"]]
    assert phases == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    metrics = {metric["MetricName"]: metric["Value"] for metric in job["FinalMetricDataList"]}
    assert metrics.keys() == {
        "train:logloss",
        "train:auc",
        "validation:logloss",
        "validation:auc",
    }
    assert 0.85 < metrics["validation:auc"] < 1
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == (
        f"s3://{BUCKET}/model/first/output/model.tar.gz"
    )


def test_a_metric_that_is_not_a_number_is_left_out(world: World) -> None:
    world.put("one-label/train/part-0.csv", "\n".join(rows(200, 1)))
    world.put("one-label/validation/part-0.csv", "\n".join(["1,0.1,0.2,0.3,0.4"] * 20))
    world.start_training("one-label", "one-label")
    job = world.trained("one-label")
    assert job["TrainingJobStatus"] == "Completed"
    metrics = {metric["MetricName"] for metric in job["FinalMetricDataList"]}
    assert metrics == {"train:logloss", "train:auc", "validation:logloss"}


def test_the_artifact_holds_one_ubjson_model(world: World) -> None:
    data = world.get(f"s3://{BUCKET}/model/first/output/model.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert tar.getnames() == ["xgboost-model"]
        model = tar.extractfile("xgboost-model")
        assert model is not None
        assert model.read(2) == b"{L"


def test_the_same_data_trains_to_the_same_bytes(world: World) -> None:
    world.start_training("first-again")
    world.trained("first-again")
    digests = {
        hashlib.sha256(world.get(f"s3://{BUCKET}/model/{name}/output/model.tar.gz")).hexdigest()
        for name in ("first", "first-again")
    }
    assert len(digests) == 1


def test_the_log_lines_are_in_cloudwatch_as_sagemaker_writes_them(world: World) -> None:
    logs = world.local.client("logs")
    group = "/aws/sagemaker/TrainingJobs"
    streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix="first/algo-1-")
    (stream,) = streams["logStreams"]
    events = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])
    lines = [event["message"] for event in events["events"]]
    assert any(line.endswith("Train matrix has 1200 rows and 4 columns") for line in lines)
    assert any(line.startswith("[0]#011train-logloss:") for line in lines)


def test_a_used_name_is_refused_as_aws_does(world: World) -> None:
    message = refusal(world, "first")
    assert "(ResourceInUse)" in message
    assert "training job with this name already exists (arn:aws:sagemaker:" in message


def test_an_unknown_hyperparameter_fails_the_job_and_names_the_nearest(world: World) -> None:
    world.start_training("typo", HyperParameters={**PARAMETERS, "max_dept": "3"})
    job = world.trained("typo")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Failed", "Failed")
    assert job["FailureReason"].startswith("AlgorithmError: framework error")
    assert "max_dept (did you mean max_depth?), exit code: 1" in job["FailureReason"]
    assert "ModelArtifacts" not in job or not job["ModelArtifacts"]


def test_text_where_numbers_belong_fails_the_job_and_names_file_and_value(world: World) -> None:
    world.put("broken/train/part-0.csv", "\n".join([*rows(20, 1), "1,0.1,yes,0.3,0.4"]))
    world.put("broken/validation/part-0.csv", "\n".join(rows(20, 2)))
    world.start_training("broken-data", "broken")
    reason = world.trained("broken-data")["FailureReason"]
    assert "part-0.csv" in reason
    assert "'yes'" in reason


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"AlgorithmSpecification": {"TrainingImage": IMAGE.replace("3.2-0", "1.7-1"),
          "TrainingInputMode": "File"}}, "amazonaws.com/sagemaker-xgboost:3.2-0"),
        ({"AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "Pipe"}},
         "TrainingInputMode=Pipe; use File"),
        ({"InputDataConfig": [channel("train", f"s3://{BUCKET}/data/train/", "recordio-protobuf")]},
         "ContentType=recordio-protobuf; use text/csv, text/libsvm or parquet"),
        ({"InputDataConfig": [channel("train", f"s3://{BUCKET}/data/train/", "text/plain")]},
         "text/plain is not an accepted ContentType: csv, libsvm, parquet"),
        ({"InputDataConfig": [channel("train", f"s3://{BUCKET}/nothing/")]},
         "No S3 objects found under S3 URL"),
        ({"HyperParameters": {**PARAMETERS, "eval_metric": "f1"}}, "eval_metric f1"),
        ({"HyperParameters": {**PARAMETERS, "_kfold": "5"}}, "_kfold"),
        ({"EnableManagedSpotTraining": True}, "EnableManagedSpotTraining"),
    ],
)  # fmt: skip
def test_what_local_aws_cannot_do_is_refused_by_name(
    world: World, changes: dict[str, Any], message: str
) -> None:
    assert message in refusal(world, "never", **changes)


def test_a_job_can_be_stopped(world: World) -> None:
    world.start_training("stopped", HyperParameters={**PARAMETERS, "num_round": "1000000"})
    world.sagemaker.stop_training_job(TrainingJobName="stopped")
    job = world.trained("stopped")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    with pytest.raises(ClientError, match="training job is in status Stopped"):
        world.sagemaker.stop_training_job(TrainingJobName="stopped")


def test_a_job_past_its_runtime_is_stopped(local_aws: LocalAws) -> None:
    world = world_of(local_aws)
    world.start_training(
        "endless",
        HyperParameters={"num_round": "100000000", "objective": "binary:logistic"},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
    )
    describe = world.sagemaker.describe_training_job
    world.ended(
        lambda: describe(TrainingJobName="endless"), "SecondaryStatus", ("Starting", "Downloading")
    )
    job = past_its_runtime(
        local_aws, partial(describe, TrainingJobName="endless"), "TrainingJobStatus"
    )
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


def test_every_change_of_status_is_an_event_on_the_default_bus(world: World) -> None:
    events, sqs = world.local.client("events"), world.local.client("sqs")
    queue = sqs.create_queue(QueueName="training-events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Training Job State Change"],
        "detail": {"TrainingJobName": ["watched"], "TrainingJobStatus": ["Completed"]},
    }
    events.put_rule(Name="training", EventPattern=json.dumps(pattern))
    target = {"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}
    events.put_targets(Rule="training", Targets=[target])
    world.start_training("watched", Tags=[{"Key": "ratchet:stack", "Value": "ratchet"}])
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
    event = json.loads(message["Body"])
    assert event["resources"] == [event["detail"]["TrainingJobArn"]]
    assert event["detail"]["SecondaryStatus"] == "Completed"
    assert event["detail"]["Tags"] == {"ratchet:stack": "ratchet"}


def test_jobs_are_listed_by_name_and_status(world: World) -> None:
    listed = world.sagemaker.list_training_jobs(NameContains="fir", StatusEquals="Completed")
    names = [job["TrainingJobName"] for job in listed["TrainingJobSummaries"]]
    assert "first" in names
    assert all("fir" in name for name in names)
