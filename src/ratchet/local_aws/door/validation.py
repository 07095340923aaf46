"""Refuses a request as AWS does: each value against the constraints of the service's model.

The texts are AWS's own ("1 validation error detected: Value 'x' at 'name' failed to satisfy
constraint: ..."); types and unknown members are left to botocore's validator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.validate import ParamValidator

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.door.java_patterns import matches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ratchet.local_aws.door.wire_values import Shape

_KINDS: dict[str, type | tuple[type, ...]] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "blob": (bytes, str),
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
}
_SIZED = {"string", "list", "map", "blob"}
_OPEN = {"QueueAttributeName", "MessageSystemAttributeName"}
"""Enums that SQS does not hold to: AttributeNames of ReceiveMessage are those of a message too."""


def validate(service: str, operation: Any, parameters: dict[str, Any]) -> None:
    """Raise ServiceError (ValidationException) unless the input satisfies its model."""
    shape = operation.input_shape
    if shape is None:
        return
    code = "ValidationError" if service == "cloudformation" else "ValidationException"
    problems = list(_problems(shape, parameters, ""))
    if problems:
        plural = "error" if len(problems) == 1 else "errors"
        text = f"{len(problems)} validation {plural} detected: {'; '.join(problems)}"
        raise ServiceError(code, text)
    report = ParamValidator().validate(parameters, shape)
    if report.has_errors():
        raise ServiceError(code, report.generate_report())


def _problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not _is_of_kind(shape, value):
        return
    for constraint in _broken(shape, value):
        yield f"Value {_shown(shape, value)}at '{path}' failed to satisfy constraint: {constraint}"
    match shape.type_name:
        case "structure" if not shape.is_document_type:
            yield from _problems_of_members(shape, value, path)
        case "list":
            for number, item in enumerate(value, 1):
                yield from _problems(shape.member, item, f"{path}.{number}.member")
        case "map":
            for key, item in value.items():
                yield from _problems(shape.key, key, path)
                yield from _problems(shape.value, item, f"{path}.{key}.member")


def _is_of_kind(shape: Shape, value: Any) -> bool:
    kind = _KINDS.get(shape.type_name)
    return kind is not None and isinstance(value, kind)


def _problems_of_members(shape: Shape, value: dict[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if name not in value:
            at = _join(path, name)
            yield f"Value null at '{at}' failed to satisfy constraint: Member must not be null"
    for name, member in shape.members.items():
        if name in value:
            yield from _problems(member, value[name], _join(path, name))


def _join(path: str, name: str) -> str:
    """AWS prints member names with a lower-case first letter."""
    name = name[:1].lower() + name[1:]
    return f"{path}.{name}" if path else name


def _shown(shape: Shape, value: Any) -> str:
    return "" if shape.metadata.get("sensitive") else f"'{value}' "


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    """The constraints of the shape that the value itself breaks."""
    rules = shape.metadata
    sized = shape.type_name in _SIZED
    measure, noun = (len(value), "length") if sized else (value, "value")
    if "min" in rules and measure < rules["min"]:
        yield f"Member must have {noun} greater than or equal to {rules['min']}"
    if "max" in rules and measure > rules["max"]:
        yield f"Member must have {noun} less than or equal to {rules['max']}"
    if "enum" in rules and value not in rules["enum"] and shape.name not in _OPEN:
        yield f"Member must satisfy enum value set: [{', '.join(rules['enum'])}]"
    if "pattern" in rules and isinstance(value, str) and not matches(rules["pattern"], value):
        yield f"Member must satisfy regular expression pattern: {rules['pattern']}"
