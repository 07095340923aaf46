"""Filters of JSONPath, `[?(@.a > 1 && @.b in ['x'])]`, as Jayway's library for Java has them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ratchet.workflow.asl import functions
from ratchet.workflow.asl.patterns import BoundedPattern, PatternError
from ratchet.workflow.asl.payload import loads

UNDEFINED: Any = type("Undefined", (), {"__repr__": lambda _: "undefined"})()
MAX_DEPTH = 50


class FilterSyntaxError(ValueError):
    """A string that is not a filter."""


class Find(Protocol):
    """A compiled path inside a filter."""

    def within(self, here: Any, root: Any) -> Any:
        """What the path finds from the item (`@`) or the root (`$`); UNDEFINED if nothing."""


@dataclass(frozen=True, slots=True)
class Located:
    """A path as one side of a comparison."""

    path: Find

    def value(self, here: Any, root: Any) -> Any:
        return self.path.within(here, root)


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal as one side of a comparison."""

    literal: Any

    def value(self, here: Any, root: Any) -> Any:  # noqa: ARG002 - as Located has it
        return self.literal


@dataclass(frozen=True, slots=True)
class Exists:
    side: Located

    def holds(self, here: Any, root: Any) -> bool:
        return self.side.value(here, root) is not UNDEFINED


@dataclass(frozen=True, slots=True)
class Compared:
    left: Located | Constant
    operator: str
    right: Located | Constant

    def holds(self, here: Any, root: Any) -> bool:
        left, right = self.left.value(here, root), self.right.value(here, root)
        return OPERATORS[self.operator](left, right)


@dataclass(frozen=True, slots=True)
class Combined:
    """Tests joined by && (`every`) or by ||."""

    every: bool
    tests: tuple[Test, ...]

    def holds(self, here: Any, root: Any) -> bool:
        combine = all if self.every else any
        return combine(test.holds(here, root) for test in self.tests)


@dataclass(frozen=True, slots=True)
class Inverse:
    test: Test

    def holds(self, here: Any, root: Any) -> bool:
        return not self.test.holds(here, root)


Test = Exists | Compared | Combined | Inverse
Side = Located | Constant


# comparing


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def equal(left: Any, right: Any) -> bool:
    """Jayway's ==: a number also equals its text; a missing value equals nothing."""
    if left is UNDEFINED or right is UNDEFINED:
        return False
    if _is_number(left) and isinstance(right, str):
        return bool(_number(right) == left)
    if isinstance(left, str) and _is_number(right):
        return left == json.dumps(right)
    return functions.same(left, right)


def _alike(left: Any, right: Any) -> bool:
    return type(left) is type(right) or (_is_number(left) and _is_number(right))


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def holds(left: Any, right: Any) -> bool:
        numbers = _is_number(left) and _is_number(right)
        texts = isinstance(left, str) and isinstance(right, str)
        return (numbers or texts) and compare(left, right)

    return holds


def _matches(left: Any, right: Any) -> bool:
    pattern, value = (left, right) if isinstance(left, BoundedPattern) else (right, left)
    if not isinstance(pattern, BoundedPattern):
        return False
    values = value if isinstance(value, list) else [value]
    return any(pattern.fullmatch(_text(one)) is not None for one in values)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, bool | int | float) else ""


def _size(left: Any, right: Any) -> bool:
    return isinstance(left, str | list) and _is_number(right) and len(left) == int(right)


def _empty(left: Any, right: Any) -> bool:
    return isinstance(left, str | list | dict) and (len(left) == 0) is right


def _contains(left: Any, right: Any) -> bool:
    if isinstance(left, str):
        return isinstance(right, str) and right in left
    return _in(right, left)


def _in(left: Any, right: Any) -> bool:
    return isinstance(right, list) and any(equal(left, one) for one in right)


def _subset(left: Any, right: Any) -> bool:
    return isinstance(left, list) and isinstance(right, list) and all(_in(x, right) for x in left)


def _any_of(left: Any, right: Any) -> bool:
    return isinstance(left, list) and isinstance(right, list) and any(_in(x, right) for x in left)


def _none_of(left: Any, right: Any) -> bool:
    return isinstance(left, list) and isinstance(right, list) and not _any_of(left, right)


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": equal,
    "===": lambda left, right: _alike(left, right) and equal(left, right),
    "!=": lambda left, right: not equal(left, right),
    "!==": lambda left, right: not (_alike(left, right) and equal(left, right)),
    "<": _ordered(lambda left, right: left < right),
    "<=": _ordered(lambda left, right: left <= right),
    ">": _ordered(lambda left, right: left > right),
    ">=": _ordered(lambda left, right: left >= right),
    "=~": _matches,
    "in": _in,
    "nin": lambda left, right: not _in(left, right),
    "all": lambda left, right: _subset(right, left),
    "anyof": _any_of,
    "noneof": _none_of,
    "subsetof": _subset,
    "contains": _contains,
    "size": _size,
    "empty": _empty,
}


# reading


def read_filter(text: str, compile_path: Callable[[str], Find]) -> Test:
    """The test of a filter, from the text between `?(` and `)`. Raises FilterSyntaxError."""
    reader = _Reader(text, compile_path)
    test = reader.any_of(0)
    reader.end()
    return test


_SIGN = re.compile(r"===|!==|==|!=|<=|>=|=~|<|>|(?:[a-zA-Z]+)(?=[\s\['\"@$/\d(-])")
_PATH = re.compile(
    r"[@$](?:\[(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\]'\"])*\]|\(\)|[^\[\s<>=~!()&|,\]])*"
)
# Numbers as Java reads them: .85, 5.
_NUMBER = re.compile(r"(-?)(?=\.?\d)(\d*)(?:\.(\d*))?((?:[eE][+-]?\d+)?)", re.ASCII)
_WORD = re.compile(r"(true|false|null)\b")
_WORDS = {"true": True, "false": False, "null": None}
_STRING = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
_PATTERN = re.compile(r"/((?:[^/\\]|\\.)*)/([a-zA-Z]*)", re.DOTALL)
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}


class _Reader:
    """Reads one filter from left to right."""

    def __init__(self, text: str, compile_path: Callable[[str], Find]) -> None:
        self._text = text
        self._place = 0
        self._compile = compile_path

    def any_of(self, depth: int) -> Test:
        return self._joined("||", depth)

    def end(self) -> None:
        self._space()
        if self._place < len(self._text):
            raise self._unexpected()

    def _joined(self, mark: str, depth: int) -> Test:
        tests = [self._part(mark, depth)]
        while self._take(mark):
            tests.append(self._part(mark, depth))
        return tests[0] if len(tests) == 1 else Combined(mark == "&&", tuple(tests))

    def _part(self, mark: str, depth: int) -> Test:
        return self._joined("&&", depth) if mark == "||" else self._single(depth)

    def _single(self, depth: int) -> Test:
        _refuse_depth(depth)
        if self._take("!"):
            return Inverse(self._single(depth + 1))
        if self._take("("):
            test = self.any_of(depth + 1)
            if not self._take(")"):
                raise FilterSyntaxError("a bracket is not closed")
            return test
        return self._comparison()

    def _comparison(self) -> Test:
        left = self._side()
        self._space()
        match = _SIGN.match(self._text, self._place)
        if match is None:
            if isinstance(left, Located):
                return Exists(left)
            raise self._unexpected()
        sign = match[0].lower()
        if sign not in OPERATORS:
            raise FilterSyntaxError(f"there is no operator {match[0]}")
        self._place = match.end()
        return Compared(left, sign, self._side())

    def _side(self) -> Side:
        self._space()
        match = _PATH.match(self._text, self._place)
        if match is None:
            return Constant(self._literal())
        self._place = match.end()
        return Located(self._compile(match[0]))

    def _literal(self, depth: int = 0) -> Any:
        _refuse_depth(depth)
        self._space()
        for pattern, make in _LITERALS:
            match = pattern.match(self._text, self._place)
            if match is not None:
                self._place = match.end()
                return make(match)
        if self._take("["):
            return self._list(depth + 1)
        raise self._unexpected()

    def _list(self, depth: int) -> list[Any]:
        values: list[Any] = []
        while not self._take("]"):
            if values and not self._take(","):
                raise self._unexpected()
            values.append(self._literal(depth))
        return values

    def _take(self, mark: str) -> bool:
        self._space()
        found = self._text.startswith(mark, self._place)
        self._place += len(mark) * found
        return found

    def _space(self) -> None:
        while self._text[self._place : self._place + 1].isspace():
            self._place += 1

    def _unexpected(self) -> FilterSyntaxError:
        rest = self._text[self._place : self._place + 20]
        return FilterSyntaxError(f"unexpected {rest!r}" if rest else "it ends unexpectedly")


def _refuse_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise FilterSyntaxError("it is nested too deeply")


def _string(match: re.Match[str]) -> str:
    raw = match[1] if match[1] is not None else match[2]
    return re.sub(r"\\(.)", r"\1", raw, flags=re.DOTALL)


def _numeric(match: re.Match[str]) -> Any:
    sign, whole, fraction, exponent = match.groups()
    decimals = f".{fraction}" if fraction else ""
    try:
        return loads(f"{sign}{whole.lstrip('0') or '0'}{decimals}{exponent}")
    except ValueError as error:
        raise FilterSyntaxError(f"{match[0][:50]} is not a number: {error}") from error


def _pattern(match: re.Match[str]) -> BoundedPattern:
    flags = 0
    for letter in match[2]:
        flags |= _FLAGS.get(letter, 0)
    try:
        return BoundedPattern(match[1], flags)
    except PatternError as error:
        raise FilterSyntaxError(f"/{match[1]}/ is not a regular expression: {error}") from error


_LITERALS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Any]], ...] = (
    (_STRING, _string),
    (_NUMBER, _numeric),
    (_WORD, lambda match: _WORDS[match[0]]),
    (_PATTERN, _pattern),
)
