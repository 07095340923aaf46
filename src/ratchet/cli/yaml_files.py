"""Reads a YAML file so that every problem can be told by line and key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ratchet.cli.errors import CliError, nearest

_MOST_BYTES = 1_000_000
_MOST_PROBLEMS = 12


@dataclass(frozen=True)
class YamlFile:
    """A parsed file, and the positions of its keys."""

    path: Path
    value: Any
    tree: yaml.Node | None

    def line(self, way: Sequence[str | int]) -> int:
        """The line of the key (or list item) at `way`; of the last part of it that is there."""
        node, line = self.tree, 1
        for step in way:
            found = _child(node, step)
            if found is None:
                break
            line, node = found
        return line


def read_yaml(path: Path) -> YamlFile:
    """Parse the file; CliError names file and line of what YAML cannot read."""
    text = read_text(path)
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        value = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        msg = f"{path}:{line}: no valid YAML: {error.problem or error.context}"
        raise CliError(msg, "Look at the indentation and quotes around that line.") from error
    except yaml.YAMLError as error:
        raise CliError(f"{path}: no valid YAML: {' '.join(str(error).split())}") from error
    twice = next(_twice(tree), None)
    if twice is not None:
        raise CliError(f"{path}:{twice[1]}: the key {twice[0]} is there twice", "Keep one of them.")
    return YamlFile(path, value, tree)


def read_text(path: Path) -> str:
    """A file's text; CliError when it is missing, too big or not UTF-8."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise CliError(f"{path} is bigger than {_MOST_BYTES:,} bytes: is it the right file?")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise CliError(f"{path} is not there", "A pipeline's folder needs this file.") from error
    except UnicodeDecodeError as error:
        raise CliError(f"{path}: byte {error.start} is no UTF-8", "Save it as UTF-8.") from error


def check(file: YamlFile, schema: dict[str, Any]) -> list[str]:
    """What the JSON Schema finds wrong: 'file:line: key: value ...', in the order of the file."""
    from jsonschema import Draft202012Validator

    errors = Draft202012Validator(schema).iter_errors(file.value)
    found = sorted({problem for error in errors for problem in _problems(file, error)})
    return [text for _, text in found[:_MOST_PROBLEMS]]


def _problems(file: YamlFile, error: Any) -> Iterator[tuple[int, str]]:
    """One line for each thing wrong; of alternatives the one that fits best is explained."""
    from jsonschema.exceptions import best_match

    if error.context:
        deeper = best_match(_alternative(error))
        yield from _problems(file, deeper)
        return
    way = list(error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema.get("properties", {})
        for key in (key for key in error.instance if key not in known):
            what = f"{_dotted([*way, key])} is not known here{nearest(str(key), known)}"
            yield _at(file, [*way, key], f"{what}; known: {', '.join(known)}")
        return
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        for key in missing:
            yield _at(file, way, f"{_dotted([*way, key])} is missing")
        return
    yield _at(file, way, f"{_dotted(way)}: {_value_problem(error)}")


def _alternative(error: Any) -> list[Any]:
    """The errors of the alternative that the value's `kind`, type or keys show to be meant."""
    groups: dict[int, list[Any]] = {}
    for inner in error.context:
        groups.setdefault(inner.schema_path[0], []).append(inner)
    fitting = [group for group in groups.values() if not any(_is_another(error) for error in group)]
    return (fitting or list(groups.values()))[0]


def _is_another(error: Any) -> bool:
    """True for an error that shows that another alternative was meant."""
    if error.validator in {"required", "type"}:
        return not error.path
    return error.validator == "const" and len(error.path) <= 1


def _value_problem(error: Any) -> str:
    value, rule = _shown(error.instance), error.validator_value
    if error.validator in {"enum", "const"}:
        allowed = rule if isinstance(rule, list) else [rule]
        return f"{value} is not allowed{nearest(value, allowed)}; allowed: " + ", ".join(
            map(_shown, allowed)
        )
    if error.validator == "type":
        hint = ' (quote it, as in "no": YAML reads it as true or false)'
        wanted = " or ".join(rule) if isinstance(rule, list) else rule
        return f"{value} is not {wanted}" + (hint if isinstance(error.instance, bool) else "")
    if error.validator == "pattern":
        return f"{value} does not have the form {rule}" + _examples(error.schema)
    return str(error.message)


def _examples(schema: dict[str, Any]) -> str:
    examples = schema.get("examples") or []
    return f", such as {' or '.join(map(str, examples))}" if examples else ""


def _shown(value: Any) -> str:
    text = (
        "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )
    return text if len(text) <= 60 else text[:57] + "..."


def _at(file: YamlFile, way: Sequence[str | int], text: str) -> tuple[int, str]:
    line = file.line(way)
    return line, f"{file.path}:{line}: {text}"


def _dotted(way: Sequence[str | int]) -> str:
    return ".".join(map(str, way)) or "the file"


def _child(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None


def _twice(node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    """Keys that a mapping holds twice; YAML's reader would silently keep the last."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value)
            yield from _twice(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _twice(value)
