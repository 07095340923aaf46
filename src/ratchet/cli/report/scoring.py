"""What the scores say beyond the metric: calibration and confusion, or residuals."""

from __future__ import annotations

from ratchet.cli import answer_classes, screen
from ratchet.cli.report import charts, measures
from ratchet.cli.report.gathering import MOST_ROWS, RunReport
from ratchet.cli.report.markup import Markup, element, figure, pair, section, table

NOTHING = Markup("")
KINDS = {"challenger": "ours", "champion": "theirs"}


def scores(report: RunReport) -> Markup:
    """Calibration and confusion, or residuals, of both models on the rows held out."""
    held = {
        role: [row for row in rows if row.kind in _judged_on(report, role)]
        for role, rows in report.scores.items()
    }
    ours = held.get("challenger") or []
    if not ours:
        return NOTHING
    kind = measures.kind_of(ours, report.metric)
    if kind == "number":
        return _residuals(held, _note(report))
    return section(
        "Scores on the held-out rows",
        pair(
            _calibration(held) if kind == "probability" else NOTHING,
            _confusion(held, kind, answer_classes.names_of(report.definition)),
        ),
        note=_note(report),
    )


def _judged_on(report: RunReport, role: str) -> tuple[str, ...]:
    alone = report.knows_reference and role == "champion"
    return ("fresh",) if alone else ("fresh", "reference")


def _note(report: RunReport) -> str:
    parts = []
    if report.knows_reference and report.scores.get("champion"):
        parts.append("The champion was trained on the reference rows: it is shown on fresh ones.")
    if any(len(rows) >= MOST_ROWS for rows in report.scores.values()):
        parts.append(f"Of each model the first {MOST_ROWS:,} rows by id, which are a sample.")
    return " ".join(parts)


def _calibration(held: dict[str, list[measures.Row]]) -> Markup:
    curves = [
        (role, KINDS[role], measures.calibration(rows)) for role, rows in held.items() if rows
    ]
    return element(
        "div",
        element("h3", "Calibration"),
        charts.legend([(role, kind) for role, kind, _ in curves]),
        charts.calibration(curves),
        element("p", "Predicted probability (across) and share that came true (up), in ten groups"
                " of equally many rows; on the dashed line predictions are what they say.",
                class_="note"),
    )  # fmt: skip


def _confusion(
    held: dict[str, list[measures.Row]], kind: measures.Kind, classes: list[str]
) -> Markup:
    made = []
    for role, rows in held.items():
        if not rows:
            continue
        numbers, counts = measures.confusion(rows, kind)
        names = [_called(number, classes) for number in numbers]
        lines = [
            (f"is {name}", *(screen.count(count) for count in line), screen.count(sum(line)))
            for name, line in zip(names, counts, strict=True)
        ]
        heads = ["!", *(f">said {name}" for name in names), ">rows"]
        made.append(element("div", element("h3", f"Confusion: {role}"), table(heads, lines)))
    note = (
        f"A probability of at least {measures.THRESHOLD} says 1." if kind == "probability" else ""
    )
    return element("div", *made, element("p", note, class_="note") if note else NOTHING)


def _called(number: str, classes: list[str]) -> str:
    return answer_classes.name_of(classes, int(number)) if number.isdecimal() else number


def _residuals(held: dict[str, list[measures.Row]], note: str) -> Markup:
    made = []
    for role, kind in KINDS.items():
        found = measures.residuals(held.get(role) or [])
        if found is None:
            continue
        says = (
            f"mean {found.mean:+.4g}; half of them are within {found.middle:.4g};"
            f" {found.outside:,} rows lie outside the picture"
        )
        made.append(
            element(
                "div",
                element("h3", f"Residuals: {role}"),
                figure(charts.histogram(found.edges, found.counts, kind)),
                element("p", says, class_="note"),
            )
        )
    drawn = pair(*made) if len(made) > 1 else made[0]
    return section(
        "Scores on the held-out rows", drawn, note=f"Label minus prediction. {note}".strip()
    )
