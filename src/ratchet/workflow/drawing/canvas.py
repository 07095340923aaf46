"""Draws scopes as SVG: lines, boxes inside boxes, captions and the legend."""

from __future__ import annotations

from ratchet.workflow.drawing import shapes
from ratchet.workflow.drawing.boxes import KIND, Box
from ratchet.workflow.drawing.captions import (
    LABEL_WIDTH,
    WORDS,
    edge_title,
    state_title,
    status_line,
)
from ratchet.workflow.drawing.lanes import Point, Route
from ratchet.workflow.drawing.layout import Edge
from ratchet.workflow.drawing.pen import Pen, clean
from ratchet.workflow.drawing.scope import Scope, inner_width, shelf_height, shelves
from ratchet.workflow.drawing.text import fit, text_width
from ratchet.workflow.drawing.theme import CATCH, COLOURS, FAINT, HEAD, INK, MARGIN, PAD, SHELF_GAP
from ratchet.workflow.history.timeline import Timeline


class Canvas:
    """A picture while it is drawn, coloured by `timeline`."""

    def __init__(self, timeline: Timeline | None) -> None:
        self.timeline = timeline
        self.pen = Pen()

    def svg(self, width: float, height: float, title: str) -> str:
        return self.pen.svg(width, height, title)

    def heading(self, title: str, subtitle: str, x: float) -> float:
        """Draw title, status and subtitle above the states. Returns their height."""
        height = 0.0
        if title:
            self.pen.text(title, x, MARGIN + 16, "title")
            height += 34
        if self.timeline:
            colour = f'style="fill:{COLOURS[self.timeline.status][0]}"'
            self.pen.text(status_line(self.timeline), x, MARGIN + height + 3, "sub", more=colour)
            height += 20
        if subtitle:
            self.pen.text(subtitle, x, MARGIN + height + 3, "sub")
            height += 18
        return height

    def scope(self, scope: Scope, x: float, y: float) -> None:
        """Draw the states over the edges, and the labels of edges not taken under both."""
        idle = {id(r) for r in scope.placed.routes if self.timeline and not self._taken(r.edge)}
        for route in scope.placed.routes:
            if id(route) in idle:
                self._label(route, x, y)
        self._start(scope, x, y)
        for route in sorted(scope.placed.routes, key=self._above):
            self._edge(route, x, y)
        for name, (cx, cy) in scope.placed.centres.items():
            self._state(scope, name, cx + x, cy + y)
        for route in scope.placed.routes:
            if id(route) not in idle:
                self._label(route, x, y)

    # lines

    def _start(self, scope: Scope, x: float, y: float) -> None:
        if scope.start not in scope.placed.centres:
            return
        cx, cy = scope.placed.centres[scope.start]
        top = cy + y - scope.sizes[scope.start].height / 2
        taken = " taken" if self.timeline and scope.start in self.timeline.states else ""
        colour = INK if taken or not self.timeline else FAINT
        self._line([(cx + x, top - 18), (cx + x, top)], f"edge{taken}")
        self.pen.parts.append(
            f'<circle cx="{cx + x:.1f}" cy="{top - 20:.1f}" r="4.5" fill="{colour}"/>'
        )

    def _above(self, route: Route) -> tuple[bool, bool]:
        return self._taken(route.edge), route.edge.kind == "next"

    def _edge(self, route: Route, x: float, y: float) -> None:
        edge, points = route.edge, [(px + x, py + y) for px, py in route.points]
        css = "edge"
        if edge.kind == "catch":
            css = "edge catch"
            self.pen.marks.add("catch")
        if self._taken(edge):
            css += " taken"
        elif route.joins:
            points = shapes.until_lane(points, route.joins)
            css += " joins"
        if self.timeline and not self._taken(edge):
            css += " idle"
        self._line(points, css, curved=route.curved, title=edge_title(edge))

    def _taken(self, edge: Edge) -> bool:
        """Whether the execution followed this edge; of two to one target, which of them."""
        if self.timeline is None:
            return False
        return (edge.source, edge.target, edge.kind) in self.timeline.transitions

    def _line(
        self, points: list[Point], css: str, *, curved: bool = False, title: str = ""
    ) -> None:
        path = shapes.curve(*points) if curved else shapes.corners(points)
        hover = f"<title>{clean(title)}</title>" if title else ""
        self.pen.parts.append(f'<path class="{css}" d="{path}">{hover}</path>')
        if "joins" not in css:
            head = css.replace("edge", "head")
            self.pen.parts.append(f'<path class="{head}" d="{shapes.arrow(*points[-2:])}"/>')

    def _label(self, route: Route, x: float, y: float) -> None:
        if not route.edge.label:
            return
        css = "label catch" if route.edge.kind == "catch" else "label"
        if self.timeline and not self._taken(route.edge):
            css += " idle"
        text = fit(route.edge.label, LABEL_WIDTH, KIND)
        at = (route.label_at[0] + x, route.label_at[1] + y)
        hover = route.edge.hover or route.edge.label
        self.pen.text(text, *at, css, more=f'text-anchor="{route.anchor}"', hover=hover)

    # states

    def _state(self, scope: Scope, name: str, cx: float, cy: float) -> None:
        times = self.timeline.states.get(name) if self.timeline else None
        state, coloured = scope.states[name], self.timeline is not None
        box = Box(name, state, scope.sizes[name], cx, cy, times, coloured)
        idle = ' class="idle"' if coloured and times is None else ""
        hover = f"<title>{clean(state_title(name, state, times))}</title>"
        self.pen.parts.append(f"<g{idle}>{hover}")
        box.draw(self.pen, container=bool(scope.inner[name]))
        self._inside(scope.inner[name], cx, box.top + HEAD)
        self.pen.parts.append("</g>")
        box.draw_end(self.pen)

    def _inside(self, inner: tuple[Scope, ...], cx: float, top: float) -> None:
        rows = shelves(inner)
        width = inner_width(rows)
        for shelf in rows:
            left = cx - width / 2
            for one in shelf:
                self.scope(one, left, top)
                left += one.size.width + PAD
            top += shelf_height(shelf) + SHELF_GAP

    # legend

    def legend(self, x: float, y: float) -> bool:
        """Explain the colours and marks of this picture. Returns False if there are none."""
        before = len(self.pen.parts)
        shown = {state.status for state in self.timeline.states.values()} if self.timeline else ()
        for status, (stroke, fill) in COLOURS.items():
            if status in shown:
                self.pen.parts.append(
                    f'<rect x="{x:.1f}" y="{y - 10:.1f}" width="12" height="12" rx="3" '
                    f'fill="{fill}" stroke="{stroke}"/>'
                )
                x = self._meaning(WORDS[status], x + 18, y)
        if "again" in self.pen.marks:
            self.pen.retry_mark(x + 11, y - 9)
            x = self._meaning("tried again after an error", x + 16, y)
        if "catch" in self.pen.marks:
            line = f'<path d="M{x:.1f} {y - 4:.1f}h20" stroke="{CATCH}" stroke-width="1.4" '
            self.pen.parts.append(f'{line}stroke-dasharray="4 4"/>')
            self._meaning("on an error", x + 26, y)
        return len(self.pen.parts) > before

    def _meaning(self, words: str, x: float, y: float) -> float:
        self.pen.text(words, x, y, "kind")
        return x + 18 + text_width(words, KIND)
