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
body{{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 {FONT}}}
main{{max-width:1080px;margin:0 auto;padding:28px 18px 60px}}
h1{{font-size:24px;margin:0 0 6px}}h2{{font-size:17px;margin:0 0 10px}}
h3{{font-size:14px;margin:16px 0 6px}}
p{{margin:0 0 10px}}.note{{color:var(--soft);font-size:13.5px;max-width:80ch}}
.sentence{{font-size:16px;max-width:85ch}}
section{{background:var(--card);border:1px solid var(--line);border-radius:10px;
padding:16px 18px;margin:16px 0;overflow:hidden}}
.wide{{overflow-x:auto}}
table{{border-collapse:collapse;width:100%;font-size:13.5px}}
th{{text-align:left;color:var(--soft);font-weight:600}}
th,td{{padding:5px 14px 5px 0;border-bottom:1px solid var(--grid);vertical-align:top}}
.number{{text-align:right;font-variant-numeric:tabular-nums}}
.badge{{display:inline-block;padding:1px 9px;border-radius:20px;border:1px solid;font-size:13px;
font-weight:650}}
.badge.good{{color:var(--good)}}.badge.bad{{color:var(--bad)}}.badge.warn{{color:var(--warn)}}
.badge.plain{{color:var(--soft)}}
.chart{{display:block;max-width:100%;height:auto}}
.side{{display:flex;flex-wrap:wrap;gap:18px;align-items:flex-start}}
.picture{{background:#fff;border-radius:8px;padding:8px;overflow-x:auto}}
.picture svg{{max-width:100%;height:auto;display:block}}
.key{{color:var(--soft);font-size:13px}}
code{{font-size:13px;overflow-wrap:anywhere}}
footer{{color:var(--soft);font-size:13px}}
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
    """The charts' style with these colours put in, for what does not know CSS variables."""
    return re.sub(r"var\(--(\w+)\)", lambda found: colours[found[1]], CHARTS)
