"""Measures the held-out rows apart by the values of a column.

PrepareDataset writes `prepared/slices/`, the rows of `prepared/holdout/` in the same order: a line
is `row_id,kind,cluster,label` and a code for each column of `gate.slices`. A code is the place of
the row's value among the column's most frequent ones; the one after the last stands for all others.
Memory does not grow with the rows: a column at a time, each value's numbers are on disk.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from retraining.documents.metrics import MeasuredSlice
from retraining.rules.candidates import CHALLENGER, CHAMPION, FRESH, REFERENCE
from retraining.rules.measuring import measure_slice
from retraining.rules.metrics import Values
from retraining.rules.scores import Kept, NewColumn

FOLDER: Final = "prepared/slices/"
HELD_OUT: Final = (FRESH, REFERENCE)
JUDGED: Final = (CHALLENGER, CHAMPION)
FIRST_CODE: Final = 4  # field of a line


def reader(column: str) -> str:
    """Who the codes of a column belong to, where roles are read side by side."""
    return f"slice {column}"


def score_lines(lines: Iterable[str], place: int) -> Iterator[str]:
    """The lines as those of scores: that of a row is its code in this column."""
    for line in lines:
        parts = line.rstrip("\r\n").split(",")
        code = parts[FIRST_CODE + place : FIRST_CODE + place + 1]
        yield ",".join((*parts[:FIRST_CODE], *code))


def measured_roles(*, knows_reference: bool) -> tuple[str, ...]:
    """Who is measured; not a champion that has been trained on the reference rows."""
    return (CHALLENGER,) if knows_reference else JUDGED


def taken(kept: Mapping[str, Kept], column: str) -> dict[str, Values]:
    """The codes of a column by kind, taken from among the scores."""
    return {kind: kept[kind].scores.pop(reader(column)) for kind in HELD_OUT}


def measure(
    metric: str,
    kept: Mapping[str, Kept],
    codes: Mapping[str, Values],
    column: str,
    values: Sequence[str],
    new: NewColumn,
    roles: Sequence[str] = JUDGED,
) -> Iterator[MeasuredSlice]:
    """The candidates on the rows of each value, most frequent first, and of all others."""
    parts = {kind: _parted(kept[kind], codes[kind], new, roles) for kind in HELD_OUT}
    for code, value in enumerate((*values, None)):
        of = {kind: part[code] for kind, part in parts.items()}
        if any(len(one.labels) for one in of.values()):
            found, basis = measure_slice(metric, of)
            yield MeasuredSlice(column=column, value=value, basis=basis, candidates=found)


def _parted(
    kept: Kept, codes: Values, new: NewColumn, wanted: Sequence[str]
) -> defaultdict[int, Kept]:
    """The rows by code."""
    roles = [role for role in wanted if role in kept.scores]
    found: defaultdict[int, Kept] = defaultdict(
        lambda: Kept(new(), new(), {role: new() for role in roles})
    )
    clustered = len(kept.clusters) == len(kept.labels)
    columns: list[Values] = [kept.labels, *(kept.scores[role] for role in roles)]
    columns += [kept.clusters] * clustered
    for code, label, *others in zip(codes, *columns, strict=True):
        part = found[int(code)]
        part.labels.append(label)
        for role, score in zip(roles, others, strict=False):
            part.scores[role].append(score)
        if clustered:
            part.clusters.append(others[-1])
    return found
