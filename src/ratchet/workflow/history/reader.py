"""Turns the events of a history into visits of states.

Events of parallel branches and Map iterations interleave, so each event is followed back through
`previousEventId` to the visit it belongs to. Where AWS's links do not lead there, the contents of
the event decide: the name in StateExited, MapIteration... and EvaluationFailed events, and the
type of StateAborted events, which all follow the event of the sibling that failed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import chain
from typing import Any, ClassVar

from ratchet.workflow.history.events import ROLES, Role
from ratchet.workflow.history.open_visits import OpenVisit, Scope, inside_out
from ratchet.workflow.history.positions import (
    Occurrence,
    Position,
    container_around,
    occurrence_of,
    scope_after,
    siblings_of,
)
from ratchet.workflow.history.visits import Attempt, Failure, Status, Trace

_ENDS: dict[str, Status] = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}


_ENTRY = re.compile(r"\(entered at the event id #(\d+)\)")


def read_trace(events: Iterable[Mapping[str, Any]]) -> Trace:
    """Read `events` (boto3's form, or the JSON of `aws stepfunctions get-execution-history`)."""
    reader = HistoryReader()
    reader.read(events)
    return reader.trace()


_Handler = Callable[["HistoryReader", Occurrence, Position], Position]


class HistoryReader:
    """Reads events page by page, each once; `trace` is the execution so far."""

    def __init__(self) -> None:
        self._root = Scope()
        self._by_entry: dict[int, OpenVisit] = {}
        self._positions: dict[int, Position] = {}
        self._owners: dict[int, int] = {}
        self._last = 0
        self._redriven = 0
        self._started: datetime | None = None
        self._end: Occurrence | None = None

    @property
    def last(self) -> int:
        """The id of the newest event that was read; 0 before any."""
        return self._last

    def read(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Read further events, oldest first; those read before are skipped."""
        for given in events:
            if int(given["id"]) > self._last:
                self._read(occurrence_of(given))

    def _read(self, event: Occurrence) -> None:
        self._last = event.id
        self._started = self._started or event.at
        position = self._positions.get(event.previous) or Position(self._root)
        role = ROLES.get(event.type)
        handle = self._handlers.get(role) if role is not None else None
        found = handle(self, event, position) if handle is not None else position
        if role not in _OF_EXECUTION and found.visit is not None:
            self._owners.setdefault(event.id, found.visit.entry)
        self._positions[event.id] = found._replace(at=event.at)

    def trace(self) -> Trace:
        """The visits so far. Those still running when the execution ended have ended with it."""
        end = self._end
        if end is None:
            visits = tuple(visit.frozen() for visit in self._by_entry.values())
            return Trace("RUNNING", visits, self._started, owners=dict(self._owners))
        status = _ENDS[end.type]
        left: Status = "ABORTED" if status == "SUCCEEDED" else status
        return Trace(
            status,
            tuple(visit.frozen(left, end.at) for visit in self._by_entry.values()),
            self._started,
            end.at,
            end.text("error"),
            end.text("cause"),
            dict(self._owners),
        )

    # entering and leaving

    def _enter(self, event: Occurrence, position: Position) -> Position:
        scope = scope_after(position)
        visit = OpenVisit(event.id, event.type, scope, event.at, event.details)
        self._by_entry[visit.entry] = visit
        if position.left is not None:
            position.left.following = visit
        return Position(visit.scope, visit)

    def _exit(self, event: Occurrence, position: Position) -> Position:
        visit = self._named(event.text("name"), position)
        if visit is None:
            return Position(position.scope)
        visit.exit(event.at, event.details)
        self._owners[event.id] = visit.entry
        return Position(visit.scope, left=visit)

    def _named(self, state: str, position: Position) -> OpenVisit | None:
        """The visit of a state around a position, otherwise a running one anywhere."""
        around = (v for v in position.outward() if v.state == state and not v.is_exited)
        open_ = (v for v in inside_out([self._root]) if v.is_running)
        anywhere = (v for v in open_ if v.state == state)
        return next(around, None) or next(anywhere, None)

    def _abort(self, event: Occurrence, position: Position) -> Position:
        """A sibling of what failed was aborted: the first running one of the type, inside out."""
        type_ = event.type.removesuffix("StateAborted")
        fits = (v for v in siblings_of(position) if v.type == type_ and v.is_running)
        visit = next(fits, None) or self._running_without_position(type_)
        if visit is not None:
            visit.end("ABORTED", event.at)
            self._owners[event.id] = visit.entry
        return Position(position.scope)

    def _running_without_position(self, type_: str) -> OpenVisit | None:
        """For an event without a position: a running visit with nothing running inside.

        Or with a Fail state inside: after a redrive that fails again without an event.
        """
        for visit in inside_out([self._root]):
            if visit.type == type_ and visit.is_running and visit.may_have_failed():
                return visit
        return None

    # attempts

    def _start(self, event: Occurrence, position: Position) -> Position:
        visit = position.visit or self._resumed(event, "Task")
        if visit is None:
            return position
        visit.called_with = event.details
        retried = bool(visit.failures) and visit.failures[-1].event == event.previous
        visit.attempts.append(Attempt(event.id, event.at, _pause(position, event, retried)))
        return Position(visit.scope, visit)

    def _note_map_run(self, event: Occurrence, position: Position) -> Position:
        visit = position.visit or self._resumed(event, "Map")
        return position if visit is None else Position(visit.scope, visit)

    def _submit(self, event: Occurrence, position: Position) -> Position:
        if position.visit is not None:
            position.visit.submitted.append(event.text("output"))
        return position

    def _succeed(self, _: Occurrence, position: Position) -> Position:
        if position.visit is not None:
            position.visit.has_error = False
        return position

    def _fail(self, event: Occurrence, position: Position) -> Position:
        if position.visit is not None:
            position.visit.fail(_failure(event, position.visit))
        return position

    def _fail_evaluation(self, event: Occurrence, position: Position) -> Position:
        """AWS may link it to the event before the state, but its cause identifies the visit."""
        entry = _ENTRY.search(event.text("cause"))
        visit = self._by_entry.get(int(entry[1])) if entry is not None else None
        visit = visit or self._named(event.text("state"), position) or position.visit
        if visit is None:
            return position
        visit.fail(_failure(event, visit))
        return Position(visit.scope, visit)

    # containers

    def _start_container(self, event: Occurrence, position: Position) -> Position:
        """A Map or Parallel starts; if it is retried, what was running inside was aborted."""
        type_ = event.type.removesuffix("StateStarted")
        visit = container_around(type_, position) or self._resumed(event, type_)
        if visit is None:
            return position
        retried = event.previous not in (visit.entry, self._redriven)
        visit.start_over(position.visit, event.at)
        visit.called_with = event.details
        visit.attempts.append(Attempt(event.id, event.at, _pause(position, event, retried)))
        return Position(visit.scope, visit)

    def _succeed_container(self, event: Occurrence, position: Position) -> Position:
        type_ = event.type.removesuffix("StateSucceeded")
        visit = container_around(type_, position) or self._running_without_position(type_)
        if visit is None:
            return position
        visit.has_error = False
        return Position(visit.scope, visit)

    def _fail_container(self, event: Occurrence, position: Position) -> Position:
        """Something inside it or its own fields failed; the rest inside was aborted."""
        type_ = event.type.removesuffix("StateFailed")
        visit = container_around(type_, position) or self._running_without_position(type_)
        if visit is None:
            return position
        reported = bool(visit.failures) and visit.failures[-1].event == event.previous
        if not reported:
            visit.fail(_inherited(event, position.visit))
        visit.is_failed = True
        visit.break_off(position.visit, event.at)
        return Position(visit.scope, visit)

    # iterations

    def _map_of(self, event: Occurrence, position: Position) -> OpenVisit | None:
        """The Map of an iteration: around the position, or a sibling's if that has failed."""
        name = event.text("name")
        around = (v for v in position.outward() if not v.is_exited and not v.is_failed)
        siblings = (v for v in siblings_of(position) if v.is_running)
        anywhere = (v for v in inside_out([self._root]) if v.is_running)
        found = chain(around, siblings, anywhere)
        return next((v for v in found if v.state == name), None)

    def _start_iteration(self, event: Occurrence, position: Position) -> Position:
        visit = self._map_of(event, position)
        if visit is None:
            return position
        self._owners[event.id] = visit.entry
        return Position(visit.inside(_index(event)))

    def _succeed_iteration(self, event: Occurrence, position: Position) -> Position:
        visit = self._map_of(event, position)
        return position if visit is None else Position(visit.scope, visit)

    def _fail_iteration(self, event: Occurrence, position: Position) -> Position:
        found = self._succeed_iteration(event, position)
        failed = position.visit
        if failed is not None and failed is not found.visit and failed.is_running:
            failed.end("FAILED", event.at)
        return found

    def _abort_iteration(self, event: Occurrence, position: Position) -> Position:
        found = self._succeed_iteration(event, position)
        if found.visit is not None:
            found.visit.break_off(None, event.at, index=_index(event))
        return found

    # the execution

    def _finish(self, event: Occurrence, position: Position) -> Position:
        self._end = event
        return position

    def _redrive(self, event: Occurrence, _: Position) -> Position:
        """What had failed or was aborted continues without being entered again."""
        self._end = None
        self._redriven = event.id
        for visit in self._by_entry.values():
            visit.resume()
        return Position(self._root)

    def _resumed(self, event: Occurrence, type_: str) -> OpenVisit | None:
        """The visit that starts its next attempt after a redrive.

        The first events after a redrive all follow ExecutionRedriven and do not name a state. A
        Task is recognized by its arguments.
        """
        resumed = (v for v in inside_out([self._root]) if v.is_resumed and v.is_running)
        waiting = [v for v in resumed if v.type == type_]
        idle = [v for v in waiting if not any(inner.is_resumed for inner in inside_out(v.inner))]
        same = (v for v in idle if v.called_with == event.details)
        visit = next(same, None) or next(iter(idle or waiting), None)
        if visit is not None:
            visit.is_resumed = False
        return visit

    _handlers: ClassVar[dict[Role, _Handler]] = {
        Role.EXECUTION_ENDED: _finish,
        Role.EXECUTION_REDRIVEN: _redrive,
        Role.ENTERED: _enter,
        Role.EXITED: _exit,
        Role.STATE_ABORTED: _abort,
        Role.ATTEMPT_STARTED: _start,
        Role.ATTEMPT_SUBMITTED: _submit,
        Role.ATTEMPT_SUCCEEDED: _succeed,
        Role.ATTEMPT_FAILED: _fail,
        Role.EVALUATION_FAILED: _fail_evaluation,
        Role.CONTAINER_STARTED: _start_container,
        Role.CONTAINER_SUCCEEDED: _succeed_container,
        Role.CONTAINER_FAILED: _fail_container,
        Role.MAP_RUN: _note_map_run,
        Role.ITERATION_STARTED: _start_iteration,
        Role.ITERATION_SUCCEEDED: _succeed_iteration,
        Role.ITERATION_FAILED: _fail_iteration,
        Role.ITERATION_ABORTED: _abort_iteration,
    }


_OF_EXECUTION = (Role.EXECUTION_STARTED, Role.EXECUTION_ENDED, Role.EXECUTION_REDRIVEN)


def _index(event: Occurrence) -> int:
    return int(event.details.get("index", 0))


def _pause(position: Position, event: Occurrence, retried: bool) -> float | None:
    if not retried or position.at is None:
        return None
    return (event.at - position.at).total_seconds()


def _failure(event: Occurrence, visit: OpenVisit) -> Failure:
    """The error of an event, completed from the visit's last error."""
    error, cause = _last_error(visit)
    return Failure(
        event.id,
        event.at,
        event.text("error") or error or event.type,
        event.text("cause") or cause,
    )


def _inherited(event: Occurrence, failed: OpenVisit | None) -> Failure:
    """The failure of a container: the error of the visit inside it that failed."""
    error, cause = _last_error(failed)
    return Failure(event.id, event.at, error or event.type, cause)


def _last_error(visit: OpenVisit | None) -> tuple[str, str]:
    if visit is None or not visit.failures:
        return "", ""
    return visit.failures[-1].error, visit.failures[-1].cause
