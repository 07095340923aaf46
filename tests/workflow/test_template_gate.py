"""The gate of TrainingPipeline and InferencePipeline: by name, with a direction, before a model."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ratchet.workflow.sagemaker import Estimator
from ratchet.workflow.template import Gate, InferencePipeline, TrainingPipeline
from ratchet.workflow.template.base import JOB_NAME, timestamp
from ratchet.workflow.testing import fails, returns, run_machine, sample

ROLE = "arn:aws:iam::123456789012:role/workflow"
JOB = "arn:aws:states:::sagemaker:createTrainingJob.sync"
INPUT = {"JobName": "first", "HyperParameters": {}}


def estimator() -> Estimator:
    return Estimator("image", ROLE, instance_type="ml.m5.large")


def trained(**metrics: float) -> Any:
    """The answer of a training job that reported these, in this order."""
    found = [{"MetricName": name.replace("_", ":"), "Value": metrics[name]} for name in metrics]
    artifact = {"S3ModelArtifacts": "s3://b/model.tar.gz"}
    return returns(sample(JOB, ModelArtifacts=artifact, FinalMetricDataList=found))


def ended(gate: Gate, **metrics: float) -> Any:
    """An execution up to the creation of the model, which is made to fail."""
    pipeline = TrainingPipeline(
        estimator(), ROLE, {"train": "s3://b/train"}, "b", pipeline_name="gated", gate=gate
    )
    assert pipeline.get_workflow().check() == ()
    answers = {"Training": trained(**metrics), "Create Model": fails("SageMaker.Stopped")}
    return run_machine(pipeline.workflow.to_dict(), INPUT, answers)


@pytest.mark.parametrize(
    ("gate", "metrics", "passes"),
    [
        (Gate("validation:auc", at_least=0.8), {"train_auc": 0.9, "validation_auc": 0.8}, True),
        (Gate("validation:auc", at_least=0.8), {"train_auc": 0.9, "validation_auc": 0.79}, False),
        (Gate("validation:auc", at_least=0.8), {"validation_auc": 0.79, "train_auc": 0.9}, False),
        (Gate("validation:rmse", at_most=2.3), {"train_rmse": 3, "validation_rmse": 2.3}, True),
        (Gate("validation:rmse", at_most=2.3), {"train_rmse": 1, "validation_rmse": 10}, False),
        (Gate("validation:rmse", at_most=2.3), {"train_rmse": 1}, False),
        (Gate("validation:rmse", at_most=2.3), {}, False),
        (Gate('it\'s a "name"', at_least=0), {"train_rmse": 1}, False),
    ],
)
def test_a_model_passes_by_the_named_metric_alone(
    gate: Gate, metrics: dict[str, float], passes: bool
) -> None:
    run = ended(gate, **metrics)
    assert ("Create Model" in run.path) is passes
    if not passes:
        assert run.path == ["Training", "Good enough?", "Model Rejected"]
        assert run.error == "ModelRejected"
        assert gate.rule in run.cause
        assert all(f"{name.replace('_', ':')} {metrics[name]}" in run.cause for name in metrics)


def test_an_inference_pipeline_is_gated_by_its_estimator() -> None:
    pipeline = InferencePipeline(
        estimator(), estimator(), {"train": "s3://b/train"}, "b", ROLE,
        pipeline_name="gated", gate=Gate("validation:auc", at_least=0.8),
    )  # fmt: skip
    assert [found for found in pipeline.get_workflow().check() if found.severity == "ERROR"] == []
    sagemaker = "arn:aws:states:::sagemaker:"
    run = run_machine(
        pipeline.workflow.to_dict(),
        INPUT,
        {
            "Train Preprocessor": trained(validation_auc=0.9),
            "Create Preprocessor Model": returns(sample(f"{sagemaker}createModel")),
            "Transform Input": returns(sample(f"{sagemaker}createTransformJob.sync")),
            "Training": trained(validation_auc=0.7),
        },
    )
    assert (run.status, run.error) == ("FAILED", "ModelRejected")
    assert "validation:auc 0.7" in run.cause


@pytest.mark.parametrize(
    "fields",
    [
        {"metric": "auc"},
        {"metric": "auc", "at_least": 0.1, "at_most": 0.9},
        {"metric": "", "at_least": 0.1},
        {"metric": "auc", "at_least": float("nan")},
        {"metric": "auc", "at_most": float("inf")},
        {"metric": "auc", "at_least": "0.8"},
        {"metric": "auc", "at_least": True},
        {"metric": None, "at_least": 0.8},
        {"metric": 5, "at_least": 0.8},
    ],
)
def test_a_gate_has_a_name_and_one_bound(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="one bound"):
        Gate(**fields)


def test_names_tell_executions_of_one_second_apart() -> None:
    """A job's name has room for 40 characters of it."""
    pipeline = TrainingPipeline(estimator(), ROLE, {}, "b")
    assert re.fullmatch(r"training-pipeline-\d{8}-\d{6}-\d{3}", pipeline.pipeline_name)
    assert re.fullmatch(JOB_NAME, f"inference-pipeline-{timestamp()}")
