"""The visits of an execution's states: where, when, and how each ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

Status = Literal["RUNNING", "SUCCEEDED", "CAUGHT", "FAILED", "TIMED_OUT", "ABORTED"]
Way = Literal["next", "catch"]


@dataclass(frozen=True, slots=True)
class Place:
    """An iteration or a branch, inside the visit of a Map or Parallel that `container` identifies.

    `index` is that of the Map's item. `branch` is the number of the Parallel's branch in the order
    in which they began: histories do not contain their order in the definition.
    """

    container: int
    state: str
    index: int | None = None
    branch: int | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a Task, Map or Parallel state; `waited` is the pause before a retry."""

    event: int
    started: datetime
    waited: float | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """An error in a state, handled or not; `event` is the one that reports it."""

    event: int
    at: datetime
    error: str
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay in a state; a state inside a Map is visited once per iteration.

    `entry` is the id of the event that entered it, and identifies the visit. `places` are the
    iterations and branches around it, outermost first. After the exit, `way` is "catch" if an
    error led out of it, and `to` is the state that followed. `input` and `output` are JSON texts,
    if they are kept; `submitted` are the answers of services that accepted a job.
    """

    entry: int
    state: str
    type: str
    places: tuple[Place, ...]
    status: Status
    entered: datetime
    ended: datetime | None = None
    attempts: tuple[Attempt, ...] = ()
    failures: tuple[Failure, ...] = ()
    submitted: tuple[str, ...] = ()
    input: str | None = None
    output: str | None = None
    way: Way | None = None
    to: str | None = None

    @property
    def inside(self) -> str | None:
        """The state of the innermost container around it."""
        return self.places[-1].state if self.places else None

    @property
    def retries(self) -> int:
        """Attempts beyond the first."""
        return max(0, len(self.attempts) - 1)

    def seconds(self, now: datetime | None = None) -> float:
        """Seconds from entry to end, or to `now` while it is open."""
        return ((self.ended or now or datetime.now(UTC)) - self.entered).total_seconds()


@dataclass(frozen=True, slots=True)
class Trace:
    """The visits of one execution in the order of entering, and how the execution ended.

    `owners` maps the id of each event to the entry of the visit it belongs to; events of the
    execution itself are not in it.
    """

    status: Status
    visits: tuple[Visit, ...]
    started: datetime | None = None
    ended: datetime | None = None
    error: str = ""
    cause: str = ""
    owners: Mapping[int, int] = field(default_factory=dict)

    def states_by_event(self) -> dict[int, str]:
        """The state each event belongs to."""
        states = {visit.entry: visit.state for visit in self.visits}
        return {event: states[entry] for event, entry in self.owners.items()}
