"""Evaluates the JSONata of one state and reports what fails in AWS's words."""

from __future__ import annotations

import re
import time
from functools import lru_cache
from typing import Any

from ratchet.workflow.asl import jsonata
from ratchet.workflow.asl.errors import StateError
from ratchet.workflow.asl.payload import Payload, dumps
from ratchet.workflow.asl.templates import Expression, Template
from ratchet.workflow.interpreter.recorder import Recorder
from ratchet.workflow.interpreter.visit import Visit


class Evaluator:
    """Evaluates the templates of one state at one moment, with the variables of that moment."""

    __slots__ = ("_bindings", "_recorder", "_states", "_visit")

    def __init__(self, visit: Visit, recorder: Recorder, **states: Payload) -> None:
        """`states` are the members of `$states` beside the context, such as `input`."""
        self._visit = visit
        self._recorder = recorder
        self._states = states
        self._bindings: dict[str, Any] | None = None

    def value(self, template: Template) -> Any:
        return template.value if template.is_constant else template.fill(self._evaluate)

    def payload(self, template: Template) -> Payload:
        return template.payload if template.payload is not None else Payload(self.value(template))

    def members(self, template: Template) -> dict[str, Payload]:
        """An object template, each member as a payload."""
        value = self.value(template)
        return {name: Payload(part) for name, part in value.items()}

    def typed(self, template: Template, expected: str) -> Any:
        """The value if its JSON type is `expected`; else the evaluation fails in AWS's words."""
        value = self.value(template)
        actual = json_type(value)
        if actual == expected:
            return value
        text = template.expressions[0].text if template.expressions else dumps(template.value)
        raise self._failed(
            f"The JSONata expression '{text}' specified for the field '{template.field}' returned "
            f"an unexpected result type. Expected '{expected}', but was '{actual}' "
            f"for value: {dumps(value)}",
            template.field,
        )

    def number(self, template: Template | None, low: int, high: int) -> int | None:
        """A whole number in a range, None if the field is absent."""
        if template is None:
            return None
        value = self.typed(template, "number")
        if isinstance(value, int) and low <= value <= high:
            return value
        raise self._failed(
            f"The {template.field} field must be a whole number between {low} and {high}, "
            f"but was: {dumps(value)}",
            template.field,
            entered=True,
        )

    def text(self, template: Template) -> str:
        """The value if it is a string."""
        return str(self.typed(template, "string"))

    def percentage(self, template: Template | None) -> float | None:
        """A number from 0 to 100, None if the field is absent."""
        if template is None:
            return None
        value = self.typed(template, "number")
        if 0 <= value <= 100:
            return float(value)
        raise self._failed(
            f"The {template.field} field must be a number between 0 and 100, "
            f"but was: {dumps(value)}",
            template.field,
            entered=True,
        )

    def _failed(self, sentence: str, location: str, *, entered: bool = False) -> StateError:
        return self._recorder.evaluation_failed(self._visit, sentence, location, entered=entered)

    def _evaluate(self, expression: Expression) -> Any:
        place = (
            f"The JSONata expression '{expression.text}' "
            f"specified for the field '{expression.field}'"
        )
        try:
            value = self._value(expression.text)
        except jsonata.JsonataError as error:
            raise self._failed(f"{place} {error.predicate}", expression.field) from error
        if value is jsonata.UNDEFINED:
            raise self._failed(f"{place} returned nothing (undefined).", expression.field)
        return value

    def _value(self, text: str) -> Any:
        environment, bound = self._visit.environment, self._bound(text)
        begun = time.monotonic()
        try:
            return jsonata.evaluate(text, bound, environment.clock.now)
        finally:
            environment.turn.spend_since(begun)

    def _bound(self, text: str) -> dict[str, Any]:
        if self._bindings is None:
            states = {key: value.bound for key, value in self._states.items()}
            variables = {name: value.bound for name, value in self._visit.variables.items()}
            self._bindings = {**variables, "states": states}
        if needs_context(text) and "context" not in self._bindings["states"]:
            self._bindings["states"]["context"] = self._visit.context(bound=True)
        return self._bindings


_CONTEXT = re.compile(r"\$states(?!\s*\.\s*(?:input|result|errorOutput)\b)")


@lru_cache(maxsize=4096)
def needs_context(text: str) -> bool:
    """Whether an expression may read the context object, which costs more to make than the rest."""
    return _CONTEXT.search(text) is not None


def json_type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
