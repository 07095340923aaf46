"""Reads single fields of a definition. Values of the wrong type are absent; checks report them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ratchet.workflow.asl.model import as_list
from ratchet.workflow.asl.tables import JSONATA
from ratchet.workflow.asl.templates import Template, path_field, path_template, template

Document = Mapping[str, Any]


def expression_field(document: Document, key: str, place: str, language: str) -> Template | None:
    """A field that may be JSONata, and is taken literally in a JSONPath state."""
    if key not in document:
        return None
    return template(document[key], place, jsonata=language == JSONATA)


def payload_field(document: Document, key: str, place: str, language: str) -> Template | None:
    """A field that may contain JSONata, or members ending in `.$` in a JSONPath state."""
    if key not in document:
        return None
    if language == JSONATA:
        return template(document[key], place, jsonata=True)
    return path_template(document[key], place)


def setting(document: Document, key: str, language: str) -> Template | None:
    """A field such as TimeoutSeconds: in a JSONPath state also TimeoutSecondsPath."""
    by_path = f"{key}Path"
    if language != JSONATA and by_path in document:
        return path_field(document[by_path], by_path)
    return expression_field(document, key, key, language)


def path_only(document: Document, key: str) -> Template | None:
    """A field that is a path."""
    return path_field(document[key], key) if key in document else None


def path_text(document: Document, key: str) -> str | None:
    """InputPath and its like: `$` when absent, None for null."""
    value = document.get(key, "$")
    return value if isinstance(value, str) else None


def names(value: Any) -> tuple[str, ...]:
    return tuple(name for name in as_list(value) if isinstance(name, str))


def text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def either(value: float | None, default: float) -> float:
    return default if value is None else value


def mapping(value: Any) -> Document:
    return value if isinstance(value, Mapping) else {}
