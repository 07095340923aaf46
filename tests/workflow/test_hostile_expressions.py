"""Whatever an expression holds, it ends in time and with States.QueryEvaluationError."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asl_machines import machine, run

from ratchet.workflow import InvalidDefinition, Payload, parse
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


def test_a_slow_expression_does_not_hold_up_other_executions() -> None:
    endless = "($f := function($n){ $f($n) }; $f(1))"
    slow = {"Type": "Pass", "Assign": {"id": "{% $uuid() %}", "x": f"{{% {endless} %}}"}}
    quick = {"Type": "Pass", "Output": "{% 1 + 1 %}"}

    async def scenario() -> tuple[str, Execution]:
        with ThreadPoolExecutor(2) as thinkers:  # one may think slowly of 1 + 1 on a busy machine
            first, *others = (
                Execution(parse(machine({"A": {**state, "End": True}})), Payload({}), thinkers=pool)
                for state, pool in [(slow, thinkers)] + [(quick, thinkers)] * 20
            )
            running = asyncio.ensure_future(first.run())
            for other in others:
                await other.run()
            status = first.status
            await running
        return status, first

    status, ended = asyncio.run(scenario())
    assert status == "RUNNING"
    assert "Expression evaluation timeout" in (ended.cause or "")


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
