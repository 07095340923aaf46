"""Histories read back: every event belongs to the right visit of the right state."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import botocore.session
import pytest
from asl_machines import INVOKE, machine
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from random_machines import RETRY_SECONDS, RandomMachine, run_random

from ratchet.workflow.history import polling
from ratchet.workflow.history.events import ROLES, Role, details_key
from ratchet.workflow.history.polling import HistoryPoller
from ratchet.workflow.history.reader import HistoryReader, read_trace
from ratchet.workflow.history.timeline import Timeline
from ratchet.workflow.history.visits import Trace, Visit
from ratchet.workflow.interpreter.execution import Execution
from ratchet.workflow.operating.tables import EventsList
from ratchet.workflow.testing import fails, payload, run_machine

CASES = Path(__file__).parents[3] / "shared" / "asl-cases" / "cases.json"

F = {"FunctionName": "f"}
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
MANY = settings(max_examples=100, suppress_health_check=[HealthCheck.filter_too_much])


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
    visits = {visit.entry: visit for visit in trace.visits}
    assert {visits[entry].status for entry in aborted} <= {"ABORTED"}
    for event in events:
        if ROLES[event["type"]] is Role.CONTAINER_FAILED:
            cause = trace.owners[event["previousEventId"]]
            assert cause == trace.owners[event["id"]] or visits[cause].status != "ABORTED"


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


# histories recorded on AWS


def _recorded() -> list[Any]:
    if not CASES.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{CASES} is not here"))]
    cases = [case for case in json.loads(CASES.read_text()) if "$..events" not in case["skip"]]
    return [pytest.param(case, id=case["id"].split("::")[-1]) for case in cases]


@pytest.mark.parametrize("case", _recorded())
def test_a_history_recorded_on_aws_is_read_event_by_event(case: dict[str, Any]) -> None:
    recorded = case["expected"]["events"]
    events = [{**event, "timestamp": 1_700_000_000 + event["id"]} for event in recorded]
    trace = read_trace(events)
    visits = {visit.entry: visit for visit in trace.visits}
    for event in events:
        details = details_of(event)
        owner = trace.owners.get(event["id"])
        if event["type"].startswith("Execution"):
            assert owner is None
        elif event["type"] == "EvaluationFailed":
            assert f"state '{visits[owner or 0].state}'" in details["cause"]
        elif "name" in details:
            assert visits[owner or 0].state == details["name"]
        else:
            assert event["type"].startswith(visits[owner or 0].type), event
    open_ = [visit.type for visit in trace.visits if visit.status == "RUNNING"]
    assert open_ == (["Wait"] if events[-1]["type"] == "WaitStateEntered" else [])
    assert (trace.ended is None) == bool(open_)


# what a reader makes of them

EACH = {
    "Type": "Map",
    "Items": ["a", "b"],
    "MaxConcurrency": 1,
    "ItemProcessor": {
        "StartAt": "In",
        "States": {"In": {"Type": "Task", "Resource": INVOKE, "Arguments": F, "End": True}},
    },
    "Next": "Both",
}
BOTH = {
    "Type": "Parallel",
    "Branches": [
        {"StartAt": "Left", "States": {"Left": {"Type": "Pass", "End": True}}},
        {"StartAt": "Right", "States": {"Right": {"Type": "Pass", "End": True}}},
    ],
    "End": True,
}


def test_the_table_of_events_names_the_state_of_each() -> None:
    run = run_machine(machine({"Each": EACH, "Both": BOTH}), {}, {"In": payload(1)})
    shown = _types_and_states(EventsList(_dated(run.history)))
    named = [(type_, state) for type_, state in shown if "Entered" not in type_]
    call = [
        ("TaskScheduled", "In"),
        ("TaskStarted", "In"),
        ("TaskSucceeded", "In"),
        ("TaskStateExited", "In"),
    ]
    iteration = [("MapIterationStarted", "Each"), *call, ("MapIterationSucceeded", "Each")]
    assert named == [
        ("ExecutionStarted", ""),
        ("MapStateStarted", "Each"),
        *iteration,
        *iteration,
        ("MapStateSucceeded", "Each"),
        ("MapStateExited", "Each"),
        ("ParallelStateStarted", "Both"),
        ("PassStateExited", "Left"),
        ("PassStateExited", "Right"),
        ("ParallelStateSucceeded", "Both"),
        ("ParallelStateExited", "Both"),
        ("ExecutionSucceeded", ""),
    ]


def test_the_table_of_a_part_of_a_history_names_what_that_part_shows() -> None:
    run = run_machine(machine({"Each": EACH, "Both": BOTH}), {}, {"In": payload(1)})
    newest_first = EventsList(_dated(run.history)[:-6:-1])
    assert _types_and_states(newest_first) == [
        ("ExecutionSucceeded", ""),
        ("ParallelStateExited", "Both"),
        ("ParallelStateSucceeded", ""),
        ("PassStateExited", "Right"),
        ("PassStateEntered", "Right"),
    ]


def _types_and_states(table: EventsList) -> list[tuple[str, str]]:
    cell = "<td[^>]*>([^<]*)</td>"
    return re.findall(f"<tr>{cell.replace('(', '(?:')}{cell}{cell}", table.to_html())


def _dated(events: Events) -> Events:
    return [
        {**event, "timestamp": datetime.fromtimestamp(event["timestamp"], UTC)} for event in events
    ]


def test_of_iterations_the_timeline_shows_the_one_that_asks_for_attention() -> None:
    caught = [{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}]
    task = {"Type": "Task", "Resource": INVOKE, "Arguments": F, "Catch": caught, "End": True}
    states = {"In": task, "Sorry": {"Type": "Pass", "End": True}}
    each = {**EACH, "ItemProcessor": {"StartAt": "In", "States": states}, "Next": "Done"}
    definition = machine({"Each": each, "Done": {"Type": "Succeed"}})
    run = run_machine(definition, {}, {"In": [fails("Odd", "so it is"), payload(1)]})
    timeline = Timeline.of(run.trace)
    inner = timeline.states["In"]
    assert (inner.status, inner.visits, inner.error, inner.inside) == ("CAUGHT", 2, "Odd", "Each")
    assert timeline.states["Each"].status == timeline.status == "SUCCEEDED"
    assert ("In", "Sorry", "catch") in timeline.transitions


def test_a_state_in_a_loop_is_shown_as_its_last_visit_was() -> None:
    choice = {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $states.input = 1 %}", "Next": "Done"}],
        "Default": "Call",
    }
    task = {
        "Type": "Task",
        "Resource": INVOKE,
        "Arguments": F,
        "Output": "{% $states.result.Payload %}",
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Again?"}],
        "Next": "Again?",
    }
    definition = machine({"Call": task, "Again?": choice, "Done": {"Type": "Succeed"}})
    run = run_machine(definition, {}, {"Call": [fails("Odd"), payload(1)]})
    assert [visit.status for visit in run.trace.visits if visit.state == "Call"] == [
        "CAUGHT",
        "SUCCEEDED",
    ]
    assert Timeline.of(run.trace).states["Call"].status == "SUCCEEDED"


def test_what_a_container_reports_twice_is_one_error() -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Done"}]
    each = {**EACH, "Items": "{% $error('odd') %}", "Catch": catch, "Next": "Done"}
    run = run_machine(machine({"Each": each, "Done": {"Type": "Succeed"}}), {})
    assert "MapStateFailed" in [event["type"] for event in run.history]
    visit = run.trace.visits[0]
    assert [failure.error for failure in visit.failures] == ["States.QueryEvaluationError"]
    assert visit.status == "CAUGHT"


def test_an_activity_that_is_tried_again_and_succeeds_has_succeeded() -> None:
    kinds = [
        "ExecutionStarted", "TaskStateEntered", "ActivityScheduled", "ActivityStarted",
        "ActivityTimedOut", "ActivityScheduled", "ActivityScheduleFailed", "ActivityScheduled",
        "ActivitySucceeded", "TaskStateExited",
    ]  # fmt: skip
    named = {"TaskStateEntered": "stateEnteredEventDetails",
             "TaskStateExited": "stateExitedEventDetails"}  # fmt: skip
    events = [
        {"id": n, "previousEventId": n - 1, "type": kind, "timestamp": n}
        | ({named[kind]: {"name": "Ask"}} if kind in named else {})
        for n, kind in enumerate(kinds, 1)
    ]
    (visit,) = read_trace(events).visits
    assert visit.status == "SUCCEEDED"
    assert [failure.error for failure in visit.failures] == [
        "ActivityTimedOut",
        "ActivityTimedOut",
    ]
    assert [attempt.waited for attempt in visit.attempts] == [None, 1, 1]


def test_a_poll_asks_only_for_what_is_new_and_reads_it_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(polling, "_NEWEST", 2)
    events = [
        {"id": n, "previousEventId": n - 1, "type": "TaskScheduled", "timestamp": n}
        for n in range(1, 10)
    ]
    events[0] |= {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "Call"}}
    shown = events[:5]

    class Client:
        asked: list[str | None] = []  # noqa: RUF012 - one test, one client

        def get_execution_history(
            self,
            nextToken: str | None = None,  # noqa: N803
            reverseOrder: bool = False,  # noqa: N803
            maxResults: int = 0,  # noqa: N803
            **_: Any,
        ) -> Any:
            self.asked.append("newest" if reverseOrder else nextToken)
            if reverseOrder:
                return {"events": shown[::-1][:maxResults], "nextToken": "older"}
            first = int(nextToken or 0)
            page = {"events": shown[first : first + 2]}
            return {**page, "nextToken": str(first + 2)} if len(shown) > first + 2 else page

    def asked(*, then: int) -> list[str | None]:
        """What is asked for when so many further events are there; each is read once."""
        del Client.asked[:]
        shown.extend(events[len(shown) : len(shown) + then])
        assert len(history.poll().visits[0].attempts) == len(shown) - 1
        return [*Client.asked]

    history = HistoryPoller("arn", Client())
    assert asked(then=0) == [None, "2", "4"]
    assert asked(then=0) == ["newest"]
    assert asked(then=1) == ["newest"]
    assert asked(then=3) == ["newest", "4", "6", "8"], "two are not all that is new"
    assert history.poll() is history.poll(), "nothing is new"
