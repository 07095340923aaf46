"""$formatNumber: numbers in the decimal pictures of XPath."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from itertools import pairwise
from typing import Any

from ratchet.workflow.asl.jsonata.errors import Fault

_CONTEXT = Context(prec=400, rounding=ROUND_HALF_EVEN)
_DEFAULTS = {
    "decimal-separator": ".",
    "grouping-separator": ",",
    "exponent-separator": "e",
    "infinity": "Infinity",
    "minus-sign": "-",
    "NaN": "NaN",
    "percent": "%",
    "per-mille": "\u2030",
    "zero-digit": "0",
    "digit": "#",
    "pattern-separator": ";",
}


def format_number(value: Any, picture: Any, options: Any) -> Any:
    """The number in its picture. Raises Fault (D3080 to D3093) for a wrong picture."""
    if value is None or picture is None:
        return None
    return _Format({**_DEFAULTS, **(options or {})}).written(value, picture)


@dataclass(frozen=True, slots=True)
class _Part:
    """A parsed sub-picture; `mantissa` and `exponent` contain digits and separators only."""

    prefix: str
    suffix: str
    active: str
    integer: str
    fraction: str
    exponent: str | None


class _Format:
    def __init__(self, marks: Mapping[str, str]) -> None:
        self._marks = marks
        self._point = marks["decimal-separator"]
        self._comma = marks["grouping-separator"]
        self._power = marks["exponent-separator"]
        self._optional = marks["digit"]
        zero = ord(marks["zero-digit"])
        self._digits = "".join(chr(zero + index) for index in range(10))
        self._active = f"{self._digits}{self._point}{self._power}{self._comma}{self._optional}"

    def written(self, value: float, picture: str) -> str:
        parts = [self._part(text) for text in picture.split(self._marks["pattern-separator"])]
        if len(parts) > 2:
            raise Fault("D3080")
        if math.isnan(value):
            return self._marks["NaN"]
        part = parts[0]
        minus = self._marks["minus-sign"] if value < 0 and len(parts) == 1 else ""
        if value < 0 and len(parts) == 2:
            part = parts[1]
        if math.isinf(value):
            return minus + part.prefix + self._marks["infinity"] + part.suffix
        return minus + part.prefix + self._number(abs(value), part) + part.suffix

    # the picture

    def _part(self, text: str) -> _Part:
        marks = self._active.replace(self._power, "")
        places = [index for index, mark in enumerate(text) if mark in marks]
        first, last = (places[0], places[-1] + 1) if places else (0, 0)
        mantissa, exponent = text[first:last], None
        cut = text.find(self._power, first)
        if 0 < cut <= last:
            mantissa, exponent = text[first:cut], text[cut + 1 : last]
        integer, _, fraction = mantissa.partition(self._point)
        active = text[first:last]
        part = _Part(text[:first], text[last:], active, integer, fraction, exponent)
        self._check(text, part, mantissa)
        return part

    def _check(self, text: str, part: _Part, mantissa: str) -> None:
        marks = self._marks
        for code, mark in (
            ("D3081", self._point),
            ("D3082", marks["percent"]),
            ("D3083", marks["per-mille"]),
        ):
            if text.count(mark) > 1:
                raise Fault(code)
        if marks["percent"] in text and marks["per-mille"] in text:
            raise Fault("D3084")
        if part.exponent is not None and any(
            marks[each] in text for each in ("percent", "per-mille")
        ):
            raise Fault("D3092")
        if any(mark not in self._active for mark in part.active):
            raise Fault("D3086")
        if not any(mark in self._digits + self._optional for mark in mantissa):
            # To the reference, such a picture has passive characters in the wrong place.
            raise Fault("D3086" if text else "D3085")
        self._check_order(part)

    def _check_order(self, part: _Part) -> None:
        comma, digits, optional = self._comma, self._digits, self._optional
        if f"{comma}{self._point}" in part.active or f"{self._point}{comma}" in part.active:
            raise Fault("D3087")
        if self._point not in part.active and part.integer.endswith(comma):
            raise Fault("D3088")
        if comma * 2 in part.active:
            raise Fault("D3089")
        integer = part.integer.replace(comma, "")
        if any(a in digits and b == optional for a, b in pairwise(integer)):
            raise Fault("D3090")
        fraction = part.fraction.replace(comma, "")
        if any(a == optional and b in digits for a, b in pairwise(fraction)):
            raise Fault("D3091")
        exponent = part.exponent
        if exponent is not None and (not exponent or any(mark not in digits for mark in exponent)):
            raise Fault("D3093")

    # the number

    def _number(self, value: float, part: _Part) -> str:
        number = Decimal(repr(float(value)))
        affixes = part.prefix + part.suffix
        if self._marks["percent"] in affixes:
            number *= 100
        elif self._marks["per-mille"] in affixes:
            number *= 1000
        least = self._count(part.integer)
        power = 0
        if part.exponent is not None:
            number, power = _scaled(number, least)
        text = self._mantissa(number, part, least)
        if part.exponent is not None:
            digits = self._spelt(str(abs(power)).rjust(len(part.exponent), "0"))
            text += self._power + (self._marks["minus-sign"] if power < 0 else "") + digits
        return text

    def _mantissa(self, number: Decimal, part: _Part, least: int) -> str:
        fewest, most = self._count(part.fraction), len(part.fraction.replace(self._comma, ""))
        if part.exponent is None and least == 0 and most == 0:
            least = 1
        if part.exponent is None and least == 0 and fewest == 0 and most:
            fewest = 1
        rounded = number.quantize(Decimal(1).scaleb(-max(most, fewest)), context=_CONTEXT)
        whole, _, rest = f"{rounded:f}".partition(".")
        whole = whole.lstrip("0").rjust(least, "0")
        rest = rest.rstrip("0").ljust(fewest, "0")
        whole = self._grouped(whole, part.integer)
        rest = self._grouped_after(rest, part.fraction)
        return self._spelt(whole) + (self._point + self._spelt(rest) if rest else "")

    def _count(self, part: str) -> int:
        return sum(mark in self._digits for mark in part)

    def _grouped(self, digits: str, picture: str) -> str:
        places = _places(picture[::-1], self._comma)
        if not places:
            return digits
        size = places[0]
        if all(place == size * (index + 1) for index, place in enumerate(places)):
            places = list(range(size, len(digits), size))
        for place in sorted(places):
            cut = len(digits.replace(self._comma, "")) - place
            if cut > 0:
                digits = digits[:cut] + self._comma + digits[cut:]
        return digits

    def _grouped_after(self, digits: str, picture: str) -> str:
        for place in reversed(_places(picture, self._comma)):
            if place < len(digits):
                digits = digits[:place] + self._comma + digits[place:]
        return digits

    def _spelt(self, text: str) -> str:
        return "".join(self._digits[int(mark)] if mark in "0123456789" else mark for mark in text)


def _places(picture: str, comma: str) -> list[int]:
    """The number of digits before each separator."""
    places, count = [], 0
    for mark in picture:
        if mark == comma:
            places.append(count)
        else:
            count += 1
    return places


def _scaled(number: Decimal, least: int) -> tuple[Decimal, int]:
    """Mantissa and power of ten; the mantissa has `least` digits before the point."""
    if number == 0:
        return number, 0
    power = number.adjusted() + 1 - least
    return number.scaleb(-power), power
