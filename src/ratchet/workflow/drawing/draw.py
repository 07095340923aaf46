"""Draws a state machine as one self-contained SVG: no script, no font, no network.

With an execution's history each state shows its outcome, its duration and its retries, and the
transitions that the execution followed stand out. Every text of the definition or the history is
escaped; a text too long to show is in the hover title.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ratchet.workflow.drawing.canvas import Canvas
from ratchet.workflow.drawing.captions import status_line
from ratchet.workflow.drawing.scope import Scope, states_of
from ratchet.workflow.drawing.text import BOLD, text_width
from ratchet.workflow.drawing.theme import MARGIN
from ratchet.workflow.history.timeline import Timeline, read_history

History = Iterable[Mapping[str, Any]] | Timeline | None


def draw(
    definition: Mapping[str, Any],
    history: History = None,
    *,
    title: str = "",
    subtitle: str = "",
) -> str:
    """The SVG of an ASL `definition`, coloured by an execution's `history` if there is one.

    `history` is the `events` of GetExecutionHistory, or the result of `read_history`.
    Raises ValueError if the definition has no states to draw.
    """
    if not states_of(definition):
        raise ValueError("nothing to draw: the definition has no States")
    timeline = as_timeline(history)
    scope = Scope.of(definition)
    canvas = Canvas(timeline)
    top = MARGIN + canvas.heading(title, subtitle, MARGIN)
    status = status_line(timeline) if timeline else ""
    words = max(text_width(title, 19, BOLD), text_width(subtitle, 12.5), text_width(status, 12.5))
    width = max(scope.size.width, words) + 2 * MARGIN
    canvas.scope(scope, (width - scope.size.width) // 2, top)
    height = top + scope.size.height + MARGIN
    if canvas.legend(MARGIN, height):
        height += 26
    return canvas.svg(width, height, title or str(definition.get("Comment") or "State machine"))


def as_timeline(history: History) -> Timeline | None:
    """A history given as events, or as a timeline already."""
    return history if isinstance(history, Timeline) or history is None else read_history(history)
