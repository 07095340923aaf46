"""A picture can be read: no line strikes a label, names break well, what was retried says so."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from asl_machines import INVOKE, machine

from ratchet.workflow.drawing.draw import draw
from ratchet.workflow.drawing.lanes import Point, Route
from ratchet.workflow.drawing.scope import Scope
from ratchet.workflow.drawing.text import BOLD, printable, text_width, wrap
from ratchet.workflow.history.timeline import read_history
from ratchet.workflow.inputs import ExecutionInput
from ratchet.workflow.steps import Choice, ChoiceRule, Graph, Map, Pass, Succeed
from ratchet.workflow.testing import fails, payload, run_machine

ROOT = Path(__file__).parents[2]
AGAIN = "tried again after an error"
CALL = {"Type": "Task", "Resource": INVOKE, "Arguments": "{% $states.input %}"}
RETRY = [{"ErrorEquals": ["Busy"], "MaxAttempts": 2}]


def ways(name: str, *targets: str, otherwise: str) -> dict[str, Any]:
    rules = [
        {"Condition": f"{{% $states.input.kind = '{name} {n}' %}}", "Next": target}
        for n, target in enumerate(targets)
    ]
    return {"Type": "Choice", "Choices": rules, "Default": otherwise}


CROWDED = machine(
    {
        "Kind?": ways("kind", "Small", "Large", "End?", "Other", otherwise="Start over?"),
        "Small": {**CALL, "Catch": [{"ErrorEquals": ["Odd.Size"], "Next": "Sorry"}],
                  "Next": "End?"},
        "Large": {**CALL, "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Sorry"}],
                  "Next": "Merge"},
        "Other": {"Type": "Pass", "Next": "Merge"},
        "Start over?": ways("again", "Kind?", "Small", otherwise="Merge"),
        "Merge": {**CALL, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}],
                  "Next": "End?"},
        "End?": ways("end", "Merge", "Kind?", "Sorry", otherwise="Done"),
        "Done": {"Type": "Succeed"},
        "Sorry": {"Type": "Fail"},
    }
)  # fmt: skip


def definitions() -> dict[str, Any]:
    files = (ROOT / "statemachines").glob("*.asl.yaml")
    return {"crowded": CROWDED, **{f.name: yaml.safe_load(f.read_text()) for f in files}}


def scopes(scope: Scope) -> Iterator[Scope]:
    yield scope
    for inner in scope.inner.values():
        for one in inner:
            yield from scopes(one)


def line_of(route: Route) -> list[Point]:
    """What is drawn: the corner points, or the curve between the two in the middle."""
    if not route.curved:
        return list(route.points)
    start, (x0, y0), (x1, y1), end = route.points
    middle = (y0 + y1) / 2
    along = [n / 30 for n in range(31)]
    return [
        start,
        *(
            (
                (1 - t) ** 2 * (1 + 2 * t) * x0 + t**2 * (3 - 2 * t) * x1,
                (1 - t) ** 3 * y0 + 3 * t * (1 - t) * middle + t**3 * y1,
            )
            for t in along
        ),
        end,
    ]


def room_of(route: Route) -> tuple[float, float, float, float]:
    x, y = route.label_at
    width = text_width(route.edge.label, 11)
    left = x if route.anchor == "start" else x - width
    return left, y - 9, left + width, y + 2.5


def meets(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


@pytest.mark.parametrize("name", definitions())
def test_nothing_strikes_a_label(name: str) -> None:
    for scope in scopes(Scope.of(definitions()[name])):
        routes = scope.placed.routes
        labels = [route for route in routes if route.edge.label]
        for label in labels:
            room = room_of(label)
            for route in routes:
                for (x0, y0), (x1, y1) in pairwise(line_of(route)):
                    piece = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
                    assert not meets(piece, room), (label.edge, route.edge)
            others = [room_of(other) for other in labels if other is not label]
            assert not any(meets(other, room) for other in others), label.edge
            for state, (x, y) in scope.placed.centres.items():
                w, h = scope.sizes[state].width / 2, scope.sizes[state].height / 2
                assert not meets((x - w, y - h, x + w, y + h), room), (label.edge, state)


def test_a_label_beside_a_state_stands_on_its_own_line() -> None:
    for definition in definitions().values():
        for scope in scopes(Scope.of(definition)):
            for route in scope.placed.routes:
                if route.edge.label and not route.curved and len(route.points) == 4:
                    (x0, _), (x1, _) = route.points[:2]
                    left, _, right, _ = room_of(route)
                    assert min(x0, x1) <= left + 16, route.edge
                    assert right <= max(x0, x1) + 16, route.edge


ONCE = machine(
    {
        "Often": {**CALL, "Retry": RETRY, "Next": "Once"},
        "Once": {**CALL, "Retry": RETRY, "Next": "Done"},
        "Done": {"Type": "Succeed"},
    }
)


def test_a_definition_marks_what_is_retried_an_execution_what_was() -> None:
    assert draw(ONCE).count('class="again"') == 3  # two states and the legend
    quiet = run_machine(ONCE, {}, {"Often": payload(1), "Once": payload(1)})
    assert 'class="again"' not in draw(ONCE, quiet.history)
    busy = run_machine(ONCE, {}, {"Often": [fails("Busy"), payload(1)], "Once": payload(1)})
    picture = draw(ONCE, busy.history)
    assert picture.count('class="again"') == 2
    assert "2 tries" in picture
    assert AGAIN in picture


def test_a_map_that_was_tried_again_has_succeeded_with_all_inside() -> None:
    each = {
        "Type": "Map",
        "Items": [1, 2, 3],
        "ItemProcessor": {"StartAt": "Try", "States": {"Try": {**CALL, "End": True}}},
        "Retry": RETRY,
        "End": True,
    }
    run = run_machine(machine({"Each": each}), {}, {"Try": [fails("Busy"), *[payload(1)] * 6]})
    states = read_history(run.history).states
    assert {state.status for state in states.values()} == {"SUCCEEDED"}
    assert (states["Each"].retries, states["Try"].retries) == (1, 0)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("Train", ["Train"]),
        ("Create Model Endpoint Config", ["Create Model Endpoint", "Config"]),
        ("CreateFirstEndpointConfigs", ["CreateFirstEndpoint", "Configs"]),
        ("x" * 80, ["x" * 20, "x" * 19 + "…"]),
    ],
)
def test_a_long_name_takes_two_lines_and_breaks_between_words(name: str, lines: list[str]) -> None:
    assert wrap(name, 200, 13.5, BOLD, 2) == lines
    picture = draw({"StartAt": name, "States": {name: {"Type": "Pass"}}})
    assert f"<title>{name}\n" in picture


def test_no_name_turns_the_letters_around_it() -> None:
    picture = draw({"StartAt": "A", "States": {"a\u202eb\u2066c": {"Type": "Pass"}}})
    assert "a\ufffdb\ufffdc" in picture
    assert "\u202e" not in picture


def test_no_name_is_an_order_to_the_terminal() -> None:
    assert printable("a\x1bb\x9bc\x7fd\u00a0\u00e9") == "a\ufffdb\ufffdc\ufffdd\u00a0\u00e9"


def test_an_authored_rule_reads_as_one_written_by_hand() -> None:
    given = ExecutionInput(schema={"mode": str, "rows": int, "deep": bool})
    either = ChoiceRule.Or(
        [
            ChoiceRule.NumericLessThan(given["rows"], 9),
            ChoiceRule.BooleanEquals(given["deep"], True),
        ]
    )
    choice = Choice("Which")
    choice.add_choice(ChoiceRule.StringEquals(given["mode"], "full"), Succeed("All"))
    choice.add_choice(ChoiceRule.And([either, ChoiceRule.IsPresent("$.x", True)]), Succeed("Few"))
    picture = draw(Graph(choice).to_dict())
    assert ">mode = full</text>" in picture
    assert "['rows'] &lt; 9 or $$.Execution.Input['deep'] = true) and $.x is present" in picture


def test_a_distributed_map_is_called_so() -> None:
    each = Map("Each", item_processor=Pass("One"), processor_config={"Mode": "DISTRIBUTED"})
    assert "Distributed Map" in draw(Graph(each).to_dict())
