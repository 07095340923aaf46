"""The top of a run's report: what it was, how it ended, and the figures that people ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ratchet.cli import run_report, screen
from ratchet.cli.report.gathering import RunReport, is_number
from ratchet.cli.report.markup import Markup, badge, element

OUTCOMES = {
    "PROMOTED": "good",
    "MODEL_REJECTED": "bad",
    "FAILED": "bad",
    "DATA_REJECTED": "warn",
    "SUSPECT": "warn",
    "INCONCLUSIVE": "warn",
}
NOTHING = Markup("")


def head(report: RunReport) -> Markup:
    """Name, outcome, and the verdict's sentence."""
    record = report.record
    outcome = str(record.get("outcome") or "RUNNING")
    took = screen.duration(screen.between(record.get("started"), record.get("ended")))
    when = [f"started {_utc(record['started'])}"] if record.get("started") else []
    told = ", ".join([f"Pipeline {report.pipeline}", *when, *[f"took {took}"] * bool(took)])
    return element(
        "header",
        element("h1", report.run, " ", badge(outcome, OUTCOMES.get(outcome, "plain"))),
        element("p", record.get("sentence") or "", class_="sentence"),
        element("p", told, class_="note"),
    )


def _utc(text: str) -> str:
    """`2026-03-04 10:00 UTC`: a report is read elsewhere, by others."""
    at = screen.moment(text)
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else text


def tiles(report: RunReport) -> Markup:
    """The figures of the run, each with what it is to be compared with."""
    found = [
        element(
            "div",
            element("div", what, class_="what"),
            element("div", much, class_="much"),
            element("div", beside, class_="what") if beside else NOTHING,
            class_="tile",
        )
        for what, much, beside in _figures(report)
    ]
    return element("div", *found, class_="tiles") if found else NOTHING


def _figures(report: RunReport) -> Iterator[tuple[str, str, str]]:
    record, metric = report.record, report.metric
    came, promised = run_report.arrival_values(record)
    if is_number(came):
        beside = f"promised {screen.number(promised)}" if is_number(promised) else ""
        rows = f"on {screen.count(record['arrival'].get('rows'))} new rows"
        yield f"{metric} of the champion on arrival", screen.number(came), beside or rows
    ours, theirs = run_report.metric_values(record)
    if is_number(ours):
        beside = f"champion {screen.number(theirs)}" if is_number(theirs) else "no champion yet"
        yield f"{metric} of the challenger, fresh", screen.number(ours), beside
    if record.get("promoted"):
        yield from _expected(record.get("promise") or {}, metric)
    account = record.get("account") or {}
    if account:
        out = account.get("quarantined")
        beside = f"{screen.count(out)} in quarantine" if out else "none in quarantine"
        yield "rows landed", screen.count(account.get("landed")), beside
    if report.cost.jobs:
        yield (
            "cost at list prices",
            _dollars(report.cost.actual),
            (f"estimate {_dollars(report.cost.estimate)}"),
        )


def _expected(promise: dict[str, Any], metric: str) -> Iterator[tuple[str, str, str]]:
    if is_number(promise.get("expected")):
        low, high = (screen.number(promise.get(name)) for name in ("lower", "upper"))
        expected = screen.number(promise["expected"])
        yield f"{metric} expected on the next batch", expected, f"{low} to {high}"


def _dollars(value: float) -> str:
    return f"${value:.2f}" if value >= 1 else f"${value:.3f}"
