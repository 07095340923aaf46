"""Places the states of one scope in layers, top down, and routes the edges between them.

Our own, because the one pure-Python layered layout on the package index (grandalf: flat graphs,
GPL-2.0 or EPL-1.0, no release since 2023) knows no boxes inside boxes, and state machines need
less than Sugiyama's method: they are nearly series-parallel. An edge to the next layer is drawn
straight; every other edge runs in a vertical lane beside the states, one lane for all edges of a
kind to the same target. So twenty Catch edges are one dashed line, and no edge crosses a state.
Time grows linearly with states and edges (a lane looks at 64 layers at most).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

Kind = Literal["next", "catch"]
Side = Literal[-1, 1]

GAP_X = 36.0
GAP_Y = 42.0
LANE = 20.0
STUB = 26.0
NEAR = 64
_PORT = {"next": 7.0, "catch": 15.0}
_LINE = 15.0
_SWEEPS = 4


@dataclass(frozen=True)
class Size:
    """Width and height in SVG units; `slant` is how far the sides of a hexagon draw in."""

    width: float
    height: float
    slant: float = 0.0


@dataclass(frozen=True)
class Edge:
    """One transition; `label` is drawn, `label_width` is the room it needs."""

    source: str
    target: str
    kind: Kind = "next"
    label: str = ""
    label_width: float = 0.0


@dataclass(frozen=True)
class Route:
    """The corner points of an edge, and where its label goes (`anchor` as in SVG).

    `joins` counts the points up to the lane when another edge of the lane draws the rest.
    """

    edge: Edge
    points: tuple[tuple[float, float], ...]
    curved: bool
    joins: int = 0
    label_at: tuple[float, float] = (0.0, 0.0)
    anchor: Literal["start", "middle", "end"] = "middle"


@dataclass(frozen=True)
class Placed:
    """Centres of the states and routes of the edges, in a box from (0, 0) to (width, height)."""

    width: float
    height: float
    centres: dict[str, tuple[float, float]]
    routes: tuple[Route, ...]


def place(sizes: Mapping[str, Size], edges: Sequence[Edge], start: str) -> Placed:
    """Lay one scope out; edges to unknown states are left out (lint reports them)."""
    known = [edge for edge in edges if edge.source in sizes and edge.target in sizes]
    return _Layout(sizes, known, start).placed()


@dataclass
class _Lane:
    """All edges of a kind that run beside the states to one target on one side."""

    edges: list[Edge] = field(default_factory=list)
    side: Side = 1
    x: float = 0.0


class _Layout:
    def __init__(self, sizes: Mapping[str, Size], edges: Sequence[Edge], start: str) -> None:
        self.sizes = sizes
        self.edges = edges
        order, ranks = _rank(list(sizes), edges, start)
        self.rank = ranks
        self.layers: list[list[str]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
        for name in order:
            self.layers[ranks[name]].append(name)
        self.direct = self._direct_edges()
        self.x: dict[str, float] = {}
        self.y: dict[str, float] = {}
        self._order_layers()
        self._place_x()
        self._place_y()
        self.left = [self._edge_of(layer, -1) for layer in self.layers for _ in (0, 1)]
        self.right = [self._edge_of(layer, 1) for layer in self.layers for _ in (0, 1)]
        self.labels: dict[tuple[str, Side], int] = defaultdict(int)
        self.ports: dict[tuple[str, Side], int] = defaultdict(int)

    # where the states go

    def _direct_edges(self) -> set[Edge]:
        plain = {(e.source, e.target) for e in self.edges if e.kind == "next"}
        return {
            edge
            for edge in self.edges
            if self.rank[edge.target] == self.rank[edge.source] + 1
            and (edge.kind == "next" or (edge.source, edge.target) not in plain)
        }

    def _neighbours(self) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        above: dict[str, list[str]] = defaultdict(list)
        below: dict[str, list[str]] = defaultdict(list)
        for edge in self.edges:
            if edge in self.direct and edge.kind == "next":
                above[edge.target].append(edge.source)
                below[edge.source].append(edge.target)
        return above, below

    def _order_layers(self) -> None:
        above, _ = self._neighbours()
        places: dict[str, float] = {}
        for layer in self.layers:
            centre = {
                name: sum(places[up] for up in above[name]) / len(above[name])
                for name in layer
                if above[name]
            }
            layer.sort(key=lambda name: centre.get(name, float("inf")))
            places.update({name: index - len(layer) / 2 for index, name in enumerate(layer)})

    def _place_x(self) -> None:
        above, below = self._neighbours()
        for layer in self.layers:
            self._spread(layer, {}, above)
        for sweep in range(_SWEEPS):
            down = sweep % 2 == 1
            for layer in self.layers if down else reversed(self.layers):
                self._spread(layer, self.x, above if down else below, also=above)

    def _spread(
        self,
        layer: list[str],
        now: Mapping[str, float],
        towards: Mapping[str, list[str]],
        also: Mapping[str, list[str]] | None = None,
    ) -> None:
        wishes: list[tuple[float, float]] = []
        for name in layer:
            near = towards.get(name) or (also or {}).get(name) or []
            if near:
                wishes.append((sum(self.x[other] for other in near) / len(near), 1.0))
            else:
                wishes.append((now.get(name, 0.0), 0.01))
        widths = [self.sizes[name].width for name in layer]
        self.x.update(zip(layer, _apart(wishes, widths), strict=True))

    def _place_y(self) -> None:
        top = STUB
        for layer in self.layers:
            height = max((self.sizes[name].height for name in layer), default=0.0)
            for name in layer:
                self.y[name] = top + height / 2
            top += height + GAP_Y
        self.bottom = top - GAP_Y + STUB

    def _edge_of(self, layer: list[str], side: Side) -> float:
        return side * max((side * self._side_x(name, side) for name in layer), default=0.0)

    def _side_x(self, name: str, side: Side, port: float = 0.0) -> float:
        size = self.sizes[name]
        drawn_in = size.slant * min(1.0, abs(port) / (size.height / 2))
        return self.x[name] + side * (size.width / 2 - drawn_in)

    # how the edges run

    def placed(self) -> Placed:
        routes = [self._straight(edge) for edge in self.edges if edge in self.direct]
        for lane in sorted(self._lanes(), key=self._reach):
            routes += self._run(lane)
        shift = -min(self.left, default=0.0)
        width = shift + max(self.right, default=0.0)
        centres = {name: (self.x[name] + shift, self.y[name]) for name in self.x}
        moved = tuple(_moved(route, shift) for route in routes)
        return Placed(width, self.bottom, centres, moved)

    def _lanes(self) -> list[_Lane]:
        lanes: dict[tuple[str, Kind], _Lane] = {}
        for edge in self.edges:
            if edge not in self.direct:
                lanes.setdefault((edge.target, edge.kind), _Lane()).edges.append(edge)
        for lane in lanes.values():
            lane.side = self._side(lane)
            for edge in lane.edges:
                self.labels[edge.source, lane.side] += bool(edge.label)
        return list(lanes.values())

    def _side(self, lane: _Lane) -> Side:
        """Where most of its states can be left sideways; else errors right, the rest left."""
        names = [lane.edges[0].target, *(edge.source for edge in lane.edges)]
        left = sum(self._outermost(name, -1) for name in names)
        right = sum(self._outermost(name, 1) for name in names)
        if left == right:
            return 1 if lane.edges[0].kind == "catch" else -1
        return 1 if right > left else -1

    def _reach(self, lane: _Lane) -> tuple[bool, int]:
        """Short lanes first: they run closest to the states."""
        first, last = self._span(lane)
        return lane.edges[0].kind == "catch", last - first

    def _span(self, lane: _Lane) -> tuple[int, int]:
        """The half layers it passes: edges arrive in the upper half of a state, leave below."""
        ends = [2 * self.rank[edge.source] + 1 for edge in lane.edges]
        ends.append(2 * self.rank[lane.edges[0].target])
        return min(ends), max(ends)

    def _run(self, lane: _Lane) -> list[Route]:
        first, last = self._span(lane)
        outer = self.left if lane.side < 0 else self.right
        near = range(first, last + 1) if last - first <= 2 * NEAR else range(len(outer))
        lane.x = lane.side * (max(lane.side * outer[index] for index in near) + LANE)
        for index in near:
            outer[index] = lane.x
        routes = self._joined([self._beside(edge, lane) for edge in lane.edges])
        for route in routes:
            if route.edge.label:
                end = route.label_at[0] + lane.side * route.edge.label_width
                index = 2 * self.rank[route.edge.source] + 1
                outer[index] = lane.side * max(lane.side * outer[index], lane.side * end)
        return routes

    def _joined(self, routes: list[Route]) -> list[Route]:
        """The farthest edge from each direction draws the whole lane, the others join it."""
        ends: dict[bool, Route] = {}
        for route in routes:
            start, end = route.points[0][1], route.points[-1][1]
            far = ends.get(start < end)
            if far is None or abs(start - end) > abs(far.points[0][1] - end):
                ends[start < end] = route
        whole = {id(route) for route in ends.values()}
        return [replace(route, joins=0) if id(route) in whole else route for route in routes]

    def _straight(self, edge: Edge) -> Route:
        aside = self.sizes[edge.source].width / 4 if edge.kind == "catch" else 0.0
        x0, x1 = self.x[edge.source] + aside, self.x[edge.target] + aside
        y0 = self.y[edge.source] + self.sizes[edge.source].height / 2
        y1 = self.y[edge.target] - self.sizes[edge.target].height / 2
        return Route(edge, ((x0, y0), (x1, y1)), curved=True, label_at=(x1, y1 - 14))

    def _beside(self, edge: Edge, lane: _Lane) -> Route:
        way_out, label_at = self._way_out(edge, lane)
        way_in = self._way_in(edge.target, lane)
        anchor: Literal["start", "end"] = "end" if lane.side < 0 else "start"
        return Route(edge, (*way_out, *way_in), False, len(way_out), label_at, anchor)

    def _way_out(
        self, edge: Edge, lane: _Lane
    ) -> tuple[list[tuple[float, float]], tuple[float, float]]:
        name, side = edge.source, lane.side
        if self._outermost(name, side):
            port = self._port(edge, side)
            x, y = self._side_x(name, side, port), self.y[name] + port
            return [(x, y), (lane.x, y)], (self._side_x(name, side) + side * 6, y - 4)
        x = self.x[name] + side * self.sizes[name].width / 4
        bottom = self.y[name] + self.sizes[name].height / 2
        gap = self._layer_bottom(name) + GAP_Y / 3
        return [(x, bottom), (x, gap), (lane.x, gap)], (x + side * 6, gap - 4)

    def _port(self, edge: Edge, side: Side) -> float:
        """How far below the middle an edge leaves: labelled ones one above the other.

        Shorter lanes are routed first and leave lowest, so that longer ones do not cross them.
        """
        if not edge.label or edge.kind == "catch":
            return _PORT[edge.kind]
        key = edge.source, side
        self.ports[key] += 1
        return _PORT[edge.kind] + _LINE * ((self.labels[key] + 1) / 2 - self.ports[key])

    def _way_in(self, name: str, lane: _Lane) -> list[tuple[float, float]]:
        side, port = lane.side, _PORT[lane.edges[0].kind]
        if self._outermost(name, side):
            y = self.y[name] - port
            return [(lane.x, y), (self._side_x(name, side, port), y)]
        top = self.y[name] - self.sizes[name].height / 2
        gap = self._layer_top(name) - GAP_Y / 3
        x = self.x[name] + side * self.sizes[name].width / 4
        return [(lane.x, gap), (x, gap), (x, top)]

    def _outermost(self, name: str, side: Side) -> bool:
        layer = self.layers[self.rank[name]]
        return name == (layer[0] if side < 0 else layer[-1])

    def _layer_bottom(self, name: str) -> float:
        layer = self.layers[self.rank[name]]
        return max(self.y[other] + self.sizes[other].height / 2 for other in layer)

    def _layer_top(self, name: str) -> float:
        layer = self.layers[self.rank[name]]
        return min(self.y[other] - self.sizes[other].height / 2 for other in layer)


def _rank(names: list[str], edges: Sequence[Edge], start: str) -> tuple[list[str], dict[str, int]]:
    """Order of discovery, and for each state the length of the longest way to it.

    Edges that close a loop do not count. Catch edges are followed last, so error handlers come
    after what they guard.
    """
    out: dict[str, list[str]] = {name: [] for name in names}
    for edge in sorted(edges, key=lambda edge: edge.kind == "catch"):
        out[edge.source].append(edge.target)
    found, done, loops = _search([start, *names] if start in out else names, out)
    ranks = dict.fromkeys(names, 0)
    for name in reversed(done):
        for target in out[name]:
            if (name, target) not in loops:
                ranks[target] = max(ranks[target], ranks[name] + 1)
    return found, ranks


def _search(
    roots: Iterable[str], out: Mapping[str, list[str]]
) -> tuple[list[str], list[str], set[tuple[str, str]]]:
    """Depth first without recursion: discovery order, finishing order, edges that close loops."""
    found: dict[str, bool] = {}  # True while the state is on the way from its root
    done: list[str] = []
    loops: set[tuple[str, str]] = set()
    for root in roots:
        if root in found:
            continue
        found[root] = True
        stack = [(root, iter(out[root]))]
        while stack:
            name, targets = stack[-1]
            target = next(targets, None)
            if target is None:
                stack.pop()
                found[name] = False
                done.append(name)
            elif target not in found:
                found[target] = True
                stack.append((target, iter(out[target])))
            elif found[target]:
                loops.add((name, target))
    return list(found), done, loops


def _apart(wishes: Sequence[tuple[float, float]], widths: Sequence[float]) -> list[float]:
    """Centres nearest to the wished ones (value, weight) that keep order and distance.

    Weighted least squares under x[i] + gap <= x[i+1], solved by pooling adjacent violators.
    """
    offsets = [0.0]
    for left, right in pairwise(widths):
        offsets.append(offsets[-1] + (left + right) / 2 + GAP_X)
    pools: list[tuple[float, float, int]] = []  # mean, weight, members
    for (value, weight), offset in zip(wishes, offsets, strict=False):
        mean, total, members = value - offset, weight, 1
        while pools and pools[-1][0] > mean:
            left_mean, left_weight, left_members = pools.pop()
            mean = (mean * total + left_mean * left_weight) / (total + left_weight)
            total, members = total + left_weight, members + left_members
        pools.append((mean, total, members))
    means = [mean for mean, _, members in pools for _ in range(members)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]


def _moved(route: Route, shift: float) -> Route:
    points = tuple((x + shift, y) for x, y in route.points)
    label_at = (route.label_at[0] + shift, route.label_at[1])
    return replace(route, points=points, label_at=label_at)
