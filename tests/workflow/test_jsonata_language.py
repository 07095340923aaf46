"""Expressions give what JSONata 2.0.6 and AWS give, and fail in their words."""

from __future__ import annotations

from typing import Any

import pytest
from asl_machines import machine, run

from ratchet.workflow.interpreter.execution import Execution

INPUT = {
    "mixed": [1, "a"],
    "nul": None,
    "nulls": [None, 1],
    "orders": [{"id": 2, "at": "b"}, {"id": 1, "at": "b"}, {"id": 3, "at": "a"}],
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("0.1 + 0.2", 0.30000000000000004),
        ("7.5 % 2", 1.5),
        ("1 / 0", "Infinity"),
        ("[-1 / 0, 0 / 0]", ["-Infinity", "NaN"]),
        ("$string(0.1 + 0.2)", "0.3"),
        ("$string(1e20) & $string(1e21)", "1000000000000000000001e+21"),
        ("$string({'a': [1.50, null]})", '{"a":[1.5,null]}'),
        ("$number('0b101')", 5),
        ("$round(2.5) + $round(12450, -2)", 12402),
        ("$lowercase('ÄÖß')", "äöß"),
        ("$count($states.input.nul)", 1),
        ("$states.input.nulls[$ = null]", None),
        ("$distinct([{'a': 1}, {'a': 1}])", [{"a": 1}]),
        ("$sort($states.input.orders, function($a, $b){$a.at > $b.at}).id", [3, 2, 1]),
        ("$states.input.orders^(at, >id).id", [3, 2, 1]),
        ("$states.input.orders[at = 'a'].id", 3),
        ("$states.input.orders[at = 'a'].id[]", [3]),
        ("$replace('ab', /(a)/, '[$1$11]')", "[aa1]b"),
        ("$formatNumber(-1234.5, '#,##0.00;(#,##0.00)')", "(1,234.50)"),
        ("$formatNumber(0.5, '#.##')", ".5"),
        ("$formatNumber(1, 'abc0def')", "abc1def"),
        ("$match('é9\n', /\\w$|9/).match", "9"),
        ("$formatBase(-10, 2)", "-1010"),
        ("$parseInteger('12abc', '0')", 12),
        ("$toMillis('2017-11')", 1509494400000),
        ("$fromMillis(1510067557121, '[D1o] [MNn] [Y]')", "7th November 2017"),
        ("$range(-1.7, 2, 1)", [-1, 0, 1, 2]),
        ("$random(42)", 0.7275636800328681),
        ("$hash('input', 'SHA-1')", "140f86aae51ab9e1cda9b4254fe98a74eb54c1a1"),
        ("[1..873782] ~> $count()", 873782),
    ],
)
def test_an_expression_gives_what_aws_gives(expression: str, value: Any) -> None:
    execution = _evaluated(expression)
    assert execution.output is not None, execution.cause
    assert execution.output.value == value
    assert isinstance(execution.output.value, type(value))


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("1 + 'a'", '. T2002: The right side of the "+" operator must evaluate to a number'),
        (
            "1 < 'a'",
            (
                '. T2009: The values 1 and "a" either side of operator "<" must be of the same '
                "data type"
            ),
        ),
        (
            "true and (1 + 'a')",
            '. T2002: The right side of the "and" operator must evaluate to a number',
        ),
        ("($f := 5; $f())", ". T1006: Attempted to invoke a non-function"),
        ("-'a'", '. D1002: Cannot negate a non-numeric value: "a"'),
        (
            "$sum($states.input.mixed)",
            '. T0412: Argument 1 of function "sum" must be an array of "numbers"',
        ),
        ("$abs(1, 2)", '. T0410: Argument 2 of function "abs" does not match function signature'),
        (
            "$uppercase($states.input.nul)",
            '. T0410: Argument 1 of function "uppercase" does not match function signature',
        ),
        ("$number('abc')", '. D3030: Unable to cast value to a number: "abc"'),
        (
            "$power(10, 400)",
            (
                ". D3061: The power function has resulted in a value that cannot be represented as "
                "a JSON number: base=10, exponent=400"
            ),
        ),
        ("$replace('a', /x*/, '-')", ". D1004: Regular expression matches zero length string"),
        (
            "$formatNumber(1, 'x')",
            (
                ". D3086: The sub-picture must not contain a passive character that is preceded by "
                "an active character and that is followed by another active character"
            ),
        ),
        (
            "$toMillis('foo')",
            (
                ". D3110: The argument of the toMillis function must be an ISO 8601 formatted "
                'timestamp. Given "foo"'
            ),
        ),
        (
            "$fromMillis(0, '[Q]')",
            '. D3132: Unknown component specifier "Q" in date/time picture string',
        ),
        ("$error('boom')", ". D3137: boom"),
        ("$eval('1')", ". T1006: Attempted to invoke a non-function"),
        (
            "[1..873783]",
            ": Expression evaluation memory limit exceeded: Check for excessive memory usage",
        ),
        (
            "+".join(["1"] * 200),
            (
                ": Stack overflow error: Check for non-terminating recursive function. "
                "Consider rewriting as tail-recursive."
            ),
        ),
    ],
)
def test_an_expression_fails_in_the_words_of_aws(expression: str, said: str) -> None:
    execution = _evaluated(expression)
    assert execution.error == "States.QueryEvaluationError"
    assert execution.cause == (
        "An error occurred while executing the state 'A' (entered at the event id #2). The "
        f"JSONata expression '{expression}' specified for the field 'Output' threw an error "
        f"during evaluation{said}"
    )


def _evaluated(expression: str) -> Execution:
    states = {"A": {"Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}}
    execution, _, _ = run(machine(states), INPUT)
    return execution
