"""The problems that a JSON Schema finds in a YAML file: line, key, value, and what is allowed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import yaml

from ratchet.cli.errors import nearest
from ratchet.cli.yaml_files import YamlFile

_MOST_PROBLEMS = 12
_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
    "array": "a list",
    "object": "keys and values",
}
_BOUNDS = {
    "minimum": "at least {:,}",
    "exclusiveMinimum": "more than {:,}",
    "maximum": "at most {:,}",
    "exclusiveMaximum": "less than {:,}",
    "minLength": "at least {:,} characters",
    "maxLength": "at most {:,} characters",
    "minItems": "at least {:,}",
    "minProperties": "at least {:,} keys",
    "maxProperties": "at most {:,} keys",
}


def check(file: YamlFile, schema: dict[str, Any]) -> list[str]:
    """Every problem as 'file:line: key: value is not allowed; allowed: ...', in file order."""
    from jsonschema import Draft202012Validator

    found = {
        (file.line(way), f"{_dotted(way)}{text}")
        for error in Draft202012Validator(schema).iter_errors(file.value)
        for way, text in _problems(error, schema.get("$defs", {}))
    }
    if file.value is None:
        return [f"{file.path}:1: the file is empty; it needs {', '.join(schema['required'])}"]
    lines = [f"{file.path}:{line}: {text}" for line, text in sorted(found)]
    more = [f"... and {len(lines) - _MOST_PROBLEMS:,} more"] if len(lines) > _MOST_PROBLEMS else []
    return lines[:_MOST_PROBLEMS] + more


Way = Sequence[str | int]
Problem = tuple[Way, str]


def _problems(error: Any, defs: dict[str, Any]) -> Iterator[Problem]:
    """The keys that lead to each thing wrong, and what is wrong there."""
    way = list(error.absolute_path)
    if error.context:
        yield from _in_alternatives(error, way, defs)
    elif error.validator == "additionalProperties":
        yield from _unknown(error.instance, way, error.schema.get("properties", {}))
    elif error.validator == "required":
        for key in (key for key in error.validator_value if key not in error.instance):
            yield [*way, key], " is missing"
    elif "propertyNames" in error.absolute_schema_path:  # what is wrong is a key
        yield [*way, error.instance], _not_allowed(error.instance, [error.schema], defs)
    else:
        yield way, _not_allowed(error.instance, [error.schema], defs)


def _unknown(section: dict[str, Any], way: Way, known: Iterable[str]) -> Iterator[Problem]:
    for key in (key for key in section if key not in known):
        hint = nearest(key, known)
        yield [*way, key], f" is not known here{hint}; known: {', '.join(known)}"


def _in_alternatives(error: Any, way: Way, defs: dict[str, Any]) -> Iterator[Problem]:
    """Explains the alternative that was meant; names all of them when none was."""
    groups: dict[int, list[Any]] = {}
    for inner in error.context:
        groups.setdefault(inner.schema_path[0], []).append(inner)
    meant = [group for group in groups.values() if not any(_is_another(error) for error in group)]
    meant.sort(key=_unknown_keys)
    if not meant or _unknown_keys(meant[0]):
        meant = _by_its_keys(error, groups, defs) or meant
    kinds = [error for error in error.context if error.validator == "const" and error.path]
    needed = [error for error in error.context if error.validator == "required" and not error.path]
    if meant:
        for inner in meant[0]:
            yield from _problems(inner, defs)
    elif kinds:
        schemas = [kind.schema for kind in kinds]
        yield list(kinds[0].absolute_path), _not_allowed(kinds[0].instance, schemas, defs)
    elif needed:
        yield from _unknown(error.instance, way, _keys(error.validator_value, defs))
        missing = (
            [key for key in one.validator_value if key not in one.instance] for one in needed
        )
        names = {keys[-1] for keys in missing}  # of each, what it adds to what it is based on
        yield way, f": {' or '.join(sorted(names))} is missing"
    else:
        yield way, _not_allowed(error.instance, [error.schema], defs)


def _by_its_keys(error: Any, groups: dict[int, list[Any]], defs: dict[str, Any]) -> list[list[Any]]:
    """The alternative of a section that has most of the keys given; none where that is not one."""
    if not isinstance(error.instance, dict):
        return []
    common = {
        at: len(set(_resolved(one, defs).get("properties", {})) & set(error.instance))
        for at, one in enumerate(error.validator_value)
    }
    most = [at for at, count in common.items() if count == max(common.values())]
    return [groups[most[0]]] if len(most) == 1 and most[0] in groups else []


def _unknown_keys(group: list[Any]) -> int:
    """How many keys of the section this alternative does not have."""
    return sum(
        len(set(error.instance) - set(error.schema.get("properties", {})))
        for error in group
        if error.validator == "additionalProperties" and not error.path
    )


def _keys(alternatives: list[Any], defs: dict[str, Any]) -> list[str]:
    """The keys of all alternatives."""
    sections = [_resolved(each, defs).get("properties", {}) for each in alternatives]
    return list(dict.fromkeys(key for section in sections for key in section))


def _is_another(error: Any) -> bool:
    """True for an error that shows that another alternative was meant."""
    if error.validator in {"required", "type", "enum"}:
        return not error.path
    return error.validator == "const" and len(error.path) <= 1


def _not_allowed(value: Any, schemas: list[Any], defs: dict[str, Any]) -> str:
    allowed = list(dict.fromkeys(word for schema in schemas for word in _words(schema, defs)))
    if "a number" in allowed:
        allowed = [word for word in allowed if word != "a whole number"]
    return f": {_shown(value)} is not allowed{_hint(value, allowed)}; allowed: {', '.join(allowed)}"


def _words(schema: dict[str, Any], defs: dict[str, Any]) -> list[str]:
    """What a schema allows, alternative by alternative."""
    schema = _resolved(schema, defs)
    if "const" in schema or "enum" in schema:
        return [_shown(value) for value in schema.get("enum", [schema.get("const")])]
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return [word for one in schema[several] for word in _words(one, defs)]
    if "pattern" in schema:
        return [schema.get("patternErrorMessage") or f"text of the form {schema['pattern']}"]
    return [_kind(schema, defs)]


def _resolved(schema: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema
    if "$ref" in schema:
        found = defs[schema["$ref"].rpartition("/")[2]]
    return found


def _kind(schema: dict[str, Any], defs: dict[str, Any]) -> str:
    word = _TYPES[schema.get("type", "string")]
    if "items" in schema:
        word += f" of {' or '.join(_words(schema['items'], defs))}"
    if "properties" in schema:
        word += f" of {', '.join(schema['properties'])}"
    bounds = [text.format(schema[name]) for name, text in _BOUNDS.items() if name in schema]
    return f"{word} ({' and '.join(bounds)})" if bounds else word


def _hint(value: Any, allowed: list[str]) -> str:
    if isinstance(value, bool) and "text" in allowed:
        return ' (quote it, as in "no": YAML reads it as true or false)'
    if isinstance(value, int | float) and "text" in allowed:
        return f' (quote it: "{value}")'
    return nearest(value, allowed) if isinstance(value, str) else ""


def _shown(value: Any) -> str:
    """A value as the file has it; text in quotes where YAML would read it as something else."""
    if isinstance(value, str) and value.strip() == value and _reads_as_itself(value):
        text = value
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _reads_as_itself(text: str) -> bool:
    try:
        return bool(yaml.safe_load(f"[{text}]") == [text])
    except yaml.YAMLError:
        return False


def _dotted(way: Way) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in way)
    return text.removeprefix(".") or "the file"
