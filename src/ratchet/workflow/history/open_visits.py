"""Visits while a history is being read: what later events may still change."""

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
    """One visit. `inner` is what its present attempt has begun, in that order."""

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
        "is_failed",
        "is_left",
        "is_over",
        "is_resumed",
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
        self.is_left = False
        self.is_over = False  # inside a container that was left or tried again
        self.is_resumed = False  # continued by a redrive, and not heard of since
        scope.visits.append(self)
        if self.type == "Fail":
            self.end("FAILED", at)

    @property
    def is_running(self) -> bool:
        return self.status == "RUNNING"

    def inside(self, index: int | None = None) -> Scope:
        """The iteration of an item, or the next branch of a Parallel."""
        branch = len(self.inner) if self.type == "Parallel" else None
        scope = Scope(self, index, branch)
        self.inner.append(scope)
        return scope

    def end(self, status: Status, at: datetime) -> None:
        self.status, self.ended = status, at

    def leave(self, at: datetime, details: Mapping[str, Any]) -> None:
        """The state was exited: its last attempt failed and was caught, or it succeeded."""
        self.end("CAUGHT" if self.has_error else "SUCCEEDED", at)
        self.output = _text(details, "output")
        self.is_left = True
        self._close_inner()

    def fail(self, failure: Failure) -> None:
        self.failures.append(failure)
        self.has_error = True

    def start_over(self, failed: OpenVisit | None, at: datetime) -> None:
        """A container begins an attempt: nothing of the one before it continues."""
        self.break_off(failed, at)
        self._close_inner()
        self.has_error = False

    def _close_inner(self) -> None:
        for visit in inside_out(self.inner):
            visit.is_over = True
        self.inner.clear()

    def break_off(
        self, failed: OpenVisit | None, at: datetime, *, index: int | None = None
    ) -> None:
        """What still runs inside has ended; with `index`, inside that iteration."""
        inner = (scope for scope in self.inner if index in (None, scope.index))
        for visit in inside_out(inner):
            if visit.is_running:
                visit.end("FAILED" if visit is failed else "ABORTED", at)

    def may_have_failed(self) -> bool:
        """Whether nothing inside is open, or a Fail state directly inside was entered."""
        direct = (visit for scope in self.inner for visit in scope.visits)
        is_open = any(visit.is_running for visit in inside_out(self.inner))
        return not is_open or any(visit.type == "Fail" for visit in direct)

    def resume(self) -> None:
        """Continue after a redrive, unless the visit had come to its end."""
        if self.is_left or self.is_over or self.type == "Fail":
            return
        self.status, self.ended = "RUNNING", None
        self.has_error = self.is_failed = False
        self.is_resumed = True

    def frozen(self, left: Status | None = None, at: datetime | None = None) -> Visit:
        """The visit as it stands; with `left` and `at`, as the end of the execution leaves it."""
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
        if not self.is_left:
            return None
        return "catch" if self.status == "CAUGHT" else "next"


def inside_out(scopes: Iterable[Scope]) -> Iterator[OpenVisit]:
    """All visits in the scopes, one scope after the other, the innermost first."""
    for scope in scopes:
        for visit in scope.visits:
            yield from inside_out(visit.inner)
            yield visit


def _text(details: Mapping[str, Any], name: str) -> str | None:
    value = details.get(name)
    return None if value is None else str(value)
