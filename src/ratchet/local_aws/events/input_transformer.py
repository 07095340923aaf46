"""What a target receives: the whole event, a constant (Input), a part (InputPath) or a template.

See "Amazon EventBridge input transformation" in EventBridge's user guide. Paths are EventBridge's
small JSONPath: dots, array indices and `[*]`; other syntax is refused when the target is added.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ratchet.local_aws.door.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATH = re.compile(r"\$(\.[\w/-]+|\[(\d+|\*)\])*")
_STEP = re.compile(r"\.([\w/-]+)|\[(\d+|\*)\]")
_PLACEHOLDER = re.compile(r"<([^<>\s]+)>")
_PREDEFINED = {
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event",
    "aws.events.event.json",
    "aws.events.event.ingestion-time",
}
_MISSING = ""
"""A path that an event does not have yields an empty string."""


def check_input(target: Mapping[str, Any]) -> None:
    """Refuse a target whose input EventBridge would refuse (ValidationException)."""
    name = target["Id"]
    ways = [way for way in ("Input", "InputPath", "InputTransformer") if way in target]
    if len(ways) > 1:
        raise ServiceError(
            "ValidationException",
            "Only one of Input, InputPath, or InputTransformer must be provided for target "
            f"{name}.",
        )
    if "Input" in target:
        _check_constant(name, target["Input"])
    for path in _paths(target):
        if not _PATH.fullmatch(path):
            raise ServiceError(
                "ValidationException", f"Invalid InputPath for target {name} : {path}."
            )
    _check_placeholders(name, target.get("InputTransformer", {}))


def _check_constant(name: str, text: str) -> None:
    try:
        json.loads(text)
    except ValueError as error:
        raise ServiceError(
            "ValidationException", f"JSON syntax error in input for target {name} : {error}"
        ) from error


def _paths(target: Mapping[str, Any]) -> list[str]:
    mapped = target.get("InputTransformer", {}).get("InputPathsMap", {})
    return [*mapped.values(), *([target["InputPath"]] if "InputPath" in target else [])]


def _check_placeholders(name: str, transformer: Mapping[str, Any]) -> None:
    known = _PREDEFINED | set(transformer.get("InputPathsMap", {}))
    for placeholder in _PLACEHOLDER.findall(transformer.get("InputTemplate", "")):
        if placeholder not in known:
            reason = f"the placeholder <{placeholder}> is not in InputPathsMap"
            raise ServiceError(
                "ValidationException", f"Invalid InputTemplate for target {name} : {reason}."
            )


def input_for(target: Mapping[str, Any], event: Mapping[str, Any], rule: Mapping[str, str]) -> str:
    """The text that the target receives; ValueError if a filled template is not JSON.

    `rule` has the rule's "arn" and "name", and "time", when the event arrived.
    """
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        return to_json(value_at(event, target["InputPath"]))
    if "InputTransformer" in target:
        return _transform(target["InputTransformer"], event, rule)
    return to_json(event)


def to_json(value: Any) -> str:
    """Compact JSON, without escaping letters."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def value_at(document: Any, path: str) -> Any:
    """The value at a path, a list of them behind `[*]`."""
    values = [document]
    for found in _STEP.finditer(path):
        values = [item for value in values for item in _step(value, found[1], found[2])]
    if "[*]" in path:
        return values
    return values[0] if values else _MISSING


def _step(value: Any, name: str | None, index: str | None) -> list[Any]:
    if name is not None:
        return [value[name]] if isinstance(value, dict) and name in value else []
    if not isinstance(value, list):
        return []
    if index == "*":
        return value
    return value[int(index or 0) :][:1]


def _transform(
    transformer: Mapping[str, Any], event: Mapping[str, Any], rule: Mapping[str, str]
) -> str:
    paths = transformer.get("InputPathsMap", {})
    values = {name: value_at(event, path) for name, path in paths.items()}
    values |= {
        "aws.events.rule-arn": rule["arn"],
        "aws.events.rule-name": rule["name"],
        "aws.events.event.ingestion-time": rule["time"],
        "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
        "aws.events.event.json": dict(event),
    }
    text = _fill(transformer["InputTemplate"], values)
    return to_json(json.loads(text))


def _fill(template: str, values: Mapping[str, Any]) -> str:
    """Put values in: as JSON where a value stands alone, as plain text inside a JSON string."""
    parts, position, quoted = [], 0, False
    for found in _PLACEHOLDER.finditer(template):
        before = template[position : found.start()]
        parts.append(before)
        quoted = _ends_quoted(before, quoted=quoted)
        rendered = to_json(values[found[1]])
        parts.append(_inside_string(values[found[1]]) if quoted else rendered)
        position = found.end()
    return "".join([*parts, template[position:]])


def _ends_quoted(text: str, *, quoted: bool) -> bool:
    """Whether a JSON string is open at the end of the text."""
    quotes = re.findall(r'\\.|"', text, re.DOTALL)
    return quoted ^ (quotes.count('"') % 2 == 1)


def _inside_string(value: Any) -> str:
    text = value if isinstance(value, str) else to_json(value)
    return to_json(text)[1:-1]
