"""One line of an execution: the machine itself, one iteration of a Map or one Parallel branch.

It holds what differs between them: the last event, the state it is in, the variables it sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ratchet.workflow.asl import errors
from ratchet.workflow.asl.errors import StateError
from ratchet.workflow.asl.model import Map, Parallel, State, Task
from ratchet.workflow.asl.payload import MAX_PAYLOAD_BYTES, Payload
from ratchet.workflow.asl.timestamps import iso
from ratchet.workflow.interpreter.standing import Standing

if TYPE_CHECKING:
    from ratchet.workflow.interpreter.execution import Execution
    from ratchet.workflow.interpreter.map_run import MapRun

MAX_VARIABLES_BYTES = 10 * 1024 * 1024  # AWS quota for all variables of an execution

_ABORTABLE = ("Task", "Wait", "Map", "Parallel")


@dataclass(frozen=True, slots=True)
class Item:
    """The item that a Map iteration works on.

    `key` is that of a member if the items are those of an object; `source` says where a
    distributed Map has the item from.
    """

    index: int
    value: Payload
    key: str | None = None
    source: str | None = None

    def shown(self, *, bound: bool) -> dict[str, Any]:
        shown = {"Index": self.index, "Value": self.value.bound if bound else self.value.value}
        more = {"Key": self.key, "Source": self.source}
        return {**shown, **{name: value for name, value in more.items() if value is not None}}


class Lane:
    """Where one line of an execution stands."""

    __slots__ = (
        "children",
        "closed",
        "done",
        "entered",
        "entered_at",
        "entered_from",
        "execution",
        "goes_on",
        "index",
        "item",
        "map_run",
        "name",
        "payload",
        "place",
        "previous",
        "retries",
        "standing",
        "state",
        "token",
        "unfinished",
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
        self.place = 0
        self.index: int | None = None
        self.name = ""
        self.item: Item | None = parent.item if parent is not None else None
        # A child sees the variables of its parent as they are now; its own stay its own.
        self.variables: dict[str, Payload] = dict(parent.variables) if parent is not None else {}
        self.payload: Payload | None = None
        self.done: dict[int, Payload] = {}
        self.unfinished: dict[int, Standing] = {}
        self.map_run: MapRun | None = None
        self.standing: Standing | None = None
        self.goes_on = False

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
        """Begin a state. One that a redrive goes on with was entered before: no event again."""
        self.state = state
        self.payload = payload
        self.retries = 0
        self.token = None
        self.entered_from = self.previous
        self.entered_at = self.execution.clock.now()
        if self.standing is not None:
            self._go_on(self.standing)
            return
        self.entered = self.record(
            f"{state.type}StateEntered", {"name": state.name, "input": payload}
        )

    def _go_on(self, standing: Standing) -> None:
        self.entered = standing.entered
        self.variables.update(standing.variables)
        self.done, self.unfinished = standing.done, standing.inner
        self.map_run = standing.map_run
        self.standing, self.goes_on = None, True

    def begins(self) -> bool:
        """Whether an attempt begins anew; False for the first one after a redrive."""
        goes_on, self.goes_on = self.goes_on, False
        if not goes_on:
            self.start_over()
        return not goes_on

    def start_over(self) -> None:
        """Forget what branches, iterations and children have done."""
        self.done, self.unfinished, self.map_run = {}, {}, None

    @property
    def is_underway(self) -> bool:
        """Whether a redrive finds branches or iterations to go on with."""
        return bool(self.done or self.unfinished)

    def stands(self) -> Standing | None:
        """Where this lane is, for a redrive; None if it has not begun."""
        for child in self.children:
            inner = None if child.place in self.done else child.stands()
            if inner is not None:
                self.unfinished[child.place] = inner
        if self.state is None or self.payload is None:
            return self.standing
        return Standing(
            self.state.name,
            self.payload,
            self.entered,
            dict(self.variables),
            self.done,
            self.unfinished,
            self.map_run,
        )

    def exit(
        self, state: State, payload: Payload, output: Payload, assigned: dict[str, Payload] | None
    ) -> Payload:
        """Leave the state: set its variables and record its output, which is given back."""
        if output is not payload and output.is_too_large:
            raise too_large(state.name)
        details: dict[str, Any] = {"name": state.name, "output": output}
        if assigned:
            self._hold(state.name, assigned)
            details["assignedVariables"] = assigned
        self.record(f"{state.type}StateExited", details)
        return output

    def _hold(self, state: str, assigned: dict[str, Payload]) -> None:
        """Set variables, unless they are more than AWS keeps."""
        if sum(payload.size for payload in assigned.values()) > MAX_PAYLOAD_BYTES:
            raise too_large(state)
        variables = {**self.variables, **assigned}
        if sum(payload.size for payload in variables.values()) > MAX_VARIABLES_BYTES:
            raise too_large(state)
        self.variables = variables

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

    def context(self, *, bound: bool) -> dict[str, Any]:
        """The context object; `bound` as JSONata sees it, else plain JSON."""
        state: dict[str, Any] = {"EnteredTime": iso(self.entered_at)}
        if self.state is not None:
            state["Name"] = self.state.name
        if isinstance(self.state, Task | Map | Parallel):
            state["RetryCount"] = self.retries
        context = {**self.execution.context(bound=bound), "State": state}
        if self.item is not None:
            context["Map"] = {"Item": self.item.shown(bound=bound)}
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


def too_large(name: str) -> StateError:
    return StateError(
        errors.DATA_LIMIT,
        f"The state/task '{name}' returned a result with a size exceeding the maximum number of "
        "bytes service limit.",
    )
