"""Normalized events, and the position that each leaves its branch of the execution in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ratchet.workflow.history.open_visits import CONTAINERS, OpenVisit, Scope, inside_out


class Occurrence(NamedTuple):
    """An event, from boto3's form or from the AWS CLI's JSON."""

    id: int
    previous: int
    type: str
    at: datetime
    details: Mapping[str, Any]

    def text(self, name: str) -> str:
        return str(self.details.get(name) or "")


class Position(NamedTuple):
    """Where a branch is after an event: in `visit`, or in `scope` after the visit `left`."""

    scope: Scope
    visit: OpenVisit | None = None
    left: OpenVisit | None = None
    at: datetime | None = None

    def outward(self) -> Iterator[OpenVisit]:
        """The visit, then the containers around it, innermost first."""
        if self.visit is not None:
            yield self.visit
        container = self.scope.container
        while container is not None:
            yield container
            container = container.scope.container


def occurrence_of(given: Mapping[str, Any]) -> Occurrence:
    id_, previous = int(given["id"]), int(given.get("previousEventId", 0))
    return Occurrence(id_, previous, str(given["type"]), _time(given["timestamp"]), _details(given))


def _details(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one `...EventDetails` object of an event; its key differs by the event's type."""
    for key, value in event.items():
        if key.endswith("EventDetails") and isinstance(value, Mapping):
            return value
    return {}


def _time(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    return datetime.fromisoformat(str(value))


def scope_after(position: Position) -> Scope:
    """The scope of a state that is entered from a position."""
    if position.visit is not None and position.visit.type in CONTAINERS:
        return position.visit.inside()
    return position.scope


def container_around(type_: str, position: Position) -> OpenVisit | None:
    """The innermost Map or Parallel around a position that has not failed yet."""
    open_ = (v for v in position.outward() if v.type == type_ and not v.is_exited)
    return next((v for v in open_ if not v.is_failed), None)


def siblings_of(position: Position) -> Iterator[OpenVisit]:
    """What a failure at a position aborts: the other visits in the container around it."""
    container = position.scope.container
    if container is not None:
        yield from (v for v in inside_out(container.inner) if v is not position.visit)
