"""Reads what batch transforms wrote, row by row, for every candidate at once.

A score line is `row_id,kind,cluster,label,score`: predictions are read, never models. The
candidates' lines are read side by side, as a transform keeps the order of its input, and of a row
only its numbers are kept, in columns that need not be in memory.
"""

from __future__ import annotations

import math
from array import array
from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, zip_longest
from typing import Final, NamedTuple, Protocol

from retraining.documents.golden import GoldenRow
from retraining.errors import ScoresUnreadable
from retraining.rules import metrics
from retraining.rules.candidates import CHAMPION, FRESH, KINDS, NEW, ON_ARRIVAL, REFERENCE

INDEPENDENT: Final = "-"  # in place of a cluster
GOLDEN: Final = 16


class Row(NamedTuple):
    """One scored row; `cluster` is None where rows are independent."""

    row_id: str
    kind: str
    cluster: float | None
    label: float
    score: float

    @property
    def place(self) -> tuple[str, str, float]:
        """What must be equal in every candidate's scores."""
        return self.row_id, self.kind, self.label


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


def read(lines: Iterable[str], where: str) -> Iterator[Row]:
    """The scored rows; raises ScoresUnreadable for a line of another form."""
    for number, line in enumerate(lines, start=1):
        parts = line.rstrip("\r\n").split(",")
        if len(parts) != 5 or parts[1] not in KINDS:
            raise ScoresUnreadable(
                f"{where}, line {number}: {line[:200]!r} is not"
                f" 'row_id,{'|'.join(KINDS)},cluster,label,score': look at the transform's filters"
            )
        row_id, kind, cluster, label, score = parts
        yield Row(row_id, kind, _cluster(cluster), number_or_nan(label), number_or_nan(score))


def _cluster(text: str) -> float | None:
    """The cluster's 12 hexadecimal digits as a number, which a float holds exactly."""
    return None if text == INDEPENDENT else float(int(text, 16))


def number_or_nan(text: str) -> float:
    """The number, or NaN if the text is not one: the gate refuses a metric computed from it."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def gather(scored: Mapping[str, Iterable[Row]], column: NewColumn = in_memory) -> dict[str, Kept]:
    """The numbers of every role by kind of row; raises ScoresUnreadable where rows differ."""
    kept = {
        kind: Kept(
            column(),
            column(),
            {role: column() for role in scored if kind != NEW or role in ON_ARRIVAL},
        )
        for kind in KINDS
    }
    for rows in _side_by_side(scored):
        row = next(iter(rows.values()))
        here = kept[row.kind]
        here.labels.append(row.label)
        if row.cluster is not None:
            here.clusters.append(row.cluster)
        for role, one in rows.items():
            here.scores[role].append(one.score)
            if not math.isfinite(one.score):
                here.not_finite[role] = here.not_finite.get(role, 0) + 1
    return kept


def _side_by_side(scored: Mapping[str, Iterable[Row]]) -> Iterator[dict[str, Row]]:
    """Row by row, by role: held-out rows of all roles, new ones of those that score them."""
    wide = {role: rows for role, rows in scored.items() if role in ON_ARRIVAL}
    narrow = {role: rows for role, rows in scored.items() if role not in ON_ARRIVAL}
    held_out = _in_step(narrow)
    number = 0
    for rows in _in_step(wide):
        if narrow and next(iter(rows.values())).kind != NEW:
            number += 1
            yield _same(number, dict.fromkeys(narrow) | next(held_out, {}) | rows)
        else:
            yield rows
    for rows in held_out:
        number += 1
        yield _same(number, rows | dict.fromkeys(wide))


def _in_step(scored: Mapping[str, Iterable[Row]]) -> Iterator[dict[str, Row]]:
    """The rows of several roles that score the same files."""
    for number, rows in enumerate(zip_longest(*scored.values()), start=1):
        yield _same(number, dict(zip(scored, rows, strict=True)))


def _same(number: int, rows: Mapping[str, Row | None]) -> dict[str, Row]:
    """The row of every role; raises ScoresUnreadable unless it is one and the same."""
    found = {role: row for role, row in rows.items() if row is not None}
    first = next(iter(found.values())).place
    if len(found) == len(rows) and all(row.place == first for row in found.values()):
        return found
    ours, theirs = _two_that_differ(rows)
    raise ScoresUnreadable(
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


def golden_ids(scores: Mapping[str, metrics.Values], again: Iterable[Row]) -> dict[str, float]:
    """Row ids and scores of a few holdout rows, spread evenly over the range of the scores.

    `scores` are one model's by kind of row, `again` are its rows. Where few scores are different,
    each has several rows.
    """
    name = FRESH if len(scores[FRESH]) else REFERENCE
    wanted = _golden_scores(scores[name])
    each = math.ceil(GOLDEN / len(wanted)) if wanted else 0
    for row in again:
        if row.kind == name and row.score in wanted and row.row_id not in wanted[row.score]:
            insort(wanted[row.score], row.row_id)
            del wanted[row.score][each:]
    found = sorted((n, s, i) for s, ids in wanted.items() for n, i in enumerate(ids))
    return {row_id: score for _, score, row_id in found[:GOLDEN]}


def _golden_scores(scores: metrics.Values) -> dict[float, list[str]]:
    finite = metrics.ascending(score for score in scores if math.isfinite(score))
    different = array("d", (score for score, _ in groupby(finite)))
    count = min(GOLDEN, len(different))
    step = (len(different) - 1) / max(1, count - 1)
    return {different[round(k * step)]: [] for k in range(count)}


def golden_rows(holdout: Iterable[str], wanted: dict[str, float]) -> tuple[GoldenRow, ...]:
    """Each wanted holdout line, its features as the model reads them."""
    found: dict[str, GoldenRow] = {}
    for line in holdout:
        row_id, *_, features = line.rstrip("\r\n").split(",", 4)
        if row_id in wanted and row_id not in found:
            score = wanted[row_id]
            found[row_id] = GoldenRow(row_id=row_id, features=features, score=score)
    return tuple(found[row_id] for row_id in sorted(found))
