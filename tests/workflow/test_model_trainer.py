"""Steps from a ModelTrainer of the SageMaker SDK 3; the contract runs where that is installed."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ratchet.workflow.inputs import ExecutionInput, fresh_name
from ratchet.workflow.steps import TrainingStep

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "model-trainer.ipynb"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"


def described(**fields: Any) -> SimpleNamespace:
    """Something with a trainer's public fields."""
    return SimpleNamespace(
        **{
            "training_image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/own:1",
            "role": ROLE,
            "compute": SimpleNamespace(instance_type="ml.m5.large", instance_count=2),
            "stopping_condition": SimpleNamespace(max_runtime_in_seconds=60),
            "output_data_config": SimpleNamespace(s3_output_path="s3://b/o"),
            "hyperparameters": {"rounds": 7, "name": "x"},
            "input_data_config": [
                SimpleNamespace(channel_name="train", data_source="s3://b/t", content_type=None)
            ],
        }
        | fields
    )


def test_a_trainer_becomes_a_step_under_a_fresh_name() -> None:
    name = fresh_name("churn", ExecutionInput()["Run"])
    step = TrainingStep.from_model_trainer("Train", described(), job_name=name)
    request = step.to_dict()["Parameters"]
    assert request["TrainingJobName.$"].startswith("States.Format('churn-{}-{}'")
    assert request["ResourceConfig"]["InstanceCount"] == 2
    assert request["HyperParameters"] == {"rounds": "7", "name": "x"}
    assert request["InputDataConfig"][0]["ChannelName"] == "train"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"source_code": SimpleNamespace(source_dir=".")}, "source_code.*drivers"),
        (
            {"input_data_config": [SimpleNamespace(channel_name="train", data_source="./data")]},
            "Channel train is not in S3",
        ),
    ],
)
def test_what_only_the_sdk_can_start_is_refused_by_name(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        TrainingStep.from_model_trainer("Train", described(**fields), job_name="x")


def executed(notebook: Path) -> dict[str, Any]:
    """The names that a notebook's code cells leave behind."""
    names: dict[str, Any] = {}
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    return names


SAME = ("RoleArn", "HyperParameters", "OutputDataConfig", "StoppingCondition", "ResourceConfig")


def test_the_notebook_runs_and_its_request_is_the_one_the_sdk_sends() -> None:
    pytest.importorskip("sagemaker.train", reason="needs the extra sagemaker")
    names = executed(NOTEBOOK)
    ours = names["training"].to_dict()["Parameters"]
    theirs = names["trainer"]._create_training_job_args(boto3=True)
    for field in SAME:
        assert _common(theirs[field], ours[field]) == ours[field], field
    image = "TrainingImage"
    assert theirs["AlgorithmSpecification"][image] == ours["AlgorithmSpecification"][image]
    assert [one["DataSource"] for one in theirs["InputDataConfig"]] == [
        one["DataSource"] for one in ours["InputDataConfig"]
    ]


def _common(theirs: Any, ours: Any) -> Any:
    """What the SDK writes for the fields that we write; it may spell out defaults."""
    if not isinstance(ours, dict):
        return theirs
    return {key: value for key, value in theirs.items() if key in ours}
