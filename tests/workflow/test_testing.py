"""The test kit itself: one state as AWS's TestState answers, mocks that could be real, the CLI."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from asl_machines import INVOKE, SEND, TRAIN, machine
from typer.testing import CliRunner

from ratchet.cli.app import app
from ratchet.workflow import InvalidDefinition, TestClock, Workflow, WorkflowError
from ratchet.workflow.steps import Chain, LambdaStep, Map, Parallel, Retry, Wait
from ratchet.workflow.testing import (
    Coverage,
    InvalidMock,
    Mock,
    fails,
    payload,
    returns,
    run_machine,
    sample,
    test_state,
)

F = {"FunctionName": "f"}
RETRY = [
    {"ErrorEquals": ["Busy"], "IntervalSeconds": 3, "MaxAttempts": 2, "BackoffRate": 2},
    {"ErrorEquals": ["States.ALL"], "MaxAttempts": 0},
]
CATCH = [
    {"ErrorEquals": ["Odd"], "Next": "Stop"},
    {
        "ErrorEquals": ["States.ALL"],
        "Assign": {"why": "{% $states.errorOutput.Error %}"},
        "Next": "Done",
    },
]


def calling(resource: str = INVOKE, *, more: dict[str, Any] | None = None, **fields: Any) -> Any:
    """A machine whose state Call calls something; a Choice leads to it and to all the others."""
    task = {"Type": "Task", "Resource": resource, "Arguments": "{% $states.input %}", **fields}
    others = {"Stop": {"Type": "Fail", "Error": "Stop"}, **(more or {})}
    rules = [{"Condition": f"{{% $states.input = '{name}' %}}", "Next": name} for name in others]
    return machine(
        {
            "Which": {"Type": "Choice", "Choices": rules, "Default": "Call"},
            "Call": {**task, "Next": task.get("Next", "Done")},
            "Done": {"Type": "Succeed"},
            **others,
        }
    )


def test_a_state_that_succeeds_tells_its_data_flow_and_the_next_state() -> None:
    arguments = {"FunctionName": "f", "Payload": {"n": "{% $states.input.n + $base %}"}}
    definition = calling(
        Arguments=arguments,
        Assign={"got": "{% $states.result.Payload %}"},
        Output="{% [$states.context.Execution.Name, $states.result.Payload] %}",
    )
    found = test_state(
        definition,
        "Call",
        {"n": 1},
        payload(7),
        variables={"base": 2, "nothing": None},
        context={"Execution": {"Name": "mine"}},
    )
    assert (found.status, found.next_state, found.output) == ("SUCCEEDED", "Done", ["mine", 7])
    assert found.inspection["afterArguments"]["Payload"] == {"n": 3}
    assert found.inspection["variables"] == {"base": 2, "nothing": None, "got": 7}


def test_retry_comes_before_catch_and_ends_with_its_attempts() -> None:
    definition = calling(Retry=RETRY, Catch=CATCH)
    for retries, seconds in ((0, 3), (1, 6)):
        found = test_state(definition, "Call", {}, fails("Busy", "later"), retries=retries)
        assert (found.status, found.error, found.cause) == ("RETRIABLE", "Busy", "later")
        details = {"retryIndex": 0, "retryBackoffIntervalSeconds": seconds}
        assert found.inspection["errorDetails"] == details
        assert found.next_state is None
    found = test_state(definition, "Call", {}, fails("Busy", "later"), retries=2)
    assert (found.status, found.next_state) == ("CAUGHT_ERROR", "Done")
    assert found.output == {"Error": "Busy", "Cause": "later"}
    assert found.inspection["errorDetails"] == {"catchIndex": 1}
    assert found.inspection["variables"] == {"why": "Busy"}
    assert test_state(definition, "Call", {}, fails("Odd")).next_state == "Stop"


def test_a_jsonpath_state_is_tested_alike() -> None:
    task = {
        "Type": "Task",
        "Resource": INVOKE,
        "Parameters": {"FunctionName": "f", "Payload": {"n.$": "$.n", "id.$": "$$.Execution.Name"}},
        "ResultSelector": {"got.$": "$.Payload"},
        "InputPath": "$.inner",
        "ResultPath": "$.answer",
        "OutputPath": "$.answer.got",
        "Assign": {"seen.$": "$.Payload"},
        "End": True,
    }
    definition = {"StartAt": "Call", "States": {"Call": task}}
    context = {"Execution": {"Name": "mine"}}
    given = {"inner": {"n": 1}}
    found = test_state(definition, "Call", given, payload(7), context=context)
    assert found.output == 7
    seen = found.inspection
    assert seen["afterInputPath"] == {"n": 1}
    assert seen["afterParameters"]["Payload"] == {"n": 1, "id": "mine"}
    assert seen["afterResultSelector"] == {"got": 7}
    assert seen["afterResultPath"] == {"inner": {"n": 1}, "answer": {"got": 7}}
    assert seen["variables"] == {"seen": 7}


def test_an_error_that_nobody_handles_fails_the_state() -> None:
    found = test_state(calling(), "Call", {}, fails("Odd", "so it is"))
    assert found.as_api() == {
        "status": "FAILED",
        "error": "Odd",
        "cause": "so it is",
        "inspectionData": {"input": {}, "afterArguments": {}},
    }


def test_a_wrong_expression_can_be_caught_and_is_reported() -> None:
    arguments = {"FunctionName": "f", "Payload": "{% $states.input.nothing %}"}
    definition = calling(Arguments=arguments, Catch=CATCH)
    found = test_state(definition, "Call", {}, payload(1))
    assert (found.status, found.error) == ("CAUGHT_ERROR", "States.QueryEvaluationError")
    definition = calling(Output="{% $nothing.here + 'x' %}")
    assert test_state(definition, "Call", {}, payload(1)).status == "FAILED"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"Type": "Choice", "Choices": [{"Condition": "{% $x = 1 %}", "Next": "Stop"}],
          "Default": "Done"}, ("SUCCEEDED", "Stop")),
        ({"Type": "Wait", "Seconds": 86_400, "Next": "Done"}, ("SUCCEEDED", "Done")),
        ({"Type": "Fail", "Error": "Sorry"}, ("FAILED", None)),
        ({"Type": "Pass", "End": True}, ("SUCCEEDED", None)),
    ],
)  # fmt: skip
def test_states_that_call_nothing_need_no_mock(
    state: dict[str, Any], expected: tuple[str, str | None]
) -> None:
    definition = calling(more={"It": state})
    found = test_state(definition, "It", {}, variables={"x": 1})
    assert (found.status, found.next_state) == expected
    with pytest.raises(InvalidMock, match="calls nothing"):
        test_state(definition, "It", {}, payload(1))


def test_a_container_is_tested_with_the_results_of_its_parts() -> None:
    one = {"Type": "Task", "Resource": INVOKE, "Arguments": "{% $states.input %}", "Next": "End"}
    each = {
        "Type": "Map",
        "Items": "{% $states.input.items %}",
        "ItemProcessor": {"StartAt": "One", "States": {"One": one, "End": {"Type": "Succeed"}}},
        "Output": "{% $sum($states.result) %}",
        "Catch": CATCH,
        "Next": "Done",
    }
    branch = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    both = {"Type": "Parallel", "Branches": [branch], "End": True}
    definition = calling(more={"Each": each, "Both": both})
    given = {"items": ["a", "b"]}
    assert test_state(definition, "Each", given, returns([1, 2])).output == 3
    assert test_state(definition, "Each", given, fails("Odd")).next_state == "Stop"
    assert test_state(definition, "Both", given, returns(["x"])).output == ["x"]
    assert test_state(definition, "One", "a", payload(1)).next_state == "End"
    with pytest.raises(InvalidMock, match="2 parts"):
        test_state(definition, "Each", given, returns([1]))


def test_a_distributed_map_may_answer_anything_and_runs_whole() -> None:
    one = {
        "Type": "Task",
        "Resource": INVOKE,
        "Arguments": {"FunctionName": "f", "Payload": "{% $states.input %}"},
        "Output": "{% $states.result.Payload %}",
        "End": True,
    }
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    each = {
        "Type": "Map",
        "Items": "{% $states.input %}",
        "ItemProcessor": {"ProcessorConfig": config, "StartAt": "One", "States": {"One": one}},
        "Catch": CATCH[1:],
        "Next": "Done",
    }
    definition = machine({"Each": each, "Done": {"Type": "Succeed"}})
    assert test_state(definition, "Each", [1], returns({"Bucket": "b"})).output == {"Bucket": "b"}
    failed = fails("States.ExceedToleratedFailureThreshold")
    assert test_state(definition, "Each", [1], failed).status == "CAUGHT_ERROR"
    double = {"One": lambda call: payload(call.arguments["Payload"] * 2)}
    run = run_machine(definition, [1, 2, 3], double)
    assert (run.output, run.path) == ([2, 4, 6], ["Each", "Done"])
    coverage = Coverage(run.machine)
    coverage.add(run)
    assert coverage.missing() == ["Each never went to Done by its Catch"]


@pytest.mark.parametrize(
    ("resource", "result", "told"),
    [
        (INVOKE, {"payload": 1}, r"no member 'payload' \(did you mean Payload\?\)"),
        (INVOKE, {"Payload": 1, "StatusCode": "200"}, r"\$.StatusCode must be a whole number"),
        (TRAIN, {"TrainingJobName": "n"}, "lacks TrainingJobArn"),
        (TRAIN, sample(TRAIN, ModelArtifacts={"S3Artifacts": "s3://b/m"}), "S3ModelArtifacts"),
        (TRAIN, sample(TRAIN, TrainingJobStatus="Done"), "one of InProgress, Completed"),
        (TRAIN, sample(TRAIN, TrainingJobStatus="Failed"), "gives no result"),
        (TRAIN, sample(TRAIN, CreationTime="yesterday"), "must be an ISO time"),
        ("arn:aws:states:::aws-sdk:s3:listObjectsV2", {"Contents": {}}, "must be a list"),
        ("arn:aws:states:::aws-sdk:rds:describeDBInstances", {"DBInstances": []}, "DbInstances"),
        ("arn:aws:states:::dynamodb:getItem", {"Item": {"k": {"Q": "x"}}}, "no member 'Q'"),
    ],
)
def test_a_mock_that_the_api_could_not_return_is_an_error(
    resource: str, result: Any, told: str
) -> None:
    with pytest.raises(InvalidMock, match=told):
        test_state(calling(resource), "Call", {}, returns(result))
    assert test_state(calling(resource), "Call", {}, returns(result, validation="NONE"))


def test_what_is_there_may_be_all_that_is_checked() -> None:
    partial = {"TrainingJobName": "n"}
    found = test_state(calling(TRAIN), "Call", {}, returns(partial, validation="PRESENT"))
    assert found.output == partial
    wrong = returns({"trainingJobName": "n"}, validation="PRESENT")
    with pytest.raises(InvalidMock, match="did you mean TrainingJobName"):
        test_state(calling(TRAIN), "Call", {}, wrong)


@pytest.mark.parametrize(
    "mock",
    [
        {"result": 1, "errorOutput": {"error": "x"}},
        {},
        {"Result": 1},
        {"errorOutput": {"Error": "x"}},
        {"result": 1, "fieldValidationMode": "LAX"},
    ],
)
def test_a_mock_has_the_form_of_the_api(mock: dict[str, Any]) -> None:
    with pytest.raises(InvalidMock):
        test_state(calling(), "Call", {}, mock)


def test_a_whole_machine_tells_path_waits_calls_and_time() -> None:
    ask = {
        "Type": "Task",
        "Resource": SEND,
        "Arguments": {"MessageBody": "{% $states.context.Task.Token %}", "QueueUrl": "q"},
        "Next": "Rest",
    }
    rest = {"Type": "Wait", "Seconds": 100, "Next": "Done"}
    more = {"Ask": ask, "Rest": rest}
    definition = calling(Retry=RETRY, TimeoutSeconds=60, Next="Ask", more=more)
    clock = TestClock()
    run = run_machine(
        definition,
        {"n": 1},
        {"Call": [fails("Busy"), fails("Busy"), payload(7)], "Ask": returns({"answer": "yes"})},
        seconds={"Call": 10},
        clock=clock,
    )
    assert run.path == ["Which", "Call", "Ask", "Rest", "Done"]
    assert [(wait.state, wait.seconds) for wait in run.waits] == [("Call", 3), ("Call", 6)]
    assert run.seconds == 3 * 10 + 3 + 6 + 100
    assert run.transitions() == 7
    assert run.output == {"answer": "yes"}
    assert run.unused_mocks == ()


def test_a_call_that_takes_too_long_times_out_on_the_turned_clock() -> None:
    run = run_machine(calling(TimeoutSeconds=5), {}, {"Call": payload(1)}, seconds={"Call": 6})
    assert (run.status, run.error, run.seconds) == ("FAILED", "States.Timeout", 5)


@pytest.mark.parametrize(
    ("mocks", "told"),
    [
        ({}, "has no mock"),
        ({"Call": [fails("Busy")]}, "for the second time, but the list of its mocks has 1"),
        ({"Call": returns({"Payloads": 1})}, "did you mean Payload"),
        ({"Call": {"just": "a value"}}, "make one with"),
    ],
)
def test_a_run_with_wrong_mocks_is_an_error_not_a_failed_run(
    mocks: dict[str, Mock | list[Mock]], told: str
) -> None:
    with pytest.raises(InvalidMock, match=told):
        run_machine(calling(Retry=RETRY), {}, mocks)


def test_a_state_that_is_not_there_is_named() -> None:
    with pytest.raises(WorkflowError, match="did you mean Call"):
        test_state(calling(), "Cal", {}, payload(1))
    with pytest.raises(InvalidMock, match="did you mean Call"):
        run_machine(calling(), {}, {"Call": payload(1), "Cal": payload(2)})
    with pytest.raises(InvalidMock, match="did you mean Call"):
        run_machine(calling(), {}, {"Call": payload(1)}, seconds={"Cal": 2})


def test_a_workflow_is_tested_as_it_is_and_a_file_by_its_path() -> None:
    workflow = Workflow("w", Chain([Wait("Rest", seconds=60), LambdaStep("Call", parameters=F)]))
    for machine_ in (workflow, workflow.definition):
        assert run_machine(machine_, {}, {"Call": payload(1)}).seconds == 60
    with pytest.raises(WorkflowError, match=r"Path\('machine.asl.json'\)"):
        run_machine("machine.asl.json")


def test_a_resource_for_a_template_to_fill_in_is_a_function_if_nothing_else_is_said() -> None:
    task = {"Type": "Task", "Resource": "${Checker}", "End": True}
    definition = {"StartAt": "Call", "States": {"Call": task}}
    assert run_machine(definition, {}, {"Call": returns("fine")}).output == "fine"
    with pytest.raises(InvalidDefinition, match="'banana' is not a Resource"):
        run_machine(definition, {}, {"Call": returns(1)}, substitutions={"Checker": "banana"})


def test_parallel_and_map_states_tell_how_often_they_were_tried_again() -> None:
    inner = Parallel("Inner", branches=[LambdaStep("Call", parameters=F)])
    inner.add_retry(Retry(error_equals=["Inner"], interval_seconds=2, max_attempts=1))
    each = Map("Each", iterator=inner)
    each.add_retry(Retry(error_equals=["States.ALL"], interval_seconds=5, max_attempts=1))
    calls = [fails("Inner"), fails("Inner"), payload(1)]
    run = run_machine(Workflow("w", each), ["item"], {"Call": calls})
    assert [(wait.state, wait.seconds) for wait in run.waits] == [("Inner", 2), ("Each", 5)]
    assert (run.retries("Each"), run.retries("Call"), run.seconds) == (1, 0, 7)
    assert repr(run).startswith("MachineRun(SUCCEEDED, path=['Each', 'Inner', 'Call'")


def test_the_command_tests_a_state(tmp_path: Path) -> None:
    file = tmp_path / "machine.asl.json"
    file.write_text(json.dumps(calling(Catch=CATCH)))
    mock = tmp_path / "mock.json"
    mock.write_text(json.dumps({"errorOutput": {"error": "Odd", "cause": "so it is"}}))
    cli = CliRunner()
    asked = ["test-state", str(file), "Call", "--input", '{"n": 1}', "--json", "--mock"]
    done = cli.invoke(app, [*asked, str(mock)])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["nextState"] == "Stop"
    for no_json in ("[NaN]", "[" * 100_000):
        refused = cli.invoke(app, ["test-state", str(file), "Stop", "--input", no_json])
        assert "--input is neither JSON nor the name of a file" in refused.output
    failed = cli.invoke(app, ["test-state", str(file), "Stop"])
    assert (failed.exit_code, "Stop: FAILED" in failed.output) == (1, True)
    for wrong, told in (("{", "neither JSON"), ('{"result": {"P": 1}}', "no member 'P'")):
        refused = cli.invoke(app, [*asked, wrong])
        assert refused.exit_code == 1
        assert told in refused.output
