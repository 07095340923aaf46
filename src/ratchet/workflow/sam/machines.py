"""The state machines of a template: their definitions, inline or in files, with positions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

from ratchet.workflow.asl.findings import ERROR, WARNING, Finding, Path
from ratchet.workflow.checks.rule import shown
from ratchet.workflow.sam.template import Template

TYPES = ("AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine")
MAX_PARTS = 200_000  # of an inline definition: YAML aliases can expand without limit
_PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")


@dataclass(frozen=True, slots=True)
class TemplateMachine:
    """A state machine of a template. Exactly one of `file`, `text` and `document` is set.

    `path` leads to its definition in the template.
    """

    name: str
    path: Path
    substitutions: Mapping[str, Any]
    file: File | None = None
    text: str | None = None
    document: Mapping[str, Any] | None = None


def machines(template: Template, folder: File) -> Iterator[TemplateMachine | Finding]:
    """The state machines of a template, or a finding for one that cannot be read."""
    for name, properties in template.of_type(*TYPES):
        path: Path = ("Resources", name, "Properties")
        found = properties.get("DefinitionSubstitutions")
        substitutions = found if isinstance(found, dict) else {}
        yield _machine(name, path, properties, substitutions, folder)


def _machine(
    name: str,
    path: Path,
    properties: Mapping[str, Any],
    substitutions: Mapping[str, Any],
    folder: File,
) -> TemplateMachine | Finding:
    for field in ("DefinitionUri", "DefinitionS3Location"):
        if field in properties:
            return _file(name, (*path, field), properties[field], substitutions, folder)
    if "Definition" in properties:
        place = (*path, "Definition")
        try:
            document = _plain(properties["Definition"])
        except ValueError:
            return _finding(place, "The definition is too large", "Move it to a separate file")
        if not isinstance(document, dict):
            return _finding(place, "Definition must be an object", "It needs StartAt and States")
        return TemplateMachine(name, place, substitutions, document=document)
    if "DefinitionString" in properties:
        return _string(name, (*path, "DefinitionString"), properties, substitutions)
    return _finding(
        ("Resources", name), f"The state machine {name} has no definition", "Add DefinitionUri"
    )


def _file(
    name: str, path: Path, value: Any, substitutions: Mapping[str, Any], folder: File
) -> TemplateMachine | Finding:
    if not isinstance(value, str) or value.startswith("s3://"):
        return _finding(
            path,
            f"The definition of {name} is not a local file, so it was not checked",
            "Check the file it was uploaded from",
            WARNING,
        )
    file = folder / value
    if not _is_file(file):
        reason = f"There is no file {shown(value)} next to the template"
        return _finding(path, reason, "Correct the path")
    return TemplateMachine(name, path, substitutions, file=file)


def _is_file(file: File) -> bool:
    try:
        return file.is_file()
    except OSError:  # a name that is too long, a folder that may not be entered
        return False


def _string(
    name: str, path: Path, properties: Mapping[str, Any], substitutions: Mapping[str, Any]
) -> TemplateMachine | Finding:
    value, own = properties["DefinitionString"], dict(substitutions)
    if isinstance(value, dict) and "Fn::Sub" in value:
        value = value["Fn::Sub"]
        if isinstance(value, list) and len(value) == 2 and isinstance(value[1], dict):
            own |= value[1]
            value = value[0]
    if isinstance(value, dict) and "Fn::Join" in value:
        value = _joined(value["Fn::Join"])
    if not isinstance(value, str):
        reason = f"The definition of {name} uses intrinsic functions, so it was not checked"
        return _finding(path, reason, "Use DefinitionUri with DefinitionSubstitutions", WARNING)
    return TemplateMachine(name, path, own, text=value)


def _joined(argument: Any) -> str | None:
    if not (isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], list)):
        return None
    return str(argument[0]).join(str(_plain(part)) for part in argument[1])


def _plain(value: Any) -> Any:
    """A value of a template with each intrinsic function replaced by a `${...}` that names it."""
    count = 0

    def convert(part: Any) -> Any:
        nonlocal count
        count += 1
        if count > MAX_PARTS:
            raise ValueError
        if isinstance(part, dict):
            named = _placeholder(part)
            return named if named is not None else {str(k): convert(part[k]) for k in part}
        if isinstance(part, list):
            return [convert(inner) for inner in part]
        return part

    return convert(value)


def _placeholder(value: Mapping[str, Any]) -> str | None:
    if len(value) != 1:
        return None
    name, argument = next(iter(value.items()))
    if name == "Ref":
        return f"${{{argument}}}"
    if name == "Fn::GetAtt":
        return f"${{{'.'.join(map(str, argument)) if isinstance(argument, list) else argument}}}"
    if name == "Fn::Sub" and isinstance(argument, str):
        return argument
    return f"${{{name}}}" if isinstance(name, str) and name.startswith("Fn::") else None


def filled(value: Any, substitutions: Mapping[str, Any]) -> Any:
    """A definition with the substitutions whose value the template gives."""
    constants = {
        name: _text(part)
        for name, part in substitutions.items()
        if isinstance(part, str | int | float | bool)
    }
    return _filled(value, constants) if constants else value


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _filled(value: Any, constants: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: constants.get(found[1], found[0]), value)
    if isinstance(value, dict):
        return {key: _filled(part, constants) for key, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, constants) for part in value]
    return value


def placeholders_in(value: Any) -> Iterator[tuple[Path, str]]:
    """Every `${Name}` in the strings of a definition, with its path."""
    waiting: list[tuple[Path, Any]] = [((), value)]
    while waiting:
        path, part = waiting.pop()
        if isinstance(part, str):
            yield from ((path, name) for name in _PLACEHOLDER.findall(part))
        elif isinstance(part, dict):
            waiting += [((*path, key), inner) for key, inner in part.items()]
        elif isinstance(part, list):
            waiting += [((*path, index), inner) for index, inner in enumerate(part)]


def _finding(path: Path, reason: str, suggestion: str, severity: str = ERROR) -> Finding:
    return Finding("template", reason, suggestion, path=path, severity=severity)
