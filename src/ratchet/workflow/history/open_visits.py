"""Visits that later events of a history may still change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from ratchet.workflow.history.visits import Attempt, Failure, Place, Status, Visit

CONTAINERS = ("Map", "Parallel")
_ENTERED = "StateEntered"


class Scope:
    """One iteration of a Map, one branch of a Parallel, or the machine itself (no container)."""

    __slots__ = ("container", "index", "places", "visits")

    def __init__(
        self,
        container: OpenVisit | None = None,
        index: int | None = None,
        branch: int | None = None,
    ) -> None:
        self.container = container
        self.index = index
        self.visits: list[OpenVisit] = []
        self.places: tuple[Place, ...] = ()
        if container is not None:
            place = Place(container.entry, container.state, index, branch)
            self.places = (*container.scope.places, place)


class OpenVisit:
    """One visit. `inner` are the scopes that its current attempt has begun, in that order."""

    __slots__ = (
        "attempts",
        "called_with",
        "ended",
        "entered",
        "entry",
        "failures",
        "following",
        "has_error",
        "inner",
        "input",
        "is_exited",
        "is_failed",
        "is_resumed",
        "is_superseded",
        "output",
        "scope",
        "state",
        "status",
        "submitted",
        "type",
    )

    def __init__(
        self,
        entry: int,
        event_type: str,
        scope: Scope,
        at: datetime,
        details: Mapping[str, Any],
    ) -> None:
        self.entry = entry
        self.state = str(details.get("name") or "")
        self.type = event_type.removesuffix(_ENTERED)
        self.scope = scope
        self.entered = at
        self.ended: datetime | None = None
        self.status: Status = "RUNNING"
        self.attempts: list[Attempt] = []
        self.failures: list[Failure] = []
        self.submitted: list[str] = []
        self.called_with: Mapping[str, Any] = {}
        self.input = _text(details, "input")
        self.output: str | None = None
        self.following: OpenVisit | None = None
        self.inner: list[Scope] = []
        self.has_error = False  # its last attempt failed
        self.is_failed = False  # a container whose failure was recorded
        self.is_exited = False
        self.is_superseded = False  # inside a container that was exited or retried
        self.is_resumed = False  # continued by a redrive, with no event since
        scope.visits.append(self)
        if self.type == "Fail":
            self.end("FAILED", at)

    @property
    def is_running(self) -> bool:
        return self.status == "RUNNING"

    def inside(self, index: int | None = None) -> Scope:
        """Begin the iteration of an item, or the next branch of a Parallel."""
        branch = len(self.inner) if self.type == "Parallel" else None
        scope = Scope(self, index, branch)
        self.inner.append(scope)
        return scope

    def end(self, status: Status, at: datetime) -> None:
        self.status, self.ended = status, at

    def exit(self, at: datetime, details: Mapping[str, Any]) -> None:
        """Exit the state: its last attempt succeeded, or its error was caught."""
        self.end("CAUGHT" if self.has_error else "SUCCEEDED", at)
        self.output = _text(details, "output")
        self.is_exited = True
        self._close_inner()

    def fail(self, failure: Failure) -> None:
        self.failures.append(failure)
        self.has_error = True

    def start_over(self, failed: OpenVisit | None, at: datetime) -> None:
        """Begin another attempt of a container: nothing of the previous one continues."""
        self.break_off(failed, at)
        self._close_inner()
        self.has_error = False

    def _close_inner(self) -> None:
        for visit in inside_out(self.inner):
            visit.is_superseded = True
        self.inner.clear()

    def break_off(
        self, failed: OpenVisit | None, at: datetime, *, index: int | None = None
    ) -> None:
        """End what is still running inside; with `index`, inside that iteration only."""
        inner = (scope for scope in self.inner if index in (None, scope.index))
        for visit in inside_out(inner):
            if visit.is_running:
                visit.end("FAILED" if visit is failed else "ABORTED", at)

    def may_have_failed(self) -> bool:
        """Whether nothing inside is running, or a Fail state directly inside was entered."""
        direct = (visit for scope in self.inner for visit in scope.visits)
        is_open = any(visit.is_running for visit in inside_out(self.inner))
        return not is_open or any(visit.type == "Fail" for visit in direct)

    def resume(self) -> None:
        """Continue after a redrive, unless the visit was complete."""
        if self.is_exited or self.is_superseded or self.type == "Fail":
            return
        self.status, self.ended = "RUNNING", None
        self.has_error = self.is_failed = False
        self.is_resumed = True

    def frozen(self, left: Status | None = None, at: datetime | None = None) -> Visit:
        """The visit so far; with `left` and `at`, as an execution that ended so has left it."""
        ends = self.is_running and left is not None
        return Visit(
            self.entry,
            self.state,
            self.type,
            self.scope.places,
            left if ends and left is not None else self.status,
            self.entered,
            at if ends else self.ended,
            tuple(self.attempts),
            tuple(self.failures),
            tuple(self.submitted),
            self.input,
            self.output,
            self._way(),
            self.following.state if self.following is not None else None,
        )

    def _way(self) -> Any:
        if not self.is_exited:
            return None
        return "catch" if self.status == "CAUGHT" else "next"


def inside_out(scopes: Iterable[Scope]) -> Iterator[OpenVisit]:
    """All visits in the scopes, one scope after the other, inner visits before outer ones."""
    for scope in scopes:
        for visit in scope.visits:
            yield from inside_out(visit.inner)
            yield visit


def _text(details: Mapping[str, Any], name: str) -> str | None:
    value = details.get(name)
    return None if value is None else str(value)
