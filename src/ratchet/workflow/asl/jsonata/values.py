"""Converts JSON values on their way into an expression and out of it."""

from __future__ import annotations

import math
from typing import Any

from ratchet.workflow.asl.jsonata.errors import NotJson, memory_exceeded
from ratchet.workflow.asl.jsonata.numbers import is_null

MAX_RESULT = 262_144  # items; no input or output can have more
UNDEFINED = object()


def with_nulls(value: Any) -> Any:
    """A copy with the library's null for null, which is then not taken for undefined."""
    from jsonata import Utils

    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, dict):
        return {key: with_nulls(part) for key, part in value.items()}
    if isinstance(value, list):
        return [with_nulls(part) for part in value]
    return value


def to_json(value: Any) -> Any:
    """A copy of a result as plain JSON; UNDEFINED for nothing. Raises NotJson for a function."""
    return UNDEFINED if value is None else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, str | bool):
        return value
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        if len(value) > MAX_RESULT:
            raise memory_exceeded()
        return [_plain(part) for part in value]
    if value is None or is_null(value):
        return None
    raise NotJson("The result is a function")


def _number(value: float) -> Any:
    """AWS gives numbers that JSON cannot represent as strings."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return value if abs(value) < 10**21 else float(value)
