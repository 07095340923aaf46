"""The gate's part of a run's report: rules, comparisons with their bounds, slices."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from ratchet.cli import screen
from ratchet.cli.report import charts
from ratchet.cli.report.charts import Interval
from ratchet.cli.report.gathering import RunReport, is_number
from ratchet.cli.report.markup import Markup, badge, element, figure, section, table

NOTHING = Markup("")
READINGS = {"better": "good", "worse": "bad"}
COMPARED = {
    "arrival": "all new rows",
    "fresh": "fresh holdout",
    "reference": "reference holdout",
    "pooled": "fresh and reference",
}


def verdict(report: RunReport) -> Markup:
    """The gate's rules, the comparisons with their bounds, and what serves."""
    given = report.verdict
    if not given:
        return NOTHING
    rules = [
        (
            badge("passed", "good") if rule.get("passed") else badge("failed", "bad"),
            rule.get("rule"),
            COMPARED.get(rule.get("holdout") or "", rule.get("holdout")),
            rule.get("sentence"),
        )
        for rule in given.get("rules", [])
    ]
    return section(
        "Verdict",
        *_said(given),
        _comparisons(given),
        element("h3", "Every rule, in the order in which it was asked") if rules else NOTHING,
        table(["!", "!rule", "!on", "~why"], rows=rules) if rules else NOTHING,
    )


def _said(given: dict[str, Any]) -> list[Markup]:
    parts = [given.get(name) or {} for name in ("data", "settings")]
    made = [element("p", _sentence(part["sentence"])) for part in parts if part.get("sentence")]
    promise = given.get("promise") or {}
    if is_number(promise.get("value")):
        made.append(element("p", _promise(promise)))
    if given.get("serves") and given.get("serves") != given.get("judged"):
        what = f"Judged was the {given['judged']}; what serves is the {given['serves']}"
        made.append(element("p", f"{what}: the same settings, trained on all rows."))
    return made


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:].removesuffix('.')}."


def _promise(promise: dict[str, Any]) -> str:
    words = f"Promised: {screen.number(promise['value'])}"
    if is_number(promise.get("expected")):
        words += f"; expected on the next batch: {screen.number(promise['expected'])}"
    if is_number(promise.get("lower")) and is_number(promise.get("upper")):
        low, high = screen.number(promise["lower"]), screen.number(promise["upper"])
        words += f", prediction interval {low} to {high}"
    return words + "."


def _comparisons(given: dict[str, Any]) -> Markup:
    found = [one for one in given.get("comparisons") or [] if is_number(one.get("estimate"))]
    if not found:
        return NOTHING
    drawn = [
        Interval(
            f"{one['ours']}, {COMPARED.get(one['holdout'], one['holdout'])}",
            one["estimate"],
            one.get("lower"),
            one.get("upper"),
            READINGS.get(one.get("reading", ""), "warn"),
            f"{one['estimate']:+.4f}, {one.get('reading')}",
        )
        for one in found
    ]
    margin = (given.get("gate") or {}).get("margin")
    limits = [("no difference", 0.0)]
    if is_number(margin):
        limits.append(("the margin", -float(margin or 0)))
    columns = ["!", "!on", ">ours", ">theirs", ">difference", ">bounds", ">rows", "!reading"]
    return element(
        "div",
        element("h3", "Who is better, on the same rows"),
        figure(charts.intervals(drawn, limits)),
        table(columns, [_compared(one) for one in found]),
        element("p", "Differences are turned so that more is better; the dashed lines mark zero"
                " and the margin.", class_="note"),
    )  # fmt: skip


def _compared(one: dict[str, Any]) -> tuple[Any, ...]:
    reading = one.get("reading") or ""
    return (
        f"{one['ours']} against {one['theirs']}",
        COMPARED.get(one["holdout"], one["holdout"]),
        screen.number(one.get("our_value"), 4),
        screen.number(one.get("their_value"), 4),
        f"{one['estimate']:+.4f}",
        f"{_bound(one.get('lower'))} to {_bound(one.get('upper'))}",
        screen.count(one.get("rows")),
        badge(reading, READINGS.get(reading, "plain")),
    )


def _bound(value: Any) -> str:
    return f"{value:+.4f}" if is_number(value) else "unbounded"


def slices(report: RunReport) -> Markup:
    """The challenger on the rows of each value of a column, with its floor."""
    found = report.verdict.get("slices") or []
    if not found:
        return NOTHING
    columns = groupby(found, key=lambda one: str(one.get("column")))
    note = (
        f"{report.metric} on the held-out rows that have each value as it landed, the champion's as"
        " a ring. A line ends at the best that the value may truly be, for all slices together; one"
        " that ends short of the floor refuses the challenger."
    )
    return section("Slices", *(_column(name, list(ones)) for name, ones in columns), note=note)


def _column(name: str, found: list[dict[str, Any]]) -> Markup:
    floor = next((one["floor"] for one in found if is_number(one.get("floor"))), None)
    drawn = [
        Interval(
            str(one["name"]),
            one["ours"],
            one["ours"],
            one["bound"] if is_number(one.get("bound")) else one["ours"],
            _standing(one)[1].replace("plain", "soft-line"),
            str(one.get("sentence")),
            one["theirs"] if is_number(one.get("theirs")) else None,
        )
        for one in found
        if is_number(one.get("ours"))
    ]
    limits = [] if floor is None else [("the floor", float(floor))]
    lines: list[tuple[Any, ...]] = [
        (
            one["name"],
            screen.count(one.get("rows")),
            screen.number(one.get("ours"), 4),
            screen.number(one.get("theirs"), 4),
            screen.number(one.get("bound"), 4),
            badge(*_standing(one), title=one.get("sentence")),
            one.get("undecided") or NOTHING,
        )
        for one in found
    ]
    heads = ["!slice", ">rows", ">challenger", ">champion", ">at best", "!", "~"]
    if not any(one.get("undecided") for one in found):
        heads, lines = heads[:-1], [line[:-1] for line in lines]
    told = f"{name}, floor {floor:g}" if floor is not None else f"{name}, without a floor"
    drawing = figure(charts.intervals(drawn, limits))
    return element("div", element("h3", told), drawing, table(heads, lines))


def _standing(one: dict[str, Any]) -> tuple[str, str]:
    if one.get("under"):
        return "under its floor", "bad"
    return ("shown", "plain") if one.get("undecided") else ("holds", "good")
