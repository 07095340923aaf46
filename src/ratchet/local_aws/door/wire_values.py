"""Converts values between their wire formats (JSON, query form, XML, headers) and Python.

Driven by botocore's shapes: blobs are bytes, timestamps are datetimes with a zone, everything else
is as JSON has it. Members unknown to the model are kept, so that validation can name them.
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

Shape = Any
"""A shape of botocore's service model; botocore has no type hints."""


class UnreadableValue(ValueError):
    """The request does not follow its protocol; the message names the part."""


def wire_name(name: str, shape: Shape) -> str:
    """What a structure's member is called on the wire."""
    return str(shape.serialization.get("name", name))


# JSON


def from_json(shape: Shape, value: Any) -> Any:
    """A JSON value as the shape defines it; a value of another kind is left to validation."""
    match shape.type_name, value:
        case "structure", dict() if not shape.is_document_type:
            return _structure_from_json(shape, value)
        case "list", list():
            return [from_json(shape.member, item) for item in value]
        case "map", dict():
            return {key: from_json(shape.value, item) for key, item in value.items()}
        case "blob", str():
            return to_bytes(value)
        case "timestamp", _:
            return to_time(value)
        case "float" | "double", str() if value in {"NaN", "Infinity", "-Infinity"}:
            return float(value)
    return value


def _structure_from_json(shape: Shape, value: Mapping[str, Any]) -> dict[str, Any]:
    names = {wire_name(name, member): name for name, member in shape.members.items()}
    result = {}
    for key, item in value.items():
        name = names.get(key, key)
        if item is not None:
            result[name] = from_json(shape.members[name], item) if key in names else item
    return result


def to_json(shape: Shape, value: Any) -> Any:
    """A service's value as JSON; a member unknown to the model is a bug here, so a KeyError.

    Absent (None) members are left out.
    """
    match shape.type_name:
        case "structure" if not shape.is_document_type:
            return {
                wire_name(name, shape.members[name]): to_json(shape.members[name], item)
                for name, item in value.items()
                if item is not None
            }
        case "list":
            return [to_json(shape.member, item) for item in value]
        case "map":
            return {str(key): to_json(shape.value, item) for key, item in value.items()}
        case "blob":
            return base64.b64encode(encoded(value)).decode()
        case "timestamp":
            return time_text(shape, value, "unixTimestamp")
    return value


# Scalars


def encoded(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def to_bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise UnreadableValue(f"a blob is not base64: {text[:40]!r}") from error


def to_time(value: Any) -> datetime:
    """Epoch seconds, ISO 8601 or an HTTP date; UTC if it has no zone."""
    try:
        if isinstance(value, str):
            return _time_from_text(value)
        return datetime.fromtimestamp(float(value), UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise UnreadableValue(f"not a timestamp: {value!r}") from error


def _time_from_text(text: str) -> datetime:
    if text.replace(".", "", 1).isdigit():
        return datetime.fromtimestamp(float(text), UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = parsedate_to_datetime(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def time_text(shape: Shape, value: datetime, default: str) -> Any:
    """A timestamp in the shape's own format, else in the protocol's `default`."""
    match shape.serialization.get("timestampFormat", default):
        case "unixTimestamp":
            return round(value.timestamp(), 3)
        case "rfc822":
            return format_datetime(value.astimezone(UTC), usegmt=True)
        case _:
            text = value.astimezone(UTC).isoformat(timespec="milliseconds")
            return text.replace("+00:00", "Z")


def from_text(shape: Shape, text: str, what: str) -> Any:
    """A scalar from a header, a path, a query string or a form field."""
    try:
        match shape.type_name:
            case "integer" | "long":
                return int(text)
            case "float" | "double":
                return float(text)
            case "boolean":
                return {"true": True, "false": False}[text.lower()]
            case "timestamp":
                return to_time(text)
            case "blob":
                return to_bytes(text)
            case "string" if shape.serialization.get("jsonvalue"):
                return json.loads(to_bytes(text))
    except (ValueError, KeyError) as error:
        raise UnreadableValue(f"{what} is not a {shape.type_name}: {text!r}") from error
    return text


def to_text(shape: Shape, value: Any, time_format: str) -> str:
    """A scalar as text, for a header or an XML element."""
    match shape.type_name:
        case "boolean":
            return "true" if value else "false"
        case "timestamp":
            return str(time_text(shape, value, time_format))
        case "blob":
            return base64.b64encode(encoded(value)).decode()
        case "list":
            return ",".join(to_text(shape.member, item, time_format) for item in value)
    return str(value)


# The query protocol: form and XML


def from_form(shape: Shape, form: Mapping[str, str], prefix: str) -> Any:
    """The value whose fields start with `prefix`; None if there is none."""
    match shape.type_name:
        case "structure":
            return _structure_from_form(shape, form, prefix)
        case "list":
            return _list_from_form(shape, form, prefix)
        case "map":
            return _map_from_form(shape, form, prefix)
    return from_text(shape, form[prefix], prefix) if prefix in form else None


def _structure_from_form(shape: Shape, form: Mapping[str, str], prefix: str) -> Any:
    dot = f"{prefix}." if prefix else ""
    members = {
        name: from_form(member, form, dot + wire_name(name, member))
        for name, member in shape.members.items()
        if not prefix or any(field.startswith(dot) for field in form)
    }
    present = {name: value for name, value in members.items() if value is not None}
    return present if present or not prefix else None


def _list_from_form(shape: Shape, form: Mapping[str, str], prefix: str) -> list[Any] | None:
    base = prefix
    if not shape.serialization.get("flattened"):
        base = f"{prefix}.{shape.member.serialization.get('name', 'member')}"
    # A client leaves out an empty structure, and its number with it.
    begun = f"{base}."
    numbers = {field[len(begun) :].partition(".")[0] for field in form if field.startswith(begun)}
    ordered = sorted(filter(str.isdecimal, numbers), key=lambda number: (len(number), number))
    found = (from_form(shape.member, form, f"{begun}{number}") for number in ordered)
    items = [item for item in found if item is not None]
    return items if items or form.get(prefix) == "" else None


def _map_from_form(shape: Shape, form: Mapping[str, str], prefix: str) -> dict[str, Any] | None:
    base = prefix if shape.serialization.get("flattened") else f"{prefix}.entry"
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    result: dict[str, Any] = {}
    number = 1
    while (key := form.get(f"{base}.{number}.{key_name}")) is not None:
        result[key] = from_form(shape.value, form, f"{base}.{number}.{value_name}")
        number += 1
    return result or None


def to_xml(shape: Shape, value: Any, tag: str) -> str:
    """One element (or, for a flattened list or map, several) of the query protocol's answer."""
    match shape.type_name:
        case "structure":
            inner = "".join(
                to_xml(shape.members[name], item, wire_name(name, shape.members[name]))
                for name, item in value.items()
                if item is not None
            )
        case "list":
            return _list_to_xml(shape, value, tag)
        case "map":
            flat = bool(shape.serialization.get("flattened"))
            entry = tag if flat else "entry"
            inner = "".join(_entry_to_xml(shape, entry, key, item) for key, item in value.items())
            if flat:
                return inner
        case _:
            inner = escape(to_text(shape, value, "iso8601"))
    return f"<{tag}>{inner}</{tag}>"


def _list_to_xml(shape: Shape, value: Any, tag: str) -> str:
    if shape.serialization.get("flattened"):
        name = shape.member.serialization.get("name", tag)
        return "".join(to_xml(shape.member, item, name) for item in value)
    name = shape.member.serialization.get("name", "member")
    return f"<{tag}>{''.join(to_xml(shape.member, item, name) for item in value)}</{tag}>"


def _entry_to_xml(shape: Shape, tag: str, key: str, value: Any) -> str:
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    inner = to_xml(shape.key, key, key_name) + to_xml(shape.value, value, value_name)
    return f"<{tag}>{inner}</{tag}>"
