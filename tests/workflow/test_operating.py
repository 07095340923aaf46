"""Workflows made, started, watched, changed and deleted through a real client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from ratchet.local_aws.running.local import LocalAws
from ratchet.workflow import ExecutionStatus, Workflow
from ratchet.workflow.exceptions import (
    ExecutionFailed,
    InvalidInput,
    MissingRequiredParameter,
    WorkflowNotFound,
)
from ratchet.workflow.inputs import ExecutionInput, Field
from ratchet.workflow.steps import (
    Chain,
    Choice,
    ChoiceRule,
    Fail,
    Pass,
    Succeed,
    Wait,
)

ROLE = "arn:aws:iam::123456789012:role/workflow"
MINUTE = 60


@pytest.fixture
def client(local_aws: LocalAws) -> Any:
    return local_aws.client("stepfunctions")


@pytest.fixture
def workflow(client: Any, request: pytest.FixtureRequest) -> Iterator[Workflow]:
    """Doubles a number, or fails if there is none."""
    given = ExecutionInput(schema={"number": int, "times": Field(int, default=2)})
    start = Pass("Start", query_language="JSONata", output={"number": given["number"]})
    start.fields["output"]["times"] = given["times"]
    choice = Choice("Positive?", query_language="JSONata")
    choice.add_choice(ChoiceRule.NumericGreaterThan(start.output()["number"], 0), Succeed("Good"))
    choice.default_choice(Fail("Bad", error="NotPositive", cause="the number is <not> positive"))
    name = f"doubling-{request.node.name}"[:80]
    made = Workflow(name, Chain([start, choice]), ROLE, execution_input=given, client=client)
    made.create()
    yield made
    made.delete()


def test_an_execution_is_started_with_its_defaults_and_gives_its_output(
    workflow: Workflow,
) -> None:
    execution = workflow.execute(name="first", inputs={"number": 7})
    assert execution.get_output(wait=True, timeout=MINUTE) == {"number": 7, "times": 2}
    assert execution.get_input() == {"number": 7, "times": 2}
    assert execution.describe()["status"] == "SUCCEEDED"
    assert execution.status == "SUCCEEDED"
    assert execution.progress().status == "SUCCEEDED"
    assert "Positive?" in execution.render_progress().svg
    assert execution.render_progress().title == "first"
    with pytest.raises(ValueError, match=r"run.png: a picture ends in .svg, .html, .mmd, not"):
        execution.render_progress().save("run.png")


def test_a_workflow_is_created_or_takes_the_place_of_the_one_of_its_name(
    workflow: Workflow, client: Any
) -> None:
    """`create` leaves what exists unchanged, so an edited cell that is run again did nothing."""
    edited = Workflow(workflow.name, Pass("Other"), ROLE, client=client)
    assert edited.create() == workflow.state_machine_arn
    assert "Positive?" in edited.describe()["definition"]
    assert edited.upsert() == edited.upsert() == workflow.state_machine_arn
    assert "Other" in edited.describe()["definition"]


def test_an_upsert_changes_no_type() -> None:
    """UpdateStateMachine has no type: it would leave the machine as it is, without a word."""
    make: Any = boto3.session.Session("key", "secret", region_name="us-east-1").client
    client = make("stepfunctions")
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:calls"
    with Stubber(client) as stub:
        said = f"State Machine Already Exists: '{arn}'"
        stub.add_client_error("create_state_machine", "StateMachineAlreadyExists", said)
        found = {"stateMachineArn": arn, "name": "calls", "type": "STANDARD", "roleArn": ROLE}
        found |= {"definition": "{}", "creationDate": datetime(2026, 1, 1, tzinfo=UTC)}
        stub.add_response("describe_state_machine", found, {"stateMachineArn": arn})
        workflow = Workflow("calls", Pass("Only"), ROLE, client=client, type="EXPRESS")
        with pytest.raises(ValueError, match="is STANDARD and cannot become EXPRESS"):
            workflow.upsert()


def test_a_failed_execution_says_why(workflow: Workflow) -> None:
    execution = workflow.execute(inputs={"number": -1})
    with pytest.raises(ExecutionFailed, match=r"FAILED .NotPositive: the number is <not> positive"):
        execution.result(timeout=MINUTE)
    assert execution.get_output() is None
    assert execution.render_progress().title == workflow.name


def test_lists_are_tables_without_a_way_in_for_scripts(workflow: Workflow, client: Any) -> None:
    workflow.execute(name="listed", inputs={"number": -1}).wait(MINUTE)
    events = workflow.list_executions()[0].list_events()
    assert events[0]["type"] == "ExecutionStarted"
    page = workflow.list_executions()[0].list_events(html=True)
    assert "&lt;not&gt;" in page
    assert "<not>" not in page
    assert "Positive?" in page
    assert "listed" in workflow.list_executions(html=True)
    assert workflow.list_executions(status_filter=ExecutionStatus.Succeeded) == []
    assert len(workflow.list_executions(status_filter="FAILED")) == 1
    with pytest.raises(ValueError, match="'FAILD' is not an execution status; use one of RUNNING"):
        workflow.list_executions(status_filter="FAILD")
    assert "doubling" in Workflow.list_workflows(client=client, html=True)
    newest_first = workflow.list_executions()[0].list_events(reverse_order=True, max_items=1)
    assert newest_first[0]["type"] == "ExecutionFailed"


def test_nothing_starts_with_an_input_that_does_not_fit(workflow: Workflow) -> None:
    with pytest.raises(InvalidInput, match="number is missing"):
        workflow.execute()
    assert workflow.list_executions() == []


def test_a_workflow_is_attached_changed_and_described(workflow: Workflow, client: Any) -> None:
    assert workflow.state_machine_arn is not None
    attached = Workflow.attach(workflow.state_machine_arn, client=client)
    assert attached.definition.to_dict() == workflow.definition.to_dict()
    attached.update(Chain([Pass("Only", result={"x": 1})]))
    assert json.loads(attached.describe()["definition"])["StartAt"] == "Only"


def test_creating_twice_leaves_the_first_as_it_is(
    workflow: Workflow, client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    other = Workflow(workflow.name, Pass("Other"), ROLE, client=client)
    assert other.create() == workflow.state_machine_arn
    assert "left unchanged" in caplog.text
    assert json.loads(other.describe()["definition"])["StartAt"] == "Start"
    other.update()  # what the warning names
    assert json.loads(other.describe()["definition"])["StartAt"] == "Other"


def test_a_running_execution_is_stopped(client: Any) -> None:
    made = Workflow("waiting", Wait("Long", seconds=3600), ROLE, client=client)
    made.create()
    try:
        execution = made.execute(inputs={})
        execution.stop(cause="enough", error="Stopped")
        ended = execution.wait(MINUTE)
        assert (ended["status"], ended["error"]) == ("ABORTED", "Stopped")
    finally:
        made.delete()


def test_waiting_ends_in_time(client: Any) -> None:
    made = Workflow("waiting-longer", Wait("Long", seconds=3600), ROLE, client=client)
    made.create()
    try:
        with pytest.raises(TimeoutError, match="still running"):
            made.execute(inputs={}).get_output(wait=True, timeout=0)
    finally:
        made.delete()


def test_a_workflow_without_state_machine_is_refused() -> None:
    workflow = Workflow("none", Pass("A"))
    assert workflow.list_executions() == []
    with pytest.raises(WorkflowNotFound, match="update 'none'"):
        workflow.update(role=ROLE)
    with pytest.raises(MissingRequiredParameter, match="role"):
        workflow.create()
