"""Colours, fonts and sizes of all pictures."""

from __future__ import annotations

from ratchet.workflow.drawing.layout import Size

NODE = Size(236, 48)
PAD = 18.0
HEAD = 30.0
MARGIN = 28.0
SHELF_GAP = 24.0
SHELF = 2000.0
"""How wide a row of branches may get before a new one begins."""
FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"

COLOURS: dict[str, tuple[str, str]] = {
    "SUCCEEDED": ("#1a7f4b", "#eaf7ef"),
    "CAUGHT": ("#a86200", "#fff4df"),
    "FAILED": ("#c1272d", "#fdecec"),
    "TIMED_OUT": ("#c1272d", "#fdecec"),
    "ABORTED": ("#6b7280", "#f1f2f4"),
    "RUNNING": ("#1a63c6", "#e8f1fd"),
}
"""The colours of each status: for border and text, and for the fill."""

INK, LINE, FAINT = "#2f3b4a", "#9aa3af", "#c9ced6"
CAUGHT, CATCH, FAINT_CATCH = "#a86200", "#d2a764", "#e6cfa6"

# Scoped to these pictures, because a notebook has others too.
STYLE = f"""
.ratchet text{{font-family:{FONT};fill:#1f2733}}
.ratchet .name{{font-size:13.5px;font-weight:600}}
.ratchet .kind{{font-size:11px;font-weight:400;fill:#67707d}}
.ratchet .time{{font-size:11.5px;font-weight:600;text-anchor:end}}
.ratchet .title{{font-size:19px;font-weight:700}}
.ratchet .sub{{font-size:12.5px;fill:#67707d}}
.ratchet .label{{font-size:11px;fill:#3d4653;paint-order:stroke;stroke:#fff;stroke-width:4px;\
stroke-linejoin:round}}
.ratchet .label.catch{{fill:#9a6b1f}}
.ratchet .edge{{fill:none;stroke:{LINE};stroke-width:1.5}}
.ratchet .again{{fill:none;stroke:{LINE};stroke-width:1.4;stroke-linecap:round;\
stroke-linejoin:round}}
.ratchet .edge.catch{{stroke:{CATCH};stroke-width:1.1;stroke-dasharray:4 4}}
.ratchet .edge.idle{{stroke:{FAINT}}}
.ratchet .edge.catch.idle{{stroke:{FAINT_CATCH}}}
.ratchet .edge.taken{{stroke:{INK};stroke-width:2.2}}
.ratchet .edge.catch.taken{{stroke:{CAUGHT};stroke-width:1.8}}
.ratchet .head{{fill:{LINE}}}
.ratchet .head.catch{{fill:{CATCH}}}
.ratchet .head.idle{{fill:{FAINT}}}
.ratchet .head.catch.idle{{fill:{FAINT_CATCH}}}
.ratchet .head.taken{{fill:{INK}}}
.ratchet .head.catch.taken{{fill:{CAUGHT}}}
.ratchet .idle text,.ratchet .label.idle{{fill:#a9b0ba}}
"""
