"""A stack's parameters: given values and defaults, checked as CloudFormation checks them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ratchet.local_aws.cloudformation.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = str | list[str]


def parameter_values(
    declared: Mapping[str, dict[str, Any]], given: Mapping[str, str]
) -> dict[str, Value]:
    """The value of every declared parameter: text, or a list of texts for the list types.

    Raises TemplateError naming the parameter, its value and what it must be.
    """
    unknown = sorted(given.keys() - declared.keys())
    if unknown:
        known = ", ".join(sorted(declared)) or "none"
        raise TemplateError(
            f"Parameters: [{unknown[0]}] do not exist in the template; it has: {known}"
        )
    return {name: _value(name, about, given.get(name)) for name, about in declared.items()}


def _value(name: str, about: dict[str, Any], given: str | None) -> Value:
    kind = about.get("Type", "String")
    if kind.startswith("AWS::SSM::"):
        raise TemplateError(
            f"parameter {name}: type {kind} is not supported by local AWS; use String"
        )
    raw = about.get("Default") if given is None else given
    if raw is None:
        raise TemplateError(f"Parameters: [{name}] must have values; pass one or give it a Default")
    text = _text(raw)
    many = kind == "CommaDelimitedList" or kind.startswith("List<")
    values = [part.strip() for part in text.split(",")] if many else [text]
    for value in values:
        if value or not many:
            _check(name, about, value, is_number="Number" in kind)
    return (values if text else []) if many else text


def _text(raw: Any) -> str:
    if isinstance(raw, bool):
        return str(raw).lower()
    return ",".join(map(str, raw)) if isinstance(raw, list) else str(raw)


def _check(name: str, about: dict[str, Any], value: str, *, is_number: bool) -> None:
    allowed = about.get("AllowedValues")
    if allowed is not None and value not in map(_text, allowed):
        raise _refused(name, about, value, f"one of {', '.join(map(_text, allowed))}")
    pattern = about.get("AllowedPattern")
    if pattern is not None and not re.fullmatch(pattern, value):
        raise _refused(name, about, value, f"text that matches {pattern}")
    if is_number:
        _check_number(name, about, value)
    for key, holds in (("MinLength", len(value).__ge__), ("MaxLength", len(value).__le__)):
        if key in about and not holds(int(about[key])):
            raise _refused(name, about, value, f"of {key} {about[key]}")


def _check_number(name: str, about: dict[str, Any], value: str) -> None:
    try:
        number = float(value)
    except ValueError as error:
        raise _refused(name, about, value, "a number") from error
    for key, holds in (("MinValue", number.__ge__), ("MaxValue", number.__le__)):
        if key in about and not holds(float(about[key])):
            raise _refused(name, about, value, f"a number within {key} {about[key]}")


def _refused(name: str, about: dict[str, Any], value: str, wanted: str) -> TemplateError:
    explained = about.get("ConstraintDescription")
    shown = "****" if about.get("NoEcho") else repr(value)
    msg = f"Parameter '{name}' must be {wanted}, not {shown}"
    return TemplateError(f"{msg}: {explained}" if explained else msg)
