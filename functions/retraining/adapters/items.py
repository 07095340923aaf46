"""DynamoDB's typed values and Python's: whole numbers as int, no infinity."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def typed(values: dict[str, Any]) -> dict[str, Any]:
    """Plain values as DynamoDB's."""
    return {name: _serialize(_storable(value)) for name, value in values.items()}


def plain(item: dict[str, Any]) -> dict[str, Any]:
    """DynamoDB's values as plain ones."""
    return {name: _loaded(_deserialize(value)) for name, value in item.items()}


def _storable(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _storable(item) for key, item in value.items()}
    return [_storable(item) for item in value] if isinstance(value, list | tuple) else value


def _loaded(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: _loaded(item) for key, item in value.items()}
    return [_loaded(item) for item in value] if isinstance(value, list) else value
