"""Reads what batch transforms wrote, row by row, for every candidate at once.

A score line is `row_id,kind,cluster,label,score`: predictions are read, never models. In place of
the score a model of several classes may have answered with the probability of each, in brackets as
built-in XGBoost prints them or without; the metric reads one number of these. With many classes the
features are between label and answers, as no transform's filter can name so many fields. The
candidates' lines are read side by side, as a transform keeps the order of its input, and of a row
only its numbers are kept, in columns that need not be in memory.
"""

from __future__ import annotations

import math
import re
from array import array
from bisect import insort
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, zip_longest
from typing import Final, NamedTuple, Protocol, cast

from retraining.documents.golden import GoldenRow
from retraining.errors import ScoresUnreadable
from retraining.rules import metrics
from retraining.rules.candidates import CHAMPION, FRESH, KINDS, NEW, ON_ARRIVAL, REFERENCE

INDEPENDENT: Final = "-"  # in place of a cluster
CLUSTER: Final = re.compile("-|[0-9a-f]{1,13}")  # 52 bits at most, which a float holds exactly
GOLDEN: Final = 16
MOST_NAMED: Final = 15
"""Answers that a filter names: of its 63 characters (API reference, DataProcessing) 61."""
AROUND: Final = '[] "'  # a list of numbers, and each of them


class Row(NamedTuple):
    """One scored row; `cluster` is None where rows are independent.

    `answer` has the probabilities of all classes, of which `score` is what the metric reads; it is
    empty where the score was the answer.
    """

    row_id: str
    kind: str
    cluster: float | None
    label: float
    score: float
    answer: tuple[float, ...] = ()

    @property
    def place(self) -> tuple[str, str, float | None, float]:
        """Which row it is, whoever scored it."""
        return self[:4]


class Column(metrics.Values, Protocol):
    """Numbers that are added one by one and then read in order."""

    def append(self, value: float) -> None:
        """Add a number at the end."""


NewColumn = Callable[[], Column]


@dataclass
class Kept:
    """What is kept of the rows of one kind, in the order of the files."""

    labels: Column
    clusters: Column
    scores: dict[str, Column]  # by role
    not_finite: dict[str, int] = field(default_factory=dict)


def in_memory() -> Column:
    """A column for few rows."""
    return array("d")


def read(
    lines: Iterable[str],
    where: str,
    answers: int = 1,
    of_classes: metrics.OfClasses = metrics.likeliest,
) -> Iterator[Row]:
    """The scored rows, each with so many answers; raises ScoresUnreadable for another form."""
    for number, line in enumerate(lines, start=1):
        parts = line.rstrip("\r\n").split(",")
        if answers > MOST_NAMED and len(parts) > 4 + answers:
            parts[4:-answers] = []
        if len(parts) != 4 + answers or parts[1] not in KINDS or not CLUSTER.fullmatch(parts[2]):
            raise ScoresUnreadable(
                f"{where}, line {number}: {line[:200]!r} is not"
                f" 'row_id,{'|'.join(KINDS)},cluster,label,{_form(answers)}': look at the"
                " transform's filters"
            )
        row_id, kind, cluster, text, *said = parts
        label = number_or_nan(text)
        answer = tuple(number_or_nan(one.strip(AROUND)) for one in said) if answers > 1 else ()
        score = of_classes(label, answer) if answer else number_or_nan(said[0])
        yield Row(row_id, kind, _cluster(cluster), label, score, answer)


def _form(answers: int) -> str:
    return "score" if answers == 1 else f"probabilities of {answers} classes"


def _cluster(text: str) -> float | None:
    """The cluster's hexadecimal digits as a number, which a float holds exactly."""
    return None if text == INDEPENDENT else float(int(text, 16))


def number_or_nan(text: str) -> float:
    """The number, or NaN if the text is not one: the gate refuses a metric computed from it."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def gather(
    scored: Mapping[str, Iterable[Row]],
    column: NewColumn = in_memory,
    on_arrival: Container[str] = ON_ARRIVAL,
) -> dict[str, Kept]:
    """The numbers of every role by kind of row; raises ScoresUnreadable where rows differ.

    Those `on_arrival` have scored new rows as well.
    """
    wide = {role: rows for role, rows in scored.items() if role in on_arrival}
    narrow = {role: rows for role, rows in scored.items() if role not in on_arrival}
    kept = {}
    for kind in KINDS:
        roles = wide if kind == NEW else [*wide, *narrow]
        kept[kind] = Kept(column(), column(), {role: column() for role in roles})
    into = {kind: tuple(one.scores.items()) for kind, one in kept.items()}
    for rows in _side_by_side(wide, narrow):
        _, kind, cluster, label = rows[0].place
        here = kept[kind]
        here.labels.append(label)
        if cluster is not None:
            here.clusters.append(cluster)
        for (role, scores), row in zip(into[kind], rows, strict=True):
            scores.append(row.score)
            if not math.isfinite(row.score):
                here.not_finite[role] = here.not_finite.get(role, 0) + 1
    return kept


def _side_by_side(
    wide: Mapping[str, Iterable[Row]], narrow: Mapping[str, Iterable[Row]]
) -> Iterator[tuple[Row, ...]]:
    """Row by row, one a role: held-out rows of all roles, new ones of those that score them."""
    held_out, roles = _in_step(narrow), [*wide, *narrow]
    nothing, number = (None,) * len(narrow), 0
    for rows in _in_step(wide):
        if narrow and rows[0].kind != NEW:
            number += 1
            everyone = rows + next(held_out, nothing)
            yield _same(number, roles, everyone)
        else:
            yield rows
    for others in held_out:
        number += 1
        yield _same(number, roles, (None,) * len(wide) + others)


def _in_step(scored: Mapping[str, Iterable[Row]]) -> Iterator[tuple[Row, ...]]:
    """The rows of several roles that score the same files."""
    roles = list(scored)
    for number, rows in enumerate(zip_longest(*scored.values()), start=1):
        yield _same(number, roles, rows)


def _same(number: int, roles: list[str], rows: tuple[Row | None, ...]) -> tuple[Row, ...]:
    """The rows themselves; raises ScoresUnreadable unless they are one and the same."""
    place = None if rows[0] is None else rows[0].place
    for row in rows:
        if row is None or row.place != place:
            raise ScoresUnreadable(_differ(number, dict(zip(roles, rows, strict=True))))
    return cast(tuple[Row, ...], rows)


def _differ(number: int, rows: Mapping[str, Row | None]) -> str:
    ours, theirs = _two_that_differ(rows)
    return (
        f"row {number} is {_shown(rows[ours])} in the {ours}'s scores and {_shown(rows[theirs])}"
        f" in the {theirs}'s: both must be of the same rows in the same order; drop data"
        " to run again"
    )


def _two_that_differ(rows: Mapping[str, Row | None]) -> tuple[str, str]:
    """Two roles whose rows differ, a trained candidate before the champion."""
    roles = sorted(rows, key=lambda role: role == CHAMPION)
    places = {role: row.place if row else None for role, row in rows.items()}
    other = next(role for role in roles if places[role] != places[roles[0]])
    return roles[0], other


def _shown(row: Row | None) -> str:
    return "missing" if row is None else f"{row.row_id} ({row.kind}, label {row.label:g})"


def golden_ids(
    scores: Mapping[str, metrics.Values], again: Iterable[Row]
) -> dict[str, tuple[float, ...]]:
    """Row ids and answers of a few holdout rows, spread evenly over the range of the scores.

    `scores` are one model's by kind of row, `again` are its rows. Where few scores are different,
    each has several rows.
    """
    name = FRESH if len(scores[FRESH]) else REFERENCE
    wanted = _golden_scores(scores[name])
    each = math.ceil(GOLDEN / len(wanted)) if wanted else 0
    answers: dict[str, tuple[float, ...]] = {}
    for row in again:
        if row.kind == name and row.score in wanted and row.row_id not in wanted[row.score]:
            insort(wanted[row.score], row.row_id)
            answers[row.row_id] = row.answer or (row.score,)
            for gone in wanted[row.score][each:]:
                del answers[gone]
            del wanted[row.score][each:]
    found = sorted((n, s, i) for s, ids in wanted.items() for n, i in enumerate(ids))
    return {row_id: answers[row_id] for _, _, row_id in found[:GOLDEN]}


def _golden_scores(scores: metrics.Values) -> dict[float, list[str]]:
    finite = metrics.ascending(score for score in scores if math.isfinite(score))
    different = array("d", (score for score, _ in groupby(finite)))
    count = min(GOLDEN, len(different))
    step = (len(different) - 1) / max(1, count - 1)
    return {different[round(k * step)]: [] for k in range(count)}


def golden_rows(
    holdout: Iterable[str], wanted: Mapping[str, tuple[float, ...]]
) -> tuple[GoldenRow, ...]:
    """Each wanted holdout line, its features as the model reads them."""
    found: dict[str, GoldenRow] = {}
    for line in holdout:
        row_id, *_, features = line.rstrip("\r\n").split(",", 4)
        if row_id in wanted and row_id not in found:
            answer = wanted[row_id]
            found[row_id] = GoldenRow(row_id=row_id, features=features, answer=answer)
    return tuple(found[row_id] for row_id in sorted(found))
