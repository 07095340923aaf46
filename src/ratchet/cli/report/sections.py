"""The parts of a run's report, each from what was read; one without contents is empty."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ratchet.cli import screen
from ratchet.cli.report import charts, costs, searches
from ratchet.cli.report.charts import Bar, Series
from ratchet.cli.report.gathering import RunReport, is_number
from ratchet.cli.report.markup import Markup, badge, element, figure, pair, section, table, text

PROBLEMS_SHOWN = 20
CAME, BEFORE = "champion on arrival", "what it had promised"
NOW = "what the new model promises"
NOTHING = Markup("")


@dataclass(frozen=True)
class Promises:
    """By run: what the champion had promised, what came true, what the new model promises."""

    runs: list[str]
    lines: list[Series]
    rows: list[tuple[Any, ...]]


PROMISED = ["run", "!outcome", ">promised", ">came true", ">promises now"]
"""The columns of its rows."""


def promises(history: Iterable[dict[str, Any]], metric: str) -> Promises | None:
    """What each promise by this metric came to; None before the first."""
    same = (one for one in history if one.get("metric") == metric)
    records = [one for one in same if one.get("arrival") or one.get("promise")]
    if not records:
        return None
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
    return Promises(names, lines, rows)


def arrival(report: RunReport) -> Markup:
    """How the champion did on the new batch, and what each promise by this metric came to."""
    found = promises(report.history, report.metric)
    if found is None:
        return NOTHING
    return section(
        "Promise and truth",
        pair(
            element(
                "div",
                charts.legend([(one.name, one.kind) for one in found.lines]),
                figure(charts.lines(found.runs, found.lines)),
            ),
            table(PROMISED, found.rows),
        ),
        note="The champion had seen none of the new rows when it scored them: that is how the"
        f" serving model really did, and the best forecast of how it will do ({report.metric}).",
    )


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
    heads = ["object", "!column", ">line", "value", "~problem"]
    return section("Problems of the data", table(heads, lines), note=note)


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
    compared = any(is_number(one.get(name)) for one in columns for name in MOVES)
    limit = drift_limit(report)
    note = (
        "How far each column has moved since the champion's training data and since the batch"
        f" before: the population stability index{_from(limit)}. "
        if compared
        else ""
    )
    note += (
        "Pictures: of a number 5 to 95 % as a line, the middle half as a bar and the median as a"
        " mark; of other values the shares of the most frequent ones."
    )
    return section("Data", *said, _columns(columns, limit, compared=compared), note=note)


MOVES = ("since_training", "since_last")


def drift_limit(report: RunReport) -> float | None:
    """The index from which on a column has changed."""
    limit: float | None = ((report.definition.get("checks") or {}).get("drift") or {}).get("psi")
    return limit


def by_move(columns: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The columns of a batch, those that moved most first."""
    return sorted(columns, key=lambda one: -(one.get("since_training") or 0))


def _columns(columns: Sequence[dict[str, Any]], limit: float | None, *, compared: bool) -> Markup:
    """The columns, those that moved most first; what they are compared with if there is any."""
    heads = ["!column", "", ">missing", ">mean"]
    if compared:
        heads += [">since training", ">since last batch", "new values"]
    lines: list[list[Any]] = []
    for one in by_move(columns):
        mean = screen.number(one["mean"]) if is_number(one.get("mean")) else None
        line = [one["name"], _picture(one), f"{one.get('missing') or 0:.1%}", mean]
        moved = [*(_index(one.get(name), limit) for name in MOVES), ", ".join(one.get("new") or [])]
        lines.append([*line, *moved] if compared else line)
    return table(heads, lines)


def _picture(column: dict[str, Any]) -> Markup:
    if top := column.get("top"):
        return charts.shares(list(top.items())[:5])
    return charts.box(column.get("quantiles") or [])


def _from(limit: float | None) -> str:
    return "" if limit is None else f"; a column has changed from {limit:g} on (checks.drift.psi)"


def _index(value: Any, limit: float | None) -> Any:
    if not is_number(value):
        return None
    words = screen.number(value)
    return badge(words, "warn") if limit is not None and value >= limit else words


def settings(report: RunReport) -> Markup:
    """With which settings and features the challenger was trained."""
    training = report.definition.get("training") or {}
    features = report.summary.get("features") or []
    if not training:
        return NOTHING
    chosen = report.record.get("settings")  # the former ones, where those lost their backtest
    values = {**training, **(chosen or training.get("hyperparameters") or {})}
    values.pop("hyperparameters", None)
    lines = [
        (name, str(value).lower() if isinstance(value, bool) else value)
        for name, value in values.items()
        if value is not None and not isinstance(value, dict)
    ]
    note = f"Features: {', '.join(features)}" if features else ""
    return section("Settings", table(["setting", "value"], lines), note=note)


def searched(report: RunReport) -> Markup:
    """What was tried to find these settings."""
    return searches.trials(report.searches)


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
        figure(charts.bars(took)),
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
        f"AWS's list prices in {costs.REGION} as of {costs.AS_OF}; functions, storage and the"
        " endpoint are not in it."
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
