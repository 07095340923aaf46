"""Where the edges from one layer to the next end, and on which side of each its label goes.

The last part of every edge into a layer with labels runs straight down, so all a label can meet
beside it are other straight lines and labels. It goes to the side that is free of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from ratchet.workflow.drawing.layout import Edge, Size

Side = Literal[-1, 1]

BESIDE = 7.0
_STEP = 20.0


def ends_of(
    edges: Iterable[Edge], x: Mapping[str, float], sizes: Mapping[str, Size]
) -> dict[Edge, float]:
    """Where each edge ends on top of its target: apart from each other if one has a label."""
    ends: dict[Edge, float] = {}
    arriving: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.kind == "next":
            arriving[edge.target].append(edge)
        else:
            aside = min(sizes[edge.source].width // 4, sizes[edge.target].width // 4)
            ends[edge] = x[edge.target] + aside
    for target, group in arriving.items():
        if any(edge.label for edge in group):
            ends |= _apart(group, x, sizes[target])
        else:
            ends |= dict.fromkeys(group, x[target])
    return ends


def _apart(group: list[Edge], x: Mapping[str, float], size: Size) -> dict[Edge, float]:
    """From left to right as their sources are; an edge from straight above stays straight."""
    centre = x[group[0].target]
    group = sorted(group, key=lambda edge: x[edge.source])
    straight = [index for index, edge in enumerate(group) if x[edge.source] == centre]
    middle = straight[0] if straight else (len(group) - 1) / 2
    most = max(1.0, middle, len(group) - 1 - middle)
    step = min(_STEP, (size.width / 2 - 16 - size.slant) / most)
    return {e: centre + round((index - middle) * step) for index, e in enumerate(group)}


def sides_of(
    labels: Sequence[Edge],
    ends: Mapping[Edge, float],
    x: Mapping[str, float],
    lines: Iterable[float],
) -> dict[Edge, Side]:
    """The side of each label of one layer; `lines` are the straight lines into that layer."""
    taken = sorted(lines)
    sides: dict[Edge, Side] = {}
    reached = float("-inf")
    for edge in sorted(labels, key=ends.__getitem__):
        end = ends[edge]
        wanted: Side = -1 if end < x[edge.source] else 1
        sides[edge] = side = next(
            (
                side
                for side in (wanted, _other(wanted))
                if _free(_room(edge, end, side), taken, reached)
            ),
            wanted,
        )
        reached = max(reached, _room(edge, end, side)[1])
    return sides


def _other(side: Side) -> Side:
    return 1 if side < 0 else -1


def _room(edge: Edge, end: float, side: Side) -> tuple[float, float]:
    near, far = end + side * BESIDE, end + side * (BESIDE + edge.label_width)
    return min(near, far), max(near, far)


def _free(room: tuple[float, float], lines: Sequence[float], reached: float) -> bool:
    left, right = room
    after = bisect_left(lines, left)
    return left >= reached and (after == len(lines) or lines[after] > right)
