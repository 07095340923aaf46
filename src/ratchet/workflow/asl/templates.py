"""Values of a definition that may contain expressions: `"{% $states.input.x %}"`, at any depth.

In a JSONPath state a member whose name ends in `.$` is a path or an intrinsic function. A
template is compiled once per state. Constant parts are kept as they are, so that a state without
expressions costs nothing to evaluate.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ratchet.workflow.asl.payload import Payload

OPENING = "{%"
CLOSING = "%}"


@dataclass(frozen=True, slots=True)
class Expression:
    """A JSONata expression and its field, as AWS names it: `Output/result`."""

    text: str
    field: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A path (`$.a`, `$$.b`, `$v`) or an intrinsic function, and its field."""

    text: str
    field: str


Leaf = Expression | Reference
Evaluate = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Template:
    """A value of the definition; `parts` is the same tree with Expression or Reference leaves.

    `expressions` is empty for a constant, which evaluates to `value` itself and whose `payload`
    is made once for all executions.
    """

    field: str
    value: Any
    parts: Any
    expressions: tuple[Leaf, ...]
    payload: Payload | None = dataclasses.field(default=None, compare=False, repr=False)

    @property
    def is_constant(self) -> bool:
        return not self.expressions

    def fill(self, evaluate: Evaluate) -> Any:
        """The value with every expression replaced by its value from `evaluate`."""
        return _fill(self.parts, evaluate) if self.expressions else self.value


def template(value: Any, place: str, *, jsonata: bool) -> Template:
    """Compile `value`. Without `jsonata` (in a JSONPath state) every string is literal."""
    if not jsonata:
        return Template(place, value, value, (), Payload(value))
    found: list[Leaf] = []
    parts = _compile(value, place, found)
    return Template(place, value, parts, tuple(found), None if found else Payload(value))


def path_template(value: Any, place: str) -> Template:
    """Compile the payload template of a JSONPath state: `{"a.$": "$.b", "c": 1}`."""
    found: list[Leaf] = []
    parts = _compile_paths(value, found)
    return Template(place, value, parts, tuple(found), None if found else Payload(value))


def path_field(text: Any, place: str) -> Template:
    """A field such as SecondsPath, which is a path."""
    reference = Reference(text if isinstance(text, str) else "", place)
    return Template(place, text, reference, (reference,))


def is_expression(value: Any) -> bool:
    """AWS reads a string as an expression only if it begins with `{%` and ends with `%}`."""
    return (
        isinstance(value, str)
        and len(value) >= len(OPENING) + len(CLOSING)
        and value.startswith(OPENING)
        and value.endswith(CLOSING)
    )


def expression_text(value: str) -> str:
    return value[len(OPENING) : -len(CLOSING)].strip()


def strings(
    value: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every string inside `value` with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from strings(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from strings(part, (*path, index))


def _compile(value: Any, place: str, found: list[Leaf]) -> Any:
    if is_expression(value):
        expression = Expression(expression_text(value), place)
        found.append(expression)
        return expression
    if isinstance(value, dict):
        return {key: _compile(part, f"{place}/{key}", found) for key, part in value.items()}
    if isinstance(value, list):
        return [_compile(part, f"{place}[{index}]", found) for index, part in enumerate(value)]
    return value


def _compile_paths(value: Any, found: list[Leaf]) -> Any:
    if isinstance(value, list):
        return [_compile_paths(part, found) for part in value]
    if not isinstance(value, dict):
        return value
    fixed = {key: _compile_paths(part, found) for key, part in value.items() if not _moves(key)}
    moving = {
        key.removesuffix(".$"): Reference(text if isinstance(text, str) else "", key)
        for key, text in value.items()
        if _moves(key)
    }
    found += moving.values()
    return {**fixed, **{key: moving[key] for key in _as_java_orders(list(moving))}}


def _moves(key: str) -> bool:
    return key.endswith(".$")


def _as_java_orders(names: list[str]) -> list[str]:
    """Names in the order of a Java HashMap, in which AWS orders the members that it fills in."""
    size = 16
    while len(names) > size * 0.75:
        size *= 2
    return sorted(names, key=lambda name: _spread(name) & (size - 1))


def _spread(name: str) -> int:
    code = 0
    units = name.encode("utf-16-be", errors="surrogatepass")
    for high, low in zip(units[::2], units[1::2], strict=True):
        code = (31 * code + (high << 8 | low)) & 0xFFFFFFFF
    return code ^ (code >> 16)


def _fill(part: Any, evaluate: Evaluate) -> Any:
    if isinstance(part, Expression | Reference):
        return evaluate(part)
    if isinstance(part, dict):
        return {key: _fill(value, evaluate) for key, value in part.items()}
    if isinstance(part, list):
        return [_fill(value, evaluate) for value in part]
    return part
