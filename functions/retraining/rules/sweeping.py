"""What a sweep finds that no event will repair: rules without AWS.

Whatever was lost is sent again through the door it should have come by: a wake, the event of an
arrival, the status event of an execution. So there is one way to act on each, and a sweep that
finds something too early, or twice, does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from retraining.documents.champion import Champion
from retraining.rules.arrivals import Arrival, State, Trigger, upcoming, wants_more
from retraining.rules.promotion import SETTLING, EndpointFacts

SLACK: Final = 900  # seconds: what happened less than a sweep ago may still be on its way
LONGEST_APPROVAL: Final = 30 * 86_400  # seconds that a model waits for a person
MOST_LISTED: Final = 1000  # object versions of a pipeline that one sweep looks up
RUNNING, GONE = "RUNNING", "GONE"


@dataclass(frozen=True)
class ExecutionFacts:
    """What DescribeExecution reports; GONE when it knows no such execution."""

    status: str
    stopped: float | None = None  # epoch seconds
    input: str | None = None
    error: str | None = None
    cause: str | None = None


@dataclass(frozen=True)
class Ages:
    """How old things are, in seconds; 0 for what there is none of."""

    pending: float = 0  # the oldest object that waits and that no open run has claimed
    open_run: float = 0
    overdue: float = 0  # how long ago the run of what waits should have started


def ages(state: State, oldest: float | None, trigger: Trigger, now: float) -> Ages:
    """The ages of a pipeline; `oldest` is when the oldest such object arrived, epoch seconds."""
    pending = 0 if oldest is None else max(0, now - oldest)
    if state.lease is not None:
        age = max(0, now - state.lease.at)
        return Ages(pending, age, 0 if state.lease.started else age)
    coming = upcoming(state, oldest, trigger)
    when = coming.when if coming else None
    if when is None and oldest is not None and trigger.marker and not wants_more(state):
        when = oldest + trigger.max_wait  # its marker should have come
    return Ages(pending, overdue=0 if when is None else max(0, now - when))


def wake_in(state: State, oldest: float | None, trigger: Trigger, now: float) -> float | None:
    """Seconds until the wake that the pipeline must have; None when it needs none."""
    if state.lease is not None:  # a lease without a confirmed start: the wake repeats it
        late = not state.lease.started and now > state.lease.at + SLACK
        return 0 if late else None
    if state.paused:
        return None
    coming = upcoming(state, oldest, trigger)
    return None if coming is None else max(0, coming.when - now)


def ended_unnoticed(execution: ExecutionFacts, *, began: float, now: float) -> bool:
    """True when an execution is over and its status event should long have come.

    DescribeExecution is eventually consistent (API reference), so it may not know a young one yet.
    """
    if execution.status == GONE:
        return now > began + SLACK
    return execution.stopped is not None and now > execution.stopped + SLACK


def status_event(arn: str, execution: ExecutionFacts) -> dict[str, Any]:
    """The status event of an execution, as far as anybody reads it."""
    detail = {
        "executionArn": arn,
        "name": arn.rpartition(":")[2],
        "status": execution.status,
        "input": execution.input,
        "error": execution.error,
        "cause": execution.cause,
    }
    return {"detail-type": "Step Functions Execution Status Change", "detail": detail}


def may_be_lost(
    arrival: Arrival,
    *,
    since: float,
    now: float,
    marker: str | None = None,
    markers: tuple[str, ...] = (),
) -> bool:
    """True for data, or the marker, whose event should have come.

    What landed before the ledger began is not, nor what was a marker under an earlier definition.
    """
    was_marker = arrival.name in markers
    means_something = arrival.name == marker or (arrival.is_data and not was_marker)
    return means_something and since <= arrival.arrived / 1000 < now - SLACK


def lost(
    late: list[Arrival], known: set[str], marker: str | None, called: int | None
) -> list[Arrival]:
    """Those whose event never came: data that has no item, and a marker newer than the last."""
    return [
        item
        for item in late
        if (item.second > (called or 0) if item.name == marker else item.id not in known)
    ]


def out_of_step(champion: Champion | None, endpoint: EndpointFacts) -> str | None:
    """How an endpoint differs from the ledger's champion; None when it does not, or not yet."""
    if champion is None or champion.endpoint is None or endpoint.status in SETTLING:
        return None
    if endpoint.status == "InService" and endpoint.config == champion.config:
        return None
    serves = f"is {endpoint.status} with config {endpoint.config}" if endpoint.status else "is gone"
    return (
        f"endpoint {champion.endpoint} {serves}; the champion is the model of run"
        f" {champion.run} with config {champion.config}"
    )
