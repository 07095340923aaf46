"""What an execution's history says about each state: status, times, attempts, error.

The history is what GetExecutionHistory answers, oldest event first. Events of parallel branches
and Map iterations interleave, so each event is followed back through `previousEventId` to the
state it belongs to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

Status = Literal["RUNNING", "SUCCEEDED", "CAUGHT", "FAILED", "TIMED_OUT", "ABORTED"]

_ENTERED = "StateEntered"
_EXITED = "StateExited"
_ATTEMPTS = frozenset({"TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled"})
_ERRORS = frozenset(
    {
        "TaskFailed", "TaskTimedOut", "TaskStartFailed", "TaskSubmitFailed",
        "LambdaFunctionFailed", "LambdaFunctionTimedOut", "LambdaFunctionScheduleFailed",
        "LambdaFunctionStartFailed", "EvaluationFailed", "MapRunFailed", "ActivityFailed",
        "ActivityTimedOut",
    }
)  # fmt: skip
_CONTAINER_STARTED = frozenset({"MapStateStarted", "ParallelStateStarted"})
_CONTAINER_FAILED = frozenset({"MapStateFailed", "ParallelStateFailed"})
_ENDS: dict[str, Status] = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}


@dataclass(frozen=True)
class StateTimes:
    """One state over all its visits (a state inside a Map is visited once an iteration)."""

    name: str
    status: Status
    entered: datetime
    exited: datetime | None = None
    visits: int = 1
    open_visits: int = 1
    attempts: int = 0
    failures: int = 0
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
    """The states of one execution in the order they were entered, and how it ended.

    `ways` are the transitions it took, as pairs of state names.
    """

    status: Status
    states: dict[str, StateTimes]
    started: datetime | None
    ended: datetime | None
    error: str = ""
    cause: str = ""
    ways: frozenset[tuple[str, str]] = frozenset()

    def seconds(self, now: datetime | None = None) -> float:
        """Seconds from start to end, or to `now` while it runs."""
        if self.started is None:
            return 0.0
        return ((self.ended or now or datetime.now(UTC)) - self.started).total_seconds()


def read_history(events: Iterable[Mapping[str, Any]]) -> Timeline:
    """Read `events` (boto3's form, or the JSON of `aws stepfunctions get-execution-history`)."""
    reader = _Reader()
    for event in events:
        reader.read(event)
    return reader.timeline()


@dataclass(frozen=True)
class _Frame:
    """The state an event happened in, and the Map or Parallel state around it."""

    name: str
    outer: _Frame | None


class _Reader:
    def __init__(self) -> None:
        self.states: dict[str, StateTimes] = {}
        self.frames: dict[int, _Frame | None] = {}
        self.left: dict[int, str] = {}
        self.ways: set[tuple[str, str]] = set()
        self.end: tuple[Status, datetime, str, str] | None = None
        self.started: datetime | None = None

    def read(self, event: Mapping[str, Any]) -> None:
        kind = str(event["type"])
        at = _time(event["timestamp"])
        self.started = self.started or at
        frame = self.frames.get(int(event.get("previousEventId", 0)))
        details = _details(event)
        if kind.endswith(_ENTERED):
            self._step(int(event.get("previousEventId", 0)), str(details.get("name", "")))
            frame = self._enter(kind, details, at, frame)
        elif kind.endswith(_EXITED):
            self.left[int(event["id"])] = str(details.get("name", ""))
            frame = self._exit(str(details.get("name", "")), at, frame)
        elif kind in _ENDS:
            self._finish(_ENDS[kind], at, details)
        elif kind == "ExecutionRedriven":
            self._redrive()
        elif kind in _CONTAINER_STARTED and frame is not None:
            frame = self._start_container(kind, at, frame)
        elif kind in _CONTAINER_FAILED and frame is not None:
            frame = self._fail_container(kind, at, frame)
        elif frame is not None:
            self._inside(kind, details, frame)
        self.frames[int(event["id"])] = frame

    def _redrive(self) -> None:
        """What had failed or was broken off goes on, without being entered again."""
        self.end = None
        for name, state in self.states.items():
            if state.status in ("RUNNING", "FAILED", "ABORTED") and state.type != "Fail":
                self.states[name] = replace(state, status="RUNNING", failures=0, exited=None)

    def _step(self, previous: int, name: str) -> None:
        if previous in self.left:
            self.ways.add((self.left[previous], name))

    def _enter(
        self, kind: str, details: Mapping[str, Any], at: datetime, outer: _Frame | None
    ) -> _Frame:
        name = str(details.get("name", ""))
        failed = kind == "FailStateEntered"
        seen = self.states.get(name)
        inside = outer.name if outer else None
        fresh = StateTimes(
            name,
            "FAILED" if failed else "RUNNING",
            at,
            inside=inside,
            type=kind.removesuffix(_ENTERED),
        )
        if seen is not None:
            fresh = replace(
                seen,
                status=fresh.status,
                exited=None,
                visits=seen.visits + 1,
                open_visits=seen.open_visits + 1,
            )
        self.states[name] = replace(fresh, exited=at, open_visits=0) if failed else fresh
        return _Frame(name, outer)

    def _exit(self, name: str, at: datetime, frame: _Frame | None) -> _Frame | None:
        while frame is not None and frame.name != name:
            frame = frame.outer
        state = self.states.get(name)
        if state is not None:
            self.states[name] = _closed(state, at)
        return frame.outer if frame is not None else None

    def _finish(self, status: Status, at: datetime, details: Mapping[str, Any]) -> None:
        error, cause = str(details.get("error") or ""), str(details.get("cause") or "")
        self.end = (status, at, error, cause)

    def _start_container(self, kind: str, at: datetime, frame: _Frame) -> _Frame:
        """A Map or Parallel that is tried again starts over: what ran inside was broken off."""
        frame = self._container(kind.removesuffix("StateStarted"), frame)
        container = self.states[frame.name]
        self.states[frame.name] = container = replace(container, attempts=container.attempts + 1)
        if container.retries:
            self._break_off(frame.name, at)
        return frame

    def _fail_container(self, kind: str, at: datetime, frame: _Frame) -> _Frame:
        """A Map or Parallel failed for what failed inside it; the rest inside was broken off."""
        failed = self.states[frame.name]
        frame = self._container(kind.removesuffix("StateFailed"), frame)
        container = self.states[frame.name]
        error, cause = failed.error or kind, failed.cause
        self.states[frame.name] = replace(
            container, failures=container.failures + 1, error=error, cause=cause
        )
        self._break_off(frame.name, at)
        return frame

    def _container(self, type_: str, frame: _Frame) -> _Frame:
        """The innermost state of that type around an event."""
        while self.states[frame.name].type != type_ and frame.outer is not None:
            frame = frame.outer
        return frame

    def _break_off(self, container: str, at: datetime) -> None:
        for name in self._all_inside(container):
            state = self.states[name]
            if state.status == "RUNNING":
                status: Status = "FAILED" if state.failures else "ABORTED"
                self.states[name] = replace(state, status=status, exited=at, open_visits=0)

    def _all_inside(self, container: str) -> list[str]:
        inner: dict[str | None, list[str]] = defaultdict(list)
        for state in self.states.values():
            inner[state.inside].append(state.name)
        names = list(inner[container])
        for name in names:
            names += inner[name]
        return names

    def _inside(self, kind: str, details: Mapping[str, Any], frame: _Frame) -> None:
        state = self.states[frame.name]
        if kind in _ATTEMPTS:
            state = replace(state, attempts=state.attempts + 1)
        elif kind in _ERRORS:
            state = replace(
                state,
                failures=state.failures + 1,
                error=str(details.get("error") or state.error or kind),
                cause=str(details.get("cause") or state.cause),
            )
        elif kind in {"TaskSucceeded", "LambdaFunctionSucceeded"}:
            state = replace(state, failures=0)
        elif kind == "TaskSubmitted":
            state = replace(state, submitted=(*state.submitted, str(details.get("output") or "")))
        self.states[frame.name] = state

    def timeline(self) -> Timeline:
        if self.end is None:
            ways = frozenset(self.ways)
            return Timeline("RUNNING", self.states, self.started, None, ways=ways)
        status, at, error, cause = self.end
        left: Status = "ABORTED" if status == "SUCCEEDED" else status
        states = {
            name: replace(state, status=left, exited=at) if state.status == "RUNNING" else state
            for name, state in self.states.items()
        }
        return Timeline(status, states, self.started, at, error, cause, frozenset(self.ways))


def _closed(state: StateTimes, at: datetime) -> StateTimes:
    """A state that was left: its last attempt failed and was caught, or it succeeded."""
    open_visits = max(0, state.open_visits - 1)  # a redrive goes on with what had failed
    status: Status = "CAUGHT" if state.failures else "SUCCEEDED"
    return replace(
        state,
        open_visits=open_visits,
        status=status if open_visits == 0 else "RUNNING",
        exited=at if open_visits == 0 else None,
    )


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
