"""An execution in a terminal as a live table, or in a file as a line for each state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ratchet.workflow.drawing.captions import WORDS, duration, tries
from ratchet.workflow.drawing.text import printable
from ratchet.workflow.drawing.theme import COLOURS
from ratchet.workflow.history.timeline import StateTimes, Timeline

if TYPE_CHECKING:
    from rich.console import Console, OverflowMethod, RenderableType

_MARKS = {"SUCCEEDED": "✓", "CAUGHT": "!", "RUNNING": "…", "ABORTED": "‖"}
_PLAIN_MARKS = {"SUCCEEDED": "+", "CAUGHT": "!", "RUNNING": ".", "ABORTED": "-"}
_COLUMNS = ("", "state", "took", "again", "error")
_GAP = 3
_NARROW = 70
_CTRL_C = 3  # a terminal writes ^C after the last row, which must not wrap
_HEAD_LINES = 5  # execution, "n more above", columns, rule, cursor


def show(timelines: Iterator[Timeline], console: Console | None, name: str) -> Timeline:
    """Show an execution until it has ended. Returns its last timeline."""
    from rich.console import Console as Terminal

    console = console or Terminal(markup=False, highlight=False, emoji=False)
    moves = console.is_terminal and not console.is_dumb_terminal
    return (_as_table if moves else _as_lines)(timelines, console, printable(name))


def _as_table(timelines: Iterator[Timeline], console: Console, name: str) -> Timeline:
    from rich.live import Live

    last = next(timelines)
    live = Live(_table(last, name, console), console=console, auto_refresh=False)
    try:
        live.start(refresh=True)
        for last in timelines:
            live.update(_table(last, name, console), refresh=True)
    finally:  # `with` would not restore the terminal after Ctrl-C within start()
        live.update(_table(last, name, console, whole=True))
        live.stop()
    return last


def _as_lines(timelines: Iterator[Timeline], console: Console, name: str) -> Timeline:
    """For a file, a pipe or a terminal without cursor movement: a line per state as it ends."""
    from rich.text import Text

    printed: set[tuple[str, int, str]] = set()
    for last in timelines:
        for state in last.states.values():
            key = (state.name, state.visits, state.status)
            if state.status != "RUNNING" and key not in printed:
                printed.add(key)
                row = " ".join(filter(None, _row(last, state, console.encoding)))
                console.print(Text(row), soft_wrap=True)
    console.print(Text(_head(last, name)), soft_wrap=True)
    return last


def _table(
    timeline: Timeline, name: str, console: Console, *, whole: bool = False
) -> RenderableType:
    """The states entered so far, those inside a Map or Parallel below it.

    Unless `whole`, only as many as fit, on one line each: those running, and the latest.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    states = list(timeline.states.values())
    shown = states if whole else _latest(states, console.height - _HEAD_LINES)
    rows: list[tuple[str, ...]] = [_row(timeline, state, console.encoding) for state in shown]
    columns: tuple[str, ...] = _COLUMNS
    if console.width < _NARROW:
        columns, rows = columns[:-1], [_narrow(row) for row in rows]
    cut: OverflowMethod = "ellipsis" if console.encoding.startswith("utf") else "crop"
    made = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title, width in zip(
        columns, _widths([columns, *rows], console.width - _CTRL_C), strict=True
    ):
        made.add_column(title, width=width, no_wrap=not whole, overflow="fold" if whole else cut)
    for state, row in zip(shown, rows, strict=True):
        style = COLOURS[state.status][0]
        made.add_row(
            *(Text(cell, style=style if n in (0, 4) else "") for n, cell in enumerate(row))
        )
    style = f"bold {COLOURS[timeline.status][0]}"
    head = Text(_head(timeline, name), style=style, no_wrap=True, overflow=cut)
    left = len(states) - len(shown)
    above = [Text(f"{left} more above", style="dim")] if left else []
    return Group(head, *above, made)


def _narrow(row: tuple[str, ...]) -> tuple[str, ...]:
    """The error beside the state, if there is no room for its own column."""
    mark, state, took, again, error = row
    return mark, f"{state}: {error}" if error else state, took, again


def _latest(states: Sequence[StateTimes], room: int) -> list[StateTimes]:
    """As many states as there is room for, in their order."""
    places = range(len(states))
    first = sorted(places, key=lambda place: (states[place].status != "RUNNING", -place))
    return [states[place] for place in sorted(first[: max(1, room)])]


def _widths(rows: Sequence[tuple[str, ...]], width: int) -> list[int]:
    """The width of each column. Without room for all, the state shrinks first, then the error."""
    from rich.cells import cell_len

    mark, state, took, again, *error = (max(map(cell_len, column)) for column in zip(*rows))  # noqa: B905 - all rows have the same length
    room = width - _GAP * (len(rows[0]) - 1) - mark - took - again
    errors = [min(wide, max(room - state, room // 3)) for wide in error]
    return [mark, max(1, min(state, room - sum(errors))), took, again, *errors]


def _head(timeline: Timeline, name: str) -> str:
    return f"{name}: {WORDS[timeline.status]}, {duration(timeline.seconds())}"


def _row(timeline: Timeline, state: StateTimes, encoding: str) -> tuple[str, ...]:
    """Mark, state, duration, tries and error, in characters that the encoding has."""
    marks = _MARKS if encoding.startswith("utf") else _PLAIN_MARKS
    visits = f" ({state.visits} times)" if state.visits > 1 else ""
    name = "  " * _depth(timeline.states, state) + state.name + visits
    took = duration(state.seconds())
    cells = (marks.get(state.status, "x"), name, took, tries(state), state.error)
    return tuple(_writable(cell, encoding) for cell in cells)


def _writable(text: str, encoding: str) -> str:
    line = printable(text).replace("\n", " ").replace("\t", " ")
    return line.encode(encoding, "replace").decode(encoding)


def _depth(states: Mapping[str, StateTimes], state: StateTimes) -> int:
    depth, outer = 0, state.inside
    while outer is not None and outer in states and depth < len(states):
        depth, outer = depth + 1, states[outer].inside
    return depth
