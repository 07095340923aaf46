"""Reads a definition from a dict, JSON or YAML, and knows the position of each of its parts.

Positions are found only on demand: a definition without findings never pays for them.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from ratchet.workflow.asl import positions
from ratchet.workflow.asl.findings import Finding, InvalidDefinition, Path
from ratchet.workflow.asl.payload import finite

MAX_DEFINITION_BYTES = 1_048_576  # AWS quota: 1 MB
MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Source:
    """A definition as read: the document, the text it came from and the repeated keys."""

    document: Mapping[str, Any]
    text: str | None = None
    repeated: tuple[str, ...] = ()

    def position(self, path: Path) -> tuple[int, int] | None:
        """Line and column (from 1) of the deepest part of `path` that exists in the text."""
        return None if self.text is None else positions.position(self.text, path)

    def repetitions(self) -> Iterator[tuple[Path, int | None, int | None]]:
        """Every key repeated in one object: its path, and line and column of the second."""
        if self.repeated and self.text is not None:
            for path, (line, column) in positions.repetitions(self.text):
                yield path, line, column


def read(source: str | bytes | Mapping[str, Any]) -> Source:
    """The definition in `source`. Raises InvalidDefinition if it is not a JSON or YAML object."""
    if isinstance(source, Mapping):
        _refuse_depth(source)
        return Source(source)
    text = decoded(source)
    size = len(text.encode(errors="replace"))
    if size > MAX_DEFINITION_BYTES:
        raise _refused(
            f"The definition has {size:,} bytes; AWS accepts {MAX_DEFINITION_BYTES:,}",
            "Split the machine into nested executions",
        )
    if not text.strip():
        raise _refused("The definition is empty", _BEGIN, 1, 1)
    looks_like_json = text.lstrip()[:1] in ("{", "[", '"')
    document, repeated = (_read_json if looks_like_json else _read_yaml)(text)
    if not isinstance(document, dict):
        kind = _KINDS.get(type(document), "a value")
        raise _refused(f"A definition is an object; this is {kind}", _BEGIN, 1, 1)
    _refuse_depth(document, text)
    return Source(document, text, repeated)


_BEGIN = "Begin with StartAt and States"
_KINDS = {type(None): "nothing", list: "a list", str: "a text", bool: "a boolean"}
_KINDS |= {int: "a number", float: "a number"}


def _refuse_depth(document: Any, text: str | None = None) -> None:
    level, depth = [document], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise _too_deep(positions.deeper_than(text, MAX_DEPTH) if text is not None else None)
        level = [part for value in level for part in _parts(value) if isinstance(part, dict | list)]


def _parts(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, Mapping) else value


def decoded(source: str | bytes) -> str:
    """The text. Raises InvalidDefinition if it is not UTF-8."""
    try:
        return source.decode("utf-8-sig") if isinstance(source, bytes) else source
    except UnicodeDecodeError as error:
        raise _refused(
            f"The definition is not UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}",
            "Save it as UTF-8",
        ) from error


def _read_json(text: str) -> tuple[Any, tuple[str, ...]]:
    repeated: list[str] = []
    try:
        document = json.loads(
            text,
            object_pairs_hook=_pairs(repeated),
            parse_constant=_no_constant(text),
            parse_float=finite,
        )
    except json.JSONDecodeError as error:
        raise _refused(
            f"Not JSON: {error.msg}", "Fix the text here", error.lineno, error.colno
        ) from error
    except RecursionError as error:
        raise _too_deep(positions.deeper_than(text, MAX_DEPTH)) from error
    except ValueError as error:  # a number of thousands of digits
        raise _refused(f"Not JSON: {error}", "Shorten the number") from error
    return document, tuple(repeated)


def _pairs(repeated: list[str]) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) < len(pairs):
            repeated.extend(_twice(name for name, _ in pairs))
        return result

    return build


def _no_constant(text: str) -> Callable[[str], Any]:
    def refuse(name: str) -> Any:
        match = re.search(rf"[:\[,]\s*({re.escape(name)})", text)
        place = match.start(1) if match is not None else 0
        raise json.JSONDecodeError(f"{name} is not a JSON value", text, place)

    return refuse


class _Loader(positions.PlainLoader):
    """YAML with JSON's types, including its keys."""


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[str, Any]:
    """An object as in JSON: a key is the text as written, even `No` or `1`."""
    result: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(
                None, None, "a key must be a string", key.start_mark
            )
        result[str(key.value)] = loader.construct_object(value, deep=True)
    return result


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


_TAG = re.compile(r"constructor for the tag '([^']+)'")


def _read_yaml(text: str) -> tuple[Any, tuple[str, ...]]:
    try:
        _refuse_aliases(text)
        node = positions.composed(text)
        return _document(text, node), tuple(_repeated(node))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise _refused(*_explained(error), line, column) from error
    except yaml.YAMLError as error:
        reason = str(error).split("\n", 1)[0]
        raise _refused(f"Not YAML: {reason}", "Fix the text", *_place(text, error)) from error
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:  # a number of thousands of digits
        raise _refused(f"Not YAML: {error}", "Fix the value") from error


def _explained(error: yaml.MarkedYAMLError) -> tuple[str, str]:
    """The error in a YAML text, and how to fix it."""
    tag = _TAG.search(error.problem or "")
    if tag is not None:
        return (
            f"A definition has no tag {tag[1]}: tags such as !Ref and !Sub are a template's",
            "Write ${Name} and set it in the template's DefinitionSubstitutions",
        )
    return f"Not YAML: {error.problem}", "Fix the text here"


def _place(text: str, error: yaml.YAMLError) -> tuple[int, int] | tuple[None, None]:
    if not isinstance(error, yaml.reader.ReaderError):
        return None, None
    before = text[: error.position]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _document(text: str, node: Any) -> Any:
    loader = _Loader(text)
    try:
        return loader.construct_document(node) if node is not None else None
    finally:
        loader.dispose()


def _refuse_aliases(text: str) -> None:
    """JSON has no aliases, and a chain of them can expand to gigabytes."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            mark = event.start_mark
            raise _refused(
                f"The YAML alias *{event.anchor} has no counterpart in JSON",
                "Write out the value",
                mark.line + 1 if mark else None,
                mark.column + 1 if mark else None,
            )
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            mark = event.start_mark
            raise _too_deep((mark.line + 1, mark.column + 1) if mark else None)


def _repeated(node: Any) -> list[str]:
    found: list[str] = []
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, yaml.MappingNode):
            found += _twice(str(key.value) for key, _ in here.value)
            waiting += [value for _, value in here.value]
        elif isinstance(here, yaml.SequenceNode):
            waiting += here.value
    return found


def _twice(names: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


def _too_deep(place: tuple[int, int] | None = None) -> InvalidDefinition:
    line, column = place or (None, None)
    suggestion = f"Stay below {MAX_DEPTH} levels"
    return _refused("The definition is nested too deeply", suggestion, line, column)


def _refused(
    reason: str, suggestion: str, line: int | None = None, column: int | None = None
) -> InvalidDefinition:
    finding = Finding(
        "syntax", reason, suggestion, code="INVALID_JSON_DESCRIPTION", line=line, column=column
    )
    return InvalidDefinition([finding])
