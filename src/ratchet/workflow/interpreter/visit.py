"""A branch's visit to one state, and what is visible there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ratchet.workflow.asl.model import Map, Parallel, State, Task
from ratchet.workflow.asl.payload import Payload
from ratchet.workflow.asl.timestamps import iso
from ratchet.workflow.interpreter.context import Item
from ratchet.workflow.interpreter.environment import Environment


@dataclass(slots=True)
class Visit:
    """One visit to a state: the data visible there, the events around its entry, and its attempts.

    `entered` is the id of its StateEntered event, `before` that of the event before it, and `since`
    the time in epoch seconds.
    """

    environment: Environment
    state: State
    payload: Payload
    variables: dict[str, Payload]
    item: Item | None
    since: float
    before: int
    entered: int
    retries: int = 0
    token: str | None = None

    def of_item(self, item: Item) -> Visit:
        """The same visit of a Map as one of its items sees it."""
        return Visit(
            self.environment,
            self.state,
            self.payload,
            self.variables,
            item,
            self.since,
            self.before,
            self.entered,
            self.retries,
        )

    def context(self, *, bound: bool) -> dict[str, Any]:
        """The context object; `bound` as JSONata sees it, else plain JSON."""
        state: dict[str, Any] = {"EnteredTime": iso(self.since), "Name": self.state.name}
        if isinstance(self.state, Task | Map | Parallel):
            state["RetryCount"] = self.retries
        members: dict[str, Any] = {"State": state}
        if self.item is not None:
            members["Map"] = {"Item": self.item.shown(bound=bound)}
        if self.token is not None:
            members["Task"] = {"Token": self.token}
        return self.environment.context.within(members, bound=bound)

    def explained(self, sentence: str) -> str:
        """A sentence after AWS's usual beginning, which names the state and its event."""
        return (
            f"An error occurred while executing the state '{self.state.name}' "
            f"(entered at the event id #{self.entered}). {sentence}"
        )
