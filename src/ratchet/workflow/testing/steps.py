"""Reads an execution's events as the steps it took, each with the way it was left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ratchet.workflow.history.events import Event

Way = Literal["next", "catch"]

_FAILURES = (
    "TaskFailed", "TaskTimedOut", "TaskStartFailed", "TaskSubmitFailed", "LambdaFunctionFailed",
    "LambdaFunctionTimedOut", "LambdaFunctionScheduleFailed", "LambdaFunctionStartFailed",
    "ActivityFailed", "ActivityTimedOut", "MapStateFailed", "ParallelStateFailed",
    "MapRunFailed", "EvaluationFailed",
)  # fmt: skip
_SCHEDULED = ("TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled")
_CONTAINERS = ("ParallelStateStarted", "MapStateStarted")


@dataclass(frozen=True)
class Step:
    """One visit of a state. `way` is None while nothing followed; `to` is the state after it."""

    state: str
    way: Way | None = None
    to: str | None = None


@dataclass(frozen=True)
class Wait:
    """The pause between two attempts of a state, in seconds."""

    state: str
    seconds: float


def steps_of(events: Sequence[Event]) -> Iterator[Step]:
    """The visits in the order of entering."""
    followers = {event.previous: event for event in events if _is(event, "StateEntered")}
    exits = _exits(events)
    for event in events:
        if not _is(event, "StateEntered"):
            continue
        left = exits.get(event.id)
        if left is None:
            yield Step(_name(event))
            continue
        leaving, way = left
        after = followers.get(leaving.id)
        yield Step(_name(event), way, _name(after) if after is not None else None)


def _exits(events: Sequence[Event]) -> dict[int, tuple[Event, Way]]:
    """Of each StateEntered event its StateExited event, and whether an error led there."""
    kinds = {event.id: event.type for event in events}
    entered: dict[int, int] = {}  # event -> the StateEntered event of the state it is in
    outer: dict[int, int] = {}  # StateEntered event -> that of the container around it
    exits: dict[int, tuple[Event, Way]] = {}
    for event in events:
        inside = entered.get(event.previous, 0)
        if _is(event, "StateEntered"):
            outer[event.id] = inside
            entered[event.id] = event.id
        elif _is(event, "StateExited"):
            here = _own(events, inside, outer, _name(event))
            way: Way = "catch" if kinds.get(event.previous) in _FAILURES else "next"
            exits[here] = event, way
            entered[event.id] = outer.get(here, 0)
        else:
            entered[event.id] = inside
    return exits


def _own(events: Sequence[Event], inside: int, outer: dict[int, int], name: str) -> int:
    """The entry of the state that is left: a container is left from an event inside it."""
    while inside and _name(events[inside - 1]) != name:
        inside = outer.get(inside, 0)
    return inside


def waits_of(events: Iterable[Event]) -> list[Wait]:
    """The pauses before each further attempt, by the times of the events."""
    last: dict[int, Event] = {}
    names: dict[int, str] = {}
    known: dict[int, Event] = {}
    waits = []
    for event in events:
        known[event.id] = event
        if event.type in _CONTAINERS:
            waits += _container_wait(event, known)
        names[event.id] = (
            _name(event) if _is(event, "StateEntered") else names.get(event.previous, "")
        )
        before = last.get(event.previous)
        if event.type in _SCHEDULED and before is not None:
            waits.append(Wait(names[event.id], event.timestamp - before.timestamp))
        if event.type in _FAILURES:
            last[event.id] = event
    return waits


def _container_wait(event: Event, known: dict[int, Event]) -> list[Wait]:
    """The pause before a Parallel or Map state started again; none before its first start."""
    kind, before = event.type.removesuffix("Started"), known[event.previous]
    if before.type == f"{kind}Entered":
        return []
    return [Wait(_name(_entry(kind, before, known)), event.timestamp - before.timestamp)]


def _entry(kind: str, event: Event, known: dict[int, Event]) -> Event:
    """The entry of the container around an event: back past those of its kind that were left."""
    left, later = 0, ""
    while event.type != f"{kind}Entered" or left:
        failed = event.type == f"{kind}Failed" and later != f"{kind}Exited"
        left += failed or event.type == f"{kind}Exited"
        left -= event.type == f"{kind}Entered"
        event, later = known[event.previous], event.type
    return event


def _is(event: Event, ending: str) -> bool:
    return event.type.endswith(ending)


def _name(event: Event) -> str:
    return str((event.details or {}).get("name", ""))
