"""The position of each part of a JSON or YAML text, as character offsets."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

import yaml

_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_SPACE = re.compile(r"[ \t\r\n]*")
_ATOM = re.compile(r"[^\s,\]}]+")


@dataclass(slots=True)
class Node:
    """A value in the text: `start` to `end`. `flow` is true for a value in brackets.

    In a map, `keys` contains the name, start and end of each key; `children` are its values, or
    the items of a list.
    """

    kind: str
    start: int
    end: int
    flow: bool = True
    keys: list[tuple[str, int, int]] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)

    def first(self, index: int) -> int:
        """Where an entry begins: at its key, or at the item itself."""
        return self.keys[index][1] if self.kind == "map" else self.children[index].start


class Lines:
    """Offsets of the lines of a text, as YAML breaks them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(match.end() for match in _BREAK.finditer(text))]

    def offset(self, line: int, column: int) -> int:
        return self.starts[line] + column if line < len(self.starts) else len(self.text)

    def start_of(self, offset: int) -> int:
        """Where the line of an offset begins."""
        return self.starts[bisect_right(self.starts, offset) - 1]

    def after(self, offset: int) -> int:
        """Where the line after an offset begins; the end of the text after the last."""
        index = bisect_right(self.starts, offset)
        return self.starts[index] if index < len(self.starts) else len(self.text)


def json_nodes(text: str) -> Node:
    """The tree of a valid JSON text."""
    return _json_value(text, _skip(text, 0))


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _json_value(text: str, at: int) -> Node:
    if text[at] == '"':
        return Node("scalar", at, scanstring(text, at + 1)[1])
    if text[at] in "{[":
        return _json_inside(text, at)
    match = _ATOM.match(text, at)
    return Node("scalar", at, match.end() if match else at + 1)


def _json_inside(text: str, at: int) -> Node:
    node = Node("map" if text[at] == "{" else "list", at, at)
    close, here = "}" if text[at] == "{" else "]", _skip(text, at + 1)
    while text[here] != close:
        if node.kind == "map":
            name, end = scanstring(text, here + 1)
            node.keys.append((name, here, end))
            here = _skip(text, _skip(text, end) + 1)
        child = _json_value(text, here)
        node.children.append(child)
        here = _skip(text, child.end)
        here = _skip(text, here + 1) if text[here] == "," else here
    node.end = here + 1
    return node


def yaml_nodes(text: str, lines: Lines) -> Node:
    """The tree of a valid YAML text."""
    return _yaml_node(yaml.compose(text, Loader=yaml.CSafeLoader), text, lines)


def _yaml_node(made: Any, text: str, lines: Lines) -> Node:
    start = lines.offset(made.start_mark.line, made.start_mark.column)
    end = lines.offset(made.end_mark.line, made.end_mark.column)
    if isinstance(made, yaml.ScalarNode):
        literal = made.style in ("|", ">")
        return Node("scalar", start, _trimmed(text, start, end) if literal else end)
    flow = bool(made.flow_style)
    if isinstance(made, yaml.MappingNode):
        node = Node("map", start, end, flow)
        for key, value in made.value:
            place = _yaml_node(key, text, lines)
            node.keys.append((key.value, place.start, place.end))
            node.children.append(_yaml_node(value, text, lines))
    else:
        node = Node("list", start, end, flow)
        node.children = [_yaml_node(item, text, lines) for item in made.value]
    if not flow and node.children:
        node.end = _last_end(node)
    return node


def _last_end(node: Node) -> int:
    """Where the last value inside a block ends; an empty one ends with its key's colon."""
    last = node.children[-1].end
    return max(last, node.keys[-1][2] + 1) if node.kind == "map" else last


def _trimmed(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1] in " \r\n\x85\u2028\u2029":
        end -= 1
    return end
