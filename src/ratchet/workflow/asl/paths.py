"""JSONPath as Step Functions has it: that of Jayway's library for Java, with its errors.

A definite path gives its value and fails if there is none; any other gives a list, empty if
nothing is found.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ratchet.workflow.asl.path_filters import UNDEFINED
from ratchet.workflow.asl.path_tokens import (
    Filter,
    Function,
    Indexes,
    Names,
    PathSyntaxError,
    Scan,
    Slice,
    Token,
    Wildcard,
    read_path,
)

__all__ = [
    "JsonPath",
    "PathNotFound",
    "PathSyntaxError",
    "Step",
    "compiled",
    "find",
    "reference_steps",
    "shown",
]

MAX_LENGTH = 4_096
MAX_DESCENTS = 3

Step = str | int


class PathNotFound(LookupError):
    """A definite path that finds nothing; the message is Jayway's, `step` the one that failed."""

    def __init__(self, message: str, step: Step | None = None) -> None:
        super().__init__(message)
        self.step = step


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A compiled path. `steps` is set when it is definite: names and indices from the root.

    `merged` contains the names of a final `['a','b']`, which gives an object of these members.
    """

    text: str
    tokens: tuple[Token, ...]
    steps: tuple[Step, ...] | None
    merged: tuple[str, ...] = ()
    function: str | None = None

    def find(self, root: Any) -> Any:
        """The value, or the list of values if the path is not definite. Raises PathNotFound."""
        if self.steps is None:
            return self._several(root, root)
        found = _walk(self.steps, root)
        if self.merged:
            found = _merged(found, self.merged)
        return found if self.function is None else _FUNCTIONS[self.function](found)

    def within(self, here: Any, root: Any) -> Any:
        """As an operand in a filter: UNDEFINED where `find` would raise."""
        start = here if self.text.startswith("@") else root
        try:
            return self.find(start)
        except PathNotFound:
            return UNDEFINED

    def _several(self, here: Any, root: Any) -> Any:
        first = self.tokens[0]
        if isinstance(first, Slice | Indexes) and not isinstance(here, list):
            # AWS: elsewhere a slice of something else is simply empty.
            raise PathNotFound("A slice of the root can only be applied to arrays")
        try:
            found = list(_select(self.tokens, 0, here, root))
        except RecursionError as error:
            raise PathNotFound("The value is nested too deeply") from error
        if self.function is None:
            return found
        function = _FUNCTIONS[self.function]
        if not isinstance(first, Scan):
            return [function(value) for value in found]
        return function(list(_children(found)) if self.function == "length" else found)


def find(text: str, root: Any) -> Any:
    """The value of a path. Raises PathSyntaxError and PathNotFound."""
    return root if text == "$" else compiled(text).find(root)


@lru_cache(maxsize=8192)
def compiled(text: str) -> JsonPath:
    """The compiled path of a text that begins with `$`. Raises PathSyntaxError."""
    if not text.startswith("$"):
        raise PathSyntaxError("a path begins with $")
    return _compiled(text)


def _compiled(text: str) -> JsonPath:
    if len(text) > MAX_LENGTH:
        raise PathSyntaxError(f"a path of {len(text)} characters; the maximum is {MAX_LENGTH}")
    _refuse_explosion(text)
    tokens = read_path(text, _compiled)
    function = None
    if tokens and isinstance(tokens[-1], Function):
        function, tokens = tokens[-1].name, tokens[:-1]
    *before, last = tokens or (None,)
    if isinstance(last, Names) and len(last.names) > 1:
        steps = _steps(before)
        if steps is not None:
            return JsonPath(text, tokens, steps, last.names, function)
    return JsonPath(text, tokens, _steps(tokens), (), function)


def reference_steps(text: str) -> tuple[Step, ...]:
    """The steps of a reference path, which names one place. Raises PathSyntaxError."""
    path = compiled(text)
    if path.steps is None or path.merged or path.function:
        raise PathSyntaxError("a reference path names one place: no filters, slices or wildcards")
    return path.steps


def shown(steps: Sequence[Step]) -> str:
    """A definite path as Jayway writes it: `$['a'][0]`."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f"['{step}']" for step in steps)


def _steps(tokens: Sequence[Any]) -> tuple[Step, ...] | None:
    steps: list[Step] = []
    for token in tokens:
        if isinstance(token, Names) and len(token.names) == 1:
            steps.append(token.names[0])
        elif isinstance(token, Indexes) and len(token.places) == 1:
            steps.append(token.places[0])
        else:
            return None
    return tuple(steps)


_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_FILTER = re.compile(r"\[\s*\?")


def _refuse_explosion(text: str) -> None:
    """Each `..`, and a filter in a filter, multiplies what a path visits."""
    bare = _QUOTED.sub("''", text)
    if bare.count("..") > MAX_DESCENTS:
        raise PathSyntaxError(f"more than {MAX_DESCENTS} times .. in a path")
    depth, inside = 0, 0
    for place, letter in enumerate(bare):
        if _FILTER.match(bare, place):
            if inside:
                raise PathSyntaxError("a filter within a filter")
            inside = depth + 1
        elif inside and bare.startswith("..", place):
            raise PathSyntaxError(".. within a filter")
        depth += (letter == "[") - (letter == "]")
        inside = inside if depth >= inside else 0


# walking a definite path


def _walk(steps: tuple[Step, ...], root: Any) -> Any:
    here = root
    for depth, step in enumerate(steps):
        if isinstance(step, str):
            if isinstance(here, dict) and step in here:
                here = here[step]
                continue
            raise _no_property(steps, depth, here)
        if not isinstance(here, list):
            raise _no_array(steps, depth, here)
        if not -len(here) <= step < len(here):
            raise PathNotFound(f"No results for path: {shown(steps)}", step)
        here = here[step]
    return here


def _no_property(steps: tuple[Step, ...], depth: int, here: Any) -> PathNotFound:
    if isinstance(here, dict):
        if depth == len(steps) - 1:
            return PathNotFound(f"No results for path: {shown(steps)}", steps[depth])
        return PathNotFound(f"Missing property in path {shown(steps[: depth + 1])}", steps[depth])
    is_member = depth > 0 and isinstance(steps[depth - 1], str)
    return PathNotFound(
        f"Expected to find an object with property ['{steps[depth]}'] in path "
        f"{shown(steps[:depth])} but found '{_java_class(here, is_member=is_member)}'. "
        "This is not a json object according to the JsonProvider: "
        "'com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider'.",
        steps[depth],
    )


def _no_array(steps: tuple[Step, ...], depth: int, here: Any) -> PathNotFound:
    if here is None:
        return PathNotFound(f"The path {shown(steps[:depth])} is null", steps[depth])
    text = json.dumps(here, separators=(",", ":"), ensure_ascii=False)
    return PathNotFound(
        f"Filter: [{steps[depth]}] can only be applied to arrays. Current context is: {text}",
        steps[depth],
    )


_NODES = {bool: "Boolean", float: "Double", str: "Text", list: "Array", type(None): "Null"}
_PLAIN = {bool: "Boolean", float: "Double", str: "String"}


def _java_class(value: Any, *, is_member: bool) -> str:
    """The class Jayway names; it unwraps what it takes from an object, not from an array."""
    if is_member and value is None:
        return "null"
    size = "Int" if isinstance(value, int) and abs(value) < 2**31 else "Long"
    if is_member and not isinstance(value, list):
        return "java.lang." + _PLAIN.get(type(value), "Integer" if size == "Int" else "Long")
    return f"com.fasterxml.jackson.databind.node.{_NODES.get(type(value), size)}Node"


def _merged(value: Any, names: tuple[str, ...]) -> Any:
    if not isinstance(value, dict):
        raise PathNotFound(f"Expected to find an object with properties {list(names)}")
    return {name: value[name] for name in names if name in value}


# selecting by other paths


def _select(tokens: tuple[Token, ...], at: int, here: Any, root: Any) -> Iterator[Any]:
    if at == len(tokens):
        yield here
        return
    token = tokens[at]
    if isinstance(token, Scan):
        yield from _scanned(tokens, at + 1, here, root)
        return
    if isinstance(token, Names) and len(token.names) > 1 and at == len(tokens) - 1:
        if isinstance(here, dict):
            yield _merged(here, token.names)
        return
    for value in _taken(token, here, root):
        yield from _select(tokens, at + 1, value, root)


def _scanned(tokens: tuple[Token, ...], at: int, here: Any, root: Any) -> Iterator[Any]:
    """What a token finds here and, after that, in each member or item."""
    if isinstance(here, list) and isinstance(tokens[at], Indexes | Slice) and at + 1 < len(tokens):
        # Jayway forgets the index when something follows it: `$..[0].a` is `$..[*].a`.
        for item in here:
            yield from _select(tokens, at + 1, item, root)
    elif not (isinstance(here, list) and isinstance(tokens[at], Filter)):
        yield from _select(tokens, at, here, root)
    for inner in _children([here]):
        yield from _scanned(tokens, at, inner, root)


def _children(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, dict):
            yield from value.values()
        elif isinstance(value, list):
            yield from value


def _taken(token: Token, here: Any, root: Any) -> Iterator[Any]:
    """What one token selects from a value; nothing if it does not fit."""
    match token:
        case Names(names):
            if isinstance(here, dict):
                yield from (here[name] for name in names if name in here)
        case Wildcard():
            yield from _children([here])
        case Filter(test):
            items = here if isinstance(here, list) else [here] * isinstance(here, dict)
            yield from (item for item in items if test.holds(item, root))
        case Indexes() | Slice():
            if isinstance(here, list):
                places = _places(token, len(here))
                yield from (here[place] for place in places if -len(here) <= place < len(here))


def _places(token: Indexes | Slice, length: int) -> Sequence[int]:
    if isinstance(token, Indexes):
        return token.places
    if token.stop is None:
        start = token.start or 0
        return range(max(0, start + length if start < 0 else start), length)
    stop = min(length, token.stop)
    if token.start is None:
        return range(stop + length if stop < 0 else stop)
    return range(token.start, stop)  # Jayway: two ends are not counted from the end of the array


# functions at the end


def _numbers(values: Any) -> list[float]:
    numbers = [
        _double(value)
        for value in (values if isinstance(values, list) else [])
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    if not numbers:
        raise PathNotFound("Aggregation function attempted to calculate value using empty array")
    return numbers


def _double(number: float) -> float:
    try:
        return float(number)
    except OverflowError as error:
        raise PathNotFound("The number is beyond what a double can hold") from error


def _finite(number: float) -> float:
    if math.isinf(number):
        raise PathNotFound("The sum is beyond what a double can hold")
    return number


def _deviation(values: Any) -> float:
    numbers = _numbers(values)
    mean = sum(numbers) / len(numbers)
    return math.sqrt(
        _finite(sum((number - mean) * (number - mean) for number in numbers)) / len(numbers)
    )


_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "avg": lambda values: _finite(sum(_numbers(values))) / len(_numbers(values)),
    "keys": lambda value: list(value) if isinstance(value, dict) else None,
    "length": lambda value: len(value) if isinstance(value, list | dict) else None,
    "max": lambda values: max(_numbers(values)),
    "min": lambda values: min(_numbers(values)),
    "stddev": _deviation,
    "sum": lambda values: _finite(sum(_numbers(values))),
}
