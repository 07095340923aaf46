"""Data between states: a JSON value and its text, each made at most once.

A state that passes its input on passes the same Payload, so its text is neither parsed nor
written again, and the whitespace of an execution's input is kept, as on AWS.
"""

from __future__ import annotations

import json
import math
from typing import Any

MAX_PAYLOAD_BYTES = 262_144  # AWS quota for the input or output of a task, state or execution

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def dumps(value: Any) -> str:
    """JSON text as Step Functions writes it: compact, not escaped to ASCII."""
    return _encode(value)


def loads(text: str) -> Any:
    """The value of JSON text. Raises ValueError for other text, or what cannot be written again."""
    return json.loads(text, parse_constant=_refuse_constant, parse_float=finite)


class Payload:
    """An immutable JSON value; `text` is its JSON, `size` its bytes in UTF-8."""

    __slots__ = ("_bound", "_size", "_text", "value")

    def __init__(self, value: Any, text: str | None = None) -> None:
        self.value = value
        self._text = text
        self._size: int | None = None
        self._bound: Any = _UNBOUND

    @classmethod
    def parse(cls, text: str) -> Payload:
        """A payload from JSON text. Raises ValueError if it is not JSON."""
        return cls(loads(text), text)

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = dumps(self.value)
        return self._text

    @property
    def size(self) -> int:
        if self._size is None:
            text = self.text
            self._size = len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))
        return self._size

    @property
    def is_too_large(self) -> bool:
        return self.size > MAX_PAYLOAD_BYTES

    @property
    def bound(self) -> Any:
        """The value as expressions see it: null is distinct from undefined."""
        if self._bound is _UNBOUND:
            from ratchet.workflow.asl.jsonata import with_nulls

            self._bound = with_nulls(self.value) if "null" in self.text else self.value
        return self._bound


_UNBOUND = object()


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def finite(text: str) -> float:
    """A number with a fraction or exponent. Raises ValueError where a double overflows."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:50]} is beyond what a double can hold")
    return number
