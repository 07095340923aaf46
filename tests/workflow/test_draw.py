"""The picture of a state machine: self-contained, complete, readable, coloured by a run."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from ratchet.workflow.drawing.draw import draw
from ratchet.workflow.drawing.lanes import Placed, place
from ratchet.workflow.drawing.layout import Edge, Kind, Size
from ratchet.workflow.history.timeline import read_history

ROOT = Path(__file__).parents[2]
CASES = ROOT.parent / "shared" / "asl-cases" / "cases.json"
KINDS: tuple[tuple[Kind, str], ...] = (("next", "Choices"), ("catch", "Catch"))
SVG = "{http://www.w3.org/2000/svg}"


def machine(name: str) -> dict[str, Any]:
    definition: dict[str, Any] = yaml.safe_load(
        (ROOT / "statemachines" / f"{name}.asl.yaml").read_text()
    )
    return definition


def all_states(definition: dict[str, Any]) -> set[str]:
    names = set(definition["States"])
    for state in definition["States"].values():
        inside = [state.get("ItemProcessor"), state.get("Iterator"), *state.get("Branches", [])]
        names |= {name for inner in inside if inner for name in all_states(inner)}
    return names


class History:
    """Writes the events of an execution as Step Functions would."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.now = datetime(2026, 3, 4, 10, tzinfo=UTC)
        self.last = 0

    def add(self, kind: str, seconds: float = 0.0, **details: str) -> History:
        self.now += timedelta(seconds=seconds)
        event = {"id": len(self.events) + 1, "previousEventId": self.last, "type": kind}
        self.events.append({**event, "timestamp": self.now, "anyEventDetails": details})
        self.last = len(self.events)
        return self


def boxes_overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def boxes(placed: Placed, sizes: dict[str, Size]) -> dict[str, tuple[float, ...]]:
    return {
        name: (x - s.width / 2, y - s.height / 2, x + s.width / 2, y + s.height / 2)
        for name, (x, y) in placed.centres.items()
        if (s := sizes[name])
    }


@pytest.mark.parametrize("name", ["retraining", "promotion"])
def test_every_state_of_our_machines_is_in_the_picture(name: str) -> None:
    texts = {text.text for text in ET.fromstring(draw(machine(name))).iter(f"{SVG}text")}
    assert all_states(machine(name)) <= texts


def test_the_picture_needs_nothing_from_outside_and_runs_nothing() -> None:
    hostile = '"><script>alert(1)</script><image href="http://x.test/"/>'
    definition = {
        "Comment": hostile,
        "StartAt": hostile,
        "States": {hostile: {"Type": "Task", "Resource": hostile, "Comment": hostile, "End": True}},
    }
    svg = draw(definition, title=hostile)
    tags = {element.tag.removeprefix(SVG) for element in ET.fromstring(svg).iter()}
    drawn = "svg title style defs marker path rect circle g text polygon"
    assert tags <= set(drawn.split())
    links = {v for e in ET.fromstring(svg).iter() for k, v in e.attrib.items() if "href" in k}
    assert not links
    assert "@import" not in svg


def test_a_state_shows_its_outcome_time_and_tries() -> None:
    history = History().add("ExecutionStarted").add("TaskStateEntered", name="Train")
    history.add("TaskScheduled").add("TaskFailed", 1.0, error="Busy", cause="try <later>")
    history.add("TaskScheduled").add("TaskSucceeded", 2.0).add("TaskStateExited", name="Train")
    history.add("TaskStateEntered", name="Judge").add("TaskScheduled")
    history.add("TaskFailed", 0.5, error="Gone", cause="no model")
    history.add("TaskStateExited", name="Judge").add("FailStateEntered", name="Stop")
    history.add("ExecutionFailed", error="Gone")

    states = read_history(history.events).states
    assert (states["Train"].status, states["Train"].seconds()) == ("SUCCEEDED", 3.0)
    assert states["Train"].retries == 1
    assert (states["Judge"].status, states["Judge"].cause) == ("CAUGHT", "no model")
    assert states["Stop"].status == "FAILED"

    definition = {"StartAt": "Train", "States": {
        "Train": {"Type": "Task", "Next": "Judge", "Retry": [{"ErrorEquals": ["Busy"]}]},
        "Judge": {"Type": "Task", "End": True,
                  "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Stop"}]},
        "Stop": {"Type": "Fail"}, "Never": {"Type": "Pass", "End": True}}}  # fmt: skip
    svg = draw(definition, history.events)
    assert ">3.0 s</text>" in svg
    assert ">2 tries</text>" in svg
    assert "Gone: no model" in svg
    assert 'class="edge catch taken"' in svg
    assert svg.count('<g class="idle">') == 1


def test_a_run_that_was_stopped_leaves_no_state_running() -> None:
    history = History().add("ExecutionStarted").add("TaskStateEntered", name="Train")
    running = read_history(history.events)
    stopped = read_history(history.add("ExecutionAborted", 3.0).events)
    assert running.states["Train"].status == "RUNNING"
    assert (stopped.status, stopped.states["Train"].status) == ("ABORTED", "ABORTED")


def test_a_redrive_continues_with_the_state_that_failed() -> None:
    history = History().add("ExecutionStarted").add("MapStateEntered", name="Each")
    history.add("TaskStateEntered", name="Train").add("TaskScheduled")
    history.add("TaskFailed", 1.0, error="Gone").add("MapStateFailed").add("ExecutionFailed")
    failed = read_history(history.events).states
    assert (failed["Each"].status, failed["Train"].status) == ("FAILED", "FAILED")
    history.add("ExecutionRedriven", 60.0)
    assert read_history(history.events).status == "RUNNING"
    history.add("TaskScheduled").add("TaskSucceeded", 2.0).add("TaskStateExited", name="Train")
    history.add("MapStateExited", name="Each").add("ExecutionSucceeded")
    done = read_history(history.events)
    assert done.status == "SUCCEEDED"
    assert {state.status for state in done.states.values()} == {"SUCCEEDED"}


def test_histories_recorded_on_aws_are_read_whole() -> None:
    """Every state AWS says was exited is closed, and each picture is well-formed XML."""
    if not CASES.exists():
        pytest.skip(f"the recorded executions are not at {CASES}")
    for case in json.loads(CASES.read_text()):
        events = [
            {**event, "timestamp": 1_700_000_000 + event["id"]}
            for event in case["expected"].get("events", [])
        ]
        timeline = read_history(events)
        ended = {e["stateExitedEventDetails"]["name"] for e in events if "Exited" in e["type"]}
        assert ended <= set(timeline.states), case["id"]
        assert all(timeline.states[name].status != "RUNNING" for name in ended), case["id"]
        ET.fromstring(draw(json.loads(case["definition"]), timeline))


def assert_nothing_touches(placed: Placed, sizes: dict[str, Size], edges: list[Edge]) -> None:
    taken = boxes(placed, sizes)
    assert len(taken) == len(sizes)
    for a, b in combinations(taken.values(), 2):
        assert not boxes_overlap(a, b)
    assert {route.edge for route in placed.routes} == set(edges)
    for route in placed.routes:
        for (x0, y0), (x1, y1) in pairwise(route.points):
            line = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
            hit = [state for state, box in taken.items() if boxes_overlap(line, box)]
            assert not hit, (route.edge, hit)
        assert on_border(route.points[0], taken[route.edge.source]), route
        assert on_border(route.points[-1], taken[route.edge.target]), route
        assert all(0 <= x <= placed.width and 0 <= y <= placed.height for x, y in route.points)


def on_border(point: tuple[float, float], box: tuple[float, ...]) -> bool:
    (x, y), (left, top, right, bottom) = point, box
    sideways = x in (left, right) and top <= y <= bottom
    return sideways or (y in (top, bottom) and left <= x <= right)


def edges_of_machine(definition: dict[str, Any]) -> list[Edge]:
    states = definition["States"]
    edges = [
        Edge(source, target, kind)
        for source, state in states.items()
        for kind, key in KINDS
        for target in dict.fromkeys(rule["Next"] for rule in state.get(key, []))
    ]
    edges += [Edge(s, st[k]) for s, st in states.items() for k in ("Next", "Default") if k in st]
    return list(dict.fromkeys(edges))


@pytest.mark.parametrize("name", ["retraining", "promotion"])
def test_no_line_crosses_a_state_and_no_two_states_touch(name: str) -> None:
    definition = machine(name)
    sizes = dict.fromkeys(definition["States"], Size(228, 48))
    edges = edges_of_machine(definition)
    for seed in range(30):
        Random(seed).shuffle(edges)
        assert_nothing_touches(place(sizes, edges, definition["StartAt"]), sizes, edges)


@pytest.mark.parametrize("seed", range(40))
def test_no_line_crosses_a_state_in_any_graph(seed: int) -> None:
    """Whatever the graph: loops, many ways out of one state, states of all sizes, islands."""
    random = Random(seed)
    names = [f"S{n}" for n in range(random.randint(1, 30))]
    sizes = {n: Size(2 * random.randint(20, 300), 2 * random.randint(10, 300)) for n in names}
    ways = random.randint(0, 3 * len(names))
    kinds: list[Kind] = ["next", "catch"]
    made = [
        Edge(random.choice(names), random.choice(names), random.choice(kinds), *label)
        for _ in range(ways)
        if (label := random.choice([("", 0.0), ("a label", 60.5)]))
    ]
    edges = list({(e.source, e.target, e.kind): e for e in made}.values())
    assert_nothing_touches(place(sizes, edges, names[0]), sizes, edges)


def test_a_loop_is_drawn_as_a_line_back() -> None:
    edges = [Edge("A", "B"), Edge("B", "A"), Edge("B", "B"), Edge("B", "C")]
    placed = place(dict.fromkeys("ABC", Size(100, 40)), edges, "A")
    assert placed.centres["A"][1] < placed.centres["B"][1] < placed.centres["C"][1]
    assert len(placed.routes) == len(edges)


def chain(count: int) -> dict[str, Any]:
    """Every state fails to the last one."""
    states: dict[str, Any] = {
        f"S{n}": {"Type": "Task", "Next": f"S{n + 1}",
                  "Catch": [{"ErrorEquals": ["States.ALL"], "Next": f"S{count}"}]}
        for n in range(count)
    }  # fmt: skip
    return {**states, f"S{count}": {"Type": "Pass", "End": True}}


def leaps(count: int) -> dict[str, Any]:
    """Every state leads far ahead, so no two lanes are the same."""
    states: dict[str, Any] = {
        f"S{n}": {"Type": "Choice", "Default": f"S{n + 1}",
                  "Choices": [{"Condition": "{% $x %}", "Next": f"S{min(count, n + 100)}"}]}
        for n in range(count)
    }  # fmt: skip
    return {**states, f"S{count}": {"Type": "Pass", "End": True}}


def fan(count: int) -> dict[str, Any]:
    """One Choice with very many ways."""
    rules = [{"Condition": f"{{% $x = {n} %}}", "Next": f"S{n}"} for n in range(count)]
    states: dict[str, Any] = {f"S{n}": {"Type": "Task", "Next": "End"} for n in range(count)}
    start = {"S": {"Type": "Choice", "Choices": rules, "Default": "S0"}}
    return {**start, **states, "End": {"Type": "Succeed"}}


@pytest.mark.parametrize("make", [chain, leaps, fan])
def test_work_grows_with_the_states_not_with_their_square(make: Any) -> None:
    def steps(count: int) -> int:
        """Lines of Python that one drawing runs: work, not time."""
        states = make(count)
        seen = [0]

        def count_line(frame: FrameType, event: str, argument: object) -> Any:
            seen[0] += event == "line"
            return count_line

        sys.settrace(count_line)
        try:
            draw({"StartAt": next(iter(states)), "States": states})
        finally:
            sys.settrace(None)
        return seen[0]

    assert steps(600) < 4.6 * steps(150)
