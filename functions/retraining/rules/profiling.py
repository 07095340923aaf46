"""Collects the profile of accepted rows, block by block, in bounded memory.

Whole arrays at a time: of each column the rows are counted by bin or text and by label. What is
counted can be added up over blocks, objects and chunks (rules/profiles.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from retraining.documents.profile import ColumnProfile, Profile
from retraining.rules import bins
from retraining.rules.profiles import MOST_LABELS, MOST_TEXTS

PROFILED_BYTES: Final = 64 << 20  # of a batch; of a larger one an even part of each block
MANY: Final = 2000  # different texts in one block: those that occur once are not looked at singly
TIMES: Final = ("date", "timestamp")
NUMBERS: Final = ("integer", "number")


def share_of(batch: int) -> float:
    """The share of a batch of so many bytes that is looked at."""
    return min(1.0, PROFILED_BYTES / max(1, batch))


class Profiler:
    """Looks at the accepted rows of one object."""

    def __init__(
        self, types: Mapping[str, str], label: str, share: float = 1.0, time: str = ""
    ) -> None:
        self._columns = {name: _kind_of(kind)(name) for name, kind in types.items()}
        self._label, self._share, self._time = label, share, time
        self._labels: dict[str, int] = {}
        self._rows = self._seen = 0

    @classmethod
    def of(cls, definition: dict[str, Any], share: float) -> Profiler:
        """For the columns of a definition.json, of which this share of the rows is looked at."""
        data, split = definition["data"], definition["split"]
        types = {name: column["type"] for name, column in data["columns"].items()}
        times = [name for name, kind in types.items() if kind in TIMES]
        time = split["column"] if split["by"] == "time" else next(iter(times), "")
        return cls(types, data["label"], share, time)

    def add(self, text: Mapping[str, pa.Array]) -> None:
        """Look at a block: the text of each column, empty where it is missing."""
        length = len(next(iter(text.values())))
        taken = math.ceil(length * self._share)
        self._rows += length
        self._seen += taken
        block = {name: text[name].slice(0, taken) for name in self._columns}
        block = self._labelled(block)
        taken = len(next(iter(block.values())))
        groups = self._groups(block.get(self._label), taken)
        target = self._target(block)
        times = _Times(block[self._time]) if self._time in block else None
        for name, column in self._columns.items():
            column.add(block[name], groups, target)
            if times is not None:
                column.follows_time = column.follows_time and times.decide(block[name])

    def profile(self) -> Profile:
        """What was seen so far."""
        labels = tuple(self._labels) if len(self._labels) <= MOST_LABELS else ()
        return Profile(
            rows=self._rows,
            seen=self._seen,
            labels=labels,
            columns=tuple(
                column.profile(max(1, len(labels)), follows=bool(self._time))
                for column in self._columns.values()
            ),
            respelt=(),  # the check knows it, before the rows come here
        )

    def _labelled(self, block: dict[str, pa.Array]) -> dict[str, pa.Array]:
        """The rows with a label: no others are trained on."""
        empty = pc.equal(block[self._label], "") if self._label in block else None
        if empty is None or not pc.any(empty).as_py():
            return block
        self._columns[self._label].missing[0] += pc.sum(empty).as_py()
        return {name: column.filter(pc.invert(empty)) for name, column in block.items()}

    def _target(self, block: dict[str, pa.Array]) -> pa.Array | None:
        """The label as numbers, where it is one of many."""
        column = self._columns.get(self._label)
        if column is None or column.kind != "number" or len(self._labels) <= MOST_LABELS:
            return None
        return pc.cast(block[self._label], pa.float64())

    def _groups(self, labels: pa.Array | None, length: int) -> pa.Array:
        """The number of each row's label, 0 for all when there are too many."""
        if labels is not None and len(self._labels) <= MOST_LABELS:
            encoded = labels.dictionary_encode()
            for label in encoded.dictionary.slice(0, MOST_LABELS + 1).to_pylist():
                self._labels.setdefault(label, len(self._labels))
            if len(self._labels) <= MOST_LABELS:
                numbers = [self._labels[one] for one in encoded.dictionary.to_pylist()]
                return pa.array(numbers, pa.int64()).take(encoded.indices)
            for column in self._columns.values():
                column.forget_labels()
        return pa.repeat(pa.scalar(0, pa.int64()), length)


class _Times:
    """The times of a block, for what has one value at each of them."""

    def __init__(self, times: pa.Array) -> None:
        self._times = times

    def decide(self, text: pa.Array) -> bool:
        """Whether the column has a single value on each day of the block."""
        days, count = self._days
        pairs = pc.binary_join_element_wise(days, text, "\x1f")
        return bool(pc.count_distinct(pairs).as_py() <= count)

    @cached_property
    def _days(self) -> tuple[pa.Array, int]:
        days = pc.utf8_slice_codeunits(self._times, 0, 10)
        return days, pc.count_distinct(days).as_py()


Counts = dict[Any, list[int]]


@dataclass
class _Column:
    """What all kinds of columns have in common."""

    name: str
    kind: str = ""
    missing: list[int] = field(default_factory=lambda: [0] * MOST_LABELS)
    counts: Counts = field(default_factory=dict)
    others: list[int] = field(default_factory=lambda: [0] * MOST_LABELS)
    step: int = 0
    total: float = 0.0
    moments: list[float] = field(default_factory=lambda: [0.0] * 6)
    ends: tuple[Any, Any] = (None, None)
    follows_time: bool = True

    def add(self, text: pa.Array, groups: pa.Array, target: pa.Array | None) -> None:
        """Count the rows of a block."""
        empty = pc.equal(text, "")
        if pc.any(empty).as_py():
            for group, count in _counted(groups.filter(empty)):
                self.missing[group] += count
            there = pc.invert(empty)
            text, groups = text.filter(there), groups.filter(there)
            target = None if target is None else target.filter(there)
        if len(text):
            self.look(text, groups, target)

    def look(self, text: pa.Array, groups: pa.Array, target: pa.Array | None, /) -> None:
        """Count the values of a block, none of them missing."""

    def forget_labels(self) -> None:
        """From now on all rows are of one group."""
        self.missing, self.others = _as_one(self.missing), _as_one(self.others)
        self.counts = {key: _as_one(by_label) for key, by_label in self.counts.items()}

    def count(self, key: Any, group: int, rows: int) -> None:
        """So many more rows."""
        self.counts.setdefault(key, [0] * MOST_LABELS)[group] += rows

    def widen(self, ends: Any) -> None:
        """Take in the least and the greatest of a block."""
        low, high = ends["min"].as_py(), ends["max"].as_py()
        if self.ends[0] is not None:
            low, high = min(low, self.ends[0]), max(high, self.ends[1])
        self.ends = (low, high)

    def profile(self, groups: int, *, follows: bool) -> ColumnProfile:
        """What was seen so far, of so many labels."""
        return ColumnProfile(
            name=self.name,
            kind=self.kind,
            missing=tuple(self.missing[:groups]),
            counts={str(key): tuple(rows[:groups]) for key, rows in sorted(self.counts.items())},
            others=tuple(self.others[:groups]),
            step=self.step,
            total=self.total,
            moments=tuple(self.moments),
            least=self.ends[0] if self.kind == "number" else None,
            greatest=self.ends[1] if self.kind == "number" else None,
            first=self.ends[0] if self.kind == "time" else None,
            last=self.ends[1] if self.kind == "time" else None,
            follows_time=follows and self.follows_time,
        )


@dataclass
class _Number(_Column):
    kind: str = "number"

    def look(self, text: pa.Array, groups: pa.Array, target: pa.Array | None) -> None:
        values = pc.cast(text, pa.float64())
        if target is not None:
            self._compare(values, target)
        self.total += pc.sum(values).as_py()
        self.widen(pc.min_max(values))
        codes = self._few(_codes(values, self.step))
        for key, count in _counted(pc.add(pc.multiply(codes, MOST_LABELS), groups)):
            self.count(key // MOST_LABELS, key % MOST_LABELS, count)
        if len(self.counts) > bins.MOST:
            self._join(bins.steps_to_fit(self.counts))

    def _few(self, codes: pa.Array) -> pa.Array:
        """The codes of a block at the step at which it alone has few enough bins."""
        different = pc.unique(codes)
        while len(different) > bins.MOST:
            different = pc.unique(_joined(different))
            codes = _joined(codes)
            self._join(1)
        return codes

    def _compare(self, values: pa.Array, target: pa.Array) -> None:
        """Add to the sums of x, y, xx, xy and yy."""
        pairs = [(values, values), (values, target), (target, target)]
        sums = [pc.sum(values), pc.sum(target), *(pc.sum(pc.multiply(*pair)) for pair in pairs)]
        new = [len(values), *(one.as_py() for one in sums)]
        self.moments = [a + b for a, b in zip(self.moments, new, strict=True)]

    def _join(self, times: int) -> None:
        finer, self.counts = self.counts, {}
        self.step += times
        for code, rows in finer.items():
            for group, count in enumerate(rows):
                self.count(bins.joined(code, times), group, count)


@dataclass
class _Text(_Column):
    kind: str = "text"

    def look(self, text: pa.Array, groups: pa.Array, _target: pa.Array | None) -> None:
        encoded = text.dictionary_encode()
        texts, indices = encoded.dictionary, encoded.indices.cast(pa.int64())
        found = pc.value_counts(pc.add(pc.multiply(indices, MOST_LABELS), groups))
        keys, counts = found.field(0), found.field(1)
        if len(texts) > MANY:
            often = pc.greater(counts, 1)
            for group, count in _counted(pc.bit_wise_and(keys.filter(pc.invert(often)), 7)):
                self.others[group] += count
            keys, counts = keys.filter(often), counts.filter(often)
        named = texts.take(pc.shift_right(keys, 3)).to_pylist()
        for value, key, count in zip(named, keys.to_pylist(), counts.to_pylist(), strict=True):
            self.count(value, key % MOST_LABELS, count)
        if len(self.counts) > MOST_TEXTS:
            self._cut()

    def _cut(self) -> None:
        ordered = sorted(self.counts.items(), key=lambda item: (-sum(item[1]), item[0]))
        self.counts = dict(ordered[: MOST_TEXTS // 2])
        for _, rows in ordered[MOST_TEXTS // 2 :]:
            self.others = [a + b for a, b in zip(self.others, rows, strict=True)]


@dataclass
class _Time(_Column):
    kind: str = "time"

    def look(self, text: pa.Array, _groups: pa.Array, _target: pa.Array | None) -> None:
        self.widen(pc.min_max(text))


def _kind_of(kind: str) -> type[_Column]:
    if kind in NUMBERS:
        return _Number
    return _Time if kind in TIMES else _Text


def _counted(keys: pa.Array) -> Iterable[tuple[int, int]]:
    found = pc.value_counts(keys)
    return zip(found.field(0).to_pylist(), found.field(1).to_pylist(), strict=True)


def _codes(values: pa.Array, step: int) -> pa.Array:
    """`bins.code` of a whole array."""
    sizes = pc.abs(values)
    nothing = pc.less(sizes, bins.SMALLEST)
    logs = pc.floor(pc.divide(pc.ln(pc.if_else(nothing, 1.0, sizes)), bins.WIDTH))
    whole = pc.add(pc.cast(logs, pa.int64()), bins.OFFSET)
    if step:
        whole = pc.max_element_wise(pc.shift_right(whole, step), 1)
    signed = pc.multiply(whole, pc.cast(pc.sign(values), pa.int64()))
    return pc.if_else(nothing, 0, signed)


def _joined(codes: pa.Array) -> pa.Array:
    """`bins.joined` of a whole array."""
    wider = pc.max_element_wise(pc.shift_right(pc.abs(codes), 1), 1)
    return pc.multiply(wider, pc.sign(codes))


def _as_one(rows: list[int]) -> list[int]:
    return [sum(rows), *[0] * (MOST_LABELS - 1)]
