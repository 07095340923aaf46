"""Follows an execution while it runs: in a notebook as its picture, in a terminal as a table."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ratchet.workflow.drawing.captions import WORDS, duration, tries
from ratchet.workflow.drawing.look import COLOURS
from ratchet.workflow.drawing.pages import html
from ratchet.workflow.drawing.timeline import StateTimes, Timeline, read_history

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

EVERY = 2.0
"""Seconds between two looks; GetExecutionHistory allows about five a second for an account."""

_MARKS = {"SUCCEEDED": "✓", "CAUGHT": "!", "RUNNING": "…", "ABORTED": "‖"}
_PLAIN_MARKS = {"SUCCEEDED": "+", "CAUGHT": "!", "RUNNING": ".", "ABORTED": "-"}


def follow(
    execution: str,
    client: Any = None,
    *,
    every: float = EVERY,
    timeout: float | None = None,
    console: Console | None = None,
) -> Timeline:
    """Show an execution (its ARN) until it has ended; how it went.

    `client` is boto3's Step Functions client, by default the environment's. Raises TimeoutError
    when the execution still runs after `timeout` seconds, and what boto3 raises.
    """
    client = client or _client()
    looks = watch(execution, client, every=every, timeout=timeout)
    if console is None and in_notebook():
        return _in_notebook(looks, definition_of(execution, client), execution)
    return _in_terminal(looks, console, execution)


def watch(
    execution: str, client: Any, *, every: float = EVERY, timeout: float | None = None
) -> Iterator[Timeline]:
    """The execution as it stands, again and again; the last one has ended."""
    deadline = None if timeout is None else time.monotonic() + timeout
    history = LiveHistory(execution, client)
    while True:
        timeline = read_history(history.look())
        yield timeline
        if timeline.status != "RUNNING":
            return
        left = every if deadline is None else deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"{execution} still runs after {timeout:g} seconds")
        time.sleep(min(every, left))


class LiveHistory:
    """The events of an execution; each look asks only for the last page and what came after."""

    def __init__(self, execution: str, client: Any) -> None:
        self._request = {"executionArn": execution, "maxResults": 1000}
        self._client = client
        self._full: list[dict[str, Any]] = []
        self._token: str | None = None

    def look(self) -> list[dict[str, Any]]:
        """All events up to now, oldest first."""
        while True:
            token = {"nextToken": self._token} if self._token else {}
            page = self._client.get_execution_history(**self._request, **token)
            if not page.get("nextToken"):
                return [*self._full, *page["events"]]
            self._full += page["events"]
            self._token = page["nextToken"]


def definition_of(execution: str, client: Any) -> dict[str, Any]:
    """The definition an execution runs, as it was when it started."""
    described = client.describe_state_machine_for_execution(executionArn=execution)
    definition: dict[str, Any] = json.loads(described["definition"])
    return definition


def in_notebook() -> bool:
    """Whether this code runs in a Jupyter kernel, which shows HTML."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return shell is not None and hasattr(shell, "kernel")


def table(timeline: Timeline, title: str, encoding: str = "utf-8") -> RenderableType:
    """The states entered so far, those inside a Map or Parallel below it."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    made = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in ("", "state", "took", "again", "error"):
        made.add_column(column, no_wrap=column != "error")
    for state in timeline.states.values():
        mark, *cells, error = _row(timeline, state, encoding)
        style = COLOURS[state.status][0]
        made.add_row(Text(mark, style=style), *map(Text, cells), Text(error, style=style))
    head = Text(_head(timeline, title), style=f"bold {COLOURS[timeline.status][0]}")
    return Group(head, made)


def _head(timeline: Timeline, title: str) -> str:
    return f"{title}: {WORDS[timeline.status]}, {duration(timeline.seconds())}"


def _row(timeline: Timeline, state: StateTimes, encoding: str) -> tuple[str, ...]:
    """Mark, state, duration, tries and error, in characters that can be written."""
    marks = _MARKS if encoding.startswith("utf") else _PLAIN_MARKS
    visits = f" ({state.visits} times)" if state.visits > 1 else ""
    name = "  " * _depth(timeline.states, state) + state.name + visits
    took = duration(state.seconds())
    cells = (marks.get(state.status, "x"), name, took, tries(state), state.error)
    return tuple(cell.encode(encoding, "replace").decode(encoding) for cell in cells)


def _depth(states: Mapping[str, StateTimes], state: StateTimes) -> int:
    depth, outer = 0, state.inside
    while outer is not None and outer in states and depth < len(states):
        depth, outer = depth + 1, states[outer].inside
    return depth


def _in_terminal(looks: Iterator[Timeline], console: Console | None, execution: str) -> Timeline:
    from rich.console import Console as Terminal

    console = console or Terminal(markup=False, highlight=False, emoji=False)
    name = execution.rpartition(":")[2]
    moves = console.is_terminal and not console.is_dumb_terminal
    return (_as_table if moves else _as_lines)(looks, console, name)


def _as_table(looks: Iterator[Timeline], console: Console, name: str) -> Timeline:
    from rich.live import Live

    last = next(looks)
    live = Live(table(last, name, console.encoding), console=console, auto_refresh=False)
    try:
        live.start(refresh=True)
        for last in looks:
            live.update(table(last, name, console.encoding), refresh=True)
    finally:  # Ctrl-C within start() too, which `with` would not give the terminal back after
        live.stop()
    return last


def _as_lines(looks: Iterator[Timeline], console: Console, name: str) -> Timeline:
    """For a file, a pipe or a terminal without a cursor: a line for each state as it ends."""
    from rich.text import Text

    told: set[tuple[str, int, str]] = set()
    for last in looks:
        for state in last.states.values():
            key = (state.name, state.visits, state.status)
            if state.status != "RUNNING" and key not in told:
                told.add(key)
                row = " ".join(filter(None, _row(last, state, console.encoding)))
                console.print(Text(row), soft_wrap=True)
    console.print(Text(_head(last, name)), soft_wrap=True)
    return last


def _in_notebook(
    looks: Iterator[Timeline], definition: Mapping[str, Any], execution: str
) -> Timeline:
    notebook = import_module("IPython.display")
    name = execution.rpartition(":")[2]
    last = next(looks)
    picture = notebook.HTML(html(definition, last, title=name))
    shown = notebook.display(picture, display_id=True)
    for last in looks:
        shown.update(notebook.HTML(html(definition, last, title=name)))
    return last


def _client() -> Any:
    import boto3

    return boto3.client("stepfunctions")
