"""Routes the edges of one scope so that none crosses a state, whatever the graph.

An edge to the next layer crosses the gap between the two layers in a curve. Every other edge runs
in a vertical lane beside all the states it passes, one lane for all edges of a kind to the same
target: twenty Catch edges are one dashed line. It leaves an outermost state sideways, and any other
through the gap below, where every edge has its own track; it arrives in the same way. States are
inside layers, curves and tracks inside gaps, and lanes beyond the states of the layers they pass.
A label beside a state is on its own line, beyond the lanes that pass the state; a label above a
state is where `edge_ends` finds room.

`outer` holds for each zone (upper half, lower half and gap below each layer) how far out it is
occupied. A lane that passes more than 64 layers uses the outermost position of all zones instead,
so time grows linearly with states and edges.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from ratchet.workflow.drawing.edge_ends import BESIDE, Side, ends_of, sides_of
from ratchet.workflow.drawing.layout import Edge, Kind, Layers, Size

Point = tuple[float, float]

GAP_Y = 42.0
LANE = 20.0
STUB = 26.0
_NEAR = 3 * 64
_FIRST_TRACK = 24.0
_LAST_TRACK = 16.0
_TRACK = 10.0
_LINE = 15.0
_RUN_IN = 18.0
_ASIDE = 160.0
_PORT = {"next": 7.0, "catch": 15.0}


@dataclass(frozen=True)
class Route:
    """The corner points of an edge, and where its label goes (`anchor` as in SVG).

    A `curved` route has four points, straight but between the two in the middle. `joins` counts
    the points up to the lane when another edge of the lane draws the rest.
    """

    edge: Edge
    points: tuple[Point, ...]
    curved: bool
    joins: int = 0
    label_at: Point = (0.0, 0.0)
    anchor: Literal["start", "middle", "end"] = "middle"


@dataclass(frozen=True)
class Placed:
    """Centres of the states and routes of the edges, in a box from (0, 0) to (width, height)."""

    width: float
    height: float
    centres: dict[str, Point]
    routes: tuple[Route, ...]


def place(sizes: Mapping[str, Size], edges: Sequence[Edge], start: str) -> Placed:
    """Lay out one scope without its edges to unknown states, which lint reports."""
    known = dict.fromkeys(e for e in edges if e.source in sizes and e.target in sizes)
    return _Router(Layers(sizes, list(known), start)).placed()


@dataclass(eq=False)
class _Lane:
    """All edges of a kind to one target that run beside the states on one side."""

    target: str
    kind: Kind
    edges: list[Edge] = field(default_factory=list)
    side: Side = 1
    x: float = 0.0


class _Router:
    def __init__(self, layers: Layers) -> None:
        self.layers = layers
        self.sizes, self.rank, self.x = layers.sizes, layers.rank, layers.x
        self.lanes = self._lanes()
        self.labels: dict[tuple[str, Side], int] = defaultdict(int)
        self.leaving: dict[tuple[str, Side], dict[Edge, int]] = defaultdict(dict)
        for lane in self.lanes:
            for edge in lane.edges:
                self.labels[edge.source, lane.side] += bool(edge.label)
                leaving = self.leaving[edge.source, lane.side]
                leaving[edge] = len(leaving)
        self.ports: dict[tuple[tuple[str, Side], bool], int] = defaultdict(int)
        self.tops: list[float] = []
        self.tracks: dict[Edge | _Lane, float] = {}
        direct = [edge for edge in layers.edges if edge in layers.direct]
        self.ends = ends_of(direct, self.x, self.sizes)
        self.label_sides = self._label_sides(direct)
        self.run_in = {self.rank[edge.target] for edge in self.label_sides}
        self.bottom = self._stack()
        self.outer = {side: self._borders(side) for side in _SIDES}
        self.passed = {side: self._borders(side)[::3] for side in _SIDES}
        self.farthest = {
            side: side * max((side * x for x in self.outer[side]), default=0.0) for side in _SIDES
        }

    def placed(self) -> Placed:
        routes = [self._direct(edge) for edge in self.ends]
        for lane in sorted(self.lanes, key=self._order):
            routes += self._run(lane)
        shift = -math.floor(self.farthest[-1])
        width = float(shift + math.ceil(self.farthest[1]))
        centres = {name: (x + shift, self._middle(name)) for name, x in self.x.items()}
        return Placed(width, self.bottom, centres, tuple(_moved(route, shift) for route in routes))

    # which way each edge goes

    def _lanes(self) -> list[_Lane]:
        lanes: dict[tuple[str, Kind], _Lane] = {}
        for edge in self.layers.edges:
            if edge not in self.layers.direct:
                key = edge.target, edge.kind
                lanes.setdefault(key, _Lane(*key)).edges.append(edge)
        for lane in lanes.values():
            lane.side = self._side(lane)
        return list(lanes.values())

    def _side(self, lane: _Lane) -> Side:
        """Where most of its states are outermost; otherwise right for errors, left for others."""
        names = [lane.target, *(edge.source for edge in lane.edges)]
        left = sum(self.layers.outermost(name, -1) for name in names)
        right = sum(self.layers.outermost(name, 1) for name in names)
        if left == right:
            return 1 if lane.kind == "catch" else -1
        return 1 if right > left else -1

    def _order(self, lane: _Lane) -> tuple[bool, bool, int]:
        """Short lanes are closest to the states, error lanes beyond the others."""
        first, last = self._span(lane)
        return last - first > _NEAR, lane.kind == "catch", last - first

    def _span(self, lane: _Lane) -> tuple[int, int]:
        """The zones it passes; 3 * rank is a layer's upper half, followed by lower half and gap."""
        ends = [self._zone_out(edge.source, lane.side) for edge in lane.edges]
        ends.append(self._zone_in(lane.target, lane.side))
        return max(0, min(ends)), max(ends)

    def _zone_out(self, name: str, side: Side) -> int:
        return 3 * self.rank[name] + (1 if self.layers.outermost(name, side) else 2)

    def _zone_in(self, name: str, side: Side) -> int:
        return 3 * self.rank[name] - (0 if self.layers.outermost(name, side) else 1)

    def _label_sides(self, direct: Sequence[Edge]) -> dict[Edge, Side]:
        lines: dict[int, list[float]] = defaultdict(list)
        labels: dict[int, list[Edge]] = defaultdict(list)
        for edge in direct:
            lines[self.rank[edge.target]].append(self.ends[edge])
            if edge.label:
                labels[self.rank[edge.target]].append(edge)
        for lane in self.lanes:
            if not self.layers.outermost(lane.target, lane.side):
                lines[self.rank[lane.target]].append(self._entry(lane))
        sides: dict[Edge, Side] = {}
        for rank, edges in labels.items():
            sides |= sides_of(edges, self.ends, self.x, lines[rank])
        return sides

    def _entry(self, lane: _Lane) -> float:
        """Where a lane enters, from above, a target that it cannot reach sideways."""
        size = self.sizes[lane.target]
        aside = size.width // 4 + (14 if lane.kind == "catch" else 0)
        return self.x[lane.target] + lane.side * min(aside, size.width / 2 - 2)

    # heights

    def _stack(self) -> float:
        """Place every layer and the track of every edge in a gap. Returns the bottom."""
        out, into = self._in_gaps()
        top = STUB + self._tracks(into[0], STUB / 2)
        for rank in range(len(self.layers.layers)):
            self.tops.append(top)
            below = top + self.layers.height(rank)
            used = self._tracks([*out[rank], *into[rank + 1]], below + _FIRST_TRACK)
            top = below + (max(GAP_Y, _FIRST_TRACK + used + _LAST_TRACK) if used else GAP_Y)
            top += _RUN_IN if rank + 1 in self.run_in else 0.0
        return top - GAP_Y + STUB

    def _in_gaps(self) -> tuple[dict[int, list[Edge]], dict[int, list[_Lane]]]:
        out: dict[int, list[Edge]] = defaultdict(list)
        into: dict[int, list[_Lane]] = defaultdict(list)
        for (name, side), edges in self.leaving.items():
            if not self.layers.outermost(name, side):
                out[self.rank[name]] += edges
        for lane in self.lanes:
            if not self.layers.outermost(lane.target, lane.side):
                into[self.rank[lane.target]].append(lane)
        return out, into

    def _tracks(self, users: Sequence[Edge | _Lane], y: float) -> float:
        """Put the tracks below each other. Returns the height they take."""
        first = y
        for user in users:
            y += _LINE - _TRACK if isinstance(user, Edge) and user.label else 0.0
            self.tracks[user] = y
            y += _TRACK
        return y - first

    def _middle(self, name: str) -> float:
        return self.tops[self.rank[name]] + self.sizes[name].height / 2

    # routes

    def _borders(self, side: Side) -> list[float]:
        return [
            side * max((side * self._side_x(name, side) for name in layer), default=0.0)
            for layer in self.layers.layers
            for _ in range(3)
        ]

    def _take(self, side: Side, zones: range, x: float) -> None:
        outer = self.outer[side]
        for zone in zones:
            outer[zone] = side * max(side * outer[zone], side * x)
        self.farthest[side] = side * max(side * self.farthest[side], side * x)

    def _run(self, lane: _Lane) -> list[Route]:
        first, last = self._span(lane)
        side = lane.side
        near = range(first, last + 1) if last - first <= _NEAR else range(0)
        taken = [side * self.outer[side][zone] for zone in near] or [side * self.farthest[side]]
        lane.x = side * max(max(taken) + LANE, *map(partial(self._label_end, lane), lane.edges))
        self._take(side, near, lane.x)
        routes = _joined([self._beside(edge, lane) for edge in lane.edges])
        for route in routes:
            if route.edge.label:
                rank = 3 * self.rank[route.edge.source]
                end = route.label_at[0] + side * math.ceil(route.edge.label_width)
                self._take(side, range(rank, rank + 3), end)
        self._pass(side, near[1:-1], lane.x)
        return routes

    def _pass(self, side: Side, zones: range, x: float) -> None:
        """Note how far out a lane is for every layer it passes."""
        passed = self.passed[side]
        for zone in zones:
            if zone % 3 == 1:
                passed[zone // 3] = side * max(side * passed[zone // 3], side * x)

    def _label_end(self, lane: _Lane, edge: Edge) -> float:
        """How far out a label beside a state ends: it is on its own line, untruncated."""
        if not edge.label or not self.layers.outermost(edge.source, lane.side):
            return -math.inf
        return lane.side * self._label_start(edge.source, lane.side) + math.ceil(edge.label_width)

    def _label_start(self, name: str, side: Side) -> float:
        """Beside the state, or beyond the lanes that pass close to it."""
        border, passed = self._side_x(name, side), self.passed[side][self.rank[name]]
        return (passed if abs(passed - border) < _ASIDE else border) + side * 6

    def _direct(self, edge: Edge) -> Route:
        source, target = edge.source, edge.target
        x0 = self.x[source] + (self.sizes[source].width // 4 if edge.kind == "catch" else 0.0)
        x1 = self.ends[edge]
        leave = self.tops[self.rank[source]] + self.layers.height(self.rank[source])
        arrive = self.tops[self.rank[target]]
        run_in = 4 + (_RUN_IN if self.rank[target] in self.run_in else 0)
        bottom = self._middle(source) + self.sizes[source].height / 2
        points = ((x0, bottom), (x0, leave), (x1, arrive - run_in), (x1, arrive))
        side = self.label_sides.get(edge, 1)
        label_at = (x1 + side * BESIDE, arrive - 13)
        if edge.label:
            zone = 3 * self.rank[source] + 2
            end = label_at[0] + side * math.ceil(edge.label_width)
            self._take(side, range(zone, zone + 1), end)
        return Route(edge, points, True, 0, label_at, "start" if side > 0 else "end")

    def _beside(self, edge: Edge, lane: _Lane) -> Route:
        if self.layers.outermost(edge.source, lane.side):
            way_out, label_at = self._sideways(edge, lane)
        else:
            way_out, label_at = self._through_gap(edge, lane)
        points = (*way_out, *self._way_in(lane))
        anchor: Literal["start", "end"] = "end" if lane.side < 0 else "start"
        return Route(edge, points, False, len(way_out), label_at, anchor)

    def _sideways(self, edge: Edge, lane: _Lane) -> tuple[list[Point], Point]:
        name, side = edge.source, lane.side
        port = self._port(edge, side)
        y = self._middle(name) + port
        label_at = (self._label_start(name, side), y - 4)
        return [(self._side_x(name, side, port), y), (lane.x, y)], label_at

    def _through_gap(self, edge: Edge, lane: _Lane) -> tuple[list[Point], Point]:
        """The first of a state's edges leaves outermost, because its track is the uppermost."""
        name, side = edge.source, lane.side
        edges = self.leaving[name, side]
        room = self.sizes[name].width / 2 - 16
        x = self.x[name] + side * round(room * (len(edges) - edges[edge]) / (len(edges) + 1))
        y, bottom = self.tracks[edge], self._middle(name) + self.sizes[name].height / 2
        return [(x, bottom), (x, y), (lane.x, y)], (x + side * 6, y - 4)

    def _port(self, edge: Edge, side: Side) -> float:
        """How far below the middle an edge leaves, labelled edges one above the other.

        Of the edges that lead down the shortest leaves lowest, of those that lead up the shortest
        leaves highest: lanes further out pass above and below, so no two edges of a state cross.
        """
        key, port = (edge.source, side), _PORT[edge.kind]
        count = self.labels[key]
        if edge.label and edge.kind == "next" and count > 1:
            up = self.rank[edge.target] <= self.rank[edge.source]
            self.ports[key, up] += 1
            place = self.ports[key, up]
            port = _LINE * ((count + 1) / 2 - (count + 1 - place if up else place))
        return self._within(edge.source, port)

    def _within(self, name: str, port: float) -> float:
        room = self.sizes[name].height / 2 - 2
        return max(-room, min(room, port))

    def _way_in(self, lane: _Lane) -> list[Point]:
        name, side = lane.target, lane.side
        port = self._within(name, _PORT[lane.kind])
        if self.layers.outermost(name, side):
            y = self._middle(name) - port
            return [(lane.x, y), (self._side_x(name, side, port), y)]
        x, y = self._entry(lane), self.tracks[lane]
        return [(lane.x, y), (x, y), (x, self._middle(name) - self.sizes[name].height / 2)]

    def _side_x(self, name: str, side: Side, port: float = 0.0) -> float:
        size = self.sizes[name]
        drawn_in = size.slant * min(1.0, abs(port) / (size.height / 2))
        return self.x[name] + side * (size.width / 2 - drawn_in)


_SIDES: tuple[Side, Side] = (-1, 1)


def _joined(routes: list[Route]) -> list[Route]:
    """The farthest edge from each direction draws the whole lane; the others join it."""
    ends: dict[bool, Route] = {}
    for route in routes:
        start, end = route.points[0][1], route.points[-1][1]
        far = ends.get(start < end)
        if far is None or abs(start - end) > abs(far.points[0][1] - end):
            ends[start < end] = route
    whole = {id(route) for route in ends.values()}
    return [replace(route, joins=0) if id(route) in whole else route for route in routes]


def _moved(route: Route, shift: float) -> Route:
    points = tuple((x + shift, y) for x, y in route.points)
    label_at = (route.label_at[0] + shift, route.label_at[1])
    return replace(route, points=points, label_at=label_at)
