"""Records what happens in one branch of an execution."""

from __future__ import annotations

from typing import Any

from ratchet.workflow.asl import errors
from ratchet.workflow.asl.errors import StateError
from ratchet.workflow.history.record import History
from ratchet.workflow.interpreter.clock import Clock
from ratchet.workflow.interpreter.visit import Visit


class Recorder:
    """Adds events to the history, each after the branch's last one (`previous`)."""

    __slots__ = ("_clock", "_history", "is_closed", "previous")

    def __init__(self, history: History, clock: Clock, previous: int) -> None:
        self._history = history
        self._clock = clock
        self.previous = previous
        self.is_closed = False

    def fork(self, previous: int) -> Recorder:
        """A recorder for a branch that begins after the event `previous`; closed if this one is."""
        forked = Recorder(self._history, self._clock, previous)
        forked.is_closed = self.is_closed
        return forked

    def record(
        self,
        type_: str,
        details: dict[str, Any] | None = None,
        *,
        previous: int | None = None,
        chain: bool = True,
    ) -> int:
        """Add an event after the last one (or after `previous`); its id.

        With `chain` the next event follows it. A closed recorder adds nothing.
        """
        if self.is_closed:
            return self.previous
        identity = self._history.add(
            type_, self.previous if previous is None else previous, self._clock.now(), details
        )
        if chain:
            self.previous = identity
        return identity

    def close(self) -> None:
        """Add no more events from now on."""
        self.is_closed = True

    def evaluation_failed(
        self, visit: Visit, sentence: str, location: str, *, entered: bool = False
    ) -> StateError:
        """Record the failure of an expression and give the error to raise.

        AWS links it to the event before the state unless the state has advanced (`entered`).
        """
        cause = visit.explained(sentence)
        untouched = self.previous == visit.entered and not entered
        self.record(
            "EvaluationFailed",
            {
                "error": errors.QUERY,
                "cause": cause,
                "location": location,
                "state": visit.state.name,
            },
            previous=visit.before if untouched else self.previous,
        )
        return StateError(errors.QUERY, cause)
