"""From a dropped object to one wake, and from a wake to at most one run: rules without AWS.

A wake disarms itself first and looks at the ledger afterwards; an arrival writes the ledger
first and arms a wake afterwards. So whatever order the two meet in, one of them sees the other.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from retraining.documents.definition import PushedDefinition
from retraining.rules.durations import seconds
from retraining.rules.names import is_pipeline, object_id

COLLECTED: Final = "what waits is collected until a schedule or a marker calls"
TOO_FEW: Final = "what waits has too few rows: it counts towards the next run"
SCHEDULE: Final = "schedule"  # the reason of a wake by which a pipeline's schedule calls
LONGEST_DELAY: Final = 900  # seconds: the most that SQS delays a message (API reference)
MARKER: Final = re.compile(
    r"(^|/)(_temporary(/.*)?|_SUCCESS|_FAILURE|_committed_.*|_started_.*|_metadata"
    r"|_common_metadata|\.DS_Store|\.[^/]*\.crc|[^/]*_\$folder\$)$|(^|/)_temporary/"
)


@dataclass(frozen=True)
class Arrival:
    """One object version that landed."""

    key: str
    version: str  # "" in a bucket without versioning
    etag: str
    size: int
    sequencer: str
    arrived: int  # epoch milliseconds
    root: str = ""  # with which the keys of the stack's part of the bucket begin

    @property
    def id(self) -> str:
        """Id in the ledger; without a version the ETag distinguishes two contents."""
        return object_id(self.key, self.version or self.etag)

    @property
    def pipeline(self) -> str | None:
        """The pipeline the key belongs to; None when it belongs to none."""
        name, slash, rest = self.key.removeprefix(self.root).partition("/")
        ours = self.key.startswith(self.root)
        return name if ours and slash and rest and is_pipeline(name) else None

    @property
    def prefix(self) -> str:
        """The key, after the root, up to its first slash; "" for a key without one."""
        return self.key.removeprefix(self.root).rpartition("/")[0].partition("/")[0]

    @property
    def name(self) -> str:
        """The key behind its last slash."""
        return self.key.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The key up to its last slash, with it."""
        return self.key.removesuffix(self.name)

    @property
    def second(self) -> int:
        """The end of the second in which it landed; S3's events and listings know no fractions."""
        return self.arrived // 1000 + 1

    @property
    def is_data(self) -> bool:
        """False for folder placeholders and the markers that Spark and Hadoop leave."""
        folder = self.key.endswith("/") and self.size == 0
        return not folder and MARKER.search(self.key) is None


def newest_by_folder(markers: Iterable[Arrival]) -> list[Arrival]:
    """Of each folder's markers the one that landed last, which calls for all they called for."""
    ordered = sorted(markers, key=lambda marker: marker.arrived)
    return list({marker.folder: marker for marker in ordered}.values())


def arrival_of(event: dict[str, Any], bucket: str, root: str = "") -> Arrival:
    """The arrival that an EventBridge `Object Created` event reports.

    The key is read raw: EventBridge does not URL-encode it, unlike S3's own notifications.
    Raises ValueError for an event of another shape or another bucket.
    """
    try:
        detail = event["detail"]
        thing, where = detail["object"], detail["bucket"]["name"]
        when = dt.datetime.fromisoformat(event["time"])
        arrival = Arrival(
            key=thing["key"],
            version=thing.get("version-id", ""),
            etag=thing.get("etag", ""),
            size=int(thing.get("size", 0)),
            sequencer=thing.get("sequencer", ""),
            arrived=int(when.timestamp() * 1000),
            root=root,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not an S3 Object Created event: {error!r} in {event!r:.300}") from error
    if event.get("detail-type") != "Object Created" or where != bucket:
        raise ValueError(f"event {event.get('detail-type')!r} of bucket {where!r} is not for us")
    return arrival


def event_of(arrival: Arrival, bucket: str) -> dict[str, Any]:
    """The event that reports an arrival, as far as `arrival_of` reads it."""
    version = {"version-id": arrival.version} if arrival.version else {}
    thing = {"key": arrival.key, "size": arrival.size, "etag": arrival.etag, **version}
    return {
        "detail-type": "Object Created",
        "source": "aws.s3",
        "time": dt.datetime.fromtimestamp(arrival.arrived / 1000, dt.UTC).isoformat(),
        "detail": {"bucket": {"name": bucket}, "object": {**thing, "sequencer": arrival.sequencer}},
    }


@dataclass(frozen=True)
class Lease:
    """The right to run: one per pipeline, with what a lost StartExecution is repeated with."""

    token: int
    execution: str
    input: str
    started: bool = False
    at: int = 0
    arrivals: int = 0
    again: bool = False  # without new objects: the newest batch of the history is judged again
    asked: int = 0  # how often a run had been asked for


@dataclass(frozen=True)
class Waiting:
    """A run found too few rows: how much had arrived when it began, and when it said so."""

    arrivals: int
    since: int  # epoch seconds


@dataclass(frozen=True)
class State:
    """A pipeline's item in the ledger."""

    token: int = 0
    arrivals: int = 0
    last_arrival: int | None = None  # epoch milliseconds
    last_start: int | None = None  # epoch seconds
    called: int | None = None  # epoch seconds: when a schedule or a marker called last
    wake_at: int | None = None  # epoch seconds
    retry_at: int | None = None  # epoch seconds
    waiting: Waiting | None = None
    promoting: int | None = None  # token of the run whose promotion the next one waits for
    lease: Lease | None = None
    failures: int = 0
    paused: bool = False
    paused_reason: str | None = None
    asked: int = 0  # how often a run was asked for that needs no new objects
    answered: int = 0  # up to which of these requests a run has come of them
    asked_at: int = 0  # epoch seconds: the last one
    asked_by: str | None = None  # `retrain`, `push` or `release`

    @property
    def wanted(self) -> str | None:
        """What asked for a run that has not come yet."""
        return self.asked_by if self.asked > self.answered else None


@dataclass(frozen=True)
class Trigger:
    """When a pipeline wants its runs to start, in seconds."""

    quiet: int
    max_wait: int
    min_interval: int = 0
    scheduled: bool = False
    marker: str | None = None

    @classmethod
    def of(cls, definition: PushedDefinition) -> Trigger:
        """The trigger of a pushed definition."""
        section = definition.section("trigger")
        return cls(
            quiet=seconds(section["quiet_period"]),
            max_wait=seconds(section["max_wait"]),
            min_interval=seconds(section["min_interval"]),
            scheduled=section["schedule"] is not None,
            marker=section["marker"],
        )


@dataclass(frozen=True)
class Rearm:
    """Too early: wake again after so many seconds."""

    seconds: int


@dataclass(frozen=True)
class Start:
    """Take the lease with this token and start a run."""

    token: int
    again: bool = False


@dataclass(frozen=True)
class Repeat:
    """A lease without a confirmed start: repeat StartExecution with exactly what it stores."""

    lease: Lease


@dataclass(frozen=True)
class Leave:
    """A run is open: its end looks again."""


@dataclass(frozen=True)
class Nothing:
    """No run, and why."""

    reason: str


@dataclass(frozen=True)
class Upcoming:
    """The next run: when, in epoch seconds, and whether it is one without new objects."""

    when: float
    again: bool = False


Decision = Rearm | Start | Repeat | Leave | Nothing


def decide(state: State, oldest: float | None, trigger: Trigger, now: float) -> Decision:
    """What a wake does; `oldest` is when the oldest object that waits arrived, if any does."""
    if state.lease is not None:
        return Leave() if state.lease.started else Repeat(state.lease)
    if oldest is None and not state.wanted:
        return Nothing("nothing is pending")
    if state.paused:
        return Nothing(f"the pipeline is paused: {state.paused_reason}")
    coming = upcoming(state, oldest, trigger)
    if coming is None:
        return Nothing(TOO_FEW if wants_more(state) else COLLECTED)
    if coming.when > now:
        return Rearm(delay(coming.when - now))
    return Start(state.token + 1, coming.again)


def upcoming(state: State, oldest: float | None, trigger: Trigger) -> Upcoming | None:
    """The next run; None when there is nothing to run for, or not known yet when.

    What waits and is due is trained on by the run that was asked for. What waits for a schedule, a
    marker or more rows keeps waiting, and the run does without.
    """
    when = None if oldest is None else due(state, oldest, trigger)
    if when is not None:
        return Upcoming(when)
    return Upcoming(max(state.asked_at, state.retry_at or 0), again=True) if state.wanted else None


def due(state: State, oldest: float, trigger: Trigger) -> float | None:
    """When a run of what waits should start, in epoch seconds; None when that is not known yet.

    Rows that were too few for a run wait for more to arrive, and count from then on as if they had
    arrived with it. What a schedule called for is a drop like any other: it starts when it is
    quiet. What a marker called for is complete. A failed run is repeated after its pause, however
    long the interval between runs is, and who asks for a run does not wait for it either.
    """
    if wants_more(state):
        return None
    begun = max(oldest, state.waiting.since) if state.waiting else oldest
    if trigger.scheduled or trigger.marker:
        if state.called is None or state.called < begun:
            return None
        begun = state.called
    quiet_at = 0 if state.last_arrival is None else state.last_arrival / 1000 + trigger.quiet
    complete_at = 0 if trigger.marker else min(quiet_at, begun + trigger.max_wait)
    spaced_at = (
        0 if state.failures or state.wanted else (state.last_start or 0) + trigger.min_interval
    )
    return max(complete_at, spaced_at, state.retry_at or 0)


def wants_more(state: State) -> bool:
    """True when what waits was too few rows for a run, and nothing has arrived since."""
    return state.waiting is not None and state.arrivals <= state.waiting.arrivals


def delay(seconds: float) -> int:
    """Whole seconds a wake may be delayed at once."""
    return max(0, min(LONGEST_DELAY, math.ceil(seconds)))
