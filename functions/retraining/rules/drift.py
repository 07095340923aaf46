"""How far two profiles are apart, column by column: sums over bins, no arrays.

The population stability index (PSI) of a column sums (p - q) * ln(p / q) over about ten bins that
hold equal shares of the earlier rows. By convention 0.1 is little and 0.25 much; of equal sources
it is about (bins - 1) * (1/n + 1/m) by chance, which is taken off.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from retraining.documents.profile import ColumnProfile
from retraining.rules import bins, profiles

BINS: Final = 10
NEVER: Final = 0.5  # rows: a bin that holds none is taken to hold this many
LEAST_FACTOR: Final = 1.3  # of a change of unit: a season changes a mean by less
FAR: Final = 0.15  # greatest distance of the two distributions, before the factor is taken out ...
NEAR: Final = 0.04  # ... and after, beside what chance makes of it
UNITS: Final = tuple(
    sign * math.log(unit)
    for unit in (1.609344, 1.852, 2.20462, 2.54, 3.28084, 3.6, 10, 12, 24, 60, 100, 1000, 3600)
    for sign in (1, -1)
)
"""Logarithms of what one unit is in another: taken for the factor where they fit as well."""
BESIDE: Final = 0.2  # a logarithm that far from the middle one is tried
FEW: Final = 0.01  # share of rows of the other sign that is passed over
ASIDE: Final = 0.03  # so much of a number does not count: rounding, and few different values
SHARES: Final = tuple(share / 20 for share in range(1, 20))
ENOUGH: Final = 100  # rows with a value, on either side
RARE: Final = 0.01  # share of all rows: what is rarer is not news


@dataclass(frozen=True)
class Factor:
    """All numbers of a column are this many times what they were."""

    factor: float
    before: float  # greatest distance of the distributions as they are
    after: float  # the same with the factor taken out


def psi(now: ColumnProfile, before: ColumnProfile) -> float | None:
    """How far the column is from what it was; None where there is too little to compare."""
    if profiles.present(now) < ENOUGH or profiles.present(before) < ENOUGH:
        return None
    pairs = _number_pairs(now, before) if now.kind == "number" else _text_pairs(now, before)
    pairs.append((float(sum(now.missing)), float(sum(before.missing))))
    return _index([pair for pair in pairs if any(pair)])


def _index(pairs: Sequence[tuple[float, float]]) -> float:
    here, there = (sum(pair[side] for pair in pairs) for side in (0, 1))
    found = 0.0
    for now, before in pairs:
        p, q = max(now, NEVER) / here, max(before, NEVER) / there
        found += (p - q) * math.log(p / q)
    chance = (len(pairs) - 1) * (1 / here + 1 / there)
    return max(0.0, found - chance)


def _number_pairs(now: ColumnProfile, before: ColumnProfile) -> list[tuple[float, float]]:
    """Rows in bins that hold about equal shares of the earlier rows."""
    step = max(now.step, before.step)
    ours, theirs = dict(profiles.by_code(now, step)), dict(profiles.by_code(before, step))
    share, pairs, here, there = sum(theirs.values()) / BINS, [], 0, 0
    for code in sorted({*ours, *theirs}):
        here, there = here + ours.get(code, 0), there + theirs.get(code, 0)
        if there >= share:
            pairs.append((float(here), float(there)))
            here = there = 0
    return [*pairs, (float(here), float(there))]


def _text_pairs(now: ColumnProfile, before: ColumnProfile) -> list[tuple[float, float]]:
    """Rows by value; values that were rare, and all that are new, are one bin."""
    least = 0.01 * profiles.present(before)
    pairs, rest = [], [float(sum(now.others)), float(sum(before.others))]
    for value in sorted({*now.counts, *before.counts}):
        pair = (float(_rows(now, value)), float(_rows(before, value)))
        if pair[1] >= least:
            pairs.append(pair)
        else:
            rest = [rest[0] + pair[0], rest[1] + pair[1]]
    return [*pairs, (rest[0], rest[1])]


def _rows(column: ColumnProfile, value: str) -> int:
    rows: tuple[int, ...] = column.counts.get(value, ())
    return sum(rows)


def new_values(now: ColumnProfile, before: ColumnProfile) -> list[str]:
    """Texts that the earlier rows lack, the most frequent first; none where not all are known."""
    if now.kind != "text" or sum(before.others) + sum(now.others):
        return []
    least = RARE * profiles.present(now)
    found = [value for value in now.counts if value not in before.counts]
    often = [value for value in found if _rows(now, value) >= least]
    return sorted(often, key=lambda value: (-_rows(now, value), value))


def factor(now: ColumnProfile, before: ColumnProfile) -> Factor | None:
    """The factor by which all numbers of a column have changed, if nothing else explains them.

    Bins are logarithmic, so a factor moves all of them equally far.
    """
    if now.kind != "number" or min(profiles.present(now), profiles.present(before)) < ENOUGH:
        return None
    ours, theirs = _Sizes.of(now), _Sizes.of(before)
    if ours is None or theirs is None:
        return None
    apart = ours.distance(theirs, 0.0)
    ratios = sorted(ours.quantile(share) - theirs.quantile(share) for share in SHARES)
    middle = ratios[len(ratios) // 2]
    if apart < FAR or abs(middle) < math.log(LEAST_FACTOR):
        return None
    units = [unit for unit in UNITS if abs(unit - middle) < BESIDE]
    moved = min([*units, *ratios], key=lambda one: round(ours.distance(theirs, one), 2))
    left = ours.distance(theirs, moved)
    chance = 1.63 * math.sqrt(1 / ours.rows + 1 / theirs.rows)  # Kolmogorov-Smirnov at 1 %
    if left > chance + max(NEAR, apart / 10) or abs(moved) < math.log(LEAST_FACTOR):
        return None
    return Factor(math.exp(moved) if moved in units else _exact(now, before, moved), apart, left)


def _exact(now: ColumnProfile, before: ColumnProfile, logarithm: float) -> float:
    """The ratio of the means where it agrees with that of the bins: it is the more exact."""
    ours, theirs = profiles.mean(now), profiles.mean(before)
    if ours and theirs and ours / theirs > 0 and abs(math.log(ours / theirs) - logarithm) < 0.1:
        return ours / theirs
    return math.exp(logarithm)


@dataclass(frozen=True)
class _Sizes:
    """The distribution of the logarithms of a column's sizes, zeros left out."""

    logarithms: list[float]
    shares: list[float]  # of the rows up to each
    rows: int

    @classmethod
    def of(cls, column: ColumnProfile) -> _Sizes | None:
        """Of a column of one sign with few zeros; None of others, which no factor explains."""
        codes = profiles.by_code(column)
        sides = [[one for one in codes if one[0] * sign > 0] for sign in (-1, 1)]
        few, most = sorted(sides, key=lambda some: sum(count for _, count in some))
        rows = sum(count for _, count in most)
        other = sum(count for _, count in few)
        zero = profiles.present(column) - rows - other
        if other > FEW * rows or zero > rows or len(most) < BINS:
            return None
        sizes = sorted((abs(code), count) for code, count in most)
        width = bins.WIDTH * 2**column.step
        ends, below = [], 0
        for _, count in sizes:
            below += count
            ends.append(below / rows)
        return cls([(size + 0.5) * width for size, _ in sizes], ends, rows)

    def quantile(self, share: float) -> float:
        """The logarithm up to which this share of the rows lies."""
        return self.logarithms[min(bisect_left(self.shares, share), len(self.shares) - 1)]

    def up_to(self, logarithm: float) -> float:
        """The share of the rows up to this logarithm."""
        place = bisect_right(self.logarithms, logarithm)
        return self.shares[place - 1] if place else 0.0

    def distance(self, other: _Sizes, moved: float) -> float:
        """The greatest distance of the two distribution functions, this one moved back so far.

        Where both are steps, one that is a little aside does not count (Levy's metric).
        """
        most = 0.0
        for logarithm, share in zip(other.logarithms, other.shares, strict=True):
            low = self.up_to(logarithm + moved - ASIDE)
            high = self.up_to(logarithm + moved + ASIDE)
            most = max(most, low - share, share - high)
        return most


# what a single column says of the label


def separation(column: ColumnProfile, label: int) -> float:
    """AUC of the column alone for one label against the others, turned so that it is over 0.5.

    A number by its order; a text, whose order means nothing, by how often each value has the label.
    Values of few rows are one: each by itself would tell its own rows, and no others.
    """
    groups = _by_label(column, label)
    if column.kind == "number":
        ordered: Iterable[tuple[float, float]] = (rows for _, rows in sorted(groups.items()))
    else:
        ordered = sorted(groups.values(), key=lambda rows: rows[0] / sum(rows))
    with_label, without, below, pairs = 0.0, 0.0, 0.0, 0.0
    for yes, no in ordered:
        pairs += yes * (below + no / 2)
        below += no
        with_label, without = with_label + yes, without + no
    if not with_label or not without:
        return 0.5
    area = pairs / (with_label * without)
    return max(area, 1 - area)


def _by_label(column: ColumnProfile, label: int) -> dict[int | str, tuple[float, float]]:
    if column.kind == "number":
        known = {int(key): rows for key, rows in column.counts.items()}
        return {key: (rows[label], sum(rows) - rows[label]) for key, rows in known.items()}
    groups: dict[int | str, tuple[float, float]] = {}
    yes, no = column.others[label], sum(column.others) - column.others[label]
    for value, rows in column.counts.items():
        if sum(rows) >= ENOUGH:
            groups[value] = (rows[label], sum(rows) - rows[label])
        else:
            yes, no = yes + rows[label], no + sum(rows) - rows[label]
    return {**groups, 0: (yes, no)} if yes or no else groups


def missing_for_one(column: ColumnProfile, rows: Sequence[int]) -> int | None:
    """The label whose rows alone lack the column, if chance cannot have done that."""
    missing, whole = sum(column.missing), sum(rows)
    for label, lacking in enumerate(column.missing):
        expected = missing * (1 - rows[label] / max(1, whole))  # of the other labels, by chance
        if missing and lacking == missing and expected >= BINS * 2:
            return label
    return None
