"""The comparison operators of Choice states in JSONPath: what holds, what fails."""

from __future__ import annotations

from typing import Any

import pytest
from asl_machines import run

from ratchet.workflow.asl.choices import OPERATORS

INPUT = {
    "text": "b",
    "number": 2,
    "flag": True,
    "moment": "2024-05-01T12:00:00Z",
    "line": "2024-05-01T12:00:00Z\n",
    "precise": "2024-05-01T00:00:00.123456789Z",
    "nothing": None,
    "file": "log-2024*.txt",
    "umlaut": "über",
    "face": "😀",
    "same": {"text": "b", "number": 2.0, "flag": True, "moment": "2024-05-01T14:00:00+02:00"},
}


def _chosen(rule: dict[str, Any], value: Any = None) -> tuple[str, str | None]:
    choice = {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"}
    states = {"Ask": choice, "Yes": {"Type": "Succeed"}, "No": {"Type": "Succeed"}}
    execution, _, _ = run({"StartAt": "Ask", "States": states}, INPUT if value is None else value)
    entered = [
        event.details["name"]
        for event in execution.history.events
        if event.type.endswith("StateEntered") and event.details is not None
    ]
    return entered[-1], execution.cause


_KINDS = {
    "String": ("text", "a", "b", "c"),
    "Numeric": ("number", 1, 2, 3),
    "Timestamp": ("moment", *(f"2024-05-01T{hour}:00:00.000Z" for hour in (11, 12, 13))),
}
_HOLDS = {
    "Equals": (False, True, False),
    "GreaterThan": (True, False, False),
    "GreaterThanEquals": (True, True, False),
    "LessThan": (False, False, True),
    "LessThanEquals": (False, True, True),
}


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("order", _HOLDS)
def test_an_order_holds_between_values_of_one_type(kind: str, order: str) -> None:
    name, *others = _KINDS[kind]
    for other, holds in zip(others, _HOLDS[order], strict=True):
        rule = {"Variable": f"$.{name}", f"{kind}{order}": other}
        assert _chosen(rule)[0] == ("Yes" if holds else "No"), rule
    by_path = {"Variable": f"$.{name}", f"{kind}{order}Path": f"$.same.{name}"}
    assert _chosen(by_path)[0] == ("Yes" if _HOLDS[order][1] else "No")


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        ({"Variable": "$.flag", "BooleanEquals": True}, "Yes"),
        ({"Variable": "$.flag", "BooleanEqualsPath": "$.same.flag"}, "Yes"),
        ({"Variable": "$.number", "BooleanEquals": True}, "No"),
        ({"Variable": "$.text", "NumericEquals": 2}, "No"),
        ({"Variable": "$.flag", "NumericEquals": 1}, "No"),
        ({"Variable": "$.nothing", "IsNull": True}, "Yes"),
        ({"Variable": "$.text", "IsString": True}, "Yes"),
        ({"Variable": "$.number", "IsNumeric": False}, "No"),
        ({"Variable": "$.flag", "IsBoolean": True}, "Yes"),
        ({"Variable": "$.flag", "IsNumeric": True}, "No"),
        ({"Variable": "$.moment", "IsTimestamp": True}, "Yes"),
        ({"Variable": "$.text", "IsTimestamp": True}, "No"),
        ({"Variable": "$.line", "IsTimestamp": True}, "No"),
        ({"Variable": "$.missing", "IsPresent": False}, "Yes"),
        ({"Variable": "$.missing.deeper", "IsPresent": True}, "No"),
        ({"Variable": "$.nothing", "IsPresent": True}, "Yes"),
        ({"Variable": "$unset", "IsPresent": False}, "Yes"),
        ({"Variable": "$.precise", "TimestampLessThan": "2024-05-01T00:00:00.123456790Z"}, "Yes"),
        (
            {"Variable": "$.precise", "TimestampEquals": "2024-05-01T02:00:00.123456789+02:00"},
            "Yes",
        ),
        ({"Variable": "$.file", "StringMatches": "log-*.txt"}, "Yes"),
        ({"Variable": "$.file", "StringMatches": "log-2024\\*.txt"}, "Yes"),
        ({"Variable": "$.file", "StringMatches": "log-*.csv"}, "No"),
        ({"Variable": "$.umlaut", "StringGreaterThan": "z"}, "Yes"),
        ({"Variable": "$.umlaut", "StringLessThan": "\uffff"}, "Yes"),
        ({"Variable": "$.face", "StringLessThan": "\uffff"}, "Yes"),
        ({"Variable": "$.umlaut", "StringEquals": "uber"}, "No"),
        ({"Not": {"Variable": "$.flag", "BooleanEquals": True}}, "No"),
        (
            {
                "And": [
                    {"Variable": "$.missing", "IsPresent": True},
                    {"Variable": "$.missing", "NumericEquals": 1},
                ]
            },
            "No",
        ),
        (
            {
                "Or": [
                    {"Variable": "$.flag", "BooleanEquals": False},
                    {"Not": {"Variable": "$.text", "IsNull": True}},
                ]
            },
            "Yes",
        ),
        ({"Variable": "$$.Execution.Input.text", "StringEquals": "b"}, "Yes"),
    ],
)
def test_a_rule_leads_where_it_holds(rule: dict[str, Any], state: str) -> None:
    assert _chosen(rule)[0] == state


def test_a_variable_that_is_not_there_fails_the_execution_in_awss_words() -> None:
    for rule in (
        {"Variable": "$.missing", "NumericEquals": 1},
        {"Variable": "$.number", "NumericEqualsPath": "$.missing"},
    ):
        _, cause = _chosen(rule)
        assert cause == (
            "An error occurred while executing the state 'Ask' (entered at the event id #2). "
            "Invalid path '$.missing': The choice state's condition path references an invalid "
            "value."
        )


@pytest.mark.parametrize("rule", [{"IsNull": True}, {"IsString": True}, {"IsPresent": True}])
def test_no_rule_can_look_into_an_input_that_is_null(rule: dict[str, Any]) -> None:
    states = {
        "Empty": {"Type": "Pass", "Result": None, "Next": "Ask"},
        "Ask": {"Type": "Choice", "Choices": [{"Variable": "$", **rule, "Next": "Yes"}]},
        "Yes": {"Type": "Succeed"},
    }
    execution, _, _ = run({"StartAt": "Empty", "States": states}, INPUT)
    assert execution.error == "States.Runtime"
    assert execution.cause == (
        "An error occurred while executing the state 'Ask' (entered at the event id #4). "
        "Unable to apply Path transformation to null or empty input."
    )


def test_all_operators_of_the_language_are_there() -> None:
    with_path = [name for name in OPERATORS if not name.startswith("Is")]
    with_path.remove("StringMatches")
    assert len(OPERATORS) + len(with_path) == 39
