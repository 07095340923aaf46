"""The parts of a run's report, each from what was read; one without contents is empty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ratchet.cli import screen
from ratchet.cli.report import charts, costs, measures
from ratchet.cli.report.charts import Bar, Interval, Series
from ratchet.cli.report.gathering import RunReport, is_number
from ratchet.cli.report.markup import Markup, badge, element, section, table, text

PROBLEMS_SHOWN = 20
ENDS = {
    "train": ("trained on", "ours"),
    "validation": ("validation", "third"),
    "holdout": ("held out", "good"),
    "gap": ("left in the gap", "soft-line"),
    "unlabelled": ("without a label", "soft-line"),
    "removed": ("removed by recipe or transform", "soft-line"),
    "replaced": ("replaced by a later row of their key", "theirs"),
    "quarantined": ("in quarantine", "bad"),
}
"""The ends of a landed row, in the order in which they are shown."""
CAME, BEFORE = "champion on arrival", "what it had promised"
NOW = "what the new model promises"
MOVED = 0.25
"""A population stability index that is called drift."""
NOTHING = Markup("")
OUTCOMES = {"PROMOTED": "good", "MODEL_REJECTED": "bad", "FAILED": "bad",
            "DATA_REJECTED": "warn", "SUSPECT": "warn"}  # fmt: skip
READINGS = {"better": "good", "worse": "bad"}
COMPARED = {"arrival": "all new rows", "fresh": "fresh holdout", "reference": "reference holdout",
            "pooled": "fresh and reference"}  # fmt: skip


def head(report: RunReport) -> Markup:
    """Name, outcome, and the verdict's sentence."""
    record = report.record
    outcome = str(record.get("outcome") or "RUNNING")
    took = screen.duration(screen.between(record.get("started"), record.get("ended")))
    return element(
        "header",
        element("h1", report.run, " ", badge(outcome, OUTCOMES.get(outcome, "plain"))),
        element("p", record.get("sentence") or "", class_="sentence"),
        element("p", f"Pipeline {report.pipeline}, started {record.get('started')}, took {took}",
                class_="note"),
    )  # fmt: skip


def arrival(report: RunReport) -> Markup:
    """How the champion did on the new batch, and what each promise by this metric came to."""
    same = (one for one in report.history if one.get("metric") == report.metric)
    records = [one for one in same if one.get("arrival") or one.get("promise")]
    if not records:
        return NOTHING
    names = [str(int(one["token"])) for one in records]
    came = [_value(one, "arrival", "value") for one in records]
    before = [_value(one, "arrival", "promised") for one in records]
    now = [_value(one, "promise", "value") for one in records]
    rows = [
        (name, one.get("outcome"), *map(screen.number, figures))
        for name, one, *figures in zip(names, records, before, came, now, strict=True)
    ]
    lines = [
        Series(CAME, "theirs", came),
        Series(BEFORE, "third", before),
        Series(NOW, "ours", now),
    ]
    return section(
        "Promise and truth",
        charts.legend([(one.name, one.kind) for one in lines]),
        charts.lines(names, lines),
        table(["run", "outcome", ">promised before", ">came true", ">promised now"], rows),
        note="The champion had seen none of the new rows when it scored them: that is how the"
        f" serving model really did, and the best forecast of how it will do ({report.metric}).",
    )


def verdict(report: RunReport) -> Markup:
    """The gate's rules, the comparisons with their bounds, and what serves."""
    given = report.verdict
    if not given:
        return NOTHING
    rules = [
        (
            badge("passed", "good") if rule.get("passed") else badge("failed", "bad"),
            rule.get("rule"),
            rule.get("holdout"),
            rule.get("sentence"),
        )
        for rule in given.get("rules", [])
    ]
    return section(
        "Verdict",
        *_said(given),
        _comparisons(given),
        table(["", "rule", "on", "why"], rows=rules),
    )


def _said(given: dict[str, Any]) -> list[Markup]:
    parts = [given.get(name) or {} for name in ("data", "settings")]
    made = [element("p", part["sentence"]) for part in parts if part.get("sentence")]
    promise = given.get("promise") or {}
    if is_number(promise.get("value")):
        made.append(element("p", _promise(promise)))
    if given.get("serves") and given.get("serves") != given.get("judged"):
        what = f"Judged was the {given['judged']}; what serves is the {given['serves']}"
        made.append(element("p", f"{what}: the same settings, trained on all rows."))
    return made


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
    rows = [
        (
            f"{one['ours']} against {one['theirs']}",
            COMPARED.get(one["holdout"], one["holdout"]),
            screen.number(one.get("our_value"), 4),
            screen.number(one.get("their_value"), 4),
            f"{one['estimate']:+.4f}",
            f"{_bound(one.get('lower'))} to {_bound(one.get('upper'))}",
            screen.count(one.get("rows")),
            one.get("reading"),
        )
        for one in found
    ]
    columns = ["", "on", ">ours", ">theirs", ">difference", ">bounds", ">rows", "reading"]
    return element(
        "div",
        charts.intervals(drawn, limits),
        table(columns, rows),
        element("p", "Differences are turned so that more is better.", class_="note"),
    )


def _bound(value: Any) -> str:
    return f"{value:+.4f}" if is_number(value) else "unbounded"


def scores(report: RunReport) -> Markup:
    """Calibration and confusion, or residuals, of both models on the rows held out."""
    held = {
        role: [row for row in rows if row.kind != "new"] for role, rows in report.scores.items()
    }
    ours = held.get("challenger") or []
    if not ours:
        return NOTHING
    kind = measures.kind_of(ours, report.metric)
    if kind == "number":
        return _residuals(held)
    return section(
        "Scores on the held-out rows",
        _calibration(held) if kind == "probability" else NOTHING,
        _confusion(held, kind),
    )


def _calibration(held: dict[str, list[measures.Row]]) -> Markup:
    kinds = {"challenger": "ours", "champion": "theirs"}
    curves = [
        (role, kinds[role], measures.calibration(rows)) for role, rows in held.items() if rows
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


def _confusion(held: dict[str, list[measures.Row]], kind: measures.Kind) -> Markup:
    made = []
    for role, rows in held.items():
        if not rows:
            continue
        names, counts = measures.confusion(rows, kind)
        lines = [
            (f"is {name}", *(screen.count(count) for count in line), screen.count(sum(line)))
            for name, line in zip(names, counts, strict=True)
        ]
        heads = ["", *(f">said {name}" for name in names), ">rows"]
        made.append(element("div", element("h3", f"Confusion: {role}"), table(heads, lines)))
    note = (
        f"A probability of at least {measures.THRESHOLD} says 1." if kind == "probability" else ""
    )
    return element("div", element("div", *made, class_="side"), element("p", note, class_="note")
                   if note else NOTHING)  # fmt: skip


def _residuals(held: dict[str, list[measures.Row]]) -> Markup:
    made = []
    for role, kind in (("challenger", "ours"), ("champion", "theirs")):
        found = measures.residuals(held.get(role) or [])
        if found is None:
            continue
        says = (
            f"mean {found.mean:+.4g}; half of them are within {found.middle:.4g};"
            f" {found.outside:,} rows lie outside the picture"
        )
        made.append(element("h3", f"Residuals: {role}"))
        made.append(charts.histogram(found.edges, found.counts, kind))
        made.append(element("p", says, class_="note"))
    return section("Scores on the held-out rows", *made, note="Label minus prediction.")


def rows(report: RunReport) -> Markup:
    """What became of every row of the drop; they add up."""
    account = report.record.get("account") or {}
    counted = {**(report.record.get("rows") or {}), **account}
    if not account:
        lines = [(name.replace("_", " "), screen.count(value)) for name, value in counted.items()]
        return section("Rows", table(["what became of them", ">rows"], lines)) if lines else NOTHING
    parts = [
        Bar(words, account[name], kind, screen.count(account[name]))
        for name, (words, kind) in ENDS.items()
        if account.get(name)
    ]
    ends = [(charts.key(part.kind, part.name), part.name, part.says) for part in parts]
    whole = (NOTHING, "landed", screen.count(account.get("landed")))
    heads = ["", "what became of them", ">rows"]
    return section("Rows", charts.stacked(parts), table(heads, [*ends, whole]))


def problems(report: RunReport) -> Markup:
    """What the data check found."""
    if not report.problems:
        return NOTHING
    shown = report.problems[:PROBLEMS_SHOWN]
    lines = [
        tuple(one.get(key) for key in ("object", "column", "line", "value", "sentence"))
        for one in shown
    ]
    more = len(report.problems) - len(shown)
    note = f"And {more:,} more in the quarantine reports." if more else ""
    return section("Problems of the data", table(["object", "column", ">line", "value", "problem"],
                                                 lines), note=note)  # fmt: skip


def drift(report: RunReport) -> Markup:
    """What is odd about the batch, and how each column differs from the training data."""
    found, columns = report.data.get("findings") or [], report.data.get("columns") or []
    if not found and not columns:
        return NOTHING
    said = [
        element("p", badge("set aside", "bad") if one.get("serious") else badge("look", "warn"),
                " ", one.get("sentence"))
        for one in found
    ]  # fmt: skip
    columns = sorted(columns, key=lambda one: -(one.get("since_training") or 0))
    lines = [
        (
            one["name"],
            _picture(one),
            f"{one.get('missing') or 0:.1%}",
            screen.number(one.get("mean")) if is_number(one.get("mean")) else None,
            _index(one.get("since_training")),
            _index(one.get("since_last")),
            ", ".join(one.get("new") or []),
        )
        for one in columns
    ]
    heads = [
        "column",
        "",
        ">missing",
        ">mean",
        ">since training",
        ">since last batch",
        "new values",
    ]
    note = (
        "How far each column has moved since the champion's training data and since the batch"
        f" before: the population stability index, of which {MOVED} and more is called drift."
    )
    return section("Data", *said, table(heads, lines), note=note)


def _picture(column: dict[str, Any]) -> Markup:
    if top := column.get("top"):
        return charts.shares(list(top.items())[:5])
    return charts.box(column.get("quantiles") or [])


def _index(value: Any) -> Any:
    if not is_number(value):
        return None
    words = screen.number(value)
    return badge(words, "warn") if value >= MOVED else words


def settings(report: RunReport) -> Markup:
    """With which settings and features the challenger was trained."""
    training = report.definition.get("training") or {}
    features = report.summary.get("features") or []
    if not training:
        return NOTHING
    values = {**training, **(training.get("hyperparameters") or {})}
    values.pop("hyperparameters", None)
    lines = [(name, value) for name, value in values.items() if not isinstance(value, dict)]
    note = f"Features: {', '.join(features)}" if features else ""
    return section("Settings", table(["setting", "value"], lines), note=note)


def states(report: RunReport) -> Markup:
    """The picture of the run, and how long each state took."""
    kinds = {"SUCCEEDED": "good", "CAUGHT": "warn", "RUNNING": "soft-line"}
    took: Sequence[Bar] = [
        Bar(one.name, one.seconds, kinds.get(one.status, "bad"), screen.duration(one.seconds))
        for one in report.states
    ]
    failed = [element("p", f"{one.name}: {one.error}") for one in report.states if one.error]
    return section(
        "The run",
        *failed,
        charts.bars(took),
        element("div", Markup(report.picture), class_="picture"),
    )


def cost(report: RunReport) -> Markup:
    """What it was expected to cost, and what it did."""
    given = report.cost
    lines = [
        (
            job.name,
            job.size,
            screen.duration(job.seconds),
            _dollars(job.estimate),
            _dollars(job.cost),
        )
        for job in given.jobs
    ]
    moves = f"{given.transitions} transitions"
    lines.append(("State machine", moves, "", _dollars(given.moves), _dollars(given.moves)))
    lines.append(("Together", "", "", _dollars(given.estimate), _dollars(given.actual)))
    note = (
        f"AWS's list prices in {costs.REGION}; functions, storage and the endpoint are not in it."
    )
    if report.local:
        note += " Nothing was paid: the times are this machine's, at the prices of AWS."
    if given.unknown:
        note += f" Without a price here: {', '.join(given.unknown)}."
    return section("Cost", table(["", "on", ">took", ">estimate", ">actual"], lines), note=note)


def foot(report: RunReport) -> Markup:
    """Where the rest is."""
    where = report.record.get("uri") or ""
    return element("footer", text("Files of the run: "), element("code", where))


def _dollars(value: float | None) -> str:
    return "-" if value is None else f"${value:.4f}"


def _value(record: dict[str, Any], part: str, name: str) -> float | None:
    value = (record.get(part) or {}).get(name)
    return float(value) if value is not None and is_number(value) else None
