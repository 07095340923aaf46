"""What a Task sends to an API: its arguments paired with botocore's shapes, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ratchet.workflow.asl.findings import Path
from ratchet.workflow.asl.model import Task
from ratchet.workflow.asl.templates import is_expression
from ratchet.workflow.checks.integrations import resource_of
from ratchet.workflow.checks.rule import Subject
from ratchet.workflow.integrations import api
from ratchet.workflow.integrations.row import Arguments
from ratchet.workflow.integrations.spelling import Shape, Spell, member, spelling_of


@dataclass(frozen=True, slots=True)
class Request:
    """The arguments of one Task; `given` is None where there are none.

    Exactly one of `own` (an integration with its own arguments) and `shape` is set.
    """

    state: Task
    path: Path
    given: Any
    call: str
    own: Arguments | None
    shape: Shape | None
    spell: Spell

    def parts(self) -> Iterator[Part]:
        """The arguments and all that is inside them, as far as the shape is known."""
        if self.shape is None or not isinstance(self.given, dict):
            return
        waiting = [Part(self.path, self.given, self.shape, 0, self.state.is_jsonata)]
        while waiting:
            part = waiting.pop()
            yield part
            waiting += list(_inner(part))


def requests(subject: Subject) -> Iterator[Request]:
    """The requests of a machine's Tasks whose API is known."""
    for state in subject.states:
        resource = resource_of(subject, state) if isinstance(state, Task) else None
        if not isinstance(state, Task) or resource is None:
            continue
        field = "Arguments" if state.is_jsonata else "Parameters"
        given = state.document.get(field)
        own = api.own_arguments(resource)
        shape = api.input_shape(resource) if own is None else None
        if (own or shape) and not subject.is_open(given):
            call = f"{resource.service}:{resource.action}"
            spell = spelling_of(resource.kind)
            yield Request(state, (*state.path, field), given, call, own, shape, spell)


@dataclass(frozen=True, slots=True)
class Part:
    """A value among the arguments with its shape. Values of expressions are left out."""

    path: Path
    value: Any
    shape: Shape
    depth: int
    is_jsonata: bool

    @property
    def is_structure(self) -> bool:
        """Whether its members are the API's: a document may contain anything."""
        return self.shape.type_name == "structure" and not getattr(
            self.shape, "is_document_type", False
        )

    @property
    def name(self) -> str:
        """The member that the value belongs to."""
        return next((step for step in reversed(self.path) if isinstance(step, str)), "")

    def name_of(self, key: str) -> str:
        return key if self.is_jsonata else key.removesuffix(".$")

    def is_dynamic(self, key: str, value: Any) -> bool:
        if self.is_jsonata:
            return is_expression(value)
        return key.endswith(".$")


def _inner(part: Part) -> Iterator[Part]:
    kind, value = part.shape.type_name, part.value
    if kind == "structure" and isinstance(value, dict) and part.is_structure:
        for key, inner in value.items():
            name = member(part.shape, part.name_of(key))
            if name is not None and not part.is_dynamic(key, inner):
                yield _below(part, key, inner, part.shape.members[name])
    elif kind == "map" and isinstance(value, dict):
        for key, inner in value.items():
            if not part.is_dynamic(key, inner):
                yield _below(part, key, inner, part.shape.value)
    elif kind == "list" and isinstance(value, list):
        for index, inner in enumerate(value):
            if not (part.is_jsonata and is_expression(inner)):
                yield _below(part, index, inner, part.shape.member)


def _below(part: Part, step: str | int, value: Any, shape: Shape) -> Part:
    return Part((*part.path, step), value, shape, part.depth + 1, part.is_jsonata)
