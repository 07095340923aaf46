"""Charts as inline SVG: shapes carry classes, and the page's style sheet colours them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ratchet.cli.report.markup import Markup, element

WIDTH = 520
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 14, 30
LINE = 24
NAMES, LETTER = 220, 6.8


@dataclass(frozen=True)
class Series:
    """A line of a chart; None where it has no point. `kind` is its colour's name."""

    name: str
    kind: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Interval:
    """An estimate with its bounds; None where it is unbounded."""

    name: str
    estimate: float
    lower: float | None
    upper: float | None
    kind: str
    says: str
    other: float | None = None  # what it is compared with


@dataclass(frozen=True)
class Bar:
    """One part of a whole, or one row of bars."""

    name: str
    value: float
    kind: str
    says: str = ""


Scale = Callable[[float], float]


def lines(names: Sequence[str], series: Sequence[Series], *, height: int = 220) -> Markup:
    """Values by name, such as a metric by run."""
    known = [v for one in series for v in one.values if v is not None]
    if not known:
        return Markup("")
    ticks = nice_ticks(min(known), max(known))
    up = scale(ticks[0], ticks[-1], height - BOTTOM, TOP)
    across = _places(len(names))
    parts = [*_grid(ticks, up), *_names(names, across, height)]
    for one in series:
        parts += _line(one, names, across, up)
    return _svg(WIDTH, height, "lines by run", parts)


def intervals(rows: Sequence[Interval], limits: Sequence[tuple[str, float]]) -> Markup:
    """Estimates with their bounds, one below the other, and vertical limits such as zero."""
    if not rows:
        return Markup("")
    known = [v for row in rows for v in (row.estimate, row.lower, row.upper, row.other)
             if v is not None]  # fmt: skip
    known += [value for _, value in limits]
    ticks = nice_ticks(min(known), max(known))
    left, height = _beside([row.name for row in rows]), TOP + LINE * len(rows) + BOTTOM + 6
    across = scale(ticks[0], ticks[-1], left, left + 340)
    foot = height - BOTTOM
    parts = [_stroke(across(t), TOP, across(t), foot, "grid") for t in ticks]
    parts += [_text(across(t), height - 10, number(t), "soft middle") for t in ticks]
    for name, value in limits:
        shape = _stroke(across(value), TOP - 6, across(value), foot, "limit")
        parts.append(element("g", element("title", name), shape))
    for place, row in enumerate(rows):
        parts.append(_interval(row, across, left, TOP + LINE * place + LINE / 2, ticks))
    return _svg(left + 340 + RIGHT, height, "differences with bounds", parts)


def calibration(curves: Sequence[tuple[str, str, Sequence[tuple[float, float]]]]) -> Markup:
    """Share that came true by predicted share; the diagonal is perfect."""
    side = 300
    across, up = scale(0, 1, LEFT, side - RIGHT), scale(0, 1, side - BOTTOM, TOP)
    ticks = [0, 0.25, 0.5, 0.75, 1]
    parts = [_stroke(LEFT, up(t), side - RIGHT, up(t), "grid") for t in ticks]
    parts += [_text(LEFT - 8, up(t) + 4, number(t), "soft end") for t in ticks]
    parts += [_text(across(t), side - 10, number(t), "soft middle") for t in ticks]
    parts.append(_stroke(across(0), up(0), across(1), up(1), "limit"))
    for name, kind, points in curves:
        places = [(across(x), up(y)) for x, y in points]
        parts.append(_path(places, kind))
        parts += [
            _dot(*place, kind, f"{name}: predicted {x:.3f}, came true {y:.3f}")
            for place, (x, y) in zip(places, points, strict=True)
        ]
    return _small(side, side, "calibration", parts)


def histogram(edges: Sequence[float], counts: Sequence[int], kind: str = "ours") -> Markup:
    """How often values lie between one edge and the next."""
    most, height = max(counts, default=0), 180
    if not most:
        return Markup("")
    across = scale(edges[0], edges[-1], LEFT, WIDTH - RIGHT)
    up = scale(0, most, height - BOTTOM, TOP)
    parts = [_stroke(LEFT, up(0), WIDTH - RIGHT, up(0), "axis")]
    for (low, high), count in zip(pairwise(edges), counts, strict=True):
        width = max(across(high) - across(low) - 1, 1)
        says = f"{number(low)} to {number(high)}: {count:,}"
        parts.append(_rect(across(low), up(count), width, up(0) - up(count), kind, says))
    parts += [_text(across(t), height - 10, number(t), "soft middle")
              for t in nice_ticks(edges[0], edges[-1]) if edges[0] <= t <= edges[-1]]  # fmt: skip
    return _svg(WIDTH, height, "histogram", parts)


def bars(rows: Sequence[Bar]) -> Markup:
    """One bar a row, longest to the right edge; what it says stands behind it."""
    most = max((abs(row.value) for row in rows), default=0) or 1
    left, height = _beside([row.name for row in rows]), TOP + LINE * len(rows) + 6
    width = WIDTH + 160
    across = scale(0, most, left, WIDTH - RIGHT)
    parts = []
    for place, row in enumerate(rows):
        y = TOP + LINE * place
        long = max(across(abs(row.value)) - left, 1)
        parts.append(_text(left - 10, y + 13, cut(row.name, 28), "end"))
        parts.append(_rect(left, y + 2, long, LINE - 8, row.kind, f"{row.name}: {row.says}"))
        parts.append(_text(left + long + 8, y + 13, row.says, "soft"))
    return _svg(width, height, "bars", parts)


def stacked(parts_of_whole: Sequence[Bar]) -> Markup:
    """One bar of parts, and what each is below it."""
    whole = sum(part.value for part in parts_of_whole)
    if not whole:
        return Markup("")
    height, width, x = 30, WIDTH + 160, 0.0
    shapes = []
    for part in parts_of_whole:
        long = width * part.value / whole
        says = f"{part.name}: {part.says}"
        shapes.append(_rect(x, 2, max(long - 1, 0.5), height - 6, part.kind, says))
        x += long
    return element(
        "svg", *shapes, xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width:g} {height:g}",
        preserveAspectRatio="none", role="img", aria_label="parts of a whole",
        class_="chart stretch",
    )  # fmt: skip


def box(quantiles: Sequence[float]) -> Markup:
    """A small picture of a number: 5 to 95 % as a line, the middle half as a bar, the median."""
    if len(quantiles) != 7 or not all(map(math.isfinite, quantiles)):
        return Markup("")
    _, low, quarter, median, three, high, _ = quantiles
    across = scale(low, high, 4, 136)
    says = f"5 to 95 %: {number(low)} to {number(high)}, median {number(median)}"
    wide = max(across(three) - across(quarter), 1)
    return _small(140, 18, says, [
        _stroke(across(low), 9, across(high), 9, "path soft-line"),
        _rect(across(quarter), 4, wide, 10, "ours", says),
        _rect(across(median) - 1, 2, 2, 14, "theirs", says),
    ])  # fmt: skip


def shares(parts: Sequence[tuple[str, float]]) -> Markup:
    """A small picture of a category: the shares of its values, and the rest."""
    kinds, x, shapes = ("ours", "theirs", "third", "good", "warn"), 2.0, []
    for place, (name, share) in enumerate(parts):
        wide = 136 * share
        says = f"{name}: {share:.1%}"
        shapes.append(_rect(x, 4, max(wide - 1, 0.5), 10, kinds[place % len(kinds)], says))
        x += wide
    return _small(140, 18, "shares of the values", shapes)


def legend(entries: Sequence[tuple[str, str]]) -> Markup:
    """Names with the colour of their line."""
    return element(
        "div",
        *(element("span", key(kind, name), name) for name, kind in entries),
        class_="legend",
    )


def key(kind: str, name: str) -> Markup:
    """The colour of a part, as a dot."""
    return _small(12, 12, name, [_dot(6, 6, kind, name)])


def scale(low: float, high: float, start: float, end: float) -> Scale:
    """A linear scale from values to places."""
    span = (high - low) or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round values that enclose the range."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return [0.0, 1.0]
    if high - low < 1e-12 * max(abs(low), abs(high), 1e-12):
        low, high = low - abs(low or 1) * 0.1, high + abs(high or 1) * 0.1
    rough = (high - low) / count
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(n * step, 12) for n in range(first, max(last, first + 1) + 1)]


def number(value: float) -> str:
    """A tick's label: at most four digits that say something."""
    return f"{value:.4g}"


def cut(words: str, most: int) -> str:
    """A name short enough for its place; the whole one is in the title."""
    return words if len(words) <= most else words[: most - 1] + "…"


def _places(count: int) -> Sequence[float]:
    if count == 1:
        return [(LEFT + WIDTH - RIGHT) / 2]
    across = scale(0, max(count - 1, 1), LEFT + 12, WIDTH - RIGHT - 12)
    return [across(n) for n in range(count)]


def _grid(ticks: Sequence[float], up: Scale) -> list[Markup]:
    made = [_stroke(LEFT, up(t), WIDTH - RIGHT, up(t), "grid") for t in ticks]
    return made + [_text(LEFT - 8, up(t) + 4, number(t), "soft end") for t in ticks]


def _names(names: Sequence[str], across: Sequence[float], height: int) -> list[Markup]:
    every = max(1, math.ceil(len(names) / 12))
    return [
        _text(x, height - 8, name, "soft middle")
        for place, (name, x) in enumerate(zip(names, across, strict=True))
        if place % every == 0
    ]


def _line(one: Series, names: Sequence[str], across: Sequence[float], up: Scale) -> list[Markup]:
    known = [
        (x, up(value), name, value)
        for x, value, name in zip(across, one.values, names, strict=True)
        if value is not None
    ]
    dots = [_dot(x, y, one.kind, f"{one.name}, {name}: {v:.4f}") for x, y, name, v in known]
    return [_path([(x, y) for x, y, *_ in known], one.kind), *dots]


def _beside(names: Sequence[str]) -> float:
    """Room for the longest of the names that stand left of a chart."""
    return min(NAMES, 24 + LETTER * max(map(len, names), default=0))


def _interval(
    row: Interval, across: Scale, left: float, y: float, ticks: Sequence[float]
) -> Markup:
    low = ticks[0] if row.lower is None else row.lower
    high = ticks[-1] if row.upper is None else row.upper
    beside = [] if row.other is None else [_ring(across(row.other), y)]
    return element(
        "g",
        element("title", f"{row.name}: {row.says}"),
        _text(left - 10, y + 4, cut(row.name, 30), "end"),
        _stroke(across(low), y, across(high), y, f"path {row.kind}"),
        *beside,
        _dot(across(row.estimate), y, row.kind, row.says),
    )


def _stroke(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    return element("path", d=f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}", class_=class_)


def _path(places: Sequence[tuple[float, float]], kind: str) -> Markup:
    if len(places) < 2:
        return Markup("")
    way = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    return element("path", d=f"M{way}", class_=f"path {kind}")


def _dot(x: float, y: float, kind: str, says: str) -> Markup:
    place = {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "4"}
    return element("circle", element("title", says), class_=f"fill {kind}", **place)


def _ring(x: float, y: float) -> Markup:
    return element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="4", class_="hollow theirs")


def _rect(x: float, y: float, width: float, height: float, kind: str, says: str) -> Markup:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{width:.1f}", "height": f"{height:.1f}"}
    return element("rect", element("title", says), class_=f"fill {kind}", rx="2", **place)


def _text(x: float, y: float, words: str, class_: str) -> Markup:
    return element("text", words, x=f"{x:.1f}", y=f"{y:.1f}", class_=class_)


def _small(width: float, height: float, label: str, parts: Sequence[Markup]) -> Markup:
    return _svg(width, height, label, parts, "chart")


def _svg(
    width: float, height: float, label: str, parts: Sequence[Markup], class_: str = "chart figure"
) -> Markup:
    return element(
        "svg", *parts, xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width:g} {height:g}",
        width=f"{width:g}", height=f"{height:g}", role="img", aria_label=label, class_=class_,
    )  # fmt: skip
