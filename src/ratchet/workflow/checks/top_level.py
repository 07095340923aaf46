"""Names that refer to nothing: expressions have no input document in Step Functions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ratchet.workflow.asl import jsonata
from ratchet.workflow.asl.findings import Finding
from ratchet.workflow.checks import walk
from ratchet.workflow.checks.expressions import uses_of
from ratchet.workflow.checks.rule import Rule, Subject

Node = Any
"""A node of jsonata-python's syntax tree, which has no types."""

_STEPS = {"name": "", "wildcard": "*", "descendant": "**"}
_WITH_CONTEXT = frozenset(
    {"predicate", "stages", "group", "terms", "pattern", "update", "delete", "expr"}
)
_NOT_CHILDREN = frozenset({"_outer_instance", "outer_instance", "type", "value", "position", "id"})


class TopLevel(Rule):
    """No name is at the top level of an expression, where there is no document."""

    id = "jsonata-top"
    summary = "Expressions read from $states or variables, never from a document"
    link = Rule.link + "transforming-data.html"
    code = "UNSUPPORTED_JSONATA_EXPRESSION"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            for path, text in walk.jsonata_texts(state):
                if uses_of(subject, text) is None:
                    continue  # it does not parse, which another rule reports
                for name in top_names(text):
                    yield self.finding(
                        path,
                        f"Reference to '{name}' at the top level is not supported",
                        "Read the state's input from $states.input, a variable as $name",
                    )


@lru_cache(maxsize=8192)
def top_names(text: str) -> tuple[str, ...]:
    """What an expression reads from the missing document. Raises JsonataError."""
    found: dict[str, None] = {}
    seen: set[tuple[int, bool]] = set()
    waiting: list[tuple[Node, bool]] = [(jsonata.compiled(text).ast, False)]
    while waiting:
        node, is_inside = waiting.pop()
        if isinstance(node, list | tuple):
            waiting += [(part, is_inside) for part in reversed(node)]
        elif hasattr(node, "__dict__") and (id(node), is_inside) not in seen:
            seen.add((id(node), is_inside))
            name = _read(node, is_inside=is_inside)
            if name is not None:
                found[name] = None
            waiting += reversed(list(_children(node, is_inside=is_inside)))
    return tuple(found)


def _read(node: Node, *, is_inside: bool) -> str | None:
    """The name that a node reads from the document; `is_inside`: it has its own context."""
    kind, value = getattr(node, "type", None), getattr(node, "value", None)
    if kind == "variable" and value == "$":
        return "$$"
    if is_inside:
        return None
    if kind == "variable" and value == "":
        return "$"
    return (_STEPS[kind] or str(value)) if kind in _STEPS else None


def _children(node: Node, *, is_inside: bool) -> Iterator[tuple[Node, bool]]:
    if getattr(node, "type", None) == "path":
        first, *rest = node.steps or [None]
        yield first, is_inside
        yield rest, True
    for name, part in vars(node).items():
        if part is None or name in _NOT_CHILDREN or isinstance(part, str | int | float):
            continue
        if name == "steps" or (name == "arguments" and getattr(node, "type", None) == "lambda"):
            continue
        yield part, is_inside or name in _WITH_CONTEXT
