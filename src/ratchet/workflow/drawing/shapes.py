"""Outlines, lines and marks of a picture as SVG path data."""

from __future__ import annotations

import math

from ratchet.workflow.drawing.lanes import Point
from ratchet.workflow.drawing.layout import Size

CORNER = 8.0


def glyph(status: str) -> str:
    """A tick, cross, bars or dots in a 10 by 10 box."""
    if status == "SUCCEEDED":
        return "M1 5.5L4 8.5L9.5 2"
    if status == "CAUGHT":
        return "M5 1.5V5.6M5 8.6V8.7"
    if status == "ABORTED":
        return "M3 2V8.5M7 2V8.5"
    if status == "RUNNING":
        return "M1 5.5V5.6M5 5.5V5.6M9 5.5V5.6"
    return "M1.5 2L8.5 9M8.5 2L1.5 9"


AGAIN = "M9.2 3.2A4.2 4.2 0 1 0 9.7 6.4M9.6 0.8V3.6H6.8"
"""A circular arrow in a 10 by 10 box: the state is retried if it fails."""


def hexagon(x: float, y: float, size: Size) -> str:
    """The corners of a Choice, for a polygon."""
    cut, right, bottom = size.slant, x + size.width, y + size.height
    middle = y + size.height / 2
    corners = [(x, middle), (x + cut, y), (right - cut, y), (right, middle),
               (right - cut, bottom), (x + cut, bottom)]  # fmt: skip
    return " ".join(f"{px:.1f},{py:.1f}" for px, py in corners)


def curve(start: Point, leave: Point, arrive: Point, end: Point) -> str:
    """Straight out of the layer, curved through the gap, straight in."""
    (x0, y0), (_, y1), (x3, y2), (_, y3) = start, leave, arrive, end
    if abs(x0 - x3) < 1:
        return f"M{x0:.1f} {y0:.1f}V{y3 - 1:.1f}"
    middle = (y1 + y2) / 2
    out = f"M{x0:.1f} {y0:.1f}" + (f"V{y1:.1f}" if y1 > y0 else "")
    return f"{out}C{x0:.1f} {middle:.1f} {x3:.1f} {middle:.1f} {x3:.1f} {y2:.1f}V{y3 - 1:.1f}"


def corners(points: list[Point]) -> str:
    """A line along `points` whose corners are rounded."""
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        a, b = _towards(corner, before), _towards(corner, after)
        path += f"L{a[0]:.1f} {a[1]:.1f}Q{corner[0]:.1f} {corner[1]:.1f} {b[0]:.1f} {b[1]:.1f}"
    return path + f"L{points[-1][0]:.1f} {points[-1][1]:.1f}"


def arrow(before: Point, end: Point) -> str:
    """The head of a line that ends in the direction from `before` to `end`."""
    (x0, y0), (x, y) = before, end
    length = math.hypot(x - x0, y - y0) or 1.0
    dx, dy = (x - x0) / length, (y - y0) / length
    back_x, back_y, wide_x, wide_y = x - 7.2 * dx, y - 7.2 * dy, -3.6 * dy, 3.6 * dx
    return (
        f"M{x:.1f} {y:.1f}L{back_x + wide_x:.1f} {back_y + wide_y:.1f}"
        f"L{back_x - wide_x:.1f} {back_y - wide_y:.1f}z"
    )


def until_lane(points: list[Point], joins: int) -> list[Point]:
    """The path out to the lane and around its corner."""
    x, y = points[joins - 1]
    down = CORNER if points[joins][1] > y else -CORNER
    return [*points[:joins], (x, y + down)]


def _towards(corner: Point, other: Point) -> Point:
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)
    share = min(CORNER, length / 2) / length if length else 0.0
    return corner[0] + dx * share, corner[1] + dy * share
