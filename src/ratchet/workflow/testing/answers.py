"""What the API behind an integration can return, from botocore's output shapes.

A `.sync` task gives the answer of the call that polls its job, an optimised integration adds the
call's metadata, and lambda:invoke gives any Payload. Where the answer is the user's own
(callbacks, activities, HTTP, plain function ARNs) everything is allowed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ratchet.workflow.integrations.api import output_shape, polling_of
from ratchet.workflow.integrations.resource import Resource, parse_resource
from ratchet.workflow.integrations.spelling import Shape, Spell, spelling_of, spelt
from ratchet.workflow.similar_names import most_similar

_METADATA = frozenset({"SdkHttpMetadata", "SdkResponseMetadata"})


def problems(resource: Resource, result: Any, *, strict: bool) -> Iterator[str]:
    """What makes `result` impossible, as sentences with the place; none for a possible answer."""
    shape = output_shape(resource)
    if shape is None:
        return
    if isinstance(result, Mapping) and resource.kind == "optimised":
        result = {key: value for key, value in result.items() if key not in _METADATA}
    free = frozenset({"Payload"}) if resource.service == "lambda" else _json_texts(resource)
    spell = spelling_of(resource.kind)
    yield from _Check(spell, strict).differences(shape, result, "$", free)
    yield from _unfinished(resource, result)


def _unfinished(resource: Resource, result: Any) -> Iterator[str]:
    """Whether the result of a `.sync` task is that of a job that has not succeeded."""
    polling = polling_of(resource)
    if polling is None or not polling.is_result:
        return
    place, status = "$", result
    for member in map(spelt, polling.status_path):
        if not isinstance(status, Mapping) or member not in status:
            return
        place, status = f"{place}.{member}", status[member]
    if status not in polling.succeeded:
        yield f"{place} is {status!r}: a job that has not succeeded gives no result"


def _json_texts(resource: Resource) -> frozenset[str]:
    """Members that `.sync:2` gives as JSON although the API has them as text."""
    return frozenset({"Input", "Output"}) if resource.pattern == "sync:2" else frozenset()


@dataclass(frozen=True, slots=True)
class _Check:
    """How members are spelt, and whether all that the API always returns must be there."""

    spell: Spell
    strict: bool

    def differences(
        self, shape: Shape, value: Any, place: str, free: frozenset[str] = frozenset()
    ) -> Iterator[str]:
        kind = shape.type_name
        if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
            yield f"{place} must be {_WORDS[kind]}, but is {_shown(value)}"
        elif kind == "structure":
            if not getattr(shape, "is_document_type", False):
                yield from self._members(shape, value, place, free)
        elif kind == "list":
            for index, part in enumerate(value):
                yield from self.differences(shape.member, part, f"{place}[{index}]")
        elif kind == "map":
            for key, part in value.items():
                yield from self.differences(shape.value, part, f"{place}.{key}")
        elif kind == "timestamp":
            yield from _no_time(value, place)
        elif kind == "string" and shape.enum and value not in shape.enum:
            words = ", ".join(shape.enum)
            yield f"{place} must be one of {words}, not {value!r}{_nearest(value, shape.enum)}"

    def _members(
        self, shape: Shape, value: Mapping[str, Any], place: str, free: frozenset[str]
    ) -> Iterator[str]:
        members = {self.spell(name): member for name, member in shape.members.items()}
        for name, part in value.items():
            if name not in members:
                yield f"{place} has no member {name!r}{_nearest(name, members)}"
            elif name not in free and part is not None:
                yield from self.differences(members[name], part, f"{place}.{name}")
        if self.strict:
            missing = [
                name for name in map(self.spell, shape.required_members) if name not in value
            ]
            yield from (f"{place} lacks {name}, which the API always returns" for name in missing)


def as_json(value: Any) -> Any:
    """JSON text as its value; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def sample(resource: str, **members: Any) -> dict[str, Any]:
    """An answer of a resource ARN: `members`, and for what the API always returns an example.

    `sample(".../sagemaker:createTrainingJob.sync", ModelArtifacts={...})` passes STRICT.
    """
    parsed = parse_resource(resource)
    shape = output_shape(parsed)
    spell = spelling_of(parsed.kind)
    made = _example(shape, spell) if shape is not None and shape.type_name == "structure" else {}
    polling = polling_of(parsed)
    if polling is not None and spelt(polling.status_path[0]) in made:
        made[spelt(polling.status_path[0])] = min(polling.succeeded)
    return {**made, **members}


def _example(shape: Shape, spell: Spell) -> Any:
    kind = shape.type_name
    if kind == "structure":
        required = shape.required_members
        return {spell(name): _example(shape.members[name], spell) for name in required}
    if kind == "string":
        return shape.enum[0] if shape.enum else "text"
    return _EXAMPLES[kind]


def _no_time(value: Any, place: str) -> Iterator[str]:
    if isinstance(value, str):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            yield f"{place} must be an ISO time or epoch milliseconds, but is {value!r}"


def _nearest(name: Any, known: Any) -> str:
    near = most_similar(str(name), known)
    return f" (did you mean {near}?)" if near else ""


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:77] + "..."


_NUMBERS = ("byte", "short", "integer", "long", "float", "double", "bigdecimal", "biginteger")
_WHOLE = frozenset({"byte", "short", "integer", "long", "biginteger"})
_TYPES: dict[str, Any] = {
    "structure": Mapping,
    "list": list,
    "map": Mapping,
    "string": str,
    "character": str,
    "blob": str,
    "boolean": bool,
    "timestamp": (str, int, float),
    **{kind: int if kind in _WHOLE else (int, float) for kind in _NUMBERS},
}
_WORDS: dict[str, str] = {
    "structure": "an object",
    "list": "a list",
    "map": "an object",
    "string": "a text",
    "character": "a text",
    "blob": "a text",
    "boolean": "true or false",
    "timestamp": "a time",
    **{kind: "a whole number" if kind in _WHOLE else "a number" for kind in _NUMBERS},
}
_EXAMPLES: dict[str, Any] = {
    "list": [],
    "map": {},
    "character": "c",
    "blob": "",
    "boolean": False,
    "timestamp": "2026-01-01T00:00:00Z",
    **dict.fromkeys(_NUMBERS, 1),
}
