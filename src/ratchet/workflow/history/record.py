"""Records the history of an execution while it runs."""

from __future__ import annotations

from typing import Any

from ratchet.workflow.asl.errors import HistoryFull
from ratchet.workflow.history.events import Event

MAX_EVENTS = 25_000  # AWS quota for a Standard execution


class History:
    """The events of one execution, numbered from 1."""

    __slots__ = ("events",)

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(
        self,
        type_: str,
        previous: int,
        timestamp: float,
        details: dict[str, Any] | None = None,
        *,
        last: bool = False,
    ) -> int:
        """Append an event and return its id. Only the last event may be the 25,000th."""
        identity = len(self.events) + 1
        if identity >= MAX_EVENTS and not last:
            raise HistoryFull
        self.events.append(Event(identity, previous, type_, timestamp, details))
        return identity
