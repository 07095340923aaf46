"""The command line reads as one: what stands on several commands is the same on all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from ratchet.cli.app import app
from ratchet.cli.options import Where

from .conftest import Run

ITS_OWN = {
    "--output": "a run's picture or report; a machine's picture",
    "--region": "of `up`, which plays it",
    "--version": "of the command line; of a package",
    "--reason": "asked for where it is needed",
}
"""Options that mean something else on another command, and why."""


def commands(command: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Every command with its words."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield above, command
        return
    for name, one in inner.items():
        yield from commands(one, f"{above} {name}".strip())


COMMANDS = dict(commands(typer.main.get_command(app)))


def test_an_option_has_one_meaning_on_all_commands() -> None:
    meanings = defaultdict(set)
    for command in COMMANDS.values():
        for one in command.params:
            if one.param_type_name == "option":
                flags = tuple(one.opts), one.metavar, one.help, str(one.default)
                meanings[max(one.opts, key=len)].add(flags)
    several = {name for name, found in meanings.items() if len(found) > 1}
    assert several <= set(ITS_OWN)


def test_an_argument_has_one_meaning_on_all_commands_that_ask_the_service() -> None:
    meanings = defaultdict(set)
    for command in COMMANDS.values():
        options = {name for one in command.params for name in one.opts}
        for one in command.params:
            if one.param_type_name == "argument" and "--stack" in options:
                meanings[one.metavar, one.required].add(getattr(one, "help", None))
    several = {name for name, found in meanings.items() if len(found) > 1}
    assert several <= {("FILE", True), ("FILE", False)}


@pytest.mark.parametrize("name", COMMANDS)
def test_help_reads_as_a_person(run: Run, name: str) -> None:
    """What it does in a sentence, what each parameter is, and an example that can be typed."""
    command = COMMANDS[name]
    first, *_, last = (command.help or "").strip().split("\n\n")
    assert first.endswith(".")
    assert last.startswith(f"Example: ratchet {name}"), last
    for one in command.params:
        told = getattr(one, "help", None)
        assert told, f"{name}: {one.name} says nothing"
        assert told[0].isupper() or told[0] in "'.", f"{name}: {one.name}: {told}"
        if one.param_type_name == "argument":
            assert one.metavar, f"{name}: {one.name}"
            assert one.metavar.upper() == one.metavar, f"{name}: {one.name}"
    assert run(*name.split(), "--help").exit_code == 0


def test_the_service_s_options_come_together_and_under_their_heading() -> None:
    names = {f"--{name.replace('_', '-')}" for name in Where.__dataclass_fields__}
    asking = 0
    for name, command in COMMANDS.items():
        has = {one for option in command.params for one in option.opts} & names
        panels = {
            getattr(one, "rich_help_panel", None) for one in command.params if set(one.opts) & names
        }
        if "--stack" in has or "--profile" in has:
            assert has == names, name
            assert panels == {"Which AWS"}, name
            asking += 1
    assert asking >= 14


@pytest.mark.parametrize("arguments", [["nonsense"], ["runs", "--nonsense"], ["upload"]])
def test_wrong_usage_is_exit_code_2(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2
