"""Numbers and strings as written by JSONata's reference implementation, which is JavaScript."""

from __future__ import annotations

import json
import math
import re
from decimal import Context, Decimal
from typing import Any

_FIFTEEN = Context(prec=15)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[Ee][-+]?[0-9]+)?")
_RADIX = re.compile(r"0(?:[xX](?P<x>[0-9A-Fa-f]+)|[oO](?P<o>[0-7]+)|[bB](?P<b>[01]+))")
_BASES = {"x": 16, "o": 8, "b": 2}
_EXACT = 2**53


class NotFinite(ValueError):
    """A number that has no text form; its only argument is the number."""


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_null(value: Any) -> bool:
    """Whether a value is the library's null, without importing the library."""
    return type(value).__name__ == "NullValue"


def tidy(value: float) -> float:
    """An integral number as an int, within the range where doubles are exact."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return value


def parsed(text: str) -> float | None:
    """The number that $number makes of a string, or None."""
    if _NUMBER.fullmatch(text):
        number = float(text)
        return tidy(number) if math.isfinite(number) else None
    match = _RADIX.fullmatch(text)
    if match is None or match.lastgroup is None:
        return None
    return int(match[match.lastgroup], _BASES[match.lastgroup])


def rounded(value: float) -> float:
    """To 15 significant digits, as $string shows a number."""
    return float(_FIFTEEN.create_decimal(Decimal(value)))


def text_of(value: float) -> str:
    """A number as JavaScript writes it: with an exponent only from 1e21 and below 1e-6."""
    if isinstance(value, int) and abs(value) < _EXACT:
        return str(value)
    if not math.isfinite(value):
        return "null"
    number = float(value)
    if number == 0:
        return "0"
    if number.is_integer() and abs(number) < 1e21:
        digits, exponent = _shortest(number)
        return ("-" if number < 0 else "") + digits.ljust(exponent, "0")
    return _fraction(number)


def _fraction(number: float) -> str:
    digits, point = _shortest(number)
    sign = "-" if number < 0 else ""
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{sign}{mantissa}e{point - 1:+d}"


def _shortest(number: float) -> tuple[str, int]:
    """The shortest digits that identify the number, and the position of the point in them."""
    _, digits, exponent = Decimal(repr(abs(number))).as_tuple()
    text = "".join(map(str, digits)).rstrip("0") or "0"
    return text, len(digits) + int(exponent)


def dumps(value: Any, *, fifteen: bool = False, indent: int = 0) -> str:
    """JSON text as JavaScript writes it; `fifteen`: numbers as $string rounds them."""
    return _Writer(fifteen=fifteen, indent=indent).text(value, "\n")


class _Writer:
    def __init__(self, *, fifteen: bool, indent: int) -> None:
        self._fifteen = fifteen
        self._indent = " " * indent
        self._colon = ": " if indent else ":"

    def text(self, value: Any, line: str) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if is_number(value):
            return text_of(self._number(value))
        if isinstance(value, str):
            return _quoted(value)
        inner = line + self._indent
        if isinstance(value, dict):
            parts = [
                _quoted(key) + self._colon + self.text(part, inner) for key, part in value.items()
            ]
            return self._joined("{}", parts, line)
        if isinstance(value, list):
            return self._joined("[]", [self.text(part, inner) for part in value], line)
        return "null" if value is None or is_null(value) else '""'

    def _joined(self, marks: str, parts: list[str], line: str) -> str:
        if not parts or not self._indent:
            return marks[0] + ",".join(parts) + marks[1]
        inner = line + self._indent
        return marks[0] + inner + f",{inner}".join(parts) + line + marks[1]

    def _number(self, value: float) -> float:
        if not self._fifteen or (isinstance(value, int) and abs(value) < 10**15):
            return value
        if not math.isfinite(value):
            raise NotFinite(value)
        return rounded(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
