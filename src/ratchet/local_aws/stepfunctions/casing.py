"""Converts a Task's arguments to an API's form and its response back, by botocore's shapes.

Step Functions spells every member in PascalCase, takes an object where the API wants JSON text,
and writes dates as text (SDK integrations) or epoch milliseconds (optimised integrations).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ratchet.workflow.asl.payload import dumps
from ratchet.workflow.integrations.spelling import (
    Shape,
    Spell,
    converted,
    member,
    spelt,
    spelt_by_sdk,
)


class UnusableError(ValueError):
    """Arguments that cannot be converted to a request; the message is AWS's."""


def to_api(shape: Shape, value: Any) -> Any:
    """Convert a value to the API's form. Raises UnusableError."""
    if value is None:
        return None
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        return _structure(shape, value)
    if kind == "list" and isinstance(value, list):
        return [to_api(shape.member, part) for part in value]
    if kind == "map" and isinstance(value, dict):
        return {key: to_api(shape.value, part) for key, part in value.items()}
    if kind == "string" and isinstance(value, dict | list):
        return dumps(value)
    if kind == "blob" and not isinstance(value, bytes):
        return (value if isinstance(value, str) else dumps(value)).encode()
    return converted(shape, value) if isinstance(value, str) else value


def _structure(shape: Shape, value: dict[str, Any]) -> dict[str, Any]:
    if getattr(shape, "is_document_type", False):
        return value
    result = {}
    for key, part in value.items():
        name = member(shape, key)
        if name is None:
            raise UnusableError(f'The field "{key}" is not supported by Step Functions')
        if part is not None:
            result[name] = to_api(shape.members[name], part)
    return result


@dataclass(frozen=True, slots=True)
class Style:
    """How a kind of integration writes a response."""

    spell: Spell
    write_date: Callable[[datetime], Any]


def from_api(shape: Shape, value: Any, style: Style) -> Any:
    """A response of the API as plain JSON in Step Functions' spelling."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        return {
            style.spell(name): from_api(shape.members[name], part, style)
            for name, part in value.items()
            if name in shape.members
        }
    if kind == "list" and isinstance(value, list):
        return [from_api(shape.member, part, style) for part in value]
    if kind == "map" and isinstance(value, dict):
        return {key: from_api(shape.value, part, style) for key, part in value.items()}
    if kind == "blob":
        return _text(value)
    if isinstance(value, datetime):
        return style.write_date(value)
    return value


def _text(value: Any) -> str:
    content = value.read() if hasattr(value, "read") else value
    return content.decode("utf-8", errors="replace") if isinstance(content, bytes) else str(content)


def as_milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def as_iso(moment: datetime) -> str:
    """Formatted like Java's Instant: without a fraction if it is zero."""
    moment = moment.astimezone(UTC)
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")


SDK = Style(spelt_by_sdk, as_iso)
OPTIMISED = Style(spelt, as_milliseconds)


def parsed(text: Any) -> Any:
    """The value of JSON text; anything else unchanged."""
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return text
