"""An execution by states: the status, times, attempts and errors of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ratchet.workflow.history.reader import read_trace
from ratchet.workflow.history.visits import Failure, Status, Trace, Visit, Way

Transition = tuple[str, str, Way]
"""A state, the state that followed, and whether an error led there."""

_WORST: tuple[Status, ...] = ("RUNNING", "FAILED", "TIMED_OUT", "ABORTED", "CAUGHT", "SUCCEEDED")


@dataclass(frozen=True)
class StateTimes:
    """One state over all its visits: a state inside a Map is visited once per iteration."""

    name: str
    status: Status
    entered: datetime
    exited: datetime | None = None
    visits: int = 1
    attempts: int = 0
    error: str = ""
    cause: str = ""
    submitted: tuple[str, ...] = ()
    inside: str | None = None
    type: str = ""

    @property
    def retries(self) -> int:
        """Attempts beyond the first of each visit."""
        return max(0, self.attempts - self.visits)

    def seconds(self, now: datetime | None = None) -> float:
        """Seconds from the first entry to the last exit, or to `now` while it is open."""
        return ((self.exited or now or datetime.now(UTC)) - self.entered).total_seconds()


@dataclass(frozen=True)
class Timeline:
    """The states of one execution in the order they were entered, and how it ended."""

    status: Status
    states: dict[str, StateTimes]
    started: datetime | None
    ended: datetime | None
    error: str = ""
    cause: str = ""
    transitions: frozenset[Transition] = frozenset()

    @classmethod
    def of(cls, trace: Trace) -> Timeline:
        """Aggregate the visits of an execution by state."""
        visits: dict[str, list[Visit]] = {}
        for visit in trace.visits:
            visits.setdefault(visit.state, []).append(visit)
        taken = ((v.state, v.to, v.way) for v in trace.visits)
        return cls(
            trace.status,
            {name: _times(name, found) for name, found in visits.items()},
            trace.started,
            trace.ended,
            trace.error,
            trace.cause,
            frozenset((state, to, way) for state, to, way in taken if to and way),
        )

    def seconds(self, now: datetime | None = None) -> float:
        """Seconds from start to end, or to `now` while it runs."""
        if self.started is None:
            return 0.0
        return ((self.ended or now or datetime.now(UTC)) - self.started).total_seconds()


def read_history(events: Iterable[Mapping[str, Any]]) -> Timeline:
    """Read `events` (boto3's form, or the JSON of `aws stepfunctions get-execution-history`)."""
    return Timeline.of(read_trace(events))


def _times(name: str, visits: Sequence[Visit]) -> StateTimes:
    first, failure = visits[0], _last_failure(visits)
    return StateTimes(
        name,
        _status(visits),
        first.entered,
        _exited(visits),
        len(visits),
        sum(len(visit.attempts) for visit in visits),
        failure.error if failure is not None else "",
        failure.cause if failure is not None else "",
        tuple(output for visit in visits for output in visit.submitted),
        first.inside,
        first.type,
    )


def _status(visits: Sequence[Visit]) -> Status:
    """The worst status of the last visits in each iteration and branch."""
    last = {tuple((p.state, p.index, p.branch) for p in v.places): v.status for v in visits}
    return min(last.values(), key=_WORST.index)


def _exited(visits: Sequence[Visit]) -> datetime | None:
    """The last exit; None while a visit is open."""
    ends = [visit.ended for visit in visits if visit.ended is not None]
    return max(ends) if len(ends) == len(visits) else None


def _last_failure(visits: Sequence[Visit]) -> Failure | None:
    failures = [visit.failures[-1] for visit in visits if visit.failures]
    return max(failures, key=lambda failure: failure.event, default=None)
