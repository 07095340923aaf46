"""Writes placed scopes as SVG: lines, boxes, captions, marks. Every text is escaped here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from ratchet.workflow.drawing import shapes
from ratchet.workflow.drawing.captions import (
    LABEL_WIDTH,
    WORDS,
    edge_title,
    fit,
    kind_of,
    note,
    retriers,
    state_title,
    status_line,
    text_width,
    tries,
)
from ratchet.workflow.drawing.lanes import Point, Route
from ratchet.workflow.drawing.layout import Edge, Size
from ratchet.workflow.drawing.look import (
    CATCH,
    COLOURS,
    FAINT,
    HEAD,
    INK,
    MARGIN,
    NODE,
    PAD,
    SHELF_GAP,
    STYLE,
    markers,
)
from ratchet.workflow.drawing.scope import Scope, inner_width, shelf_height, shelves
from ratchet.workflow.drawing.timeline import StateTimes, Timeline


class Canvas:
    """One picture in the making; `timeline` colours it."""

    def __init__(self, timeline: Timeline | None) -> None:
        self.timeline = timeline
        self.parts: list[str] = []
        self._retries = self._catches = False

    def svg(self, width: float, height: float, title: str) -> str:
        size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" class="ratchet" {size} role="img">'
        back = f'<rect width="{width:.0f}" height="{height:.0f}" rx="14" fill="#fff"/>'
        body = "\n".join(self.parts)
        return (
            f"{head}\n<title>{_clean(title)}</title>\n<style>{STYLE}</style>\n{markers()}\n"
            f"{back}\n{body}\n</svg>\n"
        )

    def heading(self, title: str, subtitle: str, x: float) -> None:
        if title:
            self._text(title, x, MARGIN + 16, "title")
        if self.timeline:
            text = status_line(self.timeline)
            colour = COLOURS[self.timeline.status][0]
            self._text(text, x, MARGIN + 37, "sub", f'style="fill:{colour}"')
        if subtitle:
            self._text(subtitle, x, MARGIN + (55 if self.timeline else 37), "sub")

    def scope(self, scope: Scope, x: float, y: float) -> None:
        """Edges first, so that no line runs over a state; labels not taken below them all."""
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
        self.parts.append(
            f'<circle cx="{cx + x:.1f}" cy="{top - 20:.1f}" r="4.5" fill="{colour}"/>'
        )

    def _above(self, route: Route) -> tuple[bool, bool]:
        return self._taken(route.edge), route.edge.kind == "next"

    def _edge(self, route: Route, x: float, y: float) -> None:
        edge, points = route.edge, [(px + x, py + y) for px, py in route.points]
        css = "edge catch" if edge.kind == "catch" else "edge"
        self._catches |= edge.kind == "catch"
        if self._taken(edge):
            css += " taken"
        elif route.joins:
            points = shapes.until_lane(points, route.joins)
            css += " joins"
        if self.timeline and not self._taken(edge):
            css += " idle"
        self._line(points, css, curved=route.curved, title=edge_title(edge))

    def _taken(self, edge: Edge) -> bool:
        """Of two edges to the same target, the error's was taken only if the state failed."""
        if self.timeline is None or (edge.source, edge.target) not in self.timeline.ways:
            return False
        caught = self.timeline.states[edge.source].status == "CAUGHT"
        return caught == (edge.kind == "catch")

    def _line(
        self, points: list[Point], css: str, *, curved: bool = False, title: str = ""
    ) -> None:
        path = shapes.curve(*points) if curved else shapes.corners(points)
        marker = "catch" if "catch" in css else "next"
        shade = next((word for word in ("taken", "idle") if word in css), "")
        marker = f"{marker}-{shade}" if shade else marker
        end = "" if "joins" in css else f' marker-end="url(#ratchet-{marker})"'
        hover = f"<title>{_clean(title)}</title>" if title else ""
        self.parts.append(f'<path class="{css}" d="{path}"{end}>{hover}</path>')

    def _label(self, route: Route, x: float, y: float) -> None:
        if not route.edge.label:
            return
        css = "label catch" if route.edge.kind == "catch" else "label"
        if self.timeline and not self._taken(route.edge):
            css += " idle"
        text = fit(route.edge.label, LABEL_WIDTH, 11)
        at = (route.label_at[0] + x, route.label_at[1] + y)
        hover = route.edge.hover or route.edge.label
        self._text(text, *at, css, f'text-anchor="{route.anchor}"', hover=hover)

    # states

    def _state(self, scope: Scope, name: str, cx: float, cy: float) -> None:
        state, size, inner = scope.states[name], scope.sizes[name], scope.inner[name]
        times = self.timeline.states.get(name) if self.timeline else None
        idle = ' class="idle"' if self.timeline and times is None else ""
        self.parts.append(f"<g{idle}><title>{_clean(state_title(name, state, times))}</title>")
        self._box(state, size, cx, cy, times)
        if inner:
            self._head(name, state, size, cx, cy, times)
        else:
            self._caption(name, state, size, cx, cy, times)
        top = cy - size.height / 2 + HEAD
        rows = shelves(inner)
        width = inner_width(rows)
        for shelf in rows:
            left = cx - width / 2
            for one in shelf:
                self.scope(one, left, top)
                left += one.size.width + PAD
            top += shelf_height(shelf) + SHELF_GAP
        self.parts.append("</g>")
        if _ends(state):
            self._end(cx, cy + size.height / 2, times)

    def _box(
        self, state: Mapping[str, Any], size: Size, cx: float, cy: float, times: StateTimes | None
    ) -> None:
        unvisited = ("#cfd4db", "#fff") if self.timeline else ("#7d8794", "#fff")
        stroke, fill = COLOURS[times.status] if times else unvisited
        style = f'fill="{fill}" stroke="{stroke}" stroke-width="1.6"'
        x, y = cx - size.width / 2, cy - size.height / 2
        if state.get("Type") == "Choice":
            points = shapes.hexagon(x, y, size)
            self.parts.append(f'<polygon points="{points}" {style} stroke-linejoin="round"/>')
            return
        if size is not NODE:
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
    ) -> None:
        aside = 10 if state.get("Type") == "Choice" else 0
        x, right = cx - size.width / 2 + 14 + aside, cx + size.width / 2 - 12 - aside
        text = note(times)
        room = right - x - (text_width(text, 11.5) + 22 if times else 0)
        again = self._tried(state, times, right, cy + 14)
        self._text(fit(name, room, 13.5), x, cy - 3, "name")
        self._text(fit(kind_of(state), right - x - again, 11), x, cy + 14, "kind")
        if times:
            self._outcome(times, text, right, cy - 3)

    def _head(
        self,
        name: str,
        state: Mapping[str, Any],
        size: Size,
        cx: float,
        cy: float,
        times: StateTimes | None,
    ) -> None:
        """The name of a container and what it is, in one line over what is inside."""
        x, right = cx - size.width / 2 + 14, cx + size.width / 2 - 12
        y, text = cy - size.height / 2 + 20, note(times)
        if times:
            self._outcome(times, text, right, y)
            right -= text_width(text, 11.5) + 22
        right -= self._tried(state, times, right, y)
        name = fit(name, (right - x) * 0.75, 13.5)
        self._text(name, x, y, "name")
        after = x + text_width(name, 13.5) + 8
        self._text(fit(kind_of(state), right - after, 11), after, y, "kind")

    def _outcome(self, times: StateTimes, note: str, right: float, y: float) -> None:
        colour = COLOURS[times.status][0]
        self._text(note, right - 16, y, "time", f'style="fill:{colour}"')
        self.parts.append(
            f'<path d="{shapes.glyph(times.status)}" transform="translate({right - 11:.1f} '
            f'{y - 9:.1f})" fill="none" stroke="{colour}" stroke-width="2" '
            'stroke-linecap="round" stroke-linejoin="round"/>'
        )

    def _tried(
        self, state: Mapping[str, Any], times: StateTimes | None, right: float, y: float
    ) -> float:
        """The mark of a state that is tried again, and how often it was; its width."""
        if not retriers(state):
            return 0.0
        self._again(right, y - 9)
        text = tries(times)
        if not text or times is None:
            return 18.0
        colour = COLOURS[times.status][0]
        self._text(text, right - 16, y, "time", f'style="fill:{colour}"')
        return 24.0 + text_width(text, 11.5)

    def _again(self, right: float, y: float) -> None:
        self._retries = True
        at = f"translate({right - 11:.1f} {y:.1f})"
        self.parts.append(f'<path class="again" d="{shapes.AGAIN}" transform="{at}"/>')

    def _end(self, cx: float, bottom: float, times: StateTimes | None) -> None:
        stroke = INK if times or not self.timeline else FAINT
        self.parts.append(
            f'<path d="M{cx:.1f} {bottom:.1f}v10" stroke="{stroke}" stroke-width="1.5"/>'
            f'<circle cx="{cx:.1f}" cy="{bottom + 15:.1f}" r="5" fill="#fff" stroke="{stroke}" '
            f'stroke-width="1.5"/><circle cx="{cx:.1f}" cy="{bottom + 15:.1f}" r="2.4" '
            f'fill="{stroke}"/>'
        )

    # legend

    def legend(self, x: float, y: float) -> bool:
        """What the colours and marks mean, those that are in the picture; False without any."""
        before = len(self.parts)
        shown = {state.status for state in self.timeline.states.values()} if self.timeline else ()
        for status, (stroke, fill) in COLOURS.items():
            if status in shown:
                self.parts.append(
                    f'<rect x="{x:.1f}" y="{y - 10:.1f}" width="12" height="12" rx="3" '
                    f'fill="{fill}" stroke="{stroke}"/>'
                )
                x = self._meaning(WORDS[status], x + 18, y)
        if self._retries:
            self._again(x + 11, y - 9)
            x = self._meaning("tried again", x + 16, y)
        if self._catches:
            line = f'<path d="M{x:.1f} {y - 4:.1f}h20" stroke="{CATCH}" stroke-width="1.4" '
            self.parts.append(f'{line}stroke-dasharray="4 4"/>')
            self._meaning("on an error", x + 26, y)
        return len(self.parts) > before

    def _meaning(self, words: str, x: float, y: float) -> float:
        self._text(words, x, y, "kind")
        return x + 18 + text_width(words, 11)

    def _text(
        self, text: str, x: float, y: float, css: str, more: str = "", hover: str = ""
    ) -> None:
        title = f"<title>{_clean(hover)}</title>" if hover and hover != text else ""
        self.parts.append(
            f"<text x={quoteattr(f'{x:.1f}')} y={quoteattr(f'{y:.1f}')} class={quoteattr(css)} "
            f"{more}>{title}{_clean(text)}</text>"
        )


def _ends(state: Mapping[str, Any]) -> bool:
    return bool(state.get("End")) or state.get("Type") in {"Succeed", "Fail"}


def _clean(text: str) -> str:
    """Escaped, and without the characters that XML does not have."""
    return escape("".join(c if c in "\t\n" or _in_xml(c) else "\ufffd" for c in text))


def _in_xml(character: str) -> bool:
    code = ord(character)
    return 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF
