"""Charts of a report by themselves, for notebooks: their colours and legend in them, and in words.

Notebooks show an SVG everywhere; pages of hosted code remove pictures from HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ratchet.cli import screen
from ratchet.cli.report import charts, row_account, sections, theme
from ratchet.cli.report.charts import Bar
from ratchet.cli.report.gathering import RunReport, is_number
from ratchet.cli.report.markup import Markup, element
from ratchet.workflow.drawing.pages import for_notebook

LEGEND, ROW = 8.0, 20


@dataclass(frozen=True)
class Figure:
    """A picture and its words: a notebook displays the one and prints the other."""

    svg: str
    words: str

    def _repr_svg_(self) -> str | None:
        return for_notebook(self.svg) or None

    def __str__(self) -> str:
        return self.words

    __repr__ = __str__


def promises(history: Iterable[dict[str, Any]], metric: str) -> Figure:
    """What was promised beside what came true, by run."""
    found = sections.promises(history, metric)
    if found is None:
        return Figure("", "No run has promised anything yet.")
    drawn = charts.lines(found.runs, found.lines)
    words = screen.written(screen.table(metric, _plain(sections.PROMISED), _texts(found.rows)))
    return Figure(_alone(drawn, [(one.name, one.kind) for one in found.lines]), words)


def account(report: RunReport) -> Figure:
    """Where each row of the drop went."""
    ends = row_account.ends(report.record.get("account") or {})
    if not ends:
        return Figure("", "The run has no account of its rows.")
    rows = [(one.name, one.says) for one in ends]
    words = screen.written(screen.table("", ["what became of them", ">rows"], rows))
    return Figure(_alone(charts.bars(ends)), words)


def drift(report: RunReport) -> Figure:
    """How far each column has moved since the champion's training data: the PSI."""
    columns = sections.by_move(report.data.get("columns") or [])
    limit = sections.drift_limit(report)
    moved = [(one["name"], one["since_training"]) for one in columns
             if is_number(one.get("since_training"))]  # fmt: skip
    if not moved:
        return Figure("", "The run has compared its columns with nothing.")
    bars = [
        Bar(name, psi, "ours" if limit is None or psi < limit else "warn", screen.number(psi))
        for name, psi in moved
    ]
    found = [str(one.get("sentence")) for one in report.data.get("findings") or []]
    rows = [
        (one["name"], *(screen.number(one.get(name)) for name in sections.MOVES)) for one in columns
    ]
    heads = ["column", ">since training", ">since last batch"]
    return Figure(_alone(charts.bars(bars)), screen.written(screen.table("", heads, rows), *found))


def times(report: RunReport) -> str:
    """How long each state took."""
    rows = [(one.name, screen.duration(one.seconds), one.error) for one in report.states]
    return screen.written(screen.table("", ["state", ">took", "error"], rows))


def _plain(columns: Sequence[str]) -> list[str]:
    """The columns of a report's table, as those of a text are named."""
    return [column.lstrip("!~") for column in columns]


def _texts(rows: Iterable[Sequence[Any]]) -> list[list[str]]:
    return [[str(cell) for cell in row] for row in rows]


def _alone(chart: Markup, legend: Sequence[tuple[str, str]] = ()) -> str:
    """A chart with its style, on its own ground, below the names of its colours."""
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', chart)
    width, height = (float(size[1]), float(size[2])) if size else (0.0, 0.0)
    top = ROW + LEGEND if legend else 0
    paper = element("rect", width="100%", height="100%", fill=theme.LIGHT["card"])
    keys, x = [], LEGEND
    for name, kind in legend:
        dot = element("circle", cx=x + 4, cy=ROW / 2 + 2, r=4, class_=f"fill {kind}")
        keys += [dot, element("text", name, x=x + 14, y=ROW / 2 + 6, class_="soft")]
        x += 32 + charts.LETTER * len(name)
    wide = max(width, x if legend else 0)
    alone = element(
        "svg",
        element("style", Markup(theme.chart_style(theme.LIGHT))),
        paper,
        *keys,
        element("g", chart, transform=f"translate(0 {top:g})"),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {wide:g} {height + top:g}",
        width=f"{wide:g}",
        height=f"{height + top:g}",
        class_="chart",
    )
    return screen.spelt_out(alone)  # a control in a name would make it no XML
