"""Colours and styles of the page and its charts, in light and in dark."""

from __future__ import annotations

import re

LIGHT = {
    "page": "#f6f7f9", "card": "#ffffff", "ink": "#1f2733", "soft": "#5b6673", "line": "#d8dde4",
    "grid": "#e8ebef", "ours": "#1a63c6", "theirs": "#a86200", "third": "#6d4bb8",
    "good": "#1a7f4b", "bad": "#c1272d", "warn": "#8f5a00",
}  # fmt: skip
DARK = {
    "page": "#14181d", "card": "#1c2229", "ink": "#e6eaef", "soft": "#9aa6b4", "line": "#36404b",
    "grid": "#29313a", "ours": "#6ea8f7", "theirs": "#e3a857", "third": "#b79df0",
    "good": "#58c98a", "bad": "#f17b7f", "warn": "#e0b25c",
}  # fmt: skip

FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"

CHARTS = f"""
.chart text{{font:11.5px {FONT};fill:var(--ink)}}
.chart .soft{{fill:var(--soft)}}
.chart .end{{text-anchor:end}}.chart .middle{{text-anchor:middle}}
.chart .grid{{stroke:var(--grid);stroke-width:1;fill:none}}
.chart .axis{{stroke:var(--line);stroke-width:1;fill:none}}
.chart .limit{{stroke:var(--soft);stroke-width:1;stroke-dasharray:4 4;fill:none}}
.chart .path{{fill:none;stroke-width:2}}
.chart .ours{{stroke:var(--ours)}}.chart .theirs{{stroke:var(--theirs)}}
.chart .third{{stroke:var(--third)}}
.chart .good{{stroke:var(--good)}}.chart .bad{{stroke:var(--bad)}}.chart .warn{{stroke:var(--warn)}}
.chart .soft-line{{stroke:var(--soft)}}
.chart .fill{{stroke:none}}
.chart .fill.ours{{fill:var(--ours)}}.chart .fill.theirs{{fill:var(--theirs)}}
.chart .fill.third{{fill:var(--third)}}
.chart .fill.good{{fill:var(--good)}}.chart .fill.bad{{fill:var(--bad)}}
.chart .fill.warn{{fill:var(--warn)}}.chart .fill.soft-line{{fill:var(--soft)}}
.chart .hollow{{fill:var(--card);stroke-width:2}}
"""

PAGE = f"""
*{{box-sizing:border-box}}
body{{margin:0;background:var(--page);color:var(--ink);font:15px/1.55 {FONT}}}
main{{max-width:1120px;margin:0 auto;padding:32px 20px 64px}}
header{{margin:0 0 20px}}
h1{{font-size:26px;line-height:1.25;margin:0 0 10px;letter-spacing:-.01em;
display:flex;flex-wrap:wrap;gap:6px 14px;align-items:center}}
h2{{font-size:18px;line-height:1.3;margin:0 0 4px;letter-spacing:-.005em}}
h3{{font-size:14px;margin:18px 0 6px}}
p{{margin:0 0 10px;max-width:88ch}}
.note{{color:var(--soft);font-size:13.5px}}
.sentence{{font-size:16.5px;line-height:1.5}}
section{{background:var(--card);border:1px solid var(--line);border-radius:12px;
padding:20px 22px;margin:18px 0}}
section>.note{{margin-bottom:14px}}
.tiles{{display:flex;flex-wrap:wrap;gap:12px;margin:18px 0}}
.tile{{flex:1 1 178px;max-width:300px;background:var(--card);
border:1px solid var(--line);border-radius:12px;padding:12px 16px}}
.tile .what{{color:var(--soft);font-size:13px}}
.tile .much{{font-size:24px;font-weight:650;line-height:1.3;font-variant-numeric:tabular-nums}}
.pair{{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:6px 32px;
align-items:start}}
.wide{{overflow-x:auto;margin:0 0 6px}}
table{{border-collapse:collapse;font-size:13.5px;line-height:1.45;min-width:min(100%,420px)}}
.pair table{{min-width:0}}
th{{text-align:left;color:var(--soft);font-weight:600;vertical-align:bottom}}
th,td{{padding:6px 20px 6px 0;border-bottom:1px solid var(--grid)}}
td{{vertical-align:top}}
th:last-child,td:last-child{{padding-right:0}}
tbody tr:last-child td{{border-bottom:0}}
td.number{{white-space:nowrap}}.number{{text-align:right;font-variant-numeric:tabular-nums}}
.tight{{white-space:nowrap}}
.inset,.inset2{{display:inline-block;padding-left:16px}}.inset2{{padding-left:32px}}
td .chart{{display:inline-block;margin-right:8px;vertical-align:-1px}}
.badge{{display:inline-block;padding:1px 9px;border-radius:20px;border:1px solid;font-size:12.5px;
font-weight:650;line-height:1.45;letter-spacing:0;white-space:nowrap}}
h1 .badge{{font-size:13.5px;padding:2px 12px}}
.badge.good{{color:var(--good)}}.badge.bad{{color:var(--bad)}}.badge.warn{{color:var(--warn)}}
.badge.plain{{color:var(--soft)}}
.chart{{display:block;max-width:100%;height:auto}}
.chart.stretch{{width:100%;height:28px}}
.legend{{display:flex;flex-wrap:wrap;gap:2px 18px;margin:4px 0;font-size:13px;color:var(--soft)}}
.legend span{{display:inline-flex;gap:6px;align-items:center}}
.picture{{background:#fff;border:1px solid var(--line);border-radius:10px;padding:10px;
overflow-x:auto;margin-top:14px}}
.picture svg{{max-width:100%;height:auto;display:block;margin:0 auto}}
code{{font-size:13px;overflow-wrap:anywhere}}
footer{{color:var(--soft);font-size:13px;margin-top:22px}}
@media (prefers-color-scheme:dark){{
.picture svg{{filter:invert(.92) hue-rotate(180deg)}}.picture{{background:#141414}}}}
@media (max-width:820px){{
main{{padding:20px 12px 40px}}section{{padding:16px 14px;margin:14px 0}}
.pair{{grid-template-columns:minmax(0,1fr)}}
h1{{font-size:22px}}.tile .much{{font-size:21px}}
.tiles{{gap:10px}}.tile{{flex-basis:140px}}
.chart.figure{{min-width:430px}}th,td{{padding-right:14px}}
.tight{{white-space:normal}}td.words{{min-width:15em}}}}
@media print{{body{{background:#fff}}section,.tile{{break-inside:avoid}}}}
"""


def variables(colours: dict[str, str]) -> str:
    """The colours as CSS variables."""
    return "".join(f"--{name}:{value};" for name, value in colours.items())


def style() -> str:
    """The whole style sheet of a page."""
    return (
        f":root{{color-scheme:light dark;{variables(LIGHT)}}}"
        f"@media (prefers-color-scheme:dark){{:root{{{variables(DARK)}}}}}{PAGE}{CHARTS}"
    )


def chart_style(colours: dict[str, str]) -> str:
    """The charts' style with these colours put in, for a chart outside of a page."""
    return re.sub(r"var\(--(\w+)\)", lambda found: colours[found[1]], CHARTS)
