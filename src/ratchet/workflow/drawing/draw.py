"""Draws a state machine as one SVG that needs nothing else: no script, no font, no network.

With an execution's history each state shows how it went, how long it took and how often it was
tried, and the way the execution took stands out. Every text of the definition or the history is
escaped; what is too long to show is whole in the hover title.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from ratchet.workflow.drawing.captions import (
    LABEL_CHARS,
    WORDS,
    duration,
    edge_title,
    edges_of,
    fit,
    kind_of,
    note,
    state_title,
    text_width,
)
from ratchet.workflow.drawing.layout import Edge, Placed, Route, Size, place
from ratchet.workflow.drawing.timeline import StateTimes, Timeline, read_history

_NODE = Size(228, 48)
_PAD = 18.0
_HEAD = 30.0
_MARGIN = 28.0
_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"

# border and text, fill
_COLOURS: dict[str, tuple[str, str]] = {
    "SUCCEEDED": ("#1a7f4b", "#eaf7ef"),
    "CAUGHT": ("#a86200", "#fff4df"),
    "FAILED": ("#c1272d", "#fdecec"),
    "TIMED_OUT": ("#c1272d", "#fdecec"),
    "ABORTED": ("#6b7280", "#f1f2f4"),
    "RUNNING": ("#1a63c6", "#e8f1fd"),
}
_STYLE = f"""
text{{font-family:{_FONT};fill:#1f2733}}
.name{{font-size:13.5px;font-weight:600}}
.kind{{font-size:11px;fill:#67707d}}
.time{{font-size:11.5px;font-weight:600;text-anchor:end}}
.title{{font-size:19px;font-weight:700}}
.sub{{font-size:12.5px;fill:#67707d}}
.label{{font-size:11px;fill:#3d4653;paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}}
.label.catch{{fill:#9a6b1f}}
.edge{{fill:none;stroke:#9aa3af;stroke-width:1.5}}
.taken{{stroke:#2f3b4a;stroke-width:2.2}}
.catch.edge{{stroke:#d2a764;stroke-width:1.1;stroke-dasharray:4 4}}
.catch.taken{{stroke:#a86200;stroke-width:1.8}}
.idle text{{fill:#a9b0ba}}
"""


def draw(
    definition: Mapping[str, Any],
    history: Iterable[Mapping[str, Any]] | Timeline | None = None,
    *,
    title: str = "",
    subtitle: str = "",
) -> str:
    """The SVG text of an ASL `definition`, coloured by an execution's `history` if there is one.

    `history` is the `events` of GetExecutionHistory, or what `read_history` made of them.
    Raises ValueError when the definition has no states to draw.
    """
    if not isinstance(definition.get("States"), Mapping) or not definition["States"]:
        raise ValueError("nothing to draw: the definition has no States")
    timeline = (
        history if isinstance(history, Timeline) or history is None else read_history(history)
    )
    scope = _Scope.of(definition)
    canvas = _Canvas(timeline)
    top = _MARGIN + (54 if title or timeline else 0) + (18 if subtitle else 0)
    words = max(text_width(title, 19), text_width(subtitle, 12.5))
    width = max(scope.size.width, words) + 2 * _MARGIN
    canvas.heading(title, subtitle, _MARGIN)
    canvas.scope(scope, (width - scope.size.width) / 2, top)
    height = top + scope.size.height + _MARGIN
    if timeline:
        canvas.legend(_MARGIN, height)
        height += 26
    return canvas.svg(width, height, title or str(definition.get("Comment") or "State machine"))


@dataclass(frozen=True)
class _Scope:
    """A placed set of states; `inner` are the scopes inside Map and Parallel states."""

    states: Mapping[str, Any]
    start: str
    placed: Placed
    inner: Mapping[str, tuple[_Scope, ...]]
    sizes: Mapping[str, Size]

    @property
    def size(self) -> Size:
        return Size(self.placed.width, self.placed.height)

    @classmethod
    def of(cls, definition: Mapping[str, Any]) -> _Scope:
        states: Mapping[str, Any] = definition["States"]
        inner = {name: tuple(map(cls.of, _inside(state))) for name, state in states.items()}
        sizes = {name: _size(state, inner[name]) for name, state in states.items()}
        edges = [edge for name, state in states.items() for edge in edges_of(name, state)]
        start = str(definition.get("StartAt", ""))
        return cls(states, start, place(sizes, edges, start), inner, sizes)


def _inside(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The machines inside a Map or Parallel state, those with states to draw."""
    processor = state.get("ItemProcessor") or state.get("Iterator")
    inside = [processor, *(state.get("Branches") or [])]
    return [machine for machine in inside if isinstance(machine, Mapping) and machine.get("States")]


def _size(state: Mapping[str, Any], inner: tuple[_Scope, ...]) -> Size:
    if state.get("Type") == "Choice":
        ways = len(state.get("Choices") or [])
        return Size(_NODE.width, _NODE.height + 15 * max(0, ways - 3), slant=16)
    if not inner:
        return _NODE
    width = sum(scope.size.width for scope in inner) + _PAD * (len(inner) + 1)
    height = max(scope.size.height for scope in inner) + _HEAD + _PAD / 2
    return Size(max(width, _NODE.width), height)


# what is drawn


class _Canvas:
    def __init__(self, timeline: Timeline | None) -> None:
        self.timeline = timeline
        self.parts: list[str] = []

    def svg(self, width: float, height: float, title: str) -> str:
        size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
        back = f'<rect width="{width:.0f}" height="{height:.0f}" rx="14" fill="#fff"/>'
        body = "\n".join(self.parts)
        return (
            f"{head}\n<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n{_markers()}\n"
            f"{back}\n{body}\n</svg>\n"
        )

    def heading(self, title: str, subtitle: str, x: float) -> None:
        if title:
            self._text(title, x, _MARGIN + 16, "title")
        if self.timeline:
            words = WORDS[self.timeline.status]
            text = f"{words} in {duration(self.timeline.seconds())}"
            if self.timeline.started:
                text += f", started {self.timeline.started:%Y-%m-%d %H:%M:%S %Z}".rstrip()
            colour = _COLOURS[self.timeline.status][0]
            self._text(text, x, _MARGIN + 37, "sub", f'style="fill:{colour}"')
        if subtitle:
            self._text(subtitle, x, _MARGIN + (55 if self.timeline else 37), "sub")

    def scope(self, scope: _Scope, x: float, y: float) -> None:
        """Edges first, so that no line runs over a state."""
        self._start(scope, x, y)
        for route in sorted(scope.placed.routes, key=self._above):
            self._edge(route, x, y)
        for name, (cx, cy) in scope.placed.centres.items():
            self._state(scope, name, cx + x, cy + y)
        for route in scope.placed.routes:
            self._label(route, x, y)

    def _start(self, scope: _Scope, x: float, y: float) -> None:
        if scope.start not in scope.placed.centres:
            return
        cx, cy = scope.placed.centres[scope.start]
        top = cy + y - scope.sizes[scope.start].height / 2
        taken = " taken" if self.timeline and scope.start in self.timeline.states else ""
        colour = "#2f3b4a" if taken or not self.timeline else "#c3c9d1"
        self._line([(cx + x, top - 18), (cx + x, top)], f"edge{taken}")
        self.parts.append(
            f'<circle cx="{cx + x:.1f}" cy="{top - 20:.1f}" r="4.5" fill="{colour}"/>'
        )

    def _above(self, route: Route) -> tuple[bool, bool]:
        return self._taken(route.edge), route.edge.kind == "next"

    def _edge(self, route: Route, x: float, y: float) -> None:
        edge, points = route.edge, [(px + x, py + y) for px, py in route.points]
        css = "edge catch" if edge.kind == "catch" else "edge"
        if self._taken(edge):
            css += " taken"
        elif route.joins:
            points = _until_lane(points, route.joins)
            css += " joins"
        self._line(points, css, curved=route.curved, title=edge_title(edge))

    def _taken(self, edge: Edge) -> bool:
        """Of two edges to the same target, the error's was taken only if the state failed."""
        if self.timeline is None or (edge.source, edge.target) not in self.timeline.ways:
            return False
        caught = self.timeline.states[edge.source].status == "CAUGHT"
        return caught == (edge.kind == "catch")

    def _line(
        self, points: list[tuple[float, float]], css: str, *, curved: bool = False, title: str = ""
    ) -> None:
        path = _curve(*points) if curved and len(points) == 2 else _corners(points)
        marker = "catch" if "catch" in css else "next"
        marker = f"{marker}-taken" if "taken" in css else marker
        end = "" if "joins" in css else f' marker-end="url(#{marker})"'
        hover = f"<title>{escape(title)}</title>" if title else ""
        self.parts.append(f'<path class="{css}" d="{path}"{end}>{hover}</path>')

    def _label(self, route: Route, x: float, y: float) -> None:
        if not route.edge.label:
            return
        css = "label catch" if route.edge.kind == "catch" else "label"
        text = fit(route.edge.label, LABEL_CHARS * 6.2, 11)
        at = (route.label_at[0] + x, route.label_at[1] + y)
        self._text(text, *at, css, f'text-anchor="{route.anchor}"', hover=route.edge.label)

    def _state(self, scope: _Scope, name: str, cx: float, cy: float) -> None:
        state, size = scope.states[name], scope.sizes[name]
        times = self.timeline.states.get(name) if self.timeline else None
        idle = ' class="idle"' if self.timeline and times is None else ""
        hover = escape(state_title(name, state, times))
        self.parts.append(f"<g{idle}><title>{hover}</title>")
        self._box(state, size, cx, cy, times)
        self._caption(name, state, size, cx, cy, times, inner=bool(scope.inner[name]))
        left = cx - size.width / 2 + (size.width - _inner_width(scope.inner[name])) / 2
        for inner in scope.inner[name]:
            self.scope(inner, left, cy - size.height / 2 + _HEAD)
            left += inner.size.width + _PAD
        self.parts.append("</g>")
        if _ends(state):
            self._end(cx, cy + size.height / 2, times)

    def _box(
        self,
        state: Mapping[str, Any],
        size: Size,
        cx: float,
        cy: float,
        times: StateTimes | None,
    ) -> None:
        unvisited = ("#cfd4db", "#fff") if self.timeline else ("#7d8794", "#fff")
        stroke, fill = _COLOURS[times.status] if times else unvisited
        style = f'fill="{fill}" stroke="{stroke}" stroke-width="1.6"'
        x, y = cx - size.width / 2, cy - size.height / 2
        if state.get("Type") == "Choice":
            points = _hexagon(x, y, size)
            self.parts.append(f'<polygon points="{points}" {style} stroke-linejoin="round"/>')
            return
        if size is not _NODE:
            style = f'fill="{fill}" fill-opacity=".55" stroke="{stroke}" stroke-width="1.6"'
        dash = ' stroke-dasharray="6 4"' if state.get("Type") in {"Map", "Parallel"} else ""
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{size.width:.1f}" height="{size.height:.1f}" '
            f'rx="9" {style}{dash}/>'
        )

    def _caption(
        self,
        name: str,
        state: Mapping[str, Any],
        size: Size,
        cx: float,
        cy: float,
        times: StateTimes | None,
        *,
        inner: bool,
    ) -> None:
        x, y = cx - size.width / 2 + 14, cy - size.height / 2
        if state.get("Type") == "Choice":
            x += 8
        right = cx + size.width / 2 - (22 if state.get("Type") == "Choice" else 12)
        text = note(times)
        room = right - x - (text_width(text, 11.5) + 22 if text else 0)
        if inner:
            self._text(fit(name, room * 0.6, 13.5), x, y + 20, "name")
            after = x + text_width(fit(name, room * 0.6, 13.5), 13.5) + 8
            self._text(fit(kind_of(state), x + room - after, 11), after, y + 20, "kind")
        else:
            self._text(fit(name, room, 13.5), x, cy - 3, "name")
            self._text(fit(kind_of(state), right - x, 11), x, cy + 14, "kind")
        if times:
            self._outcome(times, text, right, y + 20 if inner else cy - 3)

    def _outcome(self, times: StateTimes, note: str, right: float, y: float) -> None:
        colour = _COLOURS[times.status][0]
        self._text(note, right - 16, y, "time", f'style="fill:{colour}"')
        self.parts.append(
            f'<path d="{_glyph(times.status)}" transform="translate({right - 11:.1f} {y - 9:.1f})" '
            f'fill="none" stroke="{colour}" stroke-width="2" stroke-linecap="round" '
            'stroke-linejoin="round"/>'
        )

    def _end(self, cx: float, bottom: float, times: StateTimes | None) -> None:
        stroke = "#2f3b4a" if times or not self.timeline else "#c3c9d1"
        self.parts.append(
            f'<path d="M{cx:.1f} {bottom:.1f}v10" stroke="{stroke}" stroke-width="1.5"/>'
            f'<circle cx="{cx:.1f}" cy="{bottom + 15:.1f}" r="5" fill="#fff" stroke="{stroke}" '
            f'stroke-width="1.5"/><circle cx="{cx:.1f}" cy="{bottom + 15:.1f}" r="2.4" '
            f'fill="{stroke}"/>'
        )

    def legend(self, x: float, y: float) -> None:
        shown = {state.status for state in self.timeline.states.values()} if self.timeline else ()
        for status, (stroke, fill) in _COLOURS.items():
            if status in shown:
                self.parts.append(
                    f'<rect x="{x:.1f}" y="{y - 10:.1f}" width="12" height="12" rx="3" '
                    f'fill="{fill}" stroke="{stroke}"/>'
                )
                self._text(WORDS[status], x + 18, y, "kind")
                x += 34 + text_width(WORDS[status], 11)

    def _text(
        self, text: str, x: float, y: float, css: str, more: str = "", hover: str = ""
    ) -> None:
        title = f"<title>{escape(hover)}</title>" if hover and hover != text else ""
        self.parts.append(
            f"<text x={quoteattr(f'{x:.1f}')} y={quoteattr(f'{y:.1f}')} class={quoteattr(css)} "
            f"{more}>{title}{escape(text)}</text>"
        )


# texts and shapes


def _ends(state: Mapping[str, Any]) -> bool:
    return bool(state.get("End")) or state.get("Type") in {"Succeed", "Fail"}


def _inner_width(inner: tuple[_Scope, ...]) -> float:
    return sum(scope.size.width for scope in inner) + _PAD * max(0, len(inner) - 1)


def _glyph(status: str) -> str:
    """Tick, cross, bars or dots in a 10 by 10 box."""
    if status == "SUCCEEDED":
        return "M1 5.5L4 8.5L9.5 2"
    if status == "CAUGHT":
        return "M5 1.5V5.6M5 8.6V8.7"
    if status == "ABORTED":
        return "M3 2V8.5M7 2V8.5"
    if status == "RUNNING":
        return "M1 5.5V5.6M5 5.5V5.6M9 5.5V5.6"
    return "M1.5 2L8.5 9M8.5 2L1.5 9"


def _hexagon(x: float, y: float, size: Size) -> str:
    cut, right, bottom = size.slant, x + size.width, y + size.height
    middle = y + size.height / 2
    corners = [(x, middle), (x + cut, y), (right - cut, y), (right, middle),
               (right - cut, bottom), (x + cut, bottom)]  # fmt: skip
    return " ".join(f"{px:.1f},{py:.1f}" for px, py in corners)


def _curve(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x0, y0), (x1, y1) = start, end
    if abs(x0 - x1) < 1:
        return f"M{x0:.1f} {y0:.1f}L{x1:.1f} {y1 - 1:.1f}"
    middle = (y0 + y1) / 2
    return f"M{x0:.1f} {y0:.1f}C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1 - 1:.1f}"


def _corners(points: list[tuple[float, float]]) -> str:
    """A line along `points` whose corners are rounded."""
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        a, b = _towards(corner, before), _towards(corner, after)
        path += f"L{a[0]:.1f} {a[1]:.1f}Q{corner[0]:.1f} {corner[1]:.1f} {b[0]:.1f} {b[1]:.1f}"
    return path + f"L{points[-1][0]:.1f} {points[-1][1]:.1f}"


def _until_lane(points: list[tuple[float, float]], joins: int) -> list[tuple[float, float]]:
    """The way out to the lane and round its corner."""
    x, y = points[joins - 1]
    down = 8.0 if points[joins][1] > y else -8.0
    return [*points[:joins], (x, y + down)]


def _towards(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)
    share = min(8.0, length / 2) / length if length else 0.0
    return corner[0] + dx * share, corner[1] + dy * share


def _markers() -> str:
    colours = {"next": "#9aa3af", "next-taken": "#2f3b4a", "catch": "#d2a764",
               "catch-taken": "#a86200"}  # fmt: skip
    arrows = "".join(
        f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" '
        f'markerHeight="9" markerUnits="userSpaceOnUse" orient="auto">'
        f'<path d="M1 1L9 5L1 9z" fill="{colour}"/></marker>'
        for name, colour in colours.items()
    )
    return f"<defs>{arrows}</defs>"
