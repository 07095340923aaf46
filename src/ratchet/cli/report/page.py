"""The whole page of a run."""

from __future__ import annotations

from html import escape

from ratchet.cli.report import judging, opening, row_account, scoring, sections
from ratchet.cli.report.gathering import RunReport
from ratchet.cli.report.markup import element, joined
from ratchet.cli.report.theme import style

PARTS = (
    opening.head,
    opening.tiles,
    sections.arrival,
    judging.verdict,
    judging.slices,
    sections.problems,
    row_account.rows,
    sections.drift,
    scoring.scores,
    sections.settings,
    sections.searched,
    sections.cost,
    sections.states,
    sections.foot,
)
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""A browser loads and runs nothing, whatever a value held."""


def page(report: RunReport) -> str:
    """One HTML document that needs nothing else."""
    title = f"{report.run}: {report.record.get('outcome') or 'running'}"
    body = element("main", joined(part(report) for part in PARTS))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>{escape(title)}</title><style>{style()}</style></head>"
        f"<body>{body}</body></html>\n"
    )
