"""Histories read back: every event belongs to the right visit of the right state."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import botocore.session
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from random_machines import RETRY_SECONDS, RandomMachine, run_random

from ratchet.workflow.history.events import ROLES, Role, details_key
from ratchet.workflow.history.reader import HistoryReader, read_trace
from ratchet.workflow.history.visits import Trace, Visit
from ratchet.workflow.interpreter.execution import Execution

CASES = Path(__file__).parents[3] / "shared" / "asl-cases" / "cases.json"

Events = list[dict[str, Any]]


@pytest.fixture(scope="module")
def api() -> Any:
    return botocore.session.get_session().get_service_model("stepfunctions")


def test_every_event_type_of_the_api_has_a_role_and_only_those(api: Any) -> None:
    assert set(ROLES) == set(api.shape_for("HistoryEventType").enum)


def test_the_details_of_every_event_type_are_where_the_api_has_them(api: Any) -> None:
    members = set(api.shape_for("HistoryEvent").members)
    keys = {key for type_ in ROLES if (key := details_key(type_)) is not None}
    assert keys == members - {"timestamp", "type", "id", "previousEventId"}


# random machines


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """The first expression raises the recursion limit, which hypothesis warns of."""
    run_random(RandomMachine(Random(0)), failures=0, redrive=False)


SEEDS = st.integers(0, 2**32)
MANY = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)


@MANY
@given(SEEDS, st.sampled_from([0.0, 0.2, 0.6]), st.booleans())
def test_every_event_belongs_to_the_visit_that_its_payload_names(
    seed: int, failures: float, redrive: bool
) -> None:
    made = RandomMachine(Random(seed))
    execution = run_random(made, failures=failures, redrive=redrive)
    events = events_of(execution)
    assume(names_what_it_redrives(events))
    trace = read_trace(events)
    visits = {visit.entry: visit for visit in trace.visits}
    entered = [event["id"] for event in events if ROLES[event["type"]] is Role.ENTERED]
    assert entered == list(visits)
    for visit in trace.visits:
        assert_placed(visit, made)
    for event in events:
        assert_owned(event, trace, visits)


@MANY
@given(SEEDS, st.sampled_from([0.2, 0.6]))
def test_visits_have_the_end_the_attempts_and_the_errors_of_their_events(
    seed: int, failures: float
) -> None:
    made = RandomMachine(Random(seed))
    execution = run_random(made, failures=failures, redrive=False)
    events = events_of(execution)
    trace = read_trace(events)
    assert (trace.status, trace.error) == (execution.status, execution.error or "")
    assert all(visit.status != "RUNNING" and visit.ended is not None for visit in trace.visits)
    assert_ends(trace, events)
    assert_attempts(trace, events)
    for visit in trace.visits:
        if visit.way is not None and visit.to is not None:
            assert (visit.way == "catch") == (visit.to == f"{visit.state} caught"), visit
        assert (visit.way is None) == (visit.status in ("FAILED", "ABORTED")), visit


@MANY
@given(SEEDS, st.sampled_from([0.0, 0.4]), st.integers(1, 7))
def test_a_history_may_come_in_pages_that_overlap(seed: int, failures: float, page: int) -> None:
    events = events_of(run_random(RandomMachine(Random(seed)), failures=failures, redrive=True))
    reader = HistoryReader()
    for end in range(0, len(events) + page, page):
        reader.read(events[max(0, end - 2 * page) : end])
        open_ = [visit for visit in reader.trace().visits if visit.ended is None]
        assert all(visit.status == "RUNNING" for visit in open_)
    assert reader.trace() == read_trace(events)


def events_of(execution: Execution) -> Events:
    return [event.as_api() for event in execution.history.events]


def names_what_it_redrives(events: Events) -> bool:
    """Where no event right after a redrive leaves open which of several containers it means."""
    redrives = (event["id"] for event in events if event["type"] == "ExecutionRedriven")
    redriven = next(redrives, None)
    resumed = [ROLES[event["type"]] for event in events if event["previousEventId"] == redriven]
    unnamed = {Role.CONTAINER_STARTED, Role.CONTAINER_FAILED, Role.ENTERED}
    return redriven is None or not unnamed & set(resumed)


def details_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    key = details_key(str(event["type"]))
    return event.get(key, {}) if key is not None else {}


def items_of(visit: Visit) -> str:
    return "".join(f"/{p.state}#{p.index}" for p in visit.places if p.index is not None)


def assert_placed(visit: Visit, made: RandomMachine) -> None:
    """In the containers of the definition, in the branch of the definition, in the right item."""
    assert tuple(place.state for place in visit.places) == made.containers[visit.state]
    assert tuple(place.branch for place in visit.places) == made.branches[visit.state]
    assert items_of(visit) == json.loads(visit.input or "")


def assert_owned(event: Mapping[str, Any], trace: Trace, visits: dict[int, Visit]) -> None:
    role, details = ROLES[event["type"]], details_of(event)
    if event["type"].startswith("Execution"):
        assert event["id"] not in trace.owners
        return
    visit = visits[trace.owners[event["id"]]]
    if role is Role.EXITED:
        assert (visit.state, items_of(visit)) == (details["name"], json.loads(details["output"]))
    elif role is Role.STATE_ABORTED:
        assert visit.type == event["type"].removesuffix("StateAborted")
    elif "Iteration" in event["type"]:
        assert (visit.state, visit.type) == (details["name"], "Map")
    elif role is Role.EVALUATION_FAILED:
        assert visit.state == details["state"]
    elif event["type"].startswith("Task") and role is not Role.ATTEMPT_RUNNING:
        text = details.get("parameters") or details.get("output") or details.get("cause")
        told = {"state": visit.state, "items": items_of(visit)}
        assert role is Role.ENTERED or json.loads(text) == told, event
    else:
        assert event["type"].startswith((visit.type, "Task")), event


def assert_ends(trace: Trace, events: Events) -> None:
    exits = {event["id"] for event in events if ROLES[event["type"]] is Role.EXITED}
    left = Counter(trace.owners[event] for event in exits)
    assert set(left.values()) <= {1}
    assert set(left) == {visit.entry for visit in trace.visits if visit.way is not None}
    aborts = [event["id"] for event in events if ROLES[event["type"]] is Role.STATE_ABORTED]
    aborted = {trace.owners[event] for event in aborts}
    assert len(aborted) == len(aborts)
    assert all(visit.status == "ABORTED" for visit in trace.visits if visit.entry in aborted)


def assert_attempts(trace: Trace, events: Events) -> None:
    starts = {
        event["id"]: event["previousEventId"]
        for event in events
        if ROLES[event["type"]] in (Role.ATTEMPT_STARTED, Role.CONTAINER_STARTED)
    }
    attempts = [(visit, attempt) for visit in trace.visits for attempt in visit.attempts]
    assert sorted(attempt.event for _, attempt in attempts) == sorted(starts)
    for visit, attempt in attempts:
        first = starts[attempt.event] == visit.entry
        assert attempt.waited == (None if first else RETRY_SECONDS)
    failed = [event for event in events if event["type"] in ("TaskFailed", "EvaluationFailed")]
    reported = {failure.event: failure for visit in trace.visits for failure in visit.failures}
    for event in failed:
        failure, details = reported[event["id"]], details_of(event)
        assert (failure.error, failure.cause) == (details["error"], details["cause"])
