"""The states that put a model behind an endpoint, the first time and later, and their failures."""

from __future__ import annotations

from typing import Any

import pytest

from ratchet.workflow import Workflow
from ratchet.workflow.inputs import Context, ExecutionInput
from ratchet.workflow.sagemaker import Estimator
from ratchet.workflow.steps import Fail
from ratchet.workflow.template import InferencePipeline, TrainingPipeline, deploy_endpoint
from ratchet.workflow.testing import MachineRun, Mock, fails, returns, run_machine, sample

SAGEMAKER = "arn:aws:states:::sagemaker:"
LOOK = "arn:aws:states:::aws-sdk:sagemaker:describeEndpoint"


SERVING = returns(sample(LOOK, EndpointStatus="InService", EndpointConfigName="former"))
MISSING = (
    'Could not find endpoint "arn:aws:sagemaker:us-east-1:123456789012:endpoint/churn".'
    " (Service: SageMaker, Status Code: 400, Request ID: r)"
)


def run(config: Any, found: Mock, *looks: tuple[str, str], **other: Any) -> MachineRun:
    """Deploy to `churn`, of which AWS says `found`, and later shows status and config."""
    given = ExecutionInput(schema={"LookEvery": int})
    failed = Fail("Failed", error_path="$.Error", cause_path="$.Cause")
    states = deploy_endpoint("churn", config, failed, look_every=given["LookEvery"])
    workflow = Workflow("deploy", states, "arn:aws:iam::123456789012:role/x", execution_input=given)
    assert workflow.check() == ()
    answers: dict[str, Any] = {
        "Find Endpoint": found,
        "Deploy": returns(sample(f"{SAGEMAKER}createEndpoint")),
        "Update Endpoint": returns(sample(f"{SAGEMAKER}updateEndpoint")),
        "Look at Endpoint": [
            returns(sample(LOOK, EndpointStatus=status, EndpointConfigName=name))
            for status, name in looks
        ],
    }
    return run_machine(workflow, {"LookEvery": 7}, answers | other)


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (SERVING, "Update Endpoint"),
        (fails("SageMaker.SageMakerException", MISSING), "Deploy"),
        (fails("SageMaker.AmazonSageMakerException", MISSING), "Deploy"),
    ],
)
def test_an_endpoint_of_that_very_name_is_updated_and_otherwise_made(
    found: Mock, state: str
) -> None:
    """However many others there are, and at once: what is missing is not looked for again."""
    made = run("c", found, ("Creating", "c"), ("InService", "c"))
    assert (made.status, made.path[-1], made.seconds) == ("SUCCEEDED", "Done", 14)
    assert made.arguments("Find Endpoint") == {"EndpointName": "churn"}
    assert made.arguments(state) == {"EndpointName": "churn", "EndpointConfigName": "c"}


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("SageMaker.SageMakerException", "User: x is not authorized to perform: DescribeEndpoint"),
        ("SageMaker.SageMakerException", "Internal error, could not find endpoint"),
        ("States.Timeout", MISSING),
    ],
)
def test_only_an_endpoint_that_is_surely_missing_is_made(error: str, cause: str) -> None:
    ended = run("c", fails(error, cause))
    assert (ended.status, ended.path[-1]) == ("FAILED", "Failed")
    assert (ended.error, ended.cause) == (error, cause)


@pytest.mark.parametrize(
    ("look", "error"),
    [
        (("InService", "former"), "EndpointRolledBack"),
        (("Failed", "c"), "EndpointFailed"),
        (("UpdateRollbackFailed", "c"), "EndpointFailed"),
        (("OutOfService", "c"), "EndpointFailed"),
    ],
)
def test_an_endpoint_that_does_not_serve_the_config_ends_the_execution_as_failed(
    look: tuple[str, str], error: str
) -> None:
    ended = run("c", SERVING, ("Updating", "c"), look)
    assert (ended.status, ended.error) == ("FAILED", error)


@pytest.mark.parametrize(
    ("error", "attempts", "longest"),
    [
        ("SageMaker.ThrottlingException", 4, 75),
        ("SageMaker.AmazonSageMakerException", 3, 26),
    ],
)
def test_a_busy_service_is_asked_often_and_what_may_be_a_refusal_less_long(
    error: str, attempts: int, longest: float
) -> None:
    """It may be "Rate exceeded", after hours of training. But a wrong image's name stays wrong, and
    people wait for the sentence that says so.
    """
    config = Context()["Execution"]["Name"]
    ended = run(config, fails("SageMaker.SageMakerException", MISSING), Deploy=[fails(error)] * 5)
    assert (ended.status, ended.path[-1], ended.error) == ("FAILED", "Failed", error)
    assert ended.retries("Deploy") == attempts
    assert ended.seconds <= longest


@pytest.mark.parametrize(
    "name", ["", "a" * 64, "-churn", "churn-", "my_churn", "churn.v2", "größe", "churn\n"]
)
def test_a_name_that_no_endpoint_can_have_is_refused_before_anything_is_trained(name: str) -> None:
    """A state machine may be called so, and AWS would refuse the endpoint after the training."""
    role, inputs = "arn:aws:iam::123456789012:role/x", {"train": "s3://b/train"}
    one = Estimator("image", role, instance_type="ml.m5.large")
    makers = (
        lambda: deploy_endpoint(name, "c", Fail("Failed")),
        lambda: TrainingPipeline(one, role, inputs, "b", pipeline_name=name),
        lambda: InferencePipeline(one, one, inputs, "b", role, pipeline_name=name),
    )
    for make in makers[: None if name else 1]:  # without a name a template makes one up
        with pytest.raises(ValueError, match="is not an endpoint's name"):
            make()
    assert deploy_endpoint("a" * 63, "c", Fail("Failed")).steps


def test_what_another_execution_has_moved_since_is_not_said_to_have_gone_back() -> None:
    ended = run("c", SERVING, ("Updating", "former"), ("InService", "of-a-later-execution"))
    assert ended.status == "FAILED"
    assert "or that of another execution" in ended.cause
