"""Choice rules of JSONPath states: the comparison operators, And, Or and Not, as a tree."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ratchet.workflow.asl.timestamps import instant

Compare = Callable[[Any, Any], bool]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One operator. With `by_path`, `value` is the path of the other operand."""

    variable: str
    operator: str
    value: Any
    by_path: bool

    @property
    def asks_presence(self) -> bool:
        return self.operator == "IsPresent"

    def holds(self, actual: Any, expected: Any) -> bool:
        """Whether the comparison is true; values of other types are simply not equal."""
        return OPERATORS[self.operator](actual, expected)


@dataclass(frozen=True, slots=True)
class AllOf:
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Inverse:
    test: Test


Test = Comparison | AllOf | AnyOf | Inverse
MAX_DEPTH = 100


def read_test(rule: Any, depth: int = 0) -> Test | None:
    """The test of a choice rule; None if it has none, which the checks report."""
    if not isinstance(rule, dict) or depth > MAX_DEPTH:
        return None
    for name, combine in (("And", AllOf), ("Or", AnyOf)):
        if isinstance(rule.get(name), list):
            tests = tuple(read_test(part, depth + 1) for part in rule[name])
            known = tuple(test for test in tests if test is not None)
            return combine(known) if len(known) == len(tests) else None
    if "Not" in rule:
        inner = read_test(rule["Not"], depth + 1)
        return Inverse(inner) if inner is not None else None
    return _comparison(rule)


def _comparison(rule: Mapping[str, Any]) -> Comparison | None:
    variable = rule.get("Variable")
    name = next((key for key in rule if key.removesuffix("Path") in OPERATORS), None)
    if not isinstance(variable, str) or name is None:
        return None
    by_path = name.endswith("Path")
    return Comparison(variable, name.removesuffix("Path"), rule[name], by_path)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_timestamp(value: Any) -> bool:
    return isinstance(value, str) and instant(value) is not None


def _is(kind: Callable[[Any], bool]) -> Compare:
    return lambda actual, expected: kind(actual) is expected


def _strings(compare: Compare) -> Compare:
    return lambda actual, expected: (
        isinstance(actual, str)
        and isinstance(expected, str)
        and compare(_utf16(actual), _utf16(expected))
    )


def _utf16(text: str) -> bytes:
    """Strings compare as in Java: by UTF-16 code units."""
    return text.encode("utf-16-be", errors="surrogatepass")


def _numbers(compare: Compare) -> Compare:
    return lambda actual, expected: (
        _is_number(actual) and _is_number(expected) and compare(actual, expected)
    )


def _moments(compare: Compare) -> Compare:
    def holds(actual: Any, expected: Any) -> bool:
        if not isinstance(actual, str) or not isinstance(expected, str):
            return False
        one, other = instant(actual), instant(expected)
        return one is not None and other is not None and compare(one, other)

    return holds


def _booleans(actual: Any, expected: Any) -> bool:
    return isinstance(actual, bool) and actual is expected


def _matches(actual: Any, expected: Any) -> bool:
    return isinstance(actual, str) and isinstance(expected, str) and wildcard(expected).fits(actual)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A pattern of StringMatches, cut at its `*`. Matching takes linear time."""

    parts: tuple[str, ...]

    def fits(self, text: str) -> bool:
        first, *middle, last = self.parts if len(self.parts) > 1 else (self.parts[0], "")
        if len(self.parts) == 1:
            return text == first
        if len(text) < len(first) + len(last) or not text.startswith(first):
            return False
        if not text.endswith(last):
            return False
        place, end = len(first), len(text) - len(last)
        for part in middle:
            found = text.find(part, place, end)
            if found < 0:
                return False
            place = found + len(part)
        return True


@lru_cache(maxsize=1024)
def wildcard(pattern: str) -> Wildcard:
    """A StringMatches pattern: `*` matches anything, `\\*` an asterisk, `\\\\` a backslash."""
    parts = [""]
    for piece in re.findall(r"\\.|\*|[^\\*]+|\\", pattern, re.DOTALL):
        if piece == "*":
            parts.append("")
        elif piece in ("\\*", "\\\\"):
            parts[-1] += piece[1]
        else:
            parts[-1] += piece
    return Wildcard(tuple(parts))


_ORDER: Mapping[str, Compare] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
}

OPERATORS: Mapping[str, Compare] = {
    "BooleanEquals": _booleans,
    "IsBoolean": _is(lambda value: isinstance(value, bool)),
    "IsNull": _is(lambda value: value is None),
    "IsNumeric": _is(_is_number),
    "IsPresent": _is(lambda _: True),
    "IsString": _is(lambda value: isinstance(value, str)),
    "IsTimestamp": _is(_is_timestamp),
    "StringMatches": _matches,
    **{f"String{name}": _strings(compare) for name, compare in _ORDER.items()},
    **{f"Numeric{name}": _numbers(compare) for name, compare in _ORDER.items()},
    **{f"Timestamp{name}": _moments(compare) for name, compare in _ORDER.items()},
}
"""Name -> comparison. All but IsX and StringMatches also exist with Path at the end."""
