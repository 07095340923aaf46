"""States in JSONPath: what goes in, what comes out, and how what fails is said."""

from __future__ import annotations

from typing import Any

import pytest
from asl_machines import INVOKE, run, types

from ratchet.workflow import StateError

Definition = dict[str, Any]

PASSES = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


def _machine(states: Definition) -> Definition:
    return {"StartAt": next(iter(states)), "States": states}


def _one(state: Definition, value: Any = None, **more: Any) -> Any:
    execution, runner, _ = run(_machine({"One": {**state, "End": True}}), value, **more)
    return execution, runner


def test_a_task_takes_parameters_and_puts_its_result_at_result_path() -> None:
    state = {
        "Type": "Task",
        "Resource": INVOKE,
        "InputPath": "$.order",
        "Parameters": {
            "FunctionName": "f",
            "Payload": {"id.$": "$.id", "run.$": "$$.Execution.Name"},
        },
        "ResultSelector": {"total.$": "$.Payload.sum", "fixed": 1},
        "ResultPath": "$.order.price",
        "OutputPath": "$.order",
    }
    execution, runner = _one(
        state, {"order": {"id": 7}, "rest": 0}, answer=lambda _: {"Payload": {"sum": 9}}
    )
    assert runner.calls[0].arguments["Payload"] == {"id": 7, "run": "execution"}
    assert execution.output.value == {"id": 7, "price": {"total": 9, "fixed": 1}}


def test_null_paths_give_and_keep_what_aws_gives_and_keeps() -> None:
    assert _one({"Type": "Pass", "InputPath": None}, {"a": 1})[0].output.value == {}
    assert _one({"Type": "Pass", "OutputPath": None}, {"a": 1})[0].output.value == {}
    assert _one({"Type": "Pass", "Result": 5, "ResultPath": None}, {"a": 1})[0].output.value == {
        "a": 1
    }
    made = _one({"Type": "Pass", "Result": 5, "ResultPath": "$.b.c"}, {"a": 1})[0]
    assert made.output.value == {"a": 1, "b": {"c": 5}}


def test_members_come_in_the_order_in_which_aws_gives_them() -> None:
    parameters = {
        "original_input.$": "$",
        "iteration_input_value.$": "$",
        "iteration_index.$": "$",
        "from_input_constant.$": "$",
        "constant_value": "HelloWorld",
    }
    execution, _ = _one({"Type": "Pass", "Parameters": parameters}, 0)
    assert list(execution.output.value) == [
        "constant_value",
        "iteration_input_value",
        "from_input_constant",
        "iteration_index",
        "original_input",
    ]


def test_variables_are_assigned_from_results_and_read_by_either_language() -> None:
    states = {
        "Call": {
            "Type": "Task",
            "Resource": INVOKE,
            "Parameters": {"a": 1},
            "ResultSelector": {"gone": 1},
            "Assign": {"sum.$": "States.MathAdd($.n, 1)", "name.$": "$$.State.Name", "five": 5},
            "Next": "Read",
        },
        "Read": {
            "Type": "Pass",
            "Parameters": {"sum.$": "$sum", "text.$": "States.Format('{}{}', $name, $five)"},
            "Next": "Jsonata",
        },
        "Jsonata": {
            "Type": "Pass",
            "QueryLanguage": "JSONata",
            "Output": "{% [$sum, $states.input.text] %}",
            "End": True,
        },
    }
    execution, _, _ = run(_machine(states), {}, answer=lambda _: {"n": 41})
    assert execution.output is not None
    assert execution.output.value == [42, "Call5"]


@pytest.mark.parametrize(
    ("state", "value", "error", "sentence"),
    [
        (
            {"Type": "Pass", "Parameters": {"a": {"x.$": "$.no"}}},
            {"b": 1},
            "States.Runtime",
            (
                "The JSONPath '$.no' specified for the field 'x.$' could not be found in the "
                "input '{\"b\":1}'"
            ),
        ),
        (
            {"Type": "Pass", "InputPath": "$.no.deeper"},
            {},
            "States.Runtime",
            "Invalid path '$.no.deeper' : Missing property in path $['no']",
        ),
        (
            {"Type": "Pass", "Parameters": {"x.$": "States.StringToJson('{')"}},
            {},
            "States.IntrinsicFailure",
            "The function 'States.StringToJson('{')' had the following error: ",
        ),
        (
            {"Type": "Wait", "SecondsPath": "$.s"},
            {"s": "soon"},
            "States.Runtime",
            "The SecondsPath parameter cannot be parsed as a long value: $.s == soon",
        ),
        (
            {"Type": "Wait", "TimestampPath": "$.t"},
            {"t": "soon"},
            "States.Runtime",
            (
                "The TimestampPath parameter does not reference a valid ISO-8601 extended offset "
                "date-time format string: $.t == soon"
            ),
        ),
        (
            {"Type": "Task", "Resource": INVOKE, "TimeoutSecondsPath": "$.t"},
            {},
            "States.Runtime",
            "The TimeoutSecondsPath parameter does not reference an input value: $.t",
        ),
        (
            {"Type": "Pass", "Parameters": {"x.$": "$unset.a"}},
            {},
            "States.Runtime",
            "The variable '$unset' in '$unset.a' has not been assigned",
        ),
    ],
)
def test_what_fails_is_said_as_aws_says_it(
    state: Definition, value: Any, error: str, sentence: str
) -> None:
    execution, _ = _one(state, value)
    assert execution.error == error
    begin = "An error occurred while executing the state 'One' (entered at the event id #2). "
    assert execution.cause.startswith(begin + sentence)
    assert types(execution)[2:] == ["ExecutionFailed"]


@pytest.mark.parametrize(
    "field", [{"InputPath": "$.a"}, {"Parameters": {"x.$": "$"}}, {"OutputPath": "$.a"}]
)
def test_nothing_is_taken_by_path_from_null(field: Definition) -> None:
    states = {
        "Null": {"Type": "Pass", "Result": None, "Next": "One"},
        "One": {"Type": "Pass", **field, "End": True},
    }
    execution, _, _ = run(_machine(states))
    assert execution.error == "States.Runtime"
    assert execution.cause == (
        "An error occurred while executing the state 'One' (entered at the event id #4). "
        "Unable to apply Path transformation to null or empty input."
    )


@pytest.mark.parametrize(
    ("state", "value", "cause"),
    [
        (
            {"Type": "Pass", "Result": 1, "ResultPath": "$.a"},
            [],
            'Unable to apply step "a" to input []',
        ),
        (
            {"Type": "Pass", "Result": 1, "ResultPath": "$.a.b.c"},
            {"a": {"b": 2}},
            'Unable to apply step "c" to input {"a":{"b":2}}',
        ),
        (
            {"Type": "Map", "ItemsPath": "$.in.items", "ItemProcessor": PASSES},
            {"in": {}},
            'Unable to apply step "items" to input {"in":{}}',
        ),
    ],
)
def test_a_reference_path_that_does_not_fit_the_input_is_a_conflict(
    state: Definition, value: Any, cause: str
) -> None:
    execution, _ = _one(state, value)
    assert (execution.error, execution.cause) == ("States.ReferencePathConflict", cause)
    assert types(execution)[2:] == ["ExecutionFailed"]


def test_a_catch_places_the_error_and_ignores_the_output_path() -> None:
    states = {
        "Call": {
            "Type": "Task",
            "Resource": INVOKE,
            "OutputPath": "$.nothing",
            "Catch": [{"ErrorEquals": ["Boom"], "ResultPath": "$.failure", "Next": "After"}],
            "End": True,
        },
        "After": {"Type": "Pass", "End": True},
    }
    execution, _, _ = run(_machine(states), {"a": 1}, answer=lambda _: StateError("Boom", "why"))
    assert execution.output is not None
    assert execution.output.value == {"a": 1, "failure": {"Error": "Boom", "Cause": "why"}}


def test_an_inline_map_reads_items_and_selects_for_each() -> None:
    state = {
        "Type": "Map",
        "InputPath": "$.in",
        "ItemsPath": "$.items",
        "MaxConcurrencyPath": "$.most",
        "ItemSelector": {"value.$": "$$.Map.Item.Value", "of.$": "States.ArrayLength($.items)"},
        "ItemProcessor": _machine({"P": {"Type": "Pass", "OutputPath": "$.value", "End": True}}),
        "ResultPath": "$.out",
    }
    value = {"in": {"items": [3, 4], "most": 1}}
    execution, _ = _one(state, value)
    assert execution.output.value == {**value, "out": [3, 4]}
    refused, _ = _one({**state, "ItemsPath": "$.most"}, value)
    assert refused.cause.endswith('Reference path "$.most" must point to array.')
    assert types(refused)[-2:] == ["MapStateEntered", "ExecutionFailed"]
