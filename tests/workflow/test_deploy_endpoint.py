"""The states that put a model behind an endpoint, the first time and later, and their failures."""

from __future__ import annotations

from typing import Any

import pytest

from ratchet.workflow import Workflow
from ratchet.workflow.inputs import Context, ExecutionInput
from ratchet.workflow.steps import Fail
from ratchet.workflow.template import deploy_endpoint
from ratchet.workflow.testing import MachineRun, fails, returns, run_machine, sample

SAGEMAKER = "arn:aws:states:::sagemaker:"
LOOK = "arn:aws:states:::aws-sdk:sagemaker:describeEndpoint"


def run(config: Any, found: list[str], *looks: tuple[str, str], **other: Any) -> MachineRun:
    """Deploy to `churn` where AWS lists the endpoints `found`, then shows status and config."""
    given = ExecutionInput(schema={"LookEvery": int})
    failed = Fail("Failed", error_path="$.Error", cause_path="$.Cause")
    states = deploy_endpoint("churn", config, failed, look_every=given["LookEvery"])
    workflow = Workflow("deploy", states, "arn:aws:iam::123456789012:role/x", execution_input=given)
    assert workflow.check() == ()
    answers = {
        "Find Endpoint": returns(
            sample(
                "arn:aws:states:::aws-sdk:sagemaker:listEndpoints",
                Endpoints=[endpoint(name) for name in found],
            )
        ),
        "Deploy": returns(sample(f"{SAGEMAKER}createEndpoint")),
        "Update Endpoint": returns(sample(f"{SAGEMAKER}updateEndpoint")),
        "Look at Endpoint": [
            returns(sample(LOOK, EndpointStatus=status, EndpointConfigName=name))
            for status, name in looks
        ],
    }
    return run_machine(workflow, {"LookEvery": 7}, answers | other)


def endpoint(name: str) -> dict[str, Any]:
    when = "2026-01-01T00:00:00Z"
    return {
        "EndpointName": name,
        "EndpointArn": f"arn:aws:sagemaker:us-east-1:123456789012:endpoint/{name}",
        "CreationTime": when,
        "LastModifiedTime": when,
        "EndpointStatus": "InService",
    }


@pytest.mark.parametrize(
    ("found", "state"),
    [
        ([], "Deploy"),
        (["churn"], "Update Endpoint"),
        (["churn-2", "old-churn"], "Deploy"),
    ],
)
def test_an_endpoint_of_that_very_name_is_updated_and_otherwise_made(
    found: list[str], state: str
) -> None:
    made = run("c", found, ("Creating", "c"), ("InService", "c"))
    assert (made.status, made.path[-1], made.seconds) == ("SUCCEEDED", "Done", 14)
    assert made.arguments(state) == {"EndpointName": "churn", "EndpointConfigName": "c"}


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
    ended = run("c", ["churn"], ("Updating", "c"), look)
    assert (ended.status, ended.error) == ("FAILED", error)


def test_the_config_may_be_named_by_the_execution_and_refusals_lead_to_the_given_end() -> None:
    broken = [fails("SageMaker.AmazonSageMakerException", "no")] * 5
    ended = run(Context()["Execution"]["Name"], [], Deploy=broken)
    assert (ended.status, ended.path[-1]) == ("FAILED", "Failed")
    assert ended.error == "SageMaker.AmazonSageMakerException"
    assert ended.retries("Deploy") == 4
