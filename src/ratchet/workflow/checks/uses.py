"""What a JSONata expression reads and calls, from its syntax tree."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ratchet.workflow.asl import jsonata

Node = Any
"""A node of jsonata-python's syntax tree, which has no types."""


@dataclass(frozen=True, slots=True)
class Uses:
    """Free variables, function calls by name, and paths that begin at `$states`.

    `guarded` are variables that only `$exists` asks for. A call has the number of arguments it is
    written with, and whether `~>` or a path gives it one more.
    """

    variables: frozenset[str]
    guarded: frozenset[str]
    calls: tuple[tuple[str, int, bool], ...]
    states: frozenset[tuple[str, ...]]
    guarded_states: frozenset[tuple[str, ...]]


MAX_EXPRESSION = 16_384  # characters; parsing takes time that grows with their square
MAX_SECONDS = 3.0  # for all expressions of one machine, by the clock of this thread


class TooMuchError(Exception):
    """An expression was not read: it is too long, or those before it took too much time."""


class Reader:
    """Reads the expressions of one machine, each once, and stops when they take too long."""

    def __init__(self) -> None:
        self._read: dict[str, Uses | Exception] = {}
        self._seconds = 0.0

    def uses(self, text: str) -> Uses:
        """What an expression uses. Raises JsonataError if it does not parse, or TooMuchError."""
        if text not in self._read:
            self._read[text] = self._first(text)
        found = self._read[text]
        if isinstance(found, Exception):
            raise found
        return found

    def _first(self, text: str) -> Uses | Exception:
        if len(text) > MAX_EXPRESSION:
            return TooMuchError(f"it has {len(text):,} characters")
        if self._seconds > MAX_SECONDS:
            return TooMuchError("those before it took too much time")
        began = time.thread_time()
        try:
            return uses(text)
        except jsonata.JsonataError as error:
            return error
        finally:
            self._seconds += time.thread_time() - began


@lru_cache(maxsize=8192)
def uses(text: str) -> Uses:
    """What an expression uses. Raises JsonataError if it does not parse."""
    walk = _Walk()
    walk.run(jsonata.compiled(text).ast)
    free = walk.variables - walk.bound
    return Uses(
        frozenset(free),
        frozenset(walk.guarded - walk.bound - free),
        tuple(call for call in walk.calls if call[0] not in walk.bound),
        frozenset(walk.states),
        frozenset(walk.guarded_states - walk.states),
    )


class _Walk:
    def __init__(self) -> None:
        self.variables: set[str] = set()
        self.guarded: set[str] = set()
        self.bound: set[str] = set()
        self.calls: list[tuple[str, int, bool]] = []
        self.states: set[tuple[str, ...]] = set()
        self.guarded_states: set[tuple[str, ...]] = set()

    def run(self, root: Node) -> None:
        seen: set[int] = set()
        waiting: list[tuple[Node, bool, bool]] = [(root, False, False)]
        while waiting:
            node, is_guarded, is_fed = waiting.pop()
            if isinstance(node, list):
                waiting += [(part, is_guarded, is_fed) for part in node]
            elif hasattr(node, "__dict__") and id(node) not in seen:
                seen.add(id(node))
                waiting += self._node(node, is_guarded, is_fed)

    def _node(self, node: Node, is_guarded: bool, is_fed: bool) -> list[tuple[Node, bool, bool]]:
        kind = getattr(node, "type", None)
        self._bind(node, kind)
        if kind == "variable":
            self._variable(str(node.value), is_guarded)
        if kind == "path":
            return self._path(node, is_guarded)
        if kind in ("function", "partial"):
            return self._call(node, is_guarded, is_fed)
        if kind == "apply":
            return [(node.lhs, is_guarded, is_fed), (node.rhs, is_guarded, True)]
        return [(part, is_guarded, False) for part in _parts(node)]

    def _bind(self, node: Node, kind: Any) -> None:
        if kind == "bind" and getattr(node.lhs, "type", None) == "variable":
            self.bound.add(str(node.lhs.value))
        if kind == "lambda":
            self.bound |= {str(argument.value) for argument in node.arguments or []}
        for name in ("focus", "index"):
            value = getattr(node, name, None)
            if isinstance(value, str):
                self.bound.add(value)

    def _variable(self, name: str, is_guarded: bool) -> None:
        (self.guarded if is_guarded else self.variables).add(name)

    def _path(self, node: Node, is_guarded: bool) -> list[tuple[Node, bool, bool]]:
        steps = node.steps or []
        first = steps[0] if steps else None
        if first is not None and (first.type, first.value) == ("variable", "states"):
            names = tuple(_names(steps[1:]))
            (self.guarded_states if is_guarded else self.states).add(names)
        rest = [(part, is_guarded, False) for part in _parts(node) if part is not node.steps]
        return [*rest, *((step, is_guarded, index > 0) for index, step in enumerate(steps))]

    def _call(self, node: Node, is_guarded: bool, is_fed: bool) -> list[tuple[Node, bool, bool]]:
        procedure = node.procedure
        arguments = node.arguments or []
        named = getattr(procedure, "type", None) == "variable"
        if named and node.type == "function":
            self.calls.append((str(procedure.value), len(arguments), is_fed))
        asks = is_guarded or (named and procedure.value == "exists")
        inner: list[tuple[Node, bool, bool]] = [(part, asks, False) for part in arguments]
        if not named:
            inner.append((procedure, is_guarded, False))
        return inner


def _names(steps: list[Node]) -> Iterator[str]:
    for step in steps:
        if getattr(step, "type", None) != "name":
            return
        yield str(step.value)


_NOT_CHILDREN = frozenset({"_outer_instance", "outer_instance", "type", "value", "position", "id"})


def _parts(node: Node) -> list[Any]:
    return [
        part
        for name, part in vars(node).items()
        if part is not None
        and name not in _NOT_CHILDREN
        and not isinstance(part, str | int | float)
    ]
