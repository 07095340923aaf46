"""Placeholders: the execution's input and a step's output, by key, before they have a value."""

from __future__ import annotations

import json
from typing import Any, ClassVar, Self, cast

from ratchet.workflow import schema as schemas
from ratchet.workflow.dynamic import Dynamic, Expression, Format, Path
from ratchet.workflow.schema import Field, Fields, ValidationResult

__all__ = [
    "Context",
    "Dynamic",
    "ExecutionInput",
    "Expression",
    "Field",
    "Format",
    "Placeholder",
    "StepInput",
    "ValidationResult",
    "Variable",
    "fresh_name",
]


class Placeholder(Path):
    """A value, or a tree of values, that the execution fills in: `placeholder['key'][0]`.

    With a schema (keys to types, Fields or further mappings) only its keys exist.
    """

    def __init__(
        self,
        schema: dict[str, Any] | None = None,
        *,
        name: str | int | None = None,
        type: type | None = None,  # noqa: A002 - the name that users know
        parent: Placeholder | None = None,
    ) -> None:
        self.schema, self.name, self.type, self.parent = schema, name, type, parent
        self.field: Field | None = None
        self.store: dict[str | int, Self] = {}
        self.immutable = False
        if schema:
            self._fill(schema)

    def _fill(self, schema: dict[str, Any]) -> None:
        if not isinstance(schema, dict):
            raise ValueError(  # noqa: TRY004 - as for an invalid type
                f"A schema is a mapping of keys to types such as {{'rows': int}}, not {schema!r}"
            )
        for key, entry in schema.items():
            self.store[key] = self._described(key, entry)
        self.immutable = True

    def _described(self, key: str, entry: Any) -> Any:
        """A child as the schema has it: a mapping, a Field or a type."""
        if isinstance(entry, dict):
            return self._child(key, dict, entry)
        field = entry if isinstance(entry, Field) else _field(key, entry)
        child = self._child(key, field.type)
        child.field = field
        child.immutable = field.type not in (dict, list)
        return child

    def _child(
        self, name: str | int, kind: type | None = None, schema: dict[str, Any] | None = None
    ) -> Self:
        return self.__class__(schema, name=name, type=kind, parent=self)

    def __getitem__(self, name: str | int) -> Self:
        """The placeholder under a key or index; ValueError names a key not in the schema."""
        if isinstance(name, bool) or not isinstance(name, str | int):
            raise ValueError(  # noqa: TRY004 - what users of the old package catch
                f"A key must be a string or an integer, not {name!r}"
            )
        if name not in self.store:
            self._refuse_unknown(name)
            self.store[name] = self._child(name)
        return self.store[name]

    def _refuse_unknown(self, name: str | int) -> None:
        if not self.immutable:
            return
        known = ", ".join(str(key) for key in self.store) or "no keys"
        where = f"{type(self).__name__}{''.join(f'[{step!r}]' for step in self.steps())}"
        raise ValueError(f"{where} has no key {name!r}; its schema has {known}")

    __iter__ = None  # otherwise `for x in placeholder` would never end

    def get(self, name: str | int, type: type) -> Self:  # noqa: A002
        """The typed child of that name. Raises ValueError if it already has another type."""
        child = self.store.get(name)
        if child is not None and child.type is not type:
            raise ValueError(f"{name!r} already has the type {child.type}, not {type}")
        child = self[name]
        child.type = type
        return child

    def steps(self) -> tuple[str | int, ...]:
        path: list[str | int] = []
        here: Placeholder | None = self
        while here is not None and here.name is not None:
            path.append(here.name)
            here = here.parent
        return tuple(reversed(path))

    @property
    def root(self) -> Placeholder:
        here: Placeholder = self
        while here.parent is not None:
            here = here.parent
        return here

    def contains(self, placeholder: Placeholder) -> bool:
        """Whether the placeholder belongs to this tree, at any depth."""
        here = placeholder.parent if isinstance(placeholder, Placeholder) else None
        while here is not None and here is not self:
            here = here.parent
        return here is self

    def __contains__(self, placeholder: Placeholder) -> bool:
        return self.contains(placeholder)

    def fields(self) -> Fields:
        """The schema as Fields: the one given, or the one that the keys used so far imply."""
        return {
            str(key): child.field or (child.fields() if child.store else Field(child.type or str))
            for key, child in self.store.items()
        }

    def get_schema_as_dict(self) -> dict[str, Any]:
        """Keys to types, nested."""
        return cast(
            "dict[str, Any]",
            {
                key: child.get_schema_as_dict() if child.store else child.type or str
                for key, child in self.store.items()
            },
        )

    def get_schema_as_json(self, pretty: bool = False) -> str:
        """The schema with types as names: `{"x": "str"}`."""
        return json.dumps(_named(self.get_schema_as_dict()), indent=4 if pretty else None)

    def validate(self, input: Any) -> ValidationResult:  # noqa: A002
        """Compare an input with the schema."""
        given = {} if input is None else input
        return schemas.validate(self.fields(), given, closed=self.schema is not None)

    def complete(self, input: Any) -> Any:  # noqa: A002
        """The input with the schema's defaults for the keys left out."""
        given = {} if input is None else input
        return schemas.complete(self.fields(), given) if isinstance(given, dict) else given

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.to_jsonpath()})"


def _field(key: str, entry: Any) -> Field:
    try:
        return Field(entry)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error


def _named(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _named(entry) if isinstance(entry, dict) else entry.__name__
        for key, entry in schema.items()
    }


class ExecutionInput(Placeholder):
    """The input that an execution is started with, readable in every state."""

    jsonpath_root: ClassVar[str] = "$$.Execution.Input"
    jsonata_root: ClassVar[str] = "$states.context.Execution.Input"


class StepInput(Placeholder):
    """The output of the previous step: what the next one sees as `$`."""


class Context(Placeholder):
    """The context object: `Context()['Execution']['Name']`."""

    jsonpath_root: ClassVar[str] = "$$"
    jsonata_root: ClassVar[str] = "$states.context"

    def to_jsonpath(self) -> str:
        return self.jsonpath_root + "".join(f".{step}" for step in self.steps())


class Variable(Placeholder):
    """A variable that an earlier state assigned: `Variable('run')['uri']`."""

    def __init__(
        self, variable: str = "", schema: dict[str, Any] | None = None, **placed: Any
    ) -> None:
        self.variable = variable
        super().__init__(schema, **placed)

    def _child(
        self, name: str | int, kind: type | None = None, schema: dict[str, Any] | None = None
    ) -> Self:
        return self.__class__(self.variable, schema, name=name, type=kind, parent=self)

    def to_jsonpath(self) -> str:
        return super().to_jsonpath().replace("$", f"${self.variable}", 1)

    def to_jsonata(self) -> str:
        return super().to_jsonata().replace(self.jsonata_root, f"${self.variable}", 1)


def fresh_name(*parts: Any) -> Format:
    """A job name that is new at every attempt, so that Retry works: the parts and the retry count.

    `fresh_name('churn', Context()['Execution']['Name'])` gives churn-<execution>-0, then -1, ...
    SageMaker accepts 63 characters in all.
    """
    if not parts:
        raise ValueError(
            "fresh_name needs at least one part: fresh_name(execution_input['JobName'])"
        )
    pieces = [part if isinstance(part, str) else "{}" for part in parts]
    values = [part for part in parts if not isinstance(part, str)]
    return Format("-".join([*pieces, "{}"]), *values, Context()["State"]["RetryCount"])
