"""An execution followed in a terminal: small ones, dumb ones, hostile names."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console

from ratchet.workflow.drawing.terminal import show
from ratchet.workflow.history.timeline import StateTimes, Timeline

BEGUN = datetime(2026, 3, 4, 10, tzinfo=UTC)
AT = {"entered": BEGUN, "exited": BEGUN + timedelta(seconds=2)}
LONG = "Compute the features of every customer"


def state(name: str, **more: Any) -> StateTimes:
    return StateTimes(**{"name": name, "status": "SUCCEEDED", **AT, **more})


def timeline(*states: StateTimes) -> Timeline:
    return Timeline("RUNNING", {one.name: one for one in states}, BEGUN, None)


def shown(*timelines: Timeline, **terminal: int) -> str:
    """What a terminal of that size shows last, before the execution ends."""
    out, before = io.StringIO(), []

    def told() -> Iterator[Timeline]:
        yield from timelines
        before.append(out.getvalue())
        yield replace(timelines[-1], status="SUCCEEDED", ended=AT["exited"])

    show(told(), Console(file=out, force_terminal=True, color_system=None, **terminal), "run-1")
    return before[0].rpartition("run-1")[2]


def test_a_low_terminal_shows_what_runs_and_what_came_last() -> None:
    old = [state(f"Old {n}") for n in range(30)]
    running = state("Everything", status="RUNNING", exited=None)
    last = shown(timeline(), timeline(running, *old), width=80, height=10)
    assert "Everything" in last
    assert "Old 29" in last
    assert "Old 3 " not in last
    assert "26 more above" in last


def test_a_narrow_terminal_keeps_durations_and_tries() -> None:
    failed = state(LONG, status="FAILED", attempts=3, error="Very.Odd")
    last = shown(timeline(), timeline(failed), width=40, height=20)
    assert "2.0 s" in last
    assert "3 tries" in last
    assert all(len(line.rstrip("\r")) <= 41 for line in last.splitlines()), last


def test_a_terminal_that_cannot_move_its_cursor_gets_lines() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, color_system=None, _environ={"TERM": "dumb"})
    show(iter([timeline(state("First")), timeline(state("First"), state("Last"))]), console, "r")
    assert [line.split()[1] for line in out.getvalue().splitlines()[:2]] == ["First", "Last"]
    assert "\x1b" not in out.getvalue()


def test_no_name_or_error_steers_the_terminal() -> None:
    out = io.StringIO()
    console = Console(file=out, width=100)
    hostile = state("a\x1b[31mb\nc\u202e", status="FAILED", error="\x1b]0;t\x07")
    show(iter([timeline(hostile)]), console, "r\x1bu")
    assert not set("\x1b\x07\u202e") & set(out.getvalue())
    assert len(out.getvalue().splitlines()) == 2
