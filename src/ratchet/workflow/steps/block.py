"""What states, retriers, catchers and graphs share: named fields, written as ASL."""

from __future__ import annotations

import json
from typing import Any

from ratchet.workflow.dynamic import Dynamic, render
from ratchet.workflow.similar_names import did_you_mean
from ratchet.workflow.steps.fields import HAVE_PATH, NULL_MEANS, asl_name


class Block:
    """A piece of a definition with fields. An unknown field is a TypeError that names it."""

    def __init__(self, **fields: Any) -> None:
        self.fields: dict[str, Any] = fields
        for name in fields:
            if not self.is_field_allowed(name):
                raise TypeError(f"{self._label()} has no field '{name}'{self._advice(name)}")

    def _label(self) -> str:
        return type(self).__name__

    def _advice(self, name: str) -> str:
        return did_you_mean(name, self.allowed_fields())

    def allowed_fields(self) -> tuple[str, ...]:
        """The names this block takes as keyword arguments."""
        return ()

    def is_field_allowed(self, field_name: str) -> bool:
        return field_name in self.allowed_fields()

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and "fields" in self.__dict__ and self.is_field_allowed(name):
            return self.fields.get(name)
        raise AttributeError(f"{type(self).__name__} has no attribute '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        """Assigning to a field changes the field: `step.comment = 'why'`."""
        if "fields" in self.__dict__ and self.is_field_allowed(name):
            self.fields[name] = value
        else:
            super().__setattr__(name, value)

    def document(self, *, jsonata: bool) -> dict[str, Any]:
        """The block as ASL in the query language that applies to it."""
        result: dict[str, Any] = {}
        for name in self.allowed_fields():
            if name in self.fields and (self.fields[name] is not None or name in NULL_MEANS):
                result.update(self._named(name, jsonata=jsonata))
        return result

    def _named(self, name: str, *, jsonata: bool) -> dict[str, Any]:
        """One field as ASL; errors name its owner."""
        try:
            return self.written(name, self.fields[name], jsonata=jsonata)
        except ValueError as error:
            raise ValueError(f"{self._label()}: {error}") from error

    def written(self, name: str, value: Any, *, jsonata: bool) -> dict[str, Any]:
        """One field as ASL: its name there and its value."""
        if isinstance(value, Dynamic) and not jsonata and not name.endswith("_path"):
            return self._by_path(name, value)
        return {asl_name(name): render(value, jsonata=jsonata)}

    def _by_path(self, name: str, value: Dynamic) -> dict[str, Any]:
        """A placeholder as a whole field: some fields have a `...Path` form in JSONPath."""
        if name not in HAVE_PATH:
            raise ValueError(
                f"in JSONPath {name} cannot be a placeholder as a whole; "
                "put it under a key, or set query_language='JSONata'"
            )
        return {asl_name(f"{name}_path"): value.to_jsonpath()}

    def to_dict(self) -> dict[str, Any]:
        """The block as ASL; JSONPath unless its own query_language says otherwise."""
        return self.document(jsonata=self.fields.get("query_language") == "JSONata")

    def to_json(self, pretty: bool = False) -> str:
        """The block as JSON text."""
        return json.dumps(self.to_dict(), indent=4 if pretty else None, ensure_ascii=False)

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.fields.items())
        return f"{type(self).__name__}({fields})"

    def __str__(self) -> str:
        return self.to_json(pretty=True)
