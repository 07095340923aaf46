"""Profiles added up and read: no arrays, so that every function can."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from retraining.documents.profile import ColumnProfile, Profile
from retraining.rules import bins

MOST_LABELS: Final = 8  # told apart; with more, rows are not counted by label
MOST_TEXTS: Final = 400  # counted by themselves; the rarer half of more is counted together

Rows = tuple[int, ...]


def merged(profiles: Iterable[Profile]) -> Profile | None:
    """All of them as one; None of none."""
    whole: Profile | None = None
    for profile in profiles:
        whole = profile if whole is None else _both(whole, profile)
    return whole


def _both(one: Profile, other: Profile) -> Profile:
    if not one.rows or not other.rows:
        return other if other.rows else one
    labels = tuple(sorted({*one.labels, *other.labels}))
    if not (one.labels and other.labels) or len(labels) > MOST_LABELS:
        labels = ()
    theirs = {column.name: column for column in map(_Relabelled(other, labels), other.columns)}
    ours = map(_Relabelled(one, labels), one.columns)
    return Profile(
        rows=one.rows + other.rows,
        seen=one.seen + other.seen,
        labels=labels,
        columns=tuple(
            _added(column, theirs[column.name])
            for column in ours
            if column.name in theirs and theirs[column.name].kind == column.kind
        ),
        respelt=tuple(sorted({*one.respelt, *other.respelt})),
    )


class _Relabelled:
    """Brings the columns of a profile to other labels."""

    def __init__(self, profile: Profile, labels: tuple[str, ...]) -> None:
        self._size = max(1, len(labels))
        places = {label: place for place, label in enumerate(labels)}
        self._places = [places.get(label, 0) for label in profile.labels] or [0]

    def __call__(self, column: ColumnProfile) -> ColumnProfile:
        return replace(
            column,
            missing=self._rows(column.missing),
            others=self._rows(column.others),
            counts={key: self._rows(rows) for key, rows in column.counts.items()},
        )

    def _rows(self, rows: Rows) -> Rows:
        moved = [0] * self._size
        for place, count in zip(self._places, rows, strict=False):
            moved[place] += count
        return tuple(moved)


def _added(one: ColumnProfile, other: ColumnProfile) -> ColumnProfile:
    step = max(one.step, other.step)
    counts, others = _summed(_coarser(one, step), _coarser(other, step)), one.others
    if one.kind == "number":
        more = bins.steps_to_fit(map(int, counts))
        counts = _joined(counts, more)
        step += more
    elif len(counts) > MOST_TEXTS:
        counts, cut = _cut(counts, len(one.missing))
        others = _plus(others, cut)
    return replace(
        one,
        missing=_plus(one.missing, other.missing),
        counts=counts,
        others=_plus(others, other.others),
        step=step,
        total=one.total + other.total,
        moments=tuple(a + b for a, b in zip(one.moments, other.moments, strict=True)),
        least=min(_known(one.least, other.least), default=None),
        greatest=max(_known(one.greatest, other.greatest), default=None),
        first=min(filter(None, (one.first, other.first)), default=None),
        last=max(filter(None, (one.last, other.last)), default=None),
        follows_time=one.follows_time and other.follows_time,
    )


def _known(*ends: float | None) -> list[float]:
    return [end for end in ends if end is not None]


def _plus(one: Rows, other: Rows) -> Rows:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _summed(one: Mapping[str, Rows], other: Mapping[str, Rows]) -> dict[str, Rows]:
    counts = dict(one)
    for key, rows in other.items():
        counts[key] = _plus(counts[key], rows) if key in counts else rows
    return counts


def _coarser(column: ColumnProfile, step: int) -> dict[str, Rows]:
    if column.kind != "number":
        return column.counts
    return _joined(column.counts, step - column.step)


def _joined(counts: dict[str, Rows], times: int) -> dict[str, Rows]:
    if not times:
        return counts
    coarser: dict[str, Rows] = {}
    for key, rows in counts.items():
        wider = str(bins.joined(int(key), times))
        coarser[wider] = _plus(coarser[wider], rows) if wider in coarser else rows
    return coarser


def _cut(counts: dict[str, Rows], size: int) -> tuple[dict[str, Rows], Rows]:
    ordered = sorted(counts.items(), key=lambda item: (-sum(item[1]), item[0]))
    cut: Rows = (0,) * size
    for _, rows in ordered[MOST_TEXTS // 2 :]:
        cut = _plus(cut, rows)
    return dict(ordered[: MOST_TEXTS // 2]), cut


# one column, read


def present(column: ColumnProfile) -> int:
    """Rows with a value, of those that were looked at."""
    return sum(map(sum, column.counts.values())) + sum(column.others)


def missing_share(column: ColumnProfile) -> float:
    """The share of rows without a value."""
    missing = sum(column.missing)
    return missing / max(1, missing + present(column))


def mean(column: ColumnProfile) -> float | None:
    """The mean of a column of numbers."""
    rows = present(column)
    return column.total / rows if column.kind == "number" and rows else None


def explained(column: ColumnProfile) -> float:
    """The share of the label's variance that lies on a straight line of the column."""
    rows, x, y, xx, xy, yy = column.moments or (0.0,) * 6
    if not rows:
        return 0.0
    spread = (xx - x * x / rows) * (yy - y * y / rows)
    return float((xy - x * y / rows) ** 2 / spread) if spread > 0 else 0.0


def distinct(column: ColumnProfile) -> tuple[int, bool]:
    """How many different values there are, and whether there may be more."""
    return len(column.counts), bool(column.step or sum(column.others))


def by_code(column: ColumnProfile, step: int | None = None) -> list[tuple[int, int]]:
    """Bins and their rows in the order of the numbers, at this step if it is a greater one."""
    counts = _coarser(column, column.step if step is None else max(step, column.step))
    return sorted((int(key), sum(rows)) for key, rows in counts.items())


def quantiles(column: ColumnProfile, shares: Iterable[float]) -> list[float]:
    """The numbers below which these shares of the rows lie; ascending shares."""
    ordered, rows = by_code(column), present(column)
    found, below, at = [], 0, -1
    for share in shares:
        while at + 1 < len(ordered) and (at < 0 or below < share * rows):
            at += 1
            below += ordered[at][1]
        found.append(bins.middle(ordered[at][0], column.step) if ordered else math.nan)
    low, high = column.least, column.greatest
    return [
        min(max(one, low), high) if low is not None and high is not None else one for one in found
    ]


def top(column: ColumnProfile, most: int | None) -> dict[str, float]:
    """The most frequent values with their shares, all of them for None."""
    rows = max(1, present(column))
    ordered = sorted(column.counts.items(), key=lambda item: (-sum(item[1]), item[0]))
    return {value: sum(counts) / rows for value, counts in ordered[:most]}


def rows_by_label(column: ColumnProfile) -> tuple[int, ...]:
    """How many rows of each label have a value; of the label's own column, how many there are."""
    return tuple(map(sum, zip(*column.counts.values(), column.others, strict=True)))


def label_shares(profile: Profile, label: str) -> dict[str, float]:
    """The share of each label; nothing when there are too many to tell apart."""
    column = find(profile, label)
    if column is None or not profile.labels:
        return {}
    rows = rows_by_label(column)
    return {one: count / max(1, sum(rows)) for one, count in zip(profile.labels, rows, strict=True)}


def find(profile: Profile, name: str) -> ColumnProfile | None:
    """A column by its name."""
    return next((column for column in profile.columns if column.name == name), None)
