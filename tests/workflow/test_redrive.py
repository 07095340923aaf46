"""Redrive: an execution continues from where it failed, and keeps what it had done."""

from __future__ import annotations

from typing import Any

import pytest
from asl_machines import INVOKE, Runner, types

from ratchet.workflow import StateError, TaskCall, TestClock, parse
from ratchet.workflow.asl.payload import Payload
from ratchet.workflow.interpreter.execution import Execution

CALL = {"Type": "Task", "Resource": INVOKE, "End": True}


class World:
    """A clock and a runner whose calls fail until they are fixed."""

    def __init__(self, definition: dict[str, Any], value: Any) -> None:
        self.broken = True
        self.clock = TestClock()
        self.runner = Runner(self.clock, self._answer)
        self.execution = Execution(
            parse({"QueryLanguage": "JSONata", **definition}),
            Payload(value),
            runner=self.runner,
            clock=self.clock,
        )
        self.clock.run(self.execution.run())

    def _answer(self, call: TaskCall) -> Any:
        bad = self.broken and call.arguments in ("bad", {"bad": True})
        return StateError("Boom", "not yet") if bad else call.arguments

    def redrive(self) -> Execution:
        self.broken = False
        self.runner.calls.clear()
        self.clock.run(self.execution.redrive())
        return self.execution


def test_a_task_that_failed_is_called_again_with_the_same_input_and_variables() -> None:
    states = {
        "First": {"Type": "Pass", "Assign": {"kept": 7}, "Output": "bad", "Next": "Call"},
        "Call": {**CALL, "Output": "{% [$kept, $states.context.Execution.RedriveCount] %}"},
    }
    world = World({"StartAt": "First", "States": states}, {})
    assert world.execution.status == "FAILED"
    before = len(world.execution.history.events)
    execution = world.redrive()
    assert execution.status == "SUCCEEDED"
    assert (execution.redrives, execution.error) == (1, None)
    assert execution.output is not None
    assert execution.output.value == [7, 1]
    events = execution.history.events[before:]
    assert [event.type for event in events] == [
        "ExecutionRedriven",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    assert events[0].as_api()["executionRedrivenEventDetails"] == {"redriveCount": 1}


def test_only_iterations_and_branches_that_failed_are_run_again() -> None:
    call = {"StartAt": "Call", "States": {"Call": CALL}}
    other = {"StartAt": "Other", "States": {"Other": {**CALL, "Arguments": "fine"}}}
    each = {"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": call, "Next": "Both"}
    both = {
        "Type": "Parallel",
        "Arguments": "bad",
        "Branches": [other, {"StartAt": "Again", "States": {"Again": CALL}}],
        "End": True,
    }
    world = World({"StartAt": "Each", "States": {"Each": each, "Both": both}}, ["a", "bad", "c"])
    assert [call.arguments for call in world.runner.calls] == ["a", "bad"]
    execution = world.redrive()
    assert [call.arguments for call in world.runner.calls] == ["bad", "c", "fine", "bad"]
    assert execution.output is not None
    assert execution.output.value == ["fine", "bad"]
    assert types(execution).count("MapStateStarted") == 1
    assert types(execution).count("MapIterationStarted") == 3


@pytest.mark.parametrize("kind", ["Parallel", "Map"])
def test_what_comes_after_the_failed_state_starts_from_the_beginning(kind: str) -> None:
    def container(value: str, **ending: Any) -> dict[str, Any]:
        flow = {"StartAt": f"In{value}", "States": {f"In{value}": give(value)}}
        parts = {"Branches": [flow]} if kind == "Parallel" else {"ItemProcessor": flow}
        return {"Type": kind, **parts, **({"Items": [0]} if kind == "Map" else {}), **ending}

    def give(value: str) -> dict[str, Any]:
        return {"Type": "Pass", "Output": value, "End": True}

    states = {
        "Before": {**container("before", Next="Call")},
        "Call": {"Type": "Task", "Resource": INVOKE, "Arguments": "bad", "Next": "After"},
        "After": {**container("after", End=True)},
    }
    execution = World({"StartAt": "Before", "States": states}, {}).redrive()
    assert execution.output is not None
    assert execution.output.value == ["after"]


def test_a_map_run_redrives_the_children_that_failed() -> None:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Call",
        "States": {"Call": CALL},
    }
    each = {"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": processor, "End": True}
    world = World({"StartAt": "Each", "States": {"Each": each}}, ["a", "bad", "c"])
    assert world.execution.error == "States.ExceedToleratedFailureThreshold"
    execution = world.redrive()
    assert execution.output is not None
    assert execution.output.value == ["a", "bad", "c"]
    assert [call.arguments for call in world.runner.calls] == ["bad", "c"]
    assert "MapRunRedriven" in types(execution)


def test_a_stopped_wait_and_a_timed_out_machine_continue_too() -> None:
    states = {"Wait": {"Type": "Wait", "Seconds": 100, "Next": "End"}, "End": {"Type": "Succeed"}}
    world = World({"StartAt": "Wait", "TimeoutSeconds": 50, "States": states}, {})
    assert world.execution.status == "TIMED_OUT"
    assert world.execution.checkpoint is not None
    assert world.execution.checkpoint.state == "Wait"
    assert world.redrive().status == "TIMED_OUT"
    assert world.execution.redrives == 1


def test_what_gave_too_much_together_runs_again_as_a_whole() -> None:
    branch = {"StartAt": "Call", "States": {"Call": {**CALL, "Output": "{% $pad('x', 200000) %}"}}}
    other = {"StartAt": "Other", "States": {"Other": branch["States"]["Call"]}}
    states = {"Both": {"Type": "Parallel", "Branches": [branch, other], "End": True}}
    world = World({"StartAt": "Both", "States": states}, {})
    assert world.execution.error == "States.DataLimitExceeded"
    execution = world.redrive()
    assert execution.error == "States.DataLimitExceeded"
    assert sorted(call.state for call in world.runner.calls) == ["Call", "Other"]
    assert types(execution).count("ParallelStateStarted") == 2
