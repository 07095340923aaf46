"""The box of one state: its outline, its name, what it does and its outcome."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ratchet.workflow.drawing import shapes
from ratchet.workflow.drawing.captions import kind_of, note, retriers, tries
from ratchet.workflow.drawing.layout import Size
from ratchet.workflow.drawing.pen import Pen
from ratchet.workflow.drawing.text import BOLD, fit, text_width, wrap
from ratchet.workflow.drawing.theme import COLOURS, FAINT, HEAD, INK, NODE
from ratchet.workflow.history.timeline import StateTimes

NAME, KIND, TIME = 13.5, 11.0, 11.5
LINE = 16.0
_LINES = 2
_LEFT, _RIGHT, _SLANT = 14, 12, 16
_MARK = 18.0
_OUTCOME_WIDTH = 90.0
_LEAST = 24.0


def box_size(name: str, state: Mapping[str, Any]) -> Size:
    """All boxes have one width; long names and the rules of a Choice make a box taller."""
    choice = state.get("Type") == "Choice"
    ways = len(rules) if choice and isinstance(rules := state.get("Choices"), list) else 0
    lines = len(_name_lines(name, choice=choice))
    height = NODE.height + LINE * max(lines - 1, ways - 2, 0)
    return Size(NODE.width, height, slant=_SLANT if choice else 0)


def head_width(name: str, state: Mapping[str, Any]) -> float:
    """How wide a container must be for its name, its kind and its outcome; an even number."""
    needed = text_width(name, NAME, BOLD) + 8 + text_width(kind_of(state), KIND) + _OUTCOME_WIDTH
    return 2 * min(round(NODE.width), math.ceil((needed + _LEFT + _RIGHT) / 2))


def _name_lines(name: str, *, choice: bool) -> list[str]:
    room = NODE.width - _LEFT - _RIGHT - (20 if choice else 0)
    return wrap(name, room, NAME, BOLD, _LINES)


@dataclass(frozen=True)
class Box:
    """A state at its position; `coloured` if the picture shows an execution."""

    name: str
    state: Mapping[str, Any]
    size: Size
    x: float
    y: float
    times: StateTimes | None
    coloured: bool

    @property
    def top(self) -> float:
        return self.y - self.size.height / 2

    @property
    def bottom(self) -> float:
        return self.y + self.size.height / 2

    def draw(self, pen: Pen, *, container: bool) -> None:
        """Draw outline and text; the contents of a container are drawn over it later."""
        _outline(pen, self, container=container)
        if container:
            _head(pen, self)
        else:
            _caption(pen, self)

    def draw_end(self, pen: Pen) -> None:
        """Draw the mark of a state that ends the flow."""
        if not self.state.get("End") and self.state.get("Type") not in ("Succeed", "Fail"):
            return
        stroke = INK if self.times or not self.coloured else FAINT
        pen.parts.append(
            f'<path d="M{self.x:.1f} {self.bottom:.1f}v10" stroke="{stroke}" stroke-width="1.5"/>'
            f'<circle cx="{self.x:.1f}" cy="{self.bottom + 15:.1f}" r="5" fill="#fff" '
            f'stroke="{stroke}" stroke-width="1.5"/>'
            f'<circle cx="{self.x:.1f}" cy="{self.bottom + 15:.1f}" r="2.4" fill="{stroke}"/>'
        )


def _outline(pen: Pen, box: Box, *, container: bool) -> None:
    plain = ("#cfd4db" if box.coloured else "#7d8794", "#f4f6f9" if container else "#fff")
    stroke, fill = COLOURS[box.times.status] if box.times else plain
    opacity = 'fill-opacity=".55" stroke-dasharray="6 4" ' if container else ""
    style = f'fill="{fill}" stroke="{stroke}" {opacity}stroke-width="1.6"'
    x = box.x - box.size.width / 2
    if box.state.get("Type") == "Choice":
        points = shapes.hexagon(x, box.top, box.size)
        pen.parts.append(f'<polygon points="{points}" {style} stroke-linejoin="round"/>')
        return
    size = f'width="{box.size.width:.1f}" height="{box.size.height:.1f}"'
    pen.parts.append(f'<rect x="{x:.1f}" y="{box.top:.1f}" {size} rx="9" {style}/>')


def _caption(pen: Pen, box: Box) -> None:
    choice = box.state.get("Type") == "Choice"
    aside = 10 if choice else 0
    x = box.x - box.size.width / 2 + _LEFT + aside
    right = box.x + box.size.width / 2 - _RIGHT - aside
    lines = _name_lines(box.name, choice=choice)
    y = box.y - LINE / 2 * len(lines)
    for line in lines:
        y += LINE
        pen.text(line, x, y - 11, "name")
    y += 6
    end = _outcome(pen, box, right, y)
    beside = right - x - text_width(lines[-1], NAME, BOLD) > _tries_width(box.times)
    if beside and box.times:
        _tries(pen, box.times, right, y - 17)
    elif box.times:
        end = _tries(pen, box.times, end, y)
    pen.text(fit(kind_of(box.state), end - x, KIND), x, y, "kind")


def _head(pen: Pen, box: Box) -> None:
    """A line above the contents of a container: its name and, if there is room, its kind."""
    x, right = box.x - box.size.width / 2 + _LEFT, box.x + box.size.width / 2 - _RIGHT
    y, kind = box.top + HEAD - 10, kind_of(box.state)
    end = _outcome(pen, box, right, y)
    if box.times:
        end = _tries(pen, box.times, end, y)
    name = fit(box.name, end - x, NAME, BOLD)
    rest = end - x - text_width(name, NAME, BOLD) - 8
    pen.text(name, x, y, "name", after=fit(kind, rest, KIND) if rest > _LEAST else "")


def _outcome(pen: Pen, box: Box, right: float, y: float) -> float:
    """Draw outcome and duration. Returns the right end for the text to the left of it.

    Without an execution an arrow marks a state that is retried after an error.
    """
    if box.times is not None:
        return _time(pen, box.times, right, y)
    if box.coloured or not retriers(box.state):
        return right
    pen.retry_mark(right, y - 9)
    return right - _MARK


def _tries(pen: Pen, times: StateTimes, right: float, y: float) -> float:
    """Draw the retry count, if any. Returns the right end for the text to the left of it."""
    text = tries(times)
    if not text:
        return right
    pen.retry_mark(_coloured(pen, text, right, y, times) - 4, y - 9)
    return right - _tries_width(times)


def _tries_width(times: StateTimes | None) -> float:
    text = tries(times)
    return text_width(text, TIME, BOLD) + 4 + _MARK if text else 0.0


def _time(pen: Pen, times: StateTimes, right: float, y: float) -> float:
    """Draw the duration. Returns the right end for the text to the left of it."""
    pen.parts.append(
        f'<path d="{shapes.glyph(times.status)}" transform="translate({right - 11:.1f} '
        f'{y - 9:.1f})" fill="none" stroke="{COLOURS[times.status][0]}" stroke-width="2" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    )
    took = note(times)
    return _coloured(pen, took, right - 16, y, times) - 8 if took else right - 22


def _coloured(pen: Pen, text: str, right: float, y: float, times: StateTimes) -> float:
    pen.text(text, right, y, "time", more=f'style="fill:{COLOURS[times.status][0]}"')
    return right - text_width(text, TIME, BOLD)
