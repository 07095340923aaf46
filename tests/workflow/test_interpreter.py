"""The interpreter: states, variables, retries, catches, time, and AWS's events for all of it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from asl_machines import INVOKE, SEND, TRAIN, Runner, machine, run, types, until

from ratchet.workflow import (
    Callbacks,
    Payload,
    StateError,
    TaskCall,
    TestClock,
    execute,
    parse,
)
from ratchet.workflow.interpreter.execution import Execution

BOOM = {"Boom": {"Type": "Fail", "Error": "Boom", "Cause": "it burst"}}


def _task(resource: str = INVOKE, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": resource, "Arguments": {}, "End": True, **fields}


def test_a_task_leaves_the_events_that_aws_leaves() -> None:
    execution, _, _ = run(
        machine({"Call": _task(Arguments={"a": "{% 1 + 1 %}"}, TimeoutSeconds=5)})
    )
    assert execution.output is not None
    assert execution.output.value == {"a": 2}
    assert types(execution) == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    scheduled = execution.history.events[2].as_api()
    assert scheduled["taskScheduledEventDetails"] == {
        "resourceType": "lambda",
        "resource": "invoke",
        "region": "us-east-1",
        "parameters": '{"a":2}',
        "timeoutInSeconds": 5,
    }


def test_a_plain_function_arn_has_events_of_its_own() -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:check"
    execution, runner, _ = run(machine({"Call": {"Type": "Task", "Resource": arn, "End": True}}), 7)
    assert types(execution)[2:5] == [
        "LambdaFunctionScheduled",
        "LambdaFunctionStarted",
        "LambdaFunctionSucceeded",
    ]
    assert runner.calls[0].arguments == 7


def test_variables_are_set_together_and_read_by_later_states() -> None:
    execution, _, _ = run(
        machine(
            {
                "First": {"Type": "Pass", "Assign": {"x": 1, "y": "{% null %}"}, "Next": "Second"},
                "Second": {
                    "Type": "Pass",
                    "Assign": {"x": "{% $x + 1 %}", "z": "{% $x %}"},
                    "Output": "{% $x %}",
                    "Next": "Third",
                },
                "Third": {"Type": "Pass", "Output": "{% [$x, $y, $z] %}", "End": True},
            }
        )
    )
    assert execution.output is not None
    assert execution.output.value == [2, None, 1]


def test_a_map_sees_outer_variables_and_keeps_its_own() -> None:
    inner = {
        "Add": {"Type": "Pass", "Assign": {"total": "{% $base + $states.input %}"}, "Next": "Give"},
        "Give": {
            "Type": "Pass",
            "Output": "{% {'total': $total, 'index': $states.context.Map.Item.Index} %}",
            "End": True,
        },
    }
    each = {
        "Type": "Map",
        "Items": "{% $states.input.items %}",
        "ItemProcessor": {"StartAt": "Add", "States": inner},
        "Next": "After",
    }
    after = {
        "Type": "Pass",
        "Output": "{% {'all': $states.input, 'own': $exists($total)} %}",
        "End": True,
    }
    base = {"Type": "Pass", "Assign": {"base": 10}, "Next": "Each"}
    execution, _, _ = run(machine({"Base": base, "Each": each, "After": after}), {"items": [1, 2]})
    assert execution.output is not None
    assert execution.output.value == {
        "all": [{"total": 11, "index": 0}, {"total": 12, "index": 1}],
        "own": False,
    }


@pytest.mark.parametrize(
    "mode", [{"Mode": "INLINE"}, {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}]
)
def test_a_selector_sees_the_visit_of_its_map(mode: dict[str, str]) -> None:
    seen: list[Any] = []

    def answer(call: TaskCall) -> Any:
        seen.append(call.arguments)
        return StateError("Once") if len(seen) == 1 else {}

    ask = {"Type": "Task", "Resource": INVOKE, "Arguments": "{% $states.input %}", "End": True}
    each = {
        "Type": "Map",
        "Items": [7],
        "ItemSelector": "{% $merge([$states.context.State, $states.context.Map.Item]) %}",
        "ItemProcessor": {"ProcessorConfig": mode, "StartAt": "Ask", "States": {"Ask": ask}},
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 60}],
        "End": True,
    }
    run(machine({"Each": each}), answer=answer)
    expected = {"EnteredTime": "2026-01-01T00:00:00.000Z", "Name": "Each", "Index": 0, "Value": 7}
    shown = [{key: each[key] for key in (*expected, "RetryCount")} for each in seen]
    assert shown == [{**expected, "RetryCount": 0}, {**expected, "RetryCount": 1}]


def test_parallel_branches_give_their_outputs_in_order() -> None:
    branches = [
        {
            "StartAt": "Slow",
            "States": {"Slow": {"Type": "Wait", "Seconds": 9, "Next": "A"}, "A": _give("a")},
        },
        {"StartAt": "B", "States": {"B": _give("b")}},
    ]
    execution, _, clock = run(
        machine({"Both": {"Type": "Parallel", "Branches": branches, "End": True}})
    )
    assert execution.output is not None
    assert execution.output.text == '["a","b"]'
    assert clock.now() - execution.started == 9


def _give(value: str) -> dict[str, Any]:
    return {"Type": "Pass", "Output": value, "End": True}


def test_retries_back_off_up_to_the_cap_and_count_up() -> None:
    moments: list[tuple[int, str]] = []

    def answer(call: TaskCall) -> Any:
        moments.append((call.attempt, call.arguments["name"]))
        return StateError("Busy") if call.attempt < 4 else "done"

    retry = {
        "ErrorEquals": ["Busy"],
        "IntervalSeconds": 2,
        "BackoffRate": 3,
        "MaxDelaySeconds": 10,
        "MaxAttempts": 4,
    }
    name = "{% 'job-' & $states.context.State.RetryCount %}"
    execution, _, clock = run(
        machine({"Call": _task(Arguments={"name": name}, Retry=[retry])}), answer=answer
    )
    assert execution.status == "SUCCEEDED"
    assert moments == [(number, f"job-{number}") for number in range(5)]
    assert clock.now() - execution.started == 2 + 6 + 10 + 10
    assert types(execution).count("TaskFailed") == 4


def test_a_catch_takes_the_error_with_output_and_variables() -> None:
    catch = {
        "ErrorEquals": ["States.ALL"],
        "Output": "{% $states.errorOutput.Error %}",
        "Assign": {"why": "{% $states.errorOutput.Cause %}"},
        "Next": "After",
    }
    after = {"Type": "Pass", "Output": "{% $states.input & ': ' & $why %}", "End": True}
    execution, _, _ = run(
        machine({"Call": _task(Catch=[catch]), "After": after}),
        answer=lambda _: StateError("Odd", "so it is"),
    )
    assert execution.output is not None
    assert execution.output.value == "Odd: so it is"
    assert types(execution)[4:6] == ["TaskFailed", "TaskStateExited"]


@pytest.mark.parametrize(
    ("name", "status"), [("States.Runtime", "FAILED"), ("States.DataLimitExceeded", "SUCCEEDED")]
)
def test_only_one_terminal_error_is_caught_by_its_name(name: str, status: str) -> None:
    handled = [{"ErrorEquals": [name], "Next": "After"}]
    execution, _, _ = run(
        machine({"Call": _task(Catch=handled), "After": {"Type": "Succeed"}}),
        answer=lambda _: StateError(name),
    )
    assert execution.status == status


def test_a_result_that_is_not_json_fails_the_task_by_name_and_can_be_caught() -> None:
    catch = [{"ErrorEquals": ["States.TaskFailed"], "Next": "After"}]
    execution, _, _ = run(
        machine({"Call": _task(Catch=catch), "After": {"Type": "Succeed"}}),
        answer=lambda _: {"Payload": float("nan")},
    )
    assert execution.status == "SUCCEEDED"
    assert types(execution)[4:6] == ["TaskFailed", "TaskStateExited"]
    assert "'lambda' returned a result that is not JSON" in execution.output.value["Cause"]


@pytest.mark.parametrize("name", ["States.Runtime", "States.DataLimitExceeded"])
def test_the_wildcards_do_not_catch_terminal_errors(name: str) -> None:
    catch = [
        {"ErrorEquals": ["States.TaskFailed"], "Next": "After"},
        {"ErrorEquals": ["States.ALL"], "Next": "After"},
    ]
    execution, _, _ = run(
        machine({"Call": _task(Catch=catch), "After": {"Type": "Succeed"}}),
        answer=lambda _: StateError(name),
    )
    assert (execution.status, execution.error) == ("FAILED", name)


def test_too_large_a_result_is_a_data_limit_error() -> None:
    execution, _, _ = run(machine({"Call": _task()}), answer=lambda _: "ü" * 131_072)
    assert execution.error == "States.DataLimitExceeded"
    assert execution.cause is not None
    assert "'lambda' returned a result with a size exceeding" in execution.cause


def test_a_failing_iteration_breaks_off_the_others() -> None:
    inner = {
        "Which": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input = 2 %}", "Next": "Boom"}],
            "Default": "Long",
        },
        "Long": {"Type": "Wait", "Seconds": 60, "End": True},
        **BOOM,
    }
    each = {
        "Type": "Map",
        "Items": [1, 2],
        "ItemProcessor": {"StartAt": "Which", "States": inner},
        "Catch": [{"ErrorEquals": ["Boom"], "Next": "After"}],
        "End": True,
    }
    execution, _, _ = run(machine({"Each": each, "After": {"Type": "Succeed"}}))
    assert execution.status == "SUCCEEDED"
    end = types(execution)
    failed = end.index("MapIterationFailed")
    assert end[failed : failed + 5] == [
        "MapIterationFailed",
        "WaitStateAborted",
        "MapIterationAborted",
        "MapStateFailed",
        "MapStateExited",
    ]
    ids = {event.type: event.previous for event in execution.history.events}
    boom = next(event.id for event in execution.history.events if event.type == "FailStateEntered")
    assert {ids[name] for name in end[failed : failed + 4]} == {boom}


def test_a_failing_branch_stops_the_job_of_its_sibling() -> None:
    branches = [
        {"StartAt": "Train", "States": {"Train": _task(TRAIN)}},
        {
            "StartAt": "Soon",
            "States": {"Soon": {"Type": "Wait", "Seconds": 5, "Next": "Boom"}, **BOOM},
        },
    ]
    execution, runner, _ = run(
        machine({"Both": {"Type": "Parallel", "Branches": branches, "End": True}}),
        answer=lambda _: {"TrainingJobArn": "arn"},
        job_seconds=3600,
    )
    assert (execution.status, execution.error) == ("FAILED", "Boom")
    assert runner.cancelled == [{"TrainingJobArn": "arn"}]
    assert "TaskStateAborted" in types(execution)


def test_a_job_is_submitted_and_awaited() -> None:
    execution, _, clock = run(machine({"Train": _task(TRAIN)}), job_seconds=600)
    assert clock.now() - execution.started == 600
    assert types(execution)[2:6] == [
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskSucceeded",
    ]
    assert execution.output is not None
    assert execution.output.value == {"Status": "Completed"}


def test_a_task_timeout_is_an_error_that_states_timeout_catches() -> None:
    state = _task(
        TRAIN, TimeoutSeconds=30, Catch=[{"ErrorEquals": ["States.Timeout"], "Next": "Late"}]
    )
    execution, runner, _ = run(
        machine({"Train": state, "Late": {"Type": "Succeed"}}), job_seconds=31
    )
    assert execution.status == "SUCCEEDED"
    assert "TaskTimedOut" in types(execution)
    assert runner.cancelled == [{}]


def test_the_machine_timeout_skips_every_catch() -> None:
    state = _task(TRAIN, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Late"}])
    execution, runner, _ = run(
        machine({"Train": state, "Late": {"Type": "Succeed"}}, TimeoutSeconds=10), job_seconds=11
    )
    assert execution.status == "TIMED_OUT"
    assert types(execution)[-2:] == ["TaskSubmitted", "ExecutionTimedOut"]
    assert execution.history.events[-1].previous == 0
    assert runner.cancelled == [{}]


def test_stopping_aborts_and_stops_the_job() -> None:
    clock = TestClock()

    async def scenario() -> tuple[Execution, Runner]:
        runner = Runner(clock, lambda _: {"job": 1}, job_seconds=10**6)
        execution = Execution(
            parse(machine({"Train": _task(TRAIN)})), Payload({}), runner=runner, clock=clock
        )
        running = asyncio.ensure_future(execution.run())
        await until(lambda: "TaskSubmitted" in types(execution))
        execution.stop("Enough", "said so")
        await running
        await execution.settled()
        return execution, runner

    execution, runner = clock.run(scenario())
    assert (execution.status, execution.error, execution.cause) == ("ABORTED", "Enough", "said so")
    assert runner.cancelled == [{"job": 1}]


def test_stopping_reaches_the_jobs_inside_a_map() -> None:
    clock = TestClock()
    each = {
        "Type": "Map",
        "Items": [1, 2],
        "ItemProcessor": {"StartAt": "Train", "States": {"Train": _task(TRAIN)}},
        "End": True,
    }

    async def scenario() -> tuple[Execution, Runner]:
        runner = Runner(clock, lambda call: {"job": call.execution}, job_seconds=10**6)
        machine_ = parse(machine({"Each": each}, TimeoutSeconds=60))
        return await execute(machine_, runner=runner, clock=clock), runner

    execution, runner = clock.run(scenario())
    assert execution.status == "TIMED_OUT"
    assert len(runner.cancelled) == 2
    assert types(execution)[-2:] == ["TaskSubmitted", "ExecutionTimedOut"]


def test_a_fault_in_a_runner_fails_the_execution_and_is_named() -> None:
    branches = [{"StartAt": "Call", "States": {"Call": _task()}}]
    execution, _, _ = run(
        machine({"Both": {"Type": "Parallel", "Branches": branches, "End": True}}),
        answer=lambda _: {}["missing"],
    )
    assert (execution.status, execution.error) == ("FAILED", "States.Runtime")
    assert execution.cause == "Internal error: KeyError: 'missing'"


def test_an_execution_stopped_before_it_began_is_aborted() -> None:
    clock = TestClock()

    async def scenario() -> Execution:
        execution = Execution(parse(machine({"A": {"Type": "Succeed"}})), Payload({}), clock=clock)
        execution.stop()
        await execution.run()
        return execution

    execution = clock.run(scenario())
    assert types(execution) == ["ExecutionStarted", "ExecutionAborted"]


def _callback(**fields: Any) -> dict[str, Any]:
    token = {"MessageBody": {"token": "{% $states.context.Task.Token %}"}}
    return machine({"Ask": _task(SEND, Arguments=token, **fields)})


def test_a_token_ends_its_task() -> None:
    clock, callbacks = TestClock(), Callbacks()

    def answer(call: TaskCall) -> Any:
        assert call.token is not None
        assert call.arguments["MessageBody"]["token"] == call.token
        callbacks.succeed(call.token, Payload.parse('{"ok": true}'))
        return {"MessageId": "1"}

    runner = Runner(clock, answer)
    execution = clock.run(
        execute(parse(_callback()), runner=runner, clock=clock, callbacks=callbacks)
    )
    assert execution.output is not None
    assert execution.output.text == '{"ok": true}'


def test_heartbeats_keep_a_task_alive_until_one_is_missed() -> None:
    clock, callbacks = TestClock(), Callbacks()

    def answer(call: TaskCall) -> Any:
        assert call.token is not None
        for moment in (4, 8, 12):
            clock.call_later(moment, partial(callbacks.heartbeat, call.token))
        return {}

    catch = [{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Silent"}]
    definition = _callback(HeartbeatSeconds=5, TimeoutSeconds=600, Catch=catch)
    definition["States"]["Silent"] = {"Type": "Succeed"}
    execution = clock.run(
        execute(parse(definition), runner=Runner(clock, answer), clock=clock, callbacks=callbacks)
    )
    assert execution.status == "SUCCEEDED"
    assert clock.now() - execution.started == 17


def test_an_undefined_result_can_be_caught() -> None:
    state = _task(
        Arguments={"x": "{% $states.input.nothing %}"},
        Catch=[{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "After"}],
    )
    execution, runner, _ = run(machine({"Call": state, "After": {"Type": "Succeed"}}))
    assert execution.status == "SUCCEEDED"
    assert runner.calls == []
    assert types(execution)[2:4] == ["EvaluationFailed", "TaskStateExited"]


def test_what_a_state_assigns_has_a_limit() -> None:
    assign = dict.fromkeys(("one", "other"), "{% $pad('x', 140000) %}")
    execution, _, _ = run(machine({"A": {"Type": "Pass", "Assign": assign, "End": True}}))
    assert execution.error == "States.DataLimitExceeded"


def test_no_matching_rule_is_an_error() -> None:
    rule = {"Condition": "{% $states.input.a = 1 %}", "Next": "B"}
    execution, _, _ = run(
        machine({"A": {"Type": "Choice", "Choices": [rule]}, "B": {"Type": "Succeed"}})
    )
    assert execution.error == "States.Runtime"


def test_the_history_ends_at_25_000_events() -> None:
    loop = {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Choice", "Choices": [], "Default": "A"},
    }
    loop["B"]["Choices"] = [{"Condition": "{% $states.input.stop = true %}", "Next": "C"}]
    execution, _, _ = run(machine({**loop, "C": {"Type": "Succeed"}}))
    assert len(execution.history.events) == 25_000
    assert execution.error == "States.Runtime"
    assert types(execution)[-1] == "ExecutionFailed"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$partition([1,2,3], 2)", [[1, 2], [3]]),
        ("$range(1, 7, 3)", [1, 4, 7]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$hash('a', 'MD5')", "0cc175b9c0f1b6a831c399e269772661"),
        ("$parse('{\"a\": null}')", {"a": None}),
        ("$length($uuid())", 36),
        ("$random(7) = $random(7)", True),
        ("$now()", "2026-01-01T00:00:00.000Z"),
        ("$map($states.input.list, function($v) { $v })", [1, None, 2]),
        ("4 / 2", 2),
        ("[1..3]", [1, 2, 3]),
        ("$states.context.Execution.Name", "execution"),
    ],
)
def test_expressions_give_what_they_give_on_aws(expression: str, expected: Any) -> None:
    definition = machine({"A": {"Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}})
    execution, _, _ = run(definition, {"list": [1, None, 2]})
    assert execution.output is not None, execution.cause
    assert execution.output.value == expected


@pytest.mark.parametrize(
    "expression",
    [
        "($f := function($n) { $f($n + 1) }; $f(1))",
        "function($x) { $x }",
        "$error('no')",
        "'a' + 1",
    ],
)
def test_a_bad_expression_fails_the_state_and_nothing_else(expression: str) -> None:
    execution, _, _ = run(
        machine({"A": {"Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}})
    )
    assert execution.error == "States.QueryEvaluationError"


@pytest.mark.slow
def test_ten_thousand_waiting_executions_run_side_by_side() -> None:
    clock = TestClock()
    machine_ = parse(machine({"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}))

    async def scenario() -> list[Execution]:
        executions = [Execution(machine_, Payload({}), clock=clock) for _ in range(10_000)]
        await asyncio.gather(*(execution.run() for execution in executions))
        return executions

    assert {execution.status for execution in clock.run(scenario())} == {"SUCCEEDED"}
