"""A state, its handler, its step and its test have one name: Gate, gate.py, test_gate.py."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[2]
HANDLERS = ROOT / "functions"
STEPS = ROOT / "functions" / "retraining" / "steps"
TESTS = ROOT / "tests" / "unit" / "steps"
SHARED = {
    "asking",
    "champions_definition",
    "claimed_run",
    "earlier_rows",
    "messages",
    "promotions",
    "providing",
    "push_problems",
    "quarantine",
    "wakes",
}
"""What several steps use: modules without a state."""

OTHERWISE_NAMED = {
    "CheckChunk": "CheckData",  # one pass of the Map state CheckData
    "RemoveCheckEndpoint": "MoveEndpoint",  # to where it is gone
}


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def functions() -> list[str]:
    resources = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]
    return [
        name.removesuffix("Function")
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    ]


def calls(states: dict[str, Any]) -> Iterator[tuple[str, str, set[str]]]:
    """Each Lambda state, its function and what it gives it; in Map and Parallel too."""
    for name, state in states.items():
        given = _arguments(state)
        called = re.fullmatch(r"\$\{(\w+)FunctionArn\}", str(given.get("FunctionName")))
        if called:
            yield name, called.group(1), set(given["Payload"])
        for inside in [*state.get("Branches", []), state.get("ItemProcessor", {})]:
            yield from calls(inside.get("States", {}))


def takes(function: str) -> set[str]:
    """What a handler takes, as its docstring names it: {pipeline, token} -> ..."""
    (docstring,) = [
        ast.get_docstring(node) or ""
        for node in handler_code(function).body
        if isinstance(node, ast.FunctionDef) and node.name == "handler"
    ]
    named = re.match(r"\{([\w, ]+)\} -> ", docstring)
    assert named, f"{function}: the docstring of handler() begins with {{key, key}} -> answer"
    return set(named.group(1).split(", "))


def reads(function: str) -> set[str]:
    """The keys that a handler reads of its event."""
    found = set()
    for node in ast.walk(handler_code(function)):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "event":
            found.add(ast.literal_eval(node.slice))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "event.get":
            found.add(ast.literal_eval(node.args[0]))
    return found


def handler_code(function: str) -> ast.Module:
    return ast.parse((HANDLERS / f"{snake(function)}.py").read_text())


def _arguments(state: dict[str, Any]) -> dict[str, Any]:
    given = state.get("Arguments")
    return given if isinstance(given, dict) else {}


@pytest.mark.parametrize("function", functions())
def test_a_function_has_a_handler_a_step_and_a_test_of_its_name(function: str) -> None:
    name = snake(function)
    wanted = [HANDLERS / f"{name}.py", STEPS / f"{name}.py", TESTS / f"test_{name}.py"]
    assert [str(path) for path in wanted if not path.is_file()] == []


def test_there_is_no_other_handler_step_or_test() -> None:
    names = {snake(function) for function in functions()}
    assert {path.stem for path in HANDLERS.glob("*.py")} == names
    assert {path.stem for path in STEPS.glob("[!_]*.py")} == names | SHARED
    assert {path.stem for path in TESTS.glob("test_*.py")} == {f"test_{name}" for name in names}


@pytest.mark.parametrize("machine", ["retraining", "promotion"])
def test_a_function_is_called_by_the_state_of_its_name_and_by_others_that_say_more(
    machine: str,
) -> None:
    """AwaitEndpoint calls its function, AwaitCheckEndpoint calls it for another endpoint."""
    text = (ROOT / "statemachines" / f"{machine}.asl.yaml").read_text()
    called = {state: function for state, function, _ in calls(yaml.safe_load(text)["States"])}
    assert called
    every_state = set(re.findall(r"^ +(\w+\??):$", text, re.MULTILINE))
    assert set(called.values()) <= every_state
    for state, function in called.items():
        more = set(snake(state).split("_")) >= set(snake(function).split("_"))
        assert more or OTHERWISE_NAMED.get(state) == function, state


@pytest.mark.parametrize("machine", ["retraining", "promotion"])
def test_a_state_gives_its_function_what_the_handler_names_and_reads(machine: str) -> None:
    text = (ROOT / "statemachines" / f"{machine}.asl.yaml").read_text()
    for state, function, given in calls(yaml.safe_load(text)["States"]):
        assert given == takes(function) == reads(function), state
