"""The position of each part of a JSON or YAML text. Linear in the text, without recursion."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import Any

import yaml

Path = tuple[str | int, ...]
Mark = tuple[int, int]


@dataclass(slots=True)
class Place:
    """A value of the text: where it begins, or its key if it has one, and what is inside."""

    mark: Mark
    inside: dict[str | int, Place] = field(default_factory=dict)
    repeated: list[tuple[str, Mark]] = field(default_factory=list)

    def add(self, step: str | int, place: Place) -> None:
        if isinstance(step, str) and step in self.inside:
            self.repeated.append((step, place.mark))
        self.inside[step] = place


def position(text: str, path: Path) -> Mark | None:
    """Line and column (from 1) of the deepest part of `path` that exists, or None."""
    place = _outline(text)
    if place is None:
        return None
    for step in path:
        inner = place.inside.get(step)
        if inner is None:
            break
        place = inner
    return place.mark


def repetitions(text: str) -> Iterator[tuple[Path, Mark]]:
    """Every key that is repeated in its object: its path and position."""
    root = _outline(text)
    waiting: list[tuple[Path, Place]] = [] if root is None else [((), root)]
    seen: set[int] = set()
    while waiting:
        path, place = waiting.pop()
        if id(place.inside) in seen:
            continue
        seen.add(id(place.inside))
        for key, mark in place.repeated:
            yield (*path, key), mark
        waiting += [((*path, step), inner) for step, inner in place.inside.items()]


@lru_cache(maxsize=8)
def _outline(text: str) -> Place | None:
    """The text's parts; None if it can be read as neither JSON nor YAML."""
    try:
        if text.lstrip()[:1] in ("{", "["):
            return _of_json(text)
    except (IndexError, AttributeError):
        pass  # not JSON: a YAML flow mapping begins with a brace too
    return _of_yaml(text)


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)


def deeper_than(text: str, levels: int) -> Mark | None:
    """Where a JSON text is nested deeper than that many levels, or None."""
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += (token[0] in "{[") - (token[0] in "}]")
        if depth > levels:
            return _Marks(text).of(token.start())
    return None


def _of_json(text: str) -> Place:
    import json

    marks = _Marks(text)
    root = Place((1, 1))
    open_places: list[tuple[Place, bool]] = [(root, False)]
    key: tuple[str, Mark] | None = None
    expects_key = False
    for token in _TOKEN.finditer(text):
        sign, mark = token[0], marks.of(token.start())
        here, is_object = open_places[-1]
        if sign in "{[":
            place = _added(here, is_object, key, mark)
            open_places.append((place, sign == "{"))
            key, expects_key = None, sign == "{"
        elif sign in "}]":
            open_places.pop()
            key, expects_key = None, False
        elif sign == ",":
            key, expects_key = None, is_object
        elif sign != ":" and expects_key:
            key, expects_key = (json.loads(sign, strict=False), mark), False
        elif sign != ":":
            _added(here, is_object, key, mark)
    return root.inside[0]


def _added(here: Place, is_object: bool, key: tuple[str, Mark] | None, mark: Mark) -> Place:
    if is_object and key is not None:
        place = Place(key[1])
        here.add(key[0], place)
    else:
        place = Place(mark)
        here.add(len(here.inside), place)
    return place


class _Marks:
    """Offsets of a text as lines and columns."""

    def __init__(self, text: str) -> None:
        lengths = (len(line) for line in text.split("\n"))
        self._starts = [0, *accumulate(length + 1 for length in lengths)]

    def of(self, offset: int) -> Mark:
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


class PlainLoader(yaml.CSafeLoader):
    """YAML with JSON's types: a date stays text, a merge key stays a key."""


PlainLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:merge")
    ]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


@lru_cache(maxsize=1)
def composed(text: str) -> Any:
    """A YAML text as nodes with positions. Raises yaml.YAMLError or RecursionError."""
    return yaml.compose(text, Loader=PlainLoader)


def _of_yaml(text: str) -> Place | None:
    try:
        node = composed(text)
    except (yaml.YAMLError, RecursionError):
        return None
    if node is None:
        return None
    root = Place(_mark(node))
    waiting: list[tuple[Any, Place]] = [(node, root)]
    known: dict[int, Place] = {}
    while waiting:
        here, place = waiting.pop()
        if id(here) in known:  # an alias: its content is positioned at its anchor
            place.inside = known[id(here)].inside
            continue
        known[id(here)] = place
        for step, at, value in _children(here):
            inner = Place(_mark(at))
            place.add(step, inner)
            waiting.append((value, inner))
    return root


def _children(node: Any) -> Iterator[tuple[str | int, Any, Any]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), key, value
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield index, value, value


def _mark(node: Any) -> Mark:
    return node.start_mark.line + 1, node.start_mark.column + 1
