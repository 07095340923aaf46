"""What a history says of an execution: every visit of a state, where, when and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

Status = Literal["RUNNING", "SUCCEEDED", "CAUGHT", "FAILED", "TIMED_OUT", "ABORTED"]
Way = Literal["next", "catch"]


@dataclass(frozen=True, slots=True)
class Place:
    """The inside of one visit of a Map or Parallel state, which `container` identifies.

    `index` is the item of a Map. `branch` is the number of a Parallel's branch, in the order in
    which the branches began: histories do not give their order in the definition.
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
    """A state from entering to leaving it; inside a Map it is visited once an iteration.

    `entry` is the id of the event that entered it, and identifies the visit. `places` are the
    containers around it, outermost first. Once it was left, `way` says whether an error led out
    of it, and `to` which state followed. `input` and `output` are JSON text, if they are kept;
    `submitted` is what services answered when they accepted a job.
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

    `owners` has the entry of the visit that each event belongs to; events of the execution
    itself are not in it.
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
