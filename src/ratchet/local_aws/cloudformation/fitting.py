"""Fits a template's values to an API's input: converts types, refuses unknown names."""

from __future__ import annotations

from typing import Any

NUMBERS = {"integer": int, "long": int, "float": float, "double": float}


class PropertyRejected(Exception):
    """A property does not fit; the message names its place, its value and what is known."""


def fit(shape: Any, value: Any, path: str = "") -> Any:
    """`value` for botocore's `shape`. Names start with a capital letter in CloudFormation, but
    not in all APIs: both are found. Raises PropertyRejected.
    """
    match shape.type_name:
        case "structure":
            return _structure(shape, value, path)
        case "list":
            items = value if isinstance(value, list) else [value]
            return [fit(shape.member, item, f"{path}[{n}]") for n, item in enumerate(items)]
        case "map":
            _expect(isinstance(value, dict), path, value, "a mapping")
            return {key: fit(shape.value, item, f"{path}.{key}") for key, item in value.items()}
        case "boolean":
            _expect(str(value).lower() in ("true", "false"), path, value, "true or false")
            return str(value).lower() == "true"
        case "string":
            _expect(not isinstance(value, (dict, list)), path, value, "text")
            return str(value).lower() if isinstance(value, bool) else str(value)
        case "integer" | "long" | "float" | "double":
            return _number(shape.type_name, value, path)
    return value


def _structure(shape: Any, value: Any, path: str) -> dict[str, Any]:
    _expect(isinstance(value, dict), path, value, "a mapping")
    members = {name[:1].upper() + name[1:]: name for name in shape.members}
    made = {}
    for key, item in value.items():
        place = f"{path}.{key}" if path else key
        name = key if key in shape.members else members.get(key)
        if name is None:
            known = ", ".join(sorted(members))
            raise PropertyRejected(f"{place} is not known; {path or 'it'} knows {known}")
        made[name] = fit(shape.members[name], item, place)
    return made


def _number(kind: str, value: Any, path: str) -> Any:
    try:
        return NUMBERS[kind](value)
    except (TypeError, ValueError) as error:
        raise PropertyRejected(f"{path} must be a number, not {value!r}") from error


def _expect(holds: bool, path: str, value: Any, wanted: str) -> None:
    if not holds:
        raise PropertyRejected(f"{path} must be {wanted}, not {value!r}")
