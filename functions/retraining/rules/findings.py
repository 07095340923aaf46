"""What a person should know of a batch before anything is trained on it, in sentences.

Serious is what makes the rows useless as they are: one label, labels of another spelling or unit,
and what pipeline.yaml says to reject. The rest is told, and the run continues.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from retraining.documents.batch_report import Finding
from retraining.documents.profile import ColumnProfile, Profile
from retraining.rules import drift, profiles
from retraining.rules.drift import BINS

REJECT: Final = "reject"
ONE_LABEL: Final = "one label"
SLOW: Final = 1.5  # a column that always drifts is told of when it drifts so much more
FEW: Final = 0.5  # of the rows of the smallest batch so far
CUT: Final = 0.1  # share of the earlier rows beyond an end behind which now nothing is
JUMP: Final = 0.1  # of the share of missing values
ENOUGH_LABELLED: Final = 50  # rows of a label, to say what gives it away
LEAK: Final = 0.9  # AUC of a column alone
LINE: Final = 0.98  # share of a numeric label's variance on a straight line of a column
STRONG: Final = 0.8  # the same, where it has more than twice the lift of every other column
MANY_BATCHES: Final = 2  # before a batch is called small
SHOWN: Final = 3  # values in a sentence


@dataclass(frozen=True)
class Terms:
    """What pipeline.yaml says about the data of a batch."""

    label: str
    psi: float
    action: str
    max_null_share: float | None
    dropped: frozenset[str] = frozenset()  # columns that the recipe deletes: they give nothing away
    names: frozenset[str] = frozenset()  # columns that say which row it is: they are always new

    @classmethod
    def of(cls, definition: Mapping[str, Any]) -> Terms:
        """The terms of a definition.json."""
        checks = definition["checks"]
        return cls(
            definition["data"]["label"],
            float(checks["drift"]["psi"]),
            checks["drift"]["action"],
            checks["max_null_share"],
            _deleted(definition["etl"]["recipe"] or []),
            _naming(definition["data"]["key"], definition["split"].get("column")),
        )


def _naming(key: str | list[str] | None, column: str | None) -> frozenset[str]:
    """The columns of the key, and by which rows are split."""
    keys = [key] if isinstance(key, str) else key or []
    return frozenset([*keys, *([column] if column else [])])


def _deleted(recipe: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The columns that a recipe deletes without having made anything of them."""
    deleted, used = set[str](), set[str]()
    for action in (step["Action"] for step in recipe):
        named = {
            name for value in action["Parameters"].values() for name in _listed_names(str(value))
        }
        if action["Operation"] == "DELETE":
            deleted |= named
        else:
            used |= named
    return frozenset(deleted - used)


def _listed_names(value: str) -> list[str]:
    """A column's name as DataBrew gives it: plain, or several as a JSON list."""
    try:
        found = json.loads(value)
    except ValueError:
        return [value]
    return [str(one) for one in found] if isinstance(found, list) else [value]


@dataclass(frozen=True)
class Earlier:
    """What is known of an earlier batch."""

    rows: int
    labels: Mapping[str, float]  # share of each
    drift: Mapping[str, float]  # PSI of each column at the time
    known: frozenset[tuple[str, str | None]] = frozenset()  # findings: kind and column


@dataclass(frozen=True)
class Batch:
    """A batch, and what it is compared with."""

    rows: int
    profile: Profile
    training: Profile | None = None  # what the champion was trained on
    last: Profile | None = None
    earlier: tuple[Earlier, ...] = ()  # oldest first
    labels: frozenset[str] = field(default_factory=frozenset)  # of all rows: some, all if few


def found(batch: Batch, terms: Terms) -> tuple[Finding, ...]:
    """Everything there is to say, the serious first."""
    label = list(_labels(batch, terms))
    spoilt = any(finding.serious for finding in label)
    both = [*label, *_whole(batch, terms)]
    for column in _compared(batch, terms):
        if not (spoilt and column.name == terms.label):
            both += _column(column, batch, terms)
    both += _leaks(batch, terms)
    return tuple(sorted(both, key=lambda finding: not finding.serious))


def after_release(found: Iterable[Finding], batch: Batch) -> tuple[Finding, ...]:
    """What is left to set rows aside for that a person has released.

    A single label without earlier rows of another cannot be trained on, whoever says so.
    """
    return tuple(
        finding
        if finding.kind == ONE_LABEL and batch.training is None
        else replace(finding, serious=False)
        for finding in found
    )


# the label


def _labels(batch: Batch, terms: Terms) -> Iterator[Finding]:
    label = profiles.find(batch.profile, terms.label)
    if label is None:  # the transform makes it
        return
    labels = batch.labels - {""}
    if len(labels) < 2:
        yield Finding(
            kind=ONE_LABEL,
            column=terms.label,
            sentence=_one_label(batch, next(iter(labels), "")),
            serious=True,
        )
        return
    before = batch.training and profiles.find(batch.training, terms.label)
    if not before or not batch.training:
        return
    if batch.training.labels:
        yield from _other_labels(batch, batch.training, terms)
    elif changed := _factor(label, before, batch):
        yield _unit(label, before, changed, serious=True)


def _one_label(batch: Batch, label: str) -> str:
    if not label:
        return f"None of the {batch.rows:,} rows has a label."
    sentence = f"All {batch.rows:,} rows have label {label}"
    shares = [earlier.labels for earlier in batch.earlier if earlier.labels]
    others = sorted({other for one in shares for other in one} - {label})
    if not shares or not others:
        return f"{sentence}, and one value teaches nothing."
    if len(others) > 1:
        return f"{sentence}; earlier batches had {listed([label, *others])} as well."
    other = others[0]
    low, high = (round(100 * end([one.get(other, 0.0) for one in shares])) for end in (min, max))
    span = f"{low}" if low == high else f"{low} to {high}"
    rows = "ones" if other == "1" else f"rows of label {other}"
    return f"{sentence}; earlier batches had {span} % {rows}."


def _other_labels(batch: Batch, training: Profile, terms: Terms) -> Iterator[Finding]:
    known, now = sorted(training.labels), sorted(batch.profile.labels)
    if not now:
        sentence = (
            f"The label {terms.label} has many different values in this batch; earlier batches"
            f" had {listed(known)}."
        )
        yield Finding(kind="labels", column=terms.label, sentence=sentence, serious=True)
        return
    strange = [label for label in now if label not in known]
    if not strange:
        return
    spelt = [label for label in strange if _plain(label) in {_plain(one) for one in known}]
    two = len(known) == 2
    what = "are spelled otherwise" if spelt else "are new"
    sentence = (
        f"Labels of this batch {what}: {listed(spelt or strange)}; earlier batches had"
        f" {listed(known)}."
    )
    serious = bool(spelt) or two
    yield Finding(kind="labels", column=terms.label, sentence=sentence, serious=serious)


def _plain(label: str) -> str:
    text = label.strip().casefold()
    try:
        return f"{float(text):g}"
    except ValueError:
        return text


def _factor(now: ColumnProfile, before: ColumnProfile, batch: Batch) -> float | None:
    """The factor since training, where it came with this batch: a slow change does not count."""
    changed = drift.factor(now, before)
    last = batch.last and profiles.find(batch.last, now.name)
    if changed is None or (last and drift.factor(now, last) is None):
        return None
    return changed.factor


def _unit(now: ColumnProfile, before: ColumnProfile, factor: float, *, serious: bool) -> Finding:
    (ours,), (theirs,) = profiles.quantiles(now, [0.5]), profiles.quantiles(before, [0.5])
    sentence = (
        f"{now.name} is {factor:.3g} times what it was (its median is {number(ours)} and was"
        f" {number(theirs)}): another unit?"
    )
    return Finding(kind="unit", column=now.name, sentence=sentence, serious=serious)


# the batch as a whole


def _whole(batch: Batch, terms: Terms) -> Iterator[Finding]:
    sizes = [earlier.rows for earlier in batch.earlier]
    if len(sizes) >= MANY_BATCHES and batch.rows < FEW * min(sizes):
        sentence = (
            f"{batch.rows:,} rows, where earlier batches had {min(sizes):,} to {max(sizes):,}:"
            " is the drop complete?"
        )
        serious = terms.action == REJECT
        yield Finding(kind="few rows", column=None, sentence=sentence, serious=serious)


# columns


def _compared(batch: Batch, terms: Terms) -> list[ColumnProfile]:
    """The columns that may drift: no names of rows, neither times nor what follows from them."""
    return [
        column
        for column in batch.profile.columns
        if column.kind != "time"
        and column.name not in terms.names
        and not (column.follows_time and column.name != terms.label)
    ]


def _column(column: ColumnProfile, batch: Batch, terms: Terms) -> Iterator[Finding]:
    share = profiles.missing_share(column)
    if terms.max_null_share is not None and share > terms.max_null_share:
        sentence = (
            f"{column.name} is missing in {percent(share)} of the rows; checks.max_null_share"
            f" allows {percent(terms.max_null_share)}."
        )
        yield Finding(kind="missing", column=column.name, sentence=sentence, serious=True)
    before = batch.training and profiles.find(batch.training, column.name)
    if not before or before.kind != column.kind:
        return
    serious = terms.action == REJECT
    far = drift.psi(column, before)
    usual = max((one.drift.get(column.name, 0.0) for one in batch.earlier), default=0.0)
    if column.name != terms.label and (changed := _factor(column, before, batch)):
        yield _unit(column, before, changed, serious=serious)
    elif far is not None and far > terms.psi and (usual <= terms.psi or far > SLOW * usual):
        sentence = f"{column.name} has changed (PSI {far:.2f}): {_how(column, before)}."
        yield Finding(kind="drift", column=column.name, sentence=sentence, serious=serious)
    elif new := drift.new_values(column, before):
        sentence = f"{column.name} has new values: {listed(new)}."
        yield Finding(kind="new values", column=column.name, sentence=sentence, serious=False)


def _how(now: ColumnProfile, before: ColumnProfile) -> str:
    """What has changed most, in words."""
    shares = profiles.missing_share(now), profiles.missing_share(before)
    if abs(shares[0] - shares[1]) > JUMP:
        return f"it is missing in {percent(shares[0])} of the rows, was {percent(shares[1])}"
    if now.kind != "number":
        return _how_text(now, before)
    return _cut(now, before) or _how_number(now, before)


def _cut(now: ColumnProfile, before: ColumnProfile) -> str | None:
    low, high = profiles.quantiles(before, [CUT, 1 - CUT])
    if now.greatest is not None and now.greatest < high:
        return f"nothing is above {number(now.greatest)}, where {percent(CUT)} or more was"
    if now.least is not None and now.least > low:
        return f"nothing is below {number(now.least)}, where {percent(CUT)} or more was"
    return None


def _how_number(now: ColumnProfile, before: ColumnProfile) -> str:
    (ours,), (theirs,) = profiles.quantiles(now, [0.5]), profiles.quantiles(before, [0.5])
    if ours != theirs:
        return f"its median is {number(ours)}, was {number(theirs)}"
    means = (number(profiles.mean(one) or 0.0) for one in (now, before))
    return "its mean is {}, was {}".format(*means)


def _how_text(now: ColumnProfile, before: ColumnProfile) -> str:
    here, there = profiles.top(now, None), profiles.top(before, None)
    values = sorted({*here, *there})
    most = max(values, key=lambda v: abs(here.get(v, 0.0) - there.get(v, 0.0)))
    return f"{most} is {percent(here.get(most, 0.0))} of it, was {percent(there.get(most, 0.0))}"


# what gives the label away


def _leaks(batch: Batch, terms: Terms) -> Iterator[Finding]:
    known = {one for earlier in batch.earlier for one in earlier.known}
    profile = batch.profile
    both = [*_separating(profile, terms), *_on_a_line(profile, terms)]
    for finding in [*both, *_missing_for_one(profile, terms)]:
        if (finding.kind, finding.column) not in known:
            yield finding


def _separating(profile: Profile, terms: Terms) -> Iterator[Finding]:
    label = profiles.find(profile, terms.label)
    rows = profiles.rows_by_label(label) if label and profile.labels else ()
    if len(rows) < 2 or min(rows) < ENOUGH_LABELLED:
        return
    ranked = _ranked(profile, terms.label, len(rows))
    for column, area in ranked:
        others = max((other for name, other in ranked if name != column), default=0.5)
        alone = area >= STRONG and area - 0.5 > 2 * (others - 0.5)
        if (area >= LEAK or alone) and column not in terms.dropped:
            sentence = (
                f"{column} alone tells the label almost perfectly (AUC {area:.2f}"
                + (f", the next column {others:.2f}" if alone else "")
                + "): is it known before the label is? If not, drop it in the recipe or transform."
            )
            yield Finding(kind="leak", column=column, sentence=sentence, serious=False)


def _on_a_line(profile: Profile, terms: Terms) -> Iterator[Finding]:
    for column in profile.columns:
        share = profiles.explained(column)
        if share >= LINE and column.name not in {terms.label, *terms.dropped}:
            sentence = (
                f"{column.name} alone tells the label almost exactly ({percent(share)} of its"
                " variance): is it known before the label is? If not, drop it in the recipe or"
                " transform."
            )
            yield Finding(kind="leak", column=column.name, sentence=sentence, serious=False)


def _ranked(profile: Profile, label: str, labels: int) -> Sequence[tuple[str, float]]:
    """The columns with their AUC for the label that they tell best, the best first."""
    places = range(1 if labels == 2 else labels)
    found = [
        (column.name, max(drift.separation(column, place) for place in places))
        for column in profile.columns
        if column.kind != "time" and column.name != label
    ]
    return sorted(found, key=lambda one: -one[1])


def _missing_for_one(profile: Profile, terms: Terms) -> Iterator[Finding]:
    label = profiles.find(profile, terms.label)
    rows = profiles.rows_by_label(label) if label and profile.labels else ()
    for column in profile.columns:
        place = drift.missing_for_one(column, rows) if len(rows) > 1 else None
        if place is not None and column.name not in {terms.label, *terms.dropped}:
            share = column.missing[place] / max(1, rows[place])
            sentence = (
                f"{column.name} is missing for label {profile.labels[place]} alone"
                f" ({percent(share)} of its rows): does it come from the label?"
            )
            yield Finding(kind="leak", column=column.name, sentence=sentence, serious=False)


# words


def listed(values: Sequence[str]) -> str:
    """A few of them, and how many more."""
    shown = ", ".join(repr(value) for value in values[:SHOWN])
    more = len(values) - SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def percent(share: float) -> str:
    """A share in percent, small ones with a digit more."""
    return f"{100 * share:.0f} %" if share >= BINS / 100 or not share else f"{100 * share:.1f} %"


def number(value: float) -> str:
    """A number in three digits, as a person would write it."""
    return f"{float(f'{value:.3g}'):,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
