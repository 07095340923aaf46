"""Whatever an expression holds, it ends in time and with States.QueryEvaluationError."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

import pytest
from asl_machines import machine, run
from jsonata import Functions

from ratchet.workflow import InvalidDefinition, Payload, parse
from ratchet.workflow.asl import jsonata
from ratchet.workflow.asl.jsonata import functions, limits
from ratchet.workflow.interpreter.execution import Execution

FIVE_HUNDRED = "x" * 500 + "!"


@pytest.mark.parametrize(
    "expression",
    [
        "$contains($states.input.text, /(x|xx)*[yz]/)",
        "$replace($states.input.text, /(x+x+)+[yz]/, '')",
        "($f := function($n){ $f($n) + 1 }; $f(1))",
        "$reduce([1..40], function($a, $b){ $a & $a }, 'xxxxxxxx')",
        "$pad('x', 1000000000)",
        "[1..10000000]",
        "$toMillis('" + "1" * 60 + "x', '" + "[Y]" * 20 + "')",
        "function($x){$x}",
        "$range(1, 100000000, 1)",
        "$map([1..1000], function($i){ $pad('x', 6900000) })",
        "$reduce([1..40], function($a, $i){ $append($a, $a) }, [1])",
        "$formatInteger(10, $pad('0', 6000000))",
        "$fromMillis(0, '[Y,900000000]')",
        "$parseInteger($pad('A', 3000000, 'A'), 'A')",
    ],
)
def test_a_hostile_expression_fails_in_time(expression: str) -> None:
    started = time.monotonic()
    states = {"A": {"Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}}
    execution, _, _ = run(machine(states), {"text": FIVE_HUNDRED})
    assert execution.error == "States.QueryEvaluationError"
    assert time.monotonic() - started < 8


def test_an_endless_expression_is_given_up() -> None:
    loop = {"Type": "Pass", "Output": "{% ($f := function($n){ $f($n) }; $f(1)) %}", "End": True}
    execution, _, _ = run(machine({"A": loop}), {})
    assert execution.cause is not None
    assert "Expression evaluation timeout" in execution.cause


ENDLESS = "{% ($f := function($n){ $f($n) }; $f(1)) %}"
SLOW = "{% $sum([1..20000].($ * 2)) %}"
END = {"End": True}


def test_a_slow_expression_ends_within_its_bound_and_other_executions_run_then() -> None:
    endless = {"A": {"Type": "Pass", "Output": ENDLESS, **END}}
    quick = {"A": {"Type": "Pass", "Output": "{% 1 + 1 %}", **END}}
    first, *others = executions = [_execution(states) for states in (endless, *[quick] * 20)]

    async def scenario() -> None:
        await asyncio.gather(*(execution.run() for execution in executions))

    started = time.monotonic()
    asyncio.run(scenario())
    assert (
        limits.MAX_SECONDS <= time.monotonic() - started < limits.MAX_SECONDS + 6
    )  # on a busy machine
    assert "Expression evaluation timeout" in (first.cause or "")
    assert {other.status for other in others} == {"SUCCEEDED"}


@pytest.mark.parametrize(
    "expression",
    [
        "$contains($pad('x', 500, 'x') & '!', /(x+x+)+y/)",
        "$map([1..100], function($i){ $contains($pad('x', 500, 'x') & '!', /(x+x+)+y/) })",
        "$map([1..100000], function($i){ $pad('x', 1000000) })",
    ],
)
def test_one_evaluation_takes_no_longer_than_its_bound(expression: str) -> None:
    started = time.monotonic()
    with pytest.raises(jsonata.JsonataError):
        jsonata.evaluate(expression, {}, time.time)
    assert time.monotonic() - started < limits.MAX_SECONDS + 6  # on a busy machine


@pytest.mark.parametrize(
    "expression",
    [
        "$count($spread([1..100000].{'a': 1, 'b': 2}))",
        "$count($spread($merge([1..30000].{$string($): $})))",
    ],
)
def test_a_function_takes_linear_time(expression: str) -> None:
    """No check of the time can interrupt one call of a function."""
    started = time.monotonic()
    with contextlib.suppress(jsonata.JsonataError):
        jsonata.evaluate(expression, {}, time.time)
    assert time.monotonic() - started < limits.MAX_SECONDS + 6  # on a busy machine


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": 1}, {"a": 1}),
        ({"a": 1, "b": [2]}, [{"a": 1}, {"b": [2]}]),
        ([{"a": 1}], [{"a": 1}]),
        ([{"a": 1, "b": 2}, {"a": 3}], [{"a": 1}, {"b": 2}, {"a": 3}]),
        ([[{"a": 1}], "x", 2, None], [{"a": 1}, "x", 2, None]),
        ([], jsonata.UNDEFINED),
        ("x", "x"),
    ],
)
def test_spread_gives_what_the_library_gives(value: Any, expected: Any) -> None:
    bound = {"value": jsonata.with_nulls(value)}
    assert jsonata.evaluate("$spread($value)", bound, time.time) == expected
    theirs = Functions.spread(bound["value"])
    ours = functions.TABLE["spread"][1](bound["value"])
    assert (ours, type(ours)) == (theirs, type(theirs))
    assert getattr(ours, "sequence", None) == getattr(theirs, "sequence", None)


def test_a_search_ends_with_the_evaluation_it_is_part_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_SECONDS", 0.2)
    with pytest.raises(jsonata.JsonataError, match="Expression evaluation timeout"):
        jsonata.evaluate("$contains($pad('x', 500, 'x') & '!', /(x+x+)+y/)", {}, time.time)


@pytest.mark.parametrize(
    "states",
    [
        {
            **{f"S{n}": {"Type": "Pass", "Output": SLOW, "Next": f"S{n + 1}"} for n in range(8)},
            "S8": {"Type": "Succeed"},
        },
        {
            "M": {
                "Type": "Map",
                "Items": "{% [1..8] %}",
                "MaxConcurrency": 1,
                "ItemProcessor": {
                    "StartAt": "P",
                    "States": {"P": {"Type": "Pass", "Output": SLOW, **END}},
                },
                **END,
            }
        },
        {
            "M": {
                "Type": "Map",
                "Items": "{% [1..8] %}",
                "ItemSelector": {"slow": SLOW},
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "P",
                    "States": {"P": {"Type": "Pass", **END}},
                },
                **END,
            }
        },
    ],
    ids=["states", "iterations", "items"],
)
def test_others_run_between_slow_expressions(states: dict[str, Any]) -> None:
    slow, quick = _execution(states), _execution({"A": {"Type": "Pass", **END}})

    async def scenario() -> str:
        running = asyncio.ensure_future(slow.run())
        await asyncio.sleep(0)
        await quick.run()
        status = slow.status
        await running
        return status

    assert asyncio.run(scenario()) == "RUNNING"
    assert (quick.status, slow.status) == ("SUCCEEDED", "SUCCEEDED")


def _execution(states: dict[str, Any]) -> Execution:
    return Execution(parse(machine(states)), Payload({}))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a":' * 200 + "1" + "}" * 200, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ('{"Comment": "' + "x" * 10_000_000 + '"}', "bytes; AWS accepts"),
        (b'{"a": "\xff"}', "not UTF-8"),
        ("[1]", "is an object"),
    ],
)
def test_a_hostile_definition_is_refused_with_a_reason(text: Any, reason: str) -> None:
    with pytest.raises(InvalidDefinition, match=reason):
        parse(text)
