"""One line of an execution: the machine itself, one iteration of a Map or one Parallel branch.

It holds what differs between them: the last event, the state it is in, the variables it sees.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ratchet.workflow.asl import errors, jsonata
from ratchet.workflow.asl.errors import StateError
from ratchet.workflow.asl.model import Map, Parallel, State, Task
from ratchet.workflow.asl.payload import Payload, dumps
from ratchet.workflow.asl.templates import Expression, Template

if TYPE_CHECKING:
    from ratchet.workflow.interpreter.execution import Execution

_ABORTABLE = ("Task", "Wait", "Map", "Parallel")


class Lane:
    """Where one line of an execution stands."""

    __slots__ = (
        "children",
        "closed",
        "entered",
        "entered_at",
        "entered_from",
        "execution",
        "index",
        "item",
        "name",
        "previous",
        "retries",
        "state",
        "token",
        "variables",
    )

    def __init__(self, execution: Execution, previous: int = 0, parent: Lane | None = None) -> None:
        self.execution = execution
        self.previous = previous
        self.entered = 0
        self.entered_from = 0
        self.entered_at = 0.0
        self.state: State | None = None
        self.retries = 0
        self.token: str | None = None
        self.closed = False
        self.children: list[Lane] = []
        self.index: int | None = None
        self.name = ""
        self.item: dict[str, Any] | None = parent.item if parent is not None else None
        # A child sees the variables of its parent as they are now; its own stay its own.
        self.variables: dict[str, Any] = dict(parent.variables) if parent is not None else {}

    # events

    def record(
        self,
        type_: str,
        details: dict[str, Any] | None = None,
        *,
        previous: int | None = None,
        chain: bool = True,
    ) -> int:
        """Add an event after the last one (or after `previous`). A closed lane adds none."""
        if self.closed:
            return self.previous
        identity = self.execution.history.add(
            type_,
            self.previous if previous is None else previous,
            self.execution.clock.now(),
            details,
        )
        if chain:
            self.previous = identity
        return identity

    def enter(self, state: State, payload: Payload) -> None:
        self.state = state
        self.retries = 0
        self.token = None
        self.entered_from = self.previous
        self.entered_at = self.execution.clock.now()
        self.entered = self.record(
            f"{state.type}StateEntered", {"name": state.name, "input": payload}
        )

    def leave(
        self,
        state: State,
        evaluator: Evaluator,
        output: Template | None,
        assign: Template | None,
        default: Payload,
    ) -> Payload:
        """Evaluate Assign and Output (both with the old variables) and leave the state."""
        assigned = evaluator.members(assign) if assign is not None else None
        result = default if output is None else evaluator.payload(output)
        if result is not default and result.is_too_large:
            raise too_large(state.name)
        details: dict[str, Any] = {"name": state.name, "output": result}
        if assigned:
            details["assignedVariables"] = assigned
            self.variables.update((name, value.bound) for name, value in assigned.items())
        self.record(f"{state.type}StateExited", details)
        return result

    def abort(self, previous: int) -> None:
        """A sibling failed: record, innermost first, what was broken off, and add no more events.

        All these events follow the one that failed (`previous`).
        """
        for child in [lane for lane in self.children if not lane.closed]:
            child.abort(previous)
            child.note_iteration("MapIterationAborted", self, previous)
        if self.state is not None and self.state.type in _ABORTABLE:
            self.record(f"{self.state.type}StateAborted", previous=previous, chain=False)
        self.closed = True

    def note_iteration(self, type_: str, recorder: Lane, previous: int) -> None:
        """If this is a Map iteration, have another lane record what became of it."""
        if self.index is not None:
            details = {"name": self.name, "index": self.index}
            recorder.record(type_, details, previous=previous, chain=False)

    def close(self) -> None:
        """The execution is over: nothing that is still winding down adds events."""
        for child in self.children:
            child.close()
        self.closed = True

    # evaluation

    def evaluator(self, payload: Payload, **more: Any) -> Evaluator:
        return Evaluator(self, payload, more)

    def context(self) -> dict[str, Any]:
        """The context object, as expressions see it."""
        state: dict[str, Any] = {"EnteredTime": iso(self.entered_at)}
        if self.state is not None:
            state["Name"] = self.state.name
        if isinstance(self.state, Task | Map | Parallel):
            state["RetryCount"] = self.retries
        context = {**self.execution.context(), "State": state}
        if self.item is not None:
            context["Map"] = {"Item": self.item}
        if self.token is not None:
            context["Task"] = {"Token": self.token}
        return context

    def explained(self, sentence: str) -> str:
        """A sentence with AWS's beginning, which names state and event."""
        name = self.state.name if self.state is not None else ""
        return (
            f"An error occurred while executing the state '{name}' "
            f"(entered at the event id #{self.entered}). {sentence}"
        )

    def evaluation_failed(
        self, sentence: str, location: str, *, entered: bool = False
    ) -> StateError:
        """Record the failure of an expression and give the error to raise.

        AWS links it to the event before the state unless the state has got further (`entered`).
        """
        cause = self.explained(sentence)
        untouched = self.previous == self.entered and not entered
        name = self.state.name if self.state is not None else ""
        self.record(
            "EvaluationFailed",
            {"error": errors.QUERY, "cause": cause, "location": location, "state": name},
            previous=self.entered_from if untouched else self.previous,
        )
        return StateError(errors.QUERY, cause)


class Evaluator:
    """Evaluates the templates of one state at one moment, with the variables of that moment."""

    __slots__ = ("_bindings", "_lane", "_states")

    def __init__(self, lane: Lane, payload: Payload, more: dict[str, Any]) -> None:
        self._lane = lane
        self._states: dict[str, Any] = {"input": payload, **more}
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
        """The value if it has JSON type `expected`, else a failed evaluation as AWS words it."""
        value = self.value(template)
        actual = json_type(value)
        if actual == expected:
            return value
        text = template.expressions[0].text if template.expressions else dumps(template.value)
        raise self._lane.evaluation_failed(
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
        raise self._lane.evaluation_failed(
            f"The {template.field} field must be a whole number between {low} and {high}, "
            f"but was: {dumps(value)}",
            template.field,
            entered=True,
        )

    def _evaluate(self, expression: Expression) -> Any:
        place = (
            f"The JSONata expression '{expression.text}' "
            f"specified for the field '{expression.field}'"
        )
        try:
            value = jsonata.evaluate(
                expression.text, self._bound(expression.text), self._lane.execution.clock.now
            )
        except jsonata.NotJson as error:
            raise self._lane.evaluation_failed(
                f"{place} returned an unsupported result type. {error.message}", expression.field
            ) from error
        except jsonata.JsonataError as error:
            code = f"{error.code}: " if error.code else ""
            raise self._lane.evaluation_failed(
                f"{place} threw an error during evaluation. {code}{error.message}", expression.field
            ) from error
        if value is jsonata.UNDEFINED:
            raise self._lane.evaluation_failed(
                f"{place} returned nothing (undefined).", expression.field
            )
        return value

    def _bound(self, text: str) -> dict[str, Any]:
        if self._bindings is None:
            states = {
                key: value.bound if isinstance(value, Payload) else value
                for key, value in self._states.items()
            }
            self._bindings = {**self._lane.variables, "states": states}
        if needs_context(text) and "context" not in self._bindings["states"]:
            self._bindings["states"]["context"] = self._lane.context()
        return self._bindings


_WITHOUT_CONTEXT = re.compile(r"\$states(?!\s*\.\s*(?:input|result|errorOutput)\b)")


@lru_cache(maxsize=4096)
def needs_context(text: str) -> bool:
    """Whether an expression may look at the context object: making it costs more than the rest."""
    return _WITHOUT_CONTEXT.search(text) is not None


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


def too_large(name: str) -> StateError:
    return StateError(
        errors.DATA_LIMIT,
        f"The state/task '{name}' returned a result with a size exceeding the maximum number of "
        "bytes service limit.",
    )


def iso(moment: float) -> str:
    """A moment as the context object writes it."""
    return (
        datetime.fromtimestamp(moment, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
