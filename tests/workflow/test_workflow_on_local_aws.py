"""A workflow that is there already: logged and traced, changed, redriven, deleted underneath."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from ratchet.local_aws.running.local import LocalAws
from ratchet.workflow import ExecutionStatus, Workflow
from ratchet.workflow.exceptions import InvalidInput, WorkflowNotFound
from ratchet.workflow.steps import Chain, Parallel, Pass, Succeed, Task, Wait

ROLE = "arn:aws:iam::123456789012:role/workflow"
OTHER_ROLE = "arn:aws:iam::123456789012:role/other"
MINUTE = 60

Make = Callable[..., Workflow]


@pytest.fixture
def make(local_aws: LocalAws) -> Iterator[Make]:
    """Creates workflows of names of their own, deleted when the test ends."""
    made: list[Workflow] = []

    def create(definition: Any, **settings: Any) -> Workflow:
        name, client = f"day-{uuid.uuid4().hex[:8]}", local_aws.client("stepfunctions")
        workflow = Workflow(name, definition, ROLE, client=client, **settings)
        workflow.create()
        made.append(workflow)
        return workflow

    yield create
    for workflow in made:
        workflow.delete()


@pytest.fixture
def logging(local_aws: LocalAws) -> dict[str, Any]:
    """A configuration for a log group that exists."""
    logs, name = local_aws.client("logs"), f"/aws/vendedlogs/states/{uuid.uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=name)
    (group,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return {
        "level": "ALL",
        "includeExecutionData": True,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group["arn"]}}],
    }


def settings_of(workflow: Workflow) -> tuple[Any, Any]:
    described = workflow.describe()
    return described["loggingConfiguration"], described["tracingConfiguration"]


def starts_at(workflow: Workflow) -> str:
    name: str = json.loads(workflow.describe()["definition"])["StartAt"]
    return name


def logged(local_aws: LocalAws, configuration: dict[str, Any], count: int) -> list[str]:
    """The types of the events in the log, once there are so many."""
    arn = configuration["destinations"][0]["cloudWatchLogsLogGroup"]["logGroupArn"]
    logs, group = local_aws.client("logs"), arn.split(":")[6]
    deadline, lines = time.monotonic() + MINUTE, []
    while len(lines) < count and time.monotonic() < deadline:
        lines = logs.filter_log_events(logGroupName=group)["events"]
    return [json.loads(line["message"])["type"] for line in lines]


# settings


def test_logging_and_tracing_are_set_changed_and_changed_back(
    make: Make, logging: dict[str, Any]
) -> None:
    workflow = make(Pass("Only"), logging_configuration=logging, tracing=True)
    assert settings_of(workflow) == (logging, {"enabled": True})
    workflow.update(logging_configuration={}, tracing=False)
    off = {"level": "OFF", "includeExecutionData": False}
    assert settings_of(workflow) == (off, {"enabled": False})
    workflow.update(logging_configuration=logging, tracing=True)
    assert settings_of(workflow) == (logging, {"enabled": True})
    attached = Workflow.attach(str(workflow.state_machine_arn), client=workflow.client)
    assert (attached.logging_configuration, attached.tracing) == (logging, True)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"level": "ALL"}, "exactly one Log Destination"),
        ({"level": "ALL", "destinations": ["log-group:x"]}, "with '\\*' qualifier"),
        ({"level": "ALL", "destinations": ["log-group:none:*"]}, "log group 'none' does not exist"),
    ],
)
def test_a_log_that_nobody_could_read_is_refused(
    make: Make, wrong: dict[str, Any], reason: str
) -> None:
    start = "arn:aws:logs:us-east-1:123456789012:"
    if "destinations" in wrong:
        group = {"logGroupArn": start + wrong["destinations"][0]}
        wrong = {**wrong, "destinations": [{"cloudWatchLogsLogGroup": group}]}
    workflow = make(Pass("Only"))
    with pytest.raises(ClientError, match=f"InvalidLoggingConfiguration.*{reason}"):
        workflow.update(Pass("Other"), logging_configuration=wrong)
    assert starts_at(workflow) == "Only"
    assert workflow.to_dict()["StartAt"] == "Only"


def test_express_is_refused_by_name(make: Make) -> None:
    with pytest.raises(ClientError, match=r"'EXPRESS'.*create it with type STANDARD"):
        make(Pass("Only"), type="EXPRESS")


def test_an_update_changes_what_is_given_and_nothing_else(make: Make) -> None:
    mine = make(Pass("Mine"), tracing=True)
    theirs = Workflow.attach(str(mine.state_machine_arn), client=mine.client)
    theirs.update(Pass("Theirs"), OTHER_ROLE)
    mine.update(tracing=False)
    assert starts_at(mine) == "Theirs"
    assert mine.describe()["roleArn"] == OTHER_ROLE
    with pytest.raises(ValueError, match="'other' is not a role ARN"):
        mine.update(role="other")
    mine.update()
    assert (starts_at(mine), mine.describe()["roleArn"]) == ("Mine", ROLE)


def test_creating_with_another_role_is_the_same_workflow_and_keeps_the_first(make: Make) -> None:
    first = make(Pass("Only"))
    again = Workflow(first.name, Pass("Only"), OTHER_ROLE, client=first.client)
    assert again.create() == first.state_machine_arn
    assert again.describe()["roleArn"] == ROLE


# executions of yesterday's definition


def test_running_executions_keep_what_they_started_with(make: Make) -> None:
    workflow = make(Chain([Wait("Long", seconds=3600), Succeed("Done")]))
    execution = workflow.execute(inputs={})
    workflow.update(Pass("Now"), OTHER_ROLE)
    assert execution.definition()["StartAt"] == "Long"
    assert execution.describe()["status"] == "RUNNING"
    assert workflow.execute(inputs={"a": 1}).result(timeout=MINUTE) == {"a": 1}
    execution.stop()
    assert execution.wait(MINUTE)["status"] == "ABORTED"


def test_what_was_deleted_elsewhere_is_reported_and_can_be_created_again(make: Make) -> None:
    workflow = make(Wait("Long", seconds=3600))
    execution = workflow.execute(inputs={})
    Workflow.attach(str(workflow.state_machine_arn), client=workflow.client).delete()
    assert execution.wait(MINUTE)["status"] == "ABORTED"
    assert execution.definition()["StartAt"] == "Long"
    with pytest.raises(ClientError, match="State machine is in DELETING status"):
        execution.redrive()
    for call in (workflow.update, workflow.describe, workflow.execute, workflow.list_executions):
        with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
            call()
    workflow.create()
    assert starts_at(workflow) == "Long"


def test_a_new_name_is_a_new_workflow(make: Make) -> None:
    old = make(Pass("Only"))
    new = Workflow(f"{old.name}-renamed", old.definition, ROLE, client=old.client)
    new.create()
    try:
        assert new.state_machine_arn != old.state_machine_arn
        assert starts_at(old) == starts_at(new)
    finally:
        new.delete()


@pytest.mark.parametrize(
    ("arn", "reason"),
    [
        ("greet", "an ARN looks like arn:aws:states:us-east-1:<account>"),
        ("arn:aws:states:us-east-1:123456789012:stateMachine:none", "list_workflows"),
        ("arn:aws:states:eu-west-1:123456789012:stateMachine:x", "region_name='eu-west-1'"),
        ("arn:aws:states:us-east-1:123456789012:execution:x:y", "an ARN looks like"),
    ],
)
def test_attaching_to_nothing_says_why(local_aws: LocalAws, arn: str, reason: str) -> None:
    with pytest.raises(WorkflowNotFound, match=reason):
        Workflow.attach(arn, client=local_aws.client("stepfunctions"))


@pytest.mark.parametrize("value", [datetime.now(UTC), float("nan"), {1, 2}])
def test_an_input_that_is_not_json_starts_nothing(make: Make, value: Any) -> None:
    workflow = make(Pass("Only"))
    with pytest.raises(InvalidInput, match="cannot be written as JSON"):
        workflow.execute(inputs={"when": value})
    assert workflow.list_executions() == []


# redrive


def test_a_redrive_continues_where_it_failed_once_the_cause_is_fixed(
    make: Make, local_aws: LocalAws, logging: dict[str, Any]
) -> None:
    s3, bucket = local_aws.client("s3"), f"fixed-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    read = Task(
        "Read",
        resource="arn:aws:states:::aws-sdk:s3:getObject",
        parameters={"Bucket": bucket, "Key": "late.txt"},
        result_selector={"text.$": "$.Body"},
    )
    both = Parallel("Both")
    both.add_branch(read)
    both.add_branch(Pass("Quick"))
    workflow = make(Chain([Pass("Before"), both]), logging_configuration=logging)
    execution = workflow.execute(inputs={})
    assert execution.wait(MINUTE)["error"] == "S3.NoSuchKeyException"
    failed = execution.progress().states
    assert (failed["Before"].status, failed["Read"].status) == ("SUCCEEDED", "FAILED")

    s3.put_object(Bucket=bucket, Key="late.txt", Body=b"here now")
    execution.redrive()
    assert (execution.status, execution.stop_date) == ("RUNNING", None)
    assert execution.result(timeout=MINUTE)[0] == {"text": "here now"}
    assert execution.describe()["redriveCount"] == 1
    with pytest.raises(ClientError, match="SUCCEEDED and cannot be redriven"):
        execution.redrive()

    types = [event["type"] for event in execution.list_events()]
    assert types.count("ExecutionRedriven") == 1
    assert types.count("PassStateEntered") == 2, "what had succeeded is not run again"
    fixed = execution.progress()
    assert (fixed.status, fixed.states["Read"].status) == ("SUCCEEDED", "SUCCEEDED")
    assert "succeeded in" in execution.render_progress().svg
    assert logged(local_aws, logging, len(types)) == types
    assert workflow.list_executions(status_filter=ExecutionStatus.Failed) == []


# following


def test_a_file_gets_a_line_for_each_state_and_no_escape_codes(make: Make) -> None:
    definition = Chain([Wait("Prüfe [b] :x:", seconds=1), Pass("Then")])
    execution = make(definition).execute(name="told", inputs={})
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    execution.follow(every=0.1, timeout=MINUTE, console=Console(file=file))
    lines = file.buffer.getvalue().decode().splitlines()
    assert [line.rpartition(" ")[0].rpartition(" ")[0] for line in lines] == [
        "+ Pr?fe [b] :x:", "+ Then", "told: succeeded,",
    ]  # fmt: skip


FOLLOW = """
import signal, sys, boto3
from ratchet.workflow import Execution
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    Execution(None, sys.argv[1]).follow(every=0.1)
except KeyboardInterrupt:
    print("let go")
"""


@pytest.mark.process
def test_ctrl_c_lets_go_of_the_terminal_and_not_of_the_execution(
    make: Make, local_aws: LocalAws
) -> None:
    execution = make(Wait("Long", seconds=3600)).execute(inputs={})
    place = {"AWS_ENDPOINT_URL": local_aws.endpoint, "AWS_DEFAULT_REGION": local_aws.region}
    keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", FOLLOW, execution.execution_arn],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, **place, **keys, "TERM": "xterm"},
        start_new_session=True,
    )
    os.close(theirs)
    seen = b""
    while b"Long" not in seen:
        seen += os.read(ours, 4096)
    process.send_signal(signal.SIGINT)
    while b"let go" not in seen:
        seen += os.read(ours, 4096)
    assert process.wait(MINUTE) == 0
    os.close(ours)
    assert b"\x1b[?25h" in seen, "the cursor is shown again"
    assert b"Traceback" not in seen
    assert execution.describe()["status"] == "RUNNING"
