"""Places the states of one scope in layers, top down; `lanes` routes the edges between them.

It is written here because the one pure-Python layered layout on the package index (grandalf:
GPL-2.0 or EPL-1.0, no release since 2023) does not nest boxes, and state machines need less than
Sugiyama's method: they are nearly series-parallel. Centres are whole numbers, so that a line ends
exactly on a border whatever the order of the additions. Time grows linearly with states and edges.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Kind = Literal["next", "catch"]

GAP_X = 36.0
_SWEEPS = 4


@dataclass(frozen=True)
class Size:
    """Width and height in SVG units, whole and even; `slant` is how far a hexagon's sides taper."""

    width: float
    height: float
    slant: float = 0.0


@dataclass(frozen=True)
class Edge:
    """One transition; `label` is drawn in `label_width`, `hover` is shown on hovering.

    `hover` is the unabbreviated label; it is empty if that is the label itself.
    """

    source: str
    target: str
    kind: Kind = "next"
    label: str = ""
    label_width: float = 0.0
    hover: str = ""


class Layers:
    """The states of one scope in layers, ordered by discovery, then by the neighbours above."""

    def __init__(self, sizes: Mapping[str, Size], edges: Sequence[Edge], start: str) -> None:
        self.sizes = sizes
        self.edges = edges
        order, self.rank = _rank(list(sizes), edges, start)
        count = max(self.rank.values(), default=-1) + 1
        self.layers: list[list[str]] = [[] for _ in range(count)]
        for name in order:
            self.layers[self.rank[name]].append(name)
        self._heights = [max(sizes[name].height for name in layer) for layer in self.layers]
        self.direct = self._direct_edges()
        self.x: dict[str, float] = {}
        self._order()
        self._place()
        self.x = {name: float(round(x)) for name, x in self.x.items()}

    def outermost(self, name: str, side: Literal[-1, 1]) -> bool:
        """Whether no state of its layer is further to that side."""
        layer = self.layers[self.rank[name]]
        return name == (layer[0] if side < 0 else layer[-1])

    def height(self, rank: int) -> float:
        """The height of the highest state of a layer."""
        return self._heights[rank]

    def _direct_edges(self) -> set[Edge]:
        """Edges to the next layer; of two to the same target, the Catch edge takes a lane."""
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

    def _order(self) -> None:
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

    def _place(self) -> None:
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
                wishes.append((now.get(name, 0.0), 0.0001))
        widths = [self.sizes[name].width for name in layer]
        self.x.update(zip(layer, _apart(wishes, widths), strict=True))


def _rank(names: list[str], edges: Sequence[Edge], start: str) -> tuple[list[str], dict[str, int]]:
    """The order of discovery, and the length of the longest path to each state.

    Edges that close a loop do not count. Catch edges are followed last, so that error handlers come
    after the states they handle errors of.
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
    """Depth-first without recursion: discovery order, finishing order, edges that close loops."""
    found: dict[str, bool] = {}  # True while the state is on the path from the root
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
    """The centres closest to the desired ones (value, weight) that keep order and distance.

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
