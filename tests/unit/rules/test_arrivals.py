"""From a landed object to at most one run: what counts, and what a wake decides."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retraining.rules import arrivals, settlement
from retraining.rules.arrivals import (
    Lease,
    Leave,
    Nothing,
    Rearm,
    Repeat,
    Start,
    State,
    Trigger,
    Waiting,
)

EVENTS = Path(__file__).parents[3] / "events"
NOW = 1_790_000_000.0


def created(name: str = "object-created-put") -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return event


def landed(key: str, size: int = 10) -> arrivals.Arrival:
    event = created()
    event["detail"]["object"].update(key=key, size=size)
    return arrivals.arrival_of(event, event["detail"]["bucket"]["name"])


@pytest.mark.parametrize("name", ["put", "copy", "multipart"])
def test_put_copy_and_multipart_are_arrivals_alike(name: str) -> None:
    event = created(f"object-created-{name}")
    arrival = arrivals.arrival_of(event, event["detail"]["bucket"]["name"])
    assert arrival.pipeline == "bank-marketing"
    assert arrival.is_data
    assert len(arrival.id) == 32


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_key_is_read_raw(rest: str) -> None:
    key = f"bank/{rest}"
    assert landed(key).key == key


@pytest.mark.parametrize("rest", ["a+b.csv", "50%.csv", "a b.csv", "Müller.csv", "%2B.csv"])
def test_plus_percent_space_and_umlaut_stay_themselves(rest: str) -> None:
    assert landed(f"bank/{rest}").key == f"bank/{rest}"


@pytest.mark.parametrize(
    ("key", "size", "is_data"),
    [
        ("bank/2026/", 0, False),
        ("bank/_temporary/0/part-0.csv", 10, False),
        ("bank/out/_SUCCESS", 0, False),
        ("bank/_committed_123", 4, False),
        ("bank/x_$folder$", 0, False),
        ("bank/.part-0.csv.crc", 8, False),
        ("bank/empty.csv", 0, True),
        ("bank/_data.csv", 5, True),
        ("bank/a_temporary/x.csv", 5, True),
    ],
)
def test_folders_and_markers_are_not_data(key: str, size: int, is_data: bool) -> None:
    assert landed(key, size).is_data is is_data


@pytest.mark.parametrize("key", ["top.csv", "#registrations/x.csv", "Bank/x.csv", "bank/", "/x"])
def test_a_key_without_a_pipelines_prefix_belongs_to_none(key: str) -> None:
    assert landed(key).pipeline is None


def test_a_foreign_event_is_refused_with_what_it_is() -> None:
    with pytest.raises(ValueError, match="not an S3 Object Created event"):
        arrivals.arrival_of({"detail": {}}, "landing")
    with pytest.raises(ValueError, match="is not for us"):
        arrivals.arrival_of(created(), "another-bucket")


LEASE = Lease(4, "bank-000004", "{}", started=True)


@pytest.mark.parametrize(
    ("state", "pending", "decision"),
    [
        (State(), False, Nothing("nothing is pending")),
        (State(token=3, last_arrival=int((NOW - 61) * 1000)), True, Start(4)),
        (State(last_arrival=int((NOW - 20) * 1000)), True, Rearm(40)),
        (State(last_arrival=int((NOW + 5000) * 1000)), True, Rearm(900)),
        (State(lease=LEASE), True, Leave()),
        (State(lease=Lease(4, "bank-000004", "{}")), False, Repeat(Lease(4, "bank-000004", "{}"))),
        (State(retry_at=int(NOW) + 30), True, Rearm(30)),
        (
            State(paused=True, paused_reason="x"),
            True,
            Nothing("the pipeline is paused: x"),
        ),
    ],
)
def test_a_wake_decides_by_the_ledger(
    state: State, pending: bool, decision: arrivals.Decision
) -> None:
    oldest = NOW - 1000 if pending else None
    assert arrivals.decide(state, oldest, Trigger(quiet=60, max_wait=43_200), NOW) == decision


SCHEDULED = Trigger(60, 43_200, scheduled=True)
MARKED = Trigger(60, 43_200, marker="_SUCCESS")
COLLECTED = Nothing(arrivals.COLLECTED)
TOO_FEW_ROWS = State(
    last_arrival=int((NOW - 20) * 1000), arrivals=5, waiting=Waiting(5, int(NOW) - 300)
)
MORE = dataclasses.replace(TOO_FEW_ROWS, arrivals=6)
BUSY = State(last_arrival=int((NOW - 20) * 1000))  # quiet in 40 seconds


@pytest.mark.parametrize(
    ("state", "trigger", "decision"),
    [
        (BUSY, Trigger(60, max_wait=1000), Start(1)),  # never quiet, but old enough
        (BUSY, Trigger(60, max_wait=1010), Rearm(10)),
        (BUSY, Trigger(60, max_wait=2000), Rearm(40)),
        (dataclasses.replace(BUSY, retry_at=int(NOW) + 30), Trigger(60, 1000), Rearm(30)),
        (State(last_start=int(NOW) - 100), Trigger(60, 1000, min_interval=100), Start(1)),
        (State(last_start=int(NOW) - 100), Trigger(60, 1000, min_interval=130), Rearm(30)),
        (State(last_start=int(NOW) - 100), Trigger(60, 1000, min_interval=86_400), Rearm(900)),
        (State(last_start=int(NOW) - 100, failures=1), Trigger(60, 1000, 86_400), Start(1)),
        (TOO_FEW_ROWS, Trigger(60, 1000), Nothing(arrivals.TOO_FEW)),
        (dataclasses.replace(TOO_FEW_ROWS, arrivals=6), Trigger(60, 1000), Rearm(40)),
        (dataclasses.replace(TOO_FEW_ROWS, arrivals=6), Trigger(60, 300), Start(1)),
        (
            dataclasses.replace(TOO_FEW_ROWS, arrivals=6, called=int(NOW) - 301),
            SCHEDULED,
            COLLECTED,
        ),
        (dataclasses.replace(TOO_FEW_ROWS, arrivals=6, called=int(NOW) - 30), SCHEDULED, Rearm(40)),
        (BUSY, MARKED, COLLECTED),
        (dataclasses.replace(BUSY, called=int(NOW) - 1001), MARKED, COLLECTED),
        (dataclasses.replace(BUSY, called=int(NOW) - 1000), MARKED, Start(1)),
        (State(), SCHEDULED, COLLECTED),
        (State(called=int(NOW) - 1001), SCHEDULED, COLLECTED),
        (State(called=int(NOW) - 999), SCHEDULED, Start(1)),
        (dataclasses.replace(BUSY, called=int(NOW) - 999), SCHEDULED, Rearm(40)),
        (dataclasses.replace(BUSY, called=int(NOW) - 999), Trigger(60, 1010, 0, True), Rearm(11)),
        (State(called=int(NOW) - 999, retry_at=int(NOW) + 9), SCHEDULED, Rearm(9)),
    ],
)
def test_a_run_starts_when_its_pipeline_wants_it(
    state: State, trigger: Trigger, decision: arrivals.Decision
) -> None:
    """The oldest object landed 1000 seconds ago."""
    assert arrivals.decide(state, NOW - 1000, trigger, NOW) == decision


def test_a_pipeline_pauses_after_three_failures_in_a_row_and_recovers_by_new_data() -> None:
    state = State(lease=LEASE, arrivals=0)
    waits = []
    for _ in range(3):
        after = settlement.aftermath(state, "FAILED", "no capacity", NOW)
        waits.append(after.retry_at and after.retry_at - int(NOW))
        state = State(lease=LEASE, failures=after.failures, paused=after.paused)
    assert waits == [60, 240, None]
    assert state.paused
    newer = State(lease=LEASE, failures=2, arrivals=1)
    assert not settlement.aftermath(newer, "FAILED", "x", NOW).paused
    assert settlement.aftermath(state, "INCONCLUSIVE", "x", NOW) == settlement.Aftermath()


@pytest.mark.parametrize("version", ["", "v1"])
def test_an_event_that_is_sent_again_reports_the_same_arrival(version: str) -> None:
    """Of an object without a version the ETag says which content it is."""
    sent = arrivals.Arrival(
        key="team/bank/2026/a.csv",
        version=version,
        etag="e1",
        size=7,
        sequencer="00A",
        arrived=1_700_000_000_000,
        root="team/",
    )
    found = arrivals.arrival_of(arrivals.event_of(sent, "bucket"), "bucket", "team/")
    assert found == sent
    assert (found.pipeline, found.prefix, found.name) == ("bank", "bank", "a.csv")
    assert (found.folder, found.second) == ("team/bank/2026/", 1_700_000_001)
    assert (found.id == dataclasses.replace(found, etag="e2").id) is bool(version)
    assert found.id != dataclasses.replace(found, version="v2").id
