"""Pictures beyond the SVG: HTML, Mermaid, Jupyter, live views, and `ratchet graph`."""

from __future__ import annotations

import io
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from asl_machines import INVOKE, machine
from rich.console import Console
from typer.testing import CliRunner

from ratchet.cli.app import app
from ratchet.cli.report.figures import Figure
from ratchet.local_aws.running.local import LocalAws
from ratchet.workflow import Workflow
from ratchet.workflow.drawing import live
from ratchet.workflow.drawing.draw import History, draw
from ratchet.workflow.drawing.mermaid import mermaid
from ratchet.workflow.drawing.pages import DrawsItself, for_notebook, page
from ratchet.workflow.drawing.pen import Pen
from ratchet.workflow.drawing.wording import execution_title
from ratchet.workflow.history.timeline import read_history
from ratchet.workflow.operating.execution import Execution
from ratchet.workflow.steps import Choice, ChoiceRule, Graph, Pass, Succeed
from ratchet.workflow.testing import fails, payload, run_machine

ROLE = "arn:aws:iam::123456789012:role/machine"
HOSTILE = '"><script>alert(1)</script>`${x}`|end;%%\n[(]'
CALL = {"Type": "Task", "Resource": INVOKE, "Arguments": "{% $states.input %}"}
MACHINE = machine(
    {
        "Each": {
            "Type": "Map",
            "Items": [1, 2],
            "ItemProcessor": {"StartAt": "Try", "States": {"Try": {**CALL, "End": True}}},
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}],
            "Next": "Good?",
        },
        "Good?": {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% $states.input[0].good_one = 'yes' and $x > 1 %}", "Next": "Done"},
                {"Condition": "{% $y != null and $x > 1 %}", "Next": "Sorry"},
            ],
            "Default": "Sorry",
        },
        "Done": {"Type": "Succeed"},
        "Sorry": {"Type": "Fail", "Error": "Sorry"},
    }
)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


def test_html_runs_nothing_and_needs_nothing() -> None:
    definition = {"Comment": HOSTILE, "StartAt": HOSTILE, "States": {HOSTILE: {"Type": "Pass"}}}
    tags = Tags()
    tags.feed(page(definition, title=HOSTILE))
    assert "script" not in tags.seen
    assert tags.links == []
    assert "svg" in tags.seen


def test_an_object_draws_itself_in_jupyter() -> None:
    class Drawn(DrawsItself):
        def drawn(self) -> tuple[dict[str, Any], History]:
            return MACHINE, None

    shown = Drawn()._repr_mimebundle_()
    assert shown["image/svg+xml"] == draw(MACHINE)
    assert "text/html" not in shown, "pages that show notebooks prefer it, and remove SVG from it"
    assert "Drawn object" in shown["text/plain"]
    assert list(Drawn()._repr_mimebundle_(include={"text/plain"})) == ["text/plain"]


@pytest.mark.parametrize(
    ("tail", "title"),
    [
        ("execution:churn:nightly-7", "nightly-7"),
        ("execution:churn:0f7e1c7e-36fa-4f5c-9f0c-6f2f5a1c2b3d", "churn"),
        ("express:churn:0f7e1c7e-36fa-4f5c-9f0c-6f2f5a1c2b3d:9d3c", "churn"),
        ("express:churn:nightly-7:0f7e1c7e-36fa-4f5c-9f0c-6f2f5a1c2b3d", "nightly-7"),
        ("execution:churn/Each:0f7e1c7e-36fa-4f5c-9f0c-6f2f5a1c2b3d", "churn/Each"),
    ],
)
def test_an_execution_that_nobody_named_is_titled_by_its_state_machine(
    tail: str, title: str
) -> None:
    """Step Functions gives it a UUID, which says nothing to anyone."""
    arn = f"arn:aws:states:us-east-1:123456789012:{tail}"
    assert Execution(None, arn).title == title
    assert execution_title("not an ARN") == "not an ARN"


def test_what_cannot_be_drawn_is_shown_as_text_with_the_reason() -> None:
    class Empty(DrawsItself):
        def drawn(self) -> tuple[dict[str, Any], History]:
            return {}, None

    shown = Empty()._repr_mimebundle_()
    assert list(shown) == ["text/plain"]
    assert "no picture: nothing to draw" in shown["text/plain"]


@pytest.mark.parametrize(
    ("own", "shown"),
    [((700, 500), (700, 500)), ((1075, 400), (860, 320)), ((2150, 400), (2150, 400))],
)
def test_a_picture_a_little_wider_than_a_notebook_s_column_is_made_to_fit(
    own: tuple[int, int], shown: tuple[int, int]
) -> None:
    """JupyterLab would scroll it sideways; what is far wider would be too small to read."""
    svg = Pen().svg(*own, "churn")
    expected = f'width="{shown[0]}" height="{shown[1]}" viewBox="0 0 {own[0]} {own[1]}"'
    assert expected in for_notebook(svg)
    assert for_notebook(svg).partition("viewBox")[2] == svg.partition("viewBox")[2]


def test_everything_that_a_notebook_shows_fits_its_column() -> None:
    choice = Choice("Which?")
    for number in range(3):
        choice.add_choice(ChoiceRule.NumericEquals("$.number", number), Succeed(f"Way {number}"))
    choice.default_choice(Succeed("No way"))
    workflow = Workflow("wide", choice)
    assert 'width="860"' not in draw(workflow.to_dict())
    shown = [
        workflow._repr_mimebundle_()["image/svg+xml"],
        workflow.render_graph()._repr_svg_(),
        workflow.definition._repr_svg_(),
        Figure(draw(workflow.to_dict()), "")._repr_svg_(),
    ]
    assert all('width="860"' in (svg or "") for svg in shown)
    assert 'width="860"' not in workflow.render_graph().svg, "a file keeps the picture's own size"


def test_a_graph_of_steps_draws_itself_in_jupyter() -> None:
    graph = Graph(Pass("Only"))
    assert ">Only</text>" in (graph._repr_svg_() or "")
    assert not hasattr(graph, "_repr_html_")


def test_pictures_on_one_page_do_not_know_each_other() -> None:
    """A browser that hides the first picture hides what others take from it by its id."""
    assert not re.search(r'\bid="|url\(#|href', draw(MACHINE))


def test_mermaid_has_containers_ways_and_colours() -> None:
    run = run_machine(MACHINE, {}, {"Try": fails("Odd")})
    text = mermaid(MACHINE, run.history)
    lines = [line.strip() for line in text.splitlines()]
    assert lines[0] == "flowchart TD"
    assert sum(line.startswith("subgraph") for line in lines) == lines.count("end") == 1
    assert any("-.->" in line and "error" in line for line in lines)
    assert {line.split()[1] for line in lines if line.startswith("classDef")} == {
        "caught",
        "failed",
    }


def test_a_container_whose_error_is_caught_says_what_failed_inside() -> None:
    run = run_machine(MACHINE, {}, {"Try": fails("Odd", "so it is")})
    states = read_history(run.history).states
    assert {name: state.status for name, state in states.items()} == {
        "Each": "CAUGHT",
        "Try": "FAILED",
        "Sorry": "FAILED",
    }
    assert (states["Each"].error, states["Each"].cause) == ("Odd", "so it is")


def test_no_name_can_leave_its_place_in_mermaid() -> None:
    text = mermaid({"StartAt": HOSTILE, "States": {HOSTILE: {"Type": "Pass", "End": True}}})
    assert "<script" not in text
    assert len(text.splitlines()) == 4
    inside = text.splitlines()[2].split('"')
    assert len(inside) == 3


@pytest.mark.parametrize(
    "name", ["$$x^2$$", "fa:fa-car", "a\u202eb", "#35; &amp;", "`x` **y** ~z~"]
)
def test_mermaid_reads_no_name_as_its_own_language(name: str) -> None:
    text = mermaid({"StartAt": name, "States": {name: {"Type": "Pass", "End": True}}})
    shown = re.sub(r"#(\d+);", lambda number: chr(int(number[1])), text.splitlines()[2])
    assert not re.search(r"\$\$|fa:fa-|\u202e", shown)
    assert not re.search(r"[`*~$&]|\s#(?!\d+;)", text.splitlines()[2].partition('"')[2])


def test_mermaid_names_a_container_in_one_line_for_it_has_room_for_no_more() -> None:
    lines = [line.strip() for line in mermaid(MACHINE).splitlines()]
    begin = next(n for n, line in enumerate(lines) if line.startswith("subgraph"))
    assert lines[begin].endswith('["Each #183; Map"]')
    assert lines[begin + 1] == "direction TB"


def test_a_long_condition_is_shortened_and_whole_in_the_hover_text() -> None:
    svg = draw(MACHINE)
    assert ">y is set or otherwise</text>" in svg
    assert "Good? to Sorry: $y != null and $x &gt; 1 or otherwise" in svg


@pytest.mark.parametrize(
    "states",
    [
        {"A": {"Type": "Choice", "Choices": "none", "Default": 7}, "B": 5},
        {"A": {"Type": "Map", "ItemProcessor": []}, "B": {"Type": "Parallel", "Branches": {}}},
        {"A": {"Type": "Task", "Retry": [1], "Catch": [2], "Next": "Nowhere", "Resource": None}},
        {"A": {}, "\x00\ud800": {"Type": "\x01"}},
    ],
)
def test_a_definition_that_is_wrong_is_drawn_as_far_as_it_goes(states: dict[str, Any]) -> None:
    definition = {"StartAt": "A", "States": states}
    assert ">A</text>" in draw(definition)
    assert '"A' in mermaid(definition)


def test_a_hundred_branches_stand_in_rows() -> None:
    branches = [
        {"StartAt": f"S{n}", "States": {f"S{n}": {"Type": "Pass", "End": True}}} for n in range(100)
    ]
    both = {"Type": "Parallel", "Branches": branches, "End": True}
    picture = ET.fromstring(draw({"StartAt": "All", "States": {"All": both}}))
    width, height = float(picture.attrib["width"]), float(picture.attrib["height"])
    assert width < 2200
    assert height < 2200
    boxes = [
        rect for rect in picture.iter("{http://www.w3.org/2000/svg}rect") if "y" in rect.attrib
    ]
    assert len({(rect.attrib["x"], rect.attrib["y"]) for rect in boxes}) == 101


@pytest.mark.parametrize("write", [draw, page, mermaid])
def test_nothing_to_draw_is_said(write: Any) -> None:
    with pytest.raises(ValueError, match="no States"):
        write({"StartAt": "A"})


def start(local: LocalAws, definition: dict[str, Any], name: str) -> str:
    states = local.client("stepfunctions")
    arn = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)[
        "stateMachineArn"
    ]
    return str(states.start_execution(stateMachineArn=arn)["executionArn"])


WAITING = machine({"First": {"Type": "Wait", "Seconds": 1, "Next": "Last"},
                   "Last": {"Type": "Succeed"}})  # fmt: skip


def test_an_execution_is_followed_in_the_terminal(local_aws: LocalAws) -> None:
    execution = start(local_aws, WAITING, "followed")
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=100)
    client = local_aws.client("stepfunctions")
    timeline = live.follow(execution, client, every=0.1, timeout=60, console=console)
    assert timeline.status == "SUCCEEDED"
    assert list(timeline.states) == ["First", "Last"]
    assert "running" in shown.getvalue()
    assert "First" in shown.getvalue()


def test_an_execution_is_followed_in_jupyter(
    local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    handle = SimpleNamespace(update=shown.append)

    def display(picture: str, display_id: bool) -> Any:
        shown.append(picture)
        return handle

    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    notebook = SimpleNamespace(SVG=str, display=display)
    monkeypatch.setitem(sys.modules, "IPython.display", notebook)
    execution = start(local_aws, WAITING, "shown")
    live.follow(execution, local_aws.client("stepfunctions"), every=0.1, timeout=60)
    assert "running in" in shown[0]
    assert "succeeded in" in shown[-1]


def test_following_ends_with_its_time(local_aws: LocalAws) -> None:
    execution = start(local_aws, WAITING, "impatient")
    timelines = live.watch(execution, local_aws.client("stepfunctions"), every=5, timeout=0.2)
    assert next(timelines).status == "RUNNING"
    with pytest.raises(TimeoutError, match=r"still running after 0\.2 seconds"):
        list(timelines)


@pytest.mark.parametrize("odd", [{}, ["Pass"], None, 3, "Choice"])
def test_a_state_of_odd_fields_is_drawn_even_so(odd: Any) -> None:
    fields = ("Type", "Next", "End", "Choices", "Branches", "Retry", "Catch", "ItemProcessor")
    definition = {"StartAt": odd, "States": {"Odd one": dict.fromkeys(fields, odd)}}
    assert "Odd one" in draw(definition)
    assert "Odd one" in mermaid(definition)


def test_the_command_draws_by_the_ending_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "machine.asl.json"
    file.write_text(json.dumps(MACHINE))
    cli = CliRunner()
    for ending, begins in ((".svg", "<svg"), (".html", "<!doctype html>"), (".mmd", "flowchart")):
        output = tmp_path / f"picture{ending}"
        assert cli.invoke(app, ["graph", str(file), "-o", str(output)]).exit_code == 0
        assert output.read_text().startswith(begins)
    for wrong in (["-o", "x.png"], [], ["--follow"], ["-o", "x.svg", "--follow"]):
        assert cli.invoke(app, ["graph", str(file), *wrong]).exit_code == 1
    file.write_text("{")
    assert "Not JSON" in cli.invoke(app, ["graph", str(file), "-o", "x.svg"]).output


def test_the_command_colours_a_machine_by_an_execution(local_aws: LocalAws, tmp_path: Path) -> None:
    output = tmp_path / "run.svg"
    execution = start(local_aws, WAITING, "coloured")
    asked = ["graph", "--execution", execution, "--follow", "-o", str(output)]
    done = CliRunner().invoke(app, [*asked, "--endpoint-url", local_aws.endpoint])
    assert done.exit_code == 0, done.output
    assert "succeeded in" in output.read_text()


def test_a_run_of_the_test_kit_can_be_drawn() -> None:
    run = run_machine(MACHINE, {}, {"Try": payload({"good_one": "no"})})
    assert "failed in" in draw(MACHINE, run.history)
