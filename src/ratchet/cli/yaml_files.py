"""Reads a YAML file so that every problem can be located by line and key.

Its scalars are read as editors read them, by YAML 1.2's core: 1e-3 is a number, a date is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ratchet.cli.errors import CliError, nearest

_MOST_BYTES = 1_000_000
_MOST_NODES = 200_000
_KEYS = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"})


class _Loader(yaml.SafeLoader):
    """YAML's safe types without timestamps, and numbers such as 1e-3."""


_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+"), "-+0123456789"
)


@dataclass(frozen=True)
class YamlFile:
    """A parsed file, and the positions of its keys."""

    path: Path
    value: Any
    tree: yaml.Node | None

    def line(self, way: Sequence[str | int]) -> int:
        """The line of the key (or list item) at `way`; of the last part of it that exists."""
        node, line = self.tree, 1
        for step in way:
            found = _child(node, step)
            if found is None:
                break
            line, node = found
        return line

    def way(self, text: str) -> list[str | int]:
        """The existing keys that a text such as 'data.key[0]: no column' begins with."""
        node, rest, way = self.tree, text, []
        while (found := _begun(node, rest)) is not None:
            key, rest = found
            way.append(key)
            node = (_child(node, key) or (0, None))[1]
        return way

    def located(self, text: str) -> str:
        """'file:line: text' for a text that begins with the key it is about."""
        return f"{self.path}:{self.line(self.way(text))}: {text}"


def read_yaml(path: Path) -> YamlFile:
    """Parse the file; CliError names file and line of what YAML cannot read."""
    text = read_text(path)
    tree = parsed_yaml(text, str(path))
    return YamlFile(path, yaml.load(text, Loader=_Loader), tree)  # noqa: S506 - a SafeLoader


def parsed_yaml(text: str, name: str) -> yaml.Node | None:
    """The nodes of a YAML text of the file `name`, with their marks."""
    try:
        tree: yaml.Node | None = yaml.compose(text, Loader=_Loader)
        yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        msg = f"{name}:{line}: not valid YAML: {error.problem or error.context}"
        raise CliError(msg, "Look at the indentation and quotes around that line.") from error
    except yaml.YAMLError as error:
        raise CliError(f"{name}: not valid YAML: {' '.join(str(error).split())}") from error
    except RecursionError:
        raise CliError(f"{name}: nested too deeply, or an alias within itself") from None
    for node in _nodes(tree, Path(name)):
        _refuse_wrong_keys(node, Path(name))
    return tree


def read_text(path: Path) -> str:
    """A file's text; CliError when it is missing, too big or not UTF-8."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise CliError(f"{path} is bigger than {_MOST_BYTES:,} bytes: is it the right file?")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        beside = sorted(one.name for one in path.parent.glob("*") if one.is_file())
        raise CliError(
            f"{path} does not exist{nearest(path.name, beside)}",
            "A pipeline's folder needs this file.",
        ) from error
    except UnicodeDecodeError as error:
        raise CliError(f"{path}: byte {error.start} is not UTF-8", "Save it as UTF-8.") from error


def _child(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None


def _begun(node: yaml.Node | None, text: str) -> tuple[str | int, str] | None:
    """The longest key of a node that a text begins with, and the rest of the text."""
    if isinstance(node, yaml.SequenceNode) and (found := re.match(r"\[([0-9]+)\]", text)):
        return int(found[1]), text[found.end() :]
    if not isinstance(node, yaml.MappingNode):
        return None
    text = text.removeprefix(".")
    keys = [key.value for key, _ in node.value if re.match(rf"{re.escape(key.value)}[.:\[]", text)]
    key = max(keys, key=len, default=None)
    return None if key is None else (key, text[len(key) :])


def _nodes(tree: yaml.Node | None, path: Path) -> Iterator[yaml.Node]:
    """Every node in the file's order; CliError where aliases expand without end."""
    left = [tree] if tree else []
    for _ in range(_MOST_NODES):
        if not left:
            return
        node = left.pop()
        yield node
        if isinstance(node, yaml.MappingNode):
            left.extend(value for _, value in reversed(node.value))
        elif isinstance(node, yaml.SequenceNode):
            left.extend(reversed(node.value))
    raise CliError(f"{path}: it expands to more than {_MOST_NODES:,} values", "Use fewer aliases.")


def _refuse_wrong_keys(node: yaml.Node, path: Path) -> None:
    """Keys that YAML does not read as text, and duplicates, of which it would keep the last."""
    seen: set[str] = set()
    for key, _ in node.value if isinstance(node, yaml.MappingNode) else []:
        where = f"{path}:{key.start_mark.line + 1}: the key {key.value}"
        if key.tag not in _KEYS:
            step = "Put it in quotes: YAML does not read a bare yes, no, on, off or number as text."
            raise CliError(f"{where} is not text", step)
        if key.value in seen:
            raise CliError(f"{where} appears twice", "Keep one of them.")
        seen.add(key.value)
