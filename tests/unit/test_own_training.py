"""A pipeline's own training workflow as a state machine: made, changed, kept for a run, removed."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from unit_service import DEFINITION, ROLE, Service, rows

import claim_data
from retraining import errors

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:ratchet--bank--rfjp-training"
FIRST, SECOND, BUILT_IN = "1" * 64, "2" * 64, "3" * 64


def workflow(comment: str = "") -> dict[str, Any]:
    return {"Comment": comment, "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}


def trained_by(machine: dict[str, Any]) -> dict[str, Any]:
    definition = copy.deepcopy(DEFINITION)
    definition["training"] = {
        "workflow": machine,
        "instance": "ml.m8i.large",
        "score_instance": "ml.m5.large",
        "max_runtime": "2h",
    }
    return definition


def deployed(service: Service) -> Any:
    """The machine, or None."""
    states = service.client("stepfunctions")
    listed = {one["stateMachineArn"] for one in states.list_state_machines()["stateMachines"]}
    return states.describe_state_machine(stateMachineArn=ARN) if ARN in listed else None


def comment(service: Service) -> str:
    return str(json.loads(deployed(service)["definition"])["Comment"])


def start_run(service: Service) -> None:
    """Drop data and take the lease of run 1."""
    service.deliver(service.drop("bank/a.csv", rows(3)))
    service.now += 61
    service.wake({"pipeline": "bank"})


def claim() -> Any:
    return claim_data.handler({"pipeline": "bank", "token": 1, "execution": "arn"}, None)


def test_a_push_makes_the_machine_and_the_next_one_changes_it(service: Service) -> None:
    service.push(trained_by(workflow("one")), FIRST)
    made = deployed(service)
    assert made["roleArn"] == ROLE
    assert made["loggingConfiguration"]["level"] == "ALL"
    tags = service.client("stepfunctions").list_tags_for_resource(resourceArn=ARN)["tags"]
    assert {"key": "ratchet:pipeline", "value": "bank"} in tags
    assert service.push(trained_by(workflow("two")), SECOND)["changed"] == ["training"]
    assert comment(service) == "two"


def test_back_at_the_algorithm_the_machine_is_gone(service: Service) -> None:
    service.push(trained_by(workflow()), FIRST)
    service.push(DEFINITION, BUILT_IN)
    assert deployed(service) is None
    service.push(DEFINITION, BUILT_IN)


def test_a_claim_names_the_machine_and_what_the_other_states_need(service: Service) -> None:
    service.push(trained_by(workflow()), FIRST)
    start_run(service)
    training = claim()["training"]
    assert training == {
        "workflow": ARN,
        "image": training["image"],
        "instance_type": "ml.m8i.large",
        "score_instance_type": "ml.m5.large",
        "max_runtime": 7200,
        "tuning": None,
    }


def test_an_open_run_keeps_the_workflow_it_claimed(service: Service) -> None:
    service.push(trained_by(workflow("claimed")), FIRST)
    start_run(service)
    claim()
    service.push(trained_by(workflow("later")), SECOND)
    assert comment(service) == "claimed"
    service.run_machine("bank", 1, "FAILED")
    service.push(trained_by(workflow("later")), SECOND)
    assert comment(service) == "later"


def test_a_run_brings_the_workflow_that_was_pushed_while_another_was_open(service: Service) -> None:
    service.push(trained_by(workflow("one")), FIRST)
    start_run(service)
    service.push(trained_by(workflow("two")), SECOND)
    assert comment(service) == "one"
    claim()
    assert comment(service) == "two"


def test_a_workflow_cannot_be_taken_from_an_open_run(service: Service) -> None:
    service.push(trained_by(workflow()), FIRST)
    start_run(service)
    with pytest.raises(errors.PipelineRejected, match="run bank-000001 trains with the workflow"):
        service.push(DEFINITION, BUILT_IN)
    assert deployed(service)


def test_what_step_functions_refuses_leaves_the_former_registration(service: Service) -> None:
    service.push()
    broken = {"StartAt": "Nowhere", "States": {}}

    def refuse(**_: Any) -> None:
        answer = {"Error": {"Code": "InvalidDefinition", "Message": "no state Nowhere"}}
        raise ClientError(answer, "CreateStateMachine")

    service.monkeypatch.setattr(service.client("stepfunctions"), "create_state_machine", refuse)
    with pytest.raises(errors.PipelineRejected, match=r"training\.workflow: .*no state Nowhere"):
        service.push(trained_by(broken), FIRST)
    registered = service.aws.ledger.registration("bank")
    assert registered
    assert registered.hash == "0" * 64
