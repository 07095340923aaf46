"""jsonata-python with the arithmetic, the checks and the failures of the reference implementation.

Imported only when an expression is compiled, because the library is slow to import.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from jsonata import Functions, Jsonata, Utils

from ratchet.workflow.asl.jsonata import signatures
from ratchet.workflow.asl.jsonata.errors import Fault, memory_exceeded
from ratchet.workflow.asl.jsonata.functions import TABLE
from ratchet.workflow.asl.jsonata.limits import MAX_ITEMS, made
from ratchet.workflow.asl.jsonata.numbers import is_number, tidy

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Function(Jsonata.JLambda):  # type: ignore[misc]
    """A built-in function: checks its arguments wherever it is called from."""

    def __init__(self, name: str, text: str, implementation: Callable[..., Any]) -> None:
        super().__init__(implementation)
        self.function_name = name
        self._signature = signatures.signature(text)

    def call(self, input: Any, args: Sequence[Any] | None) -> Any:  # noqa: A002 - the library's
        return made(self.function(*self._signature.checked(args or (), input)))

    def get_number_of_args(self) -> int:
        return len(self._signature.parameters)


class Engine(Jsonata):  # type: ignore[misc]
    """One parsed expression."""

    def __init__(self, text: str, pattern: Callable[..., Any]) -> None:
        super().__init__(text, regex_engine=pattern)
        self.environment = self.create_frame(_functions())
        self.set_output_convert_nulls(False)
        self.set_validate_input(False)

    def evaluate_binary(self, expr: Any, input: Any, environment: Any) -> Any:  # noqa: A002
        op = str(expr.value)
        if op not in ("and", "or"):
            return super().evaluate_binary(expr, input, environment)
        left = Jsonata.boolize(self.eval(expr.lhs, input, environment))
        if left == (op == "or"):
            return left
        try:
            return Jsonata.boolize(self.eval(expr.rhs, input, environment))
        except Fault as fault:
            fault.named(op, again=True)  # so does the reference
            raise

    def apply_inner(self, proc: Any, args: Any, input: Any, environment: Any) -> Any:  # noqa: A002
        if not self.is_function_like(proc):
            raise Fault("T1006")
        return super().apply_inner(proc, args, input, environment)

    def evaluate_unary(self, expr: Any, input: Any, environment: Any) -> Any:  # noqa: A002
        if str(expr.value) != "-":
            return super().evaluate_unary(expr, input, environment)
        value = self.eval(expr.expression, input, environment)
        if value is None:
            return None
        if not _counts(value):
            raise Fault("D1002", value=value)
        return tidy(-value)

    def evaluate_numeric_expression(self, lhs: Any, rhs: Any, op: str | None) -> Any:
        for code, side in (("T2001", lhs), ("T2002", rhs)):
            if side is not None and not _counts(side):
                raise Fault(code, token=op, value=side)
        if lhs is None or rhs is None:
            return None
        return tidy(_ARITHMETIC[str(op)](float(lhs), float(rhs)))

    def evaluate_comparison_expression(self, lhs: Any, rhs: Any, op: str | None) -> Any:
        for side in (lhs, rhs):
            if not (side is None or is_number(side) or isinstance(side, str)):
                raise Fault("T2010", token=op)
        if lhs is None or rhs is None:
            return None
        if isinstance(lhs, str) != isinstance(rhs, str):
            raise Fault("T2009", value=lhs, value2=rhs, token=op)
        return _COMPARISONS[str(op)](lhs, rhs)

    def evaluate_includes_expression(self, lhs: Any, rhs: Any) -> bool:
        if lhs is None or rhs is None:
            return False
        items = rhs if isinstance(rhs, list) else [rhs]
        if isinstance(lhs, list | dict):
            return any(item is lhs for item in items)
        return any(Utils.is_deep_equal(item, lhs) for item in items)

    def evaluate_range_expression(self, lhs: Any, rhs: Any) -> Any:
        for code, side in (("T2003", lhs), ("T2004", rhs)):
            if side is not None and not (is_number(side) and float(side).is_integer()):
                raise Fault(code, value=side)
        if lhs is None or rhs is None or lhs > rhs:
            return None
        if rhs - lhs + 1 > MAX_ITEMS:
            raise memory_exceeded()
        return made(Utils.create_sequence_from_iter(range(int(lhs), int(rhs) + 1)))

    def evaluate_string_concat(self, lhs: Any, rhs: Any) -> Any:
        return made(super().evaluate_string_concat(lhs, rhs))

    def validate_arguments(self, signature: Any, args: Any, context: Any) -> Any:
        """Built-in functions check their own arguments; a lambda's are checked here."""
        if Functions.is_lambda(signature) and signature.signature is not None:
            return signatures.of_library(signature.signature).checked(args, context)
        return args

    def evaluate_function(
        self,
        expr: Any,
        input: Any,  # noqa: A002 - the library's name
        environment: Any,
        applyto_context: Any,
    ) -> Any:
        try:
            return super().evaluate_function(expr, input, environment, applyto_context)
        except Fault as fault:
            fault.named(getattr(expr.procedure, "value", None))
            raise


def _counts(value: Any) -> bool:
    """Whether arithmetic accepts the value. Raises Fault (D1001) for an infinite number."""
    if not is_number(value) or math.isnan(value):
        return False
    if math.isinf(value):
        raise Fault("D1001", value=value)
    return True


def _divided(one: float, other: float) -> float:
    if other != 0:
        return one / other
    return math.nan if one == 0 else math.copysign(math.inf, one) * math.copysign(1, other)


def _remainder(one: float, other: float) -> float:
    return math.fmod(one, other) if other != 0 else math.nan


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
    "%": _remainder,
}


@cache
def _functions() -> Any:
    """The frame of all functions. `$eval` is left undefined: Step Functions does not have it."""
    frame = Jsonata.Frame(Jsonata.static_frame)
    for name, (text, implementation) in TABLE.items():
        frame.bind(name, Function(name, text, implementation))
    frame.bind("eval", None)
    return frame
