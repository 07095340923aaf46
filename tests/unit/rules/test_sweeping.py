"""When something counts as lost, and how old things are."""

from __future__ import annotations

import dataclasses
import json
import random

import pytest

from retraining.documents.champion import Champion
from retraining.rules import names, sweeping
from retraining.rules.arrivals import Arrival, Lease, State, Trigger, arrival_of, event_of
from retraining.rules.promotion import EndpointFacts
from retraining.rules.sweeping import SLACK, Ages, ExecutionFacts

TRIGGER = Trigger(quiet=60, max_wait=43_200)
LEASE = Lease(1, "bank-000001", "{}", started=True, at=1000)
ARRIVAL = Arrival("bank/a b+ü.csv", "v1", "etag", 3, "", 5_000_000)
TEXTS = ("package", "model", "image", "artifact", "artifact_sha256", "features_sha256", "golden")
CHAMPION = Champion.from_json(
    dict.fromkeys((*TEXTS, "run", "since"), "x")
    | {"version": 1, "token": 1, "features": ["a"], "config": "new", "endpoint": "bank"}
    | {"hyperparameters": {}, "refit": False, "promise": None}
)


@pytest.mark.parametrize("arrival", [ARRIVAL, dataclasses.replace(ARRIVAL, version="")])
def test_an_arrival_announced_again_is_the_same_arrival(arrival: Arrival) -> None:
    event = json.loads(json.dumps(event_of(arrival, "landing")))
    assert arrival_of(event, "landing") == arrival


def test_a_ledgers_beginning_is_read_from_its_generation() -> None:
    """For three years; then it counts as younger than it is, and less is swept, never more."""
    draw, cycle = random.Random(1), 60 * 36**4
    for _ in range(1000):
        began = draw.randrange(4_000_000_000)
        later = began + draw.randrange(cycle - 60)
        assert began - 60 < names.began(names.generation(began), later) <= began
        ages_later = names.began(names.generation(began), began + cycle + 1000)
        assert ages_later > began


@pytest.mark.parametrize(
    ("state", "oldest", "expected"),
    [
        (State(), None, Ages()),
        (State(last_arrival=900_000), 800, Ages(pending=1200, overdue=1040)),
        (State(last_arrival=1_990_000), 800, Ages(pending=1200)),  # not quiet yet
        (State(last_arrival=900_000, retry_at=2500), 800, Ages(pending=1200)),  # a pause
        (State(last_arrival=900_000, paused=True), 800, Ages(pending=1200, overdue=1040)),
        (State(lease=LEASE), None, Ages(open_run=1000)),
        (State(lease=LEASE), 1500, Ages(pending=500, open_run=1000)),
        (
            State(lease=dataclasses.replace(LEASE, started=False)),
            None,
            Ages(open_run=1000, overdue=1000),
        ),
    ],
)
def test_ages_are_measured_against_what_should_have_happened(
    state: State, oldest: float | None, expected: Ages
) -> None:
    assert sweeping.ages(state, oldest, TRIGGER, 2000) == expected


@pytest.mark.parametrize(
    ("state", "oldest", "expected"),
    [
        (State(), None, None),
        (State(last_arrival=900_000), 800, 0),
        (State(last_arrival=1_990_000), 800, 50),
        (State(last_arrival=900_000, retry_at=2500), 800, 500),
        (State(last_arrival=900_000, paused=True), 800, None),
        (State(lease=LEASE), 800, None),
        (State(lease=dataclasses.replace(LEASE, started=False)), 800, 0),
        (State(lease=dataclasses.replace(LEASE, started=False, at=2000 - SLACK)), 800, None),
    ],
)
def test_a_pipeline_has_the_wake_that_it_needs(
    state: State, oldest: float | None, expected: float | None
) -> None:
    assert sweeping.wake_in(state, oldest, TRIGGER, 2000) == expected


@pytest.mark.parametrize(
    ("arrived", "expected"), [(999, False), (1000, True), (2000 - SLACK, False), (1099.9, True)]
)
def test_only_what_is_old_enough_and_not_too_old_is_lost(arrived: float, expected: bool) -> None:
    arrival = dataclasses.replace(ARRIVAL, arrived=int(arrived * 1000))
    assert sweeping.may_be_lost(arrival, since=1000, now=2000) is expected


@pytest.mark.parametrize(
    ("execution", "expected"),
    [
        (ExecutionFacts("RUNNING"), False),
        (ExecutionFacts("FAILED", stopped=1000), True),
        (ExecutionFacts("FAILED", stopped=2000 - SLACK), False),
        (ExecutionFacts(sweeping.GONE), True),
    ],
)
def test_an_end_is_unnoticed_when_its_event_should_long_have_come(
    execution: ExecutionFacts, expected: bool
) -> None:
    assert sweeping.ended_unnoticed(execution, began=500, now=2000) is expected


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        (EndpointFacts("InService", "new"), None),
        (EndpointFacts("Updating", "old"), None),
        (EndpointFacts("Deleting", "new"), None),
        (EndpointFacts("InService", "old"), "InService with config old"),
        (EndpointFacts("Failed", "new"), "Failed with config new"),
        (EndpointFacts(), "is gone"),
    ],
)
def test_an_endpoint_serves_the_champion_or_is_about_to(
    endpoint: EndpointFacts, said: str | None
) -> None:
    found = sweeping.out_of_step(CHAMPION, endpoint)
    assert found is None if said is None else said in (found or "")


def test_without_a_champion_or_an_endpoint_nothing_is_out_of_step() -> None:
    assert sweeping.out_of_step(None, EndpointFacts()) is None
    unserved = dataclasses.replace(CHAMPION, endpoint=None, config=None)
    assert sweeping.out_of_step(unserved, EndpointFacts()) is None


def test_what_is_collected_for_a_schedule_is_not_overdue() -> None:
    state, scheduled = State(last_arrival=900_000), Trigger(60, 43_200, scheduled=True)
    assert sweeping.ages(state, 800, scheduled, 2000) == Ages(pending=1200)
    assert sweeping.wake_in(state, 800, scheduled, 2000) is None
    called = dataclasses.replace(state, called=900)
    assert sweeping.ages(called, 800, scheduled, 2000) == Ages(pending=1200, overdue=1040)
    assert sweeping.wake_in(called, 800, scheduled, 2000) == 0


def test_a_marker_that_never_comes_is_overdue_after_the_longest_wait() -> None:
    marked = Trigger(60, max_wait=1000, marker="_SUCCESS")
    state = State(last_arrival=900_000)
    assert sweeping.ages(state, 800, marked, 1700) == Ages(pending=900)
    assert sweeping.ages(state, 800, marked, 2000) == Ages(pending=1200, overdue=200)


def test_a_marker_is_lost_when_it_is_newer_than_the_last_that_called() -> None:
    marker = dataclasses.replace(ARRIVAL, key="bank/_SUCCESS", arrived=1_000_500)
    assert sweeping.may_be_lost(marker, since=0, now=2000, marker="_SUCCESS")
    assert not sweeping.may_be_lost(marker, since=0, now=2000)
    for called, expected in ((None, [marker]), (1000, [marker]), (1001, [])):
        assert sweeping.lost([marker], set(), "_SUCCESS", called) == expected
