"""Checks one block of a column against its contract, fast when all is well.

Whole arrays are cast and compared at once; single cells are looked at only in a block that
holds a bad one, to name row and value.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from retraining.documents.check_report import Problem
from retraining.rules.problems import Problems, shown

INTEGER: Final = re.compile(r"[+-]?[0-9]+")
NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
ARROW_TYPES: Final = {"integer": pa.int64(), "number": pa.float64(), "date": pa.date32()}
WANTED: Final = {
    "integer": "an integer",
    "number": "a number",
    "date": "a date (YYYY-MM-DD)",
}
LARGEST: Final = 3.4e38
TOO_LARGE: Final = "is larger than a 32-bit float, with which models compute, can be (3.4E38)"
NOT_TEXT: Final = "holds a zero byte, so the file is not text: drop a UTF-8 CSV"


@dataclass(frozen=True)
class ColumnRule:
    """The rules of columns.yaml for one column."""

    name: str
    type: str
    nullable: bool = False
    min: Any = None
    max: Any = None
    values: tuple[str, ...] | None = None

    @classmethod
    def of(cls, name: str, column: dict[str, Any]) -> ColumnRule:
        """The rule of a column of definition.json."""
        values = column.get("values")
        return cls(
            name,
            column["type"],
            bool(column.get("nullable")),
            column.get("min"),
            column.get("max"),
            tuple(values) if values is not None else None,
        )

    def within(self, low: float | None, high: float | None) -> ColumnRule:
        """The rule of a column whose numbers must also lie in this range; None: unbounded."""
        if self.type == "category":
            kept = (v for v in self.values or () if _lies(parsed(v, "number"), low, high))
            return replace(self, values=None if self.values is None else tuple(kept))
        if self.type not in ("integer", "number"):
            return self
        lows = [bound for bound in (self.min, low) if bound is not None]
        highs = [bound for bound in (self.max, high) if bound is not None]
        return replace(self, min=max(lows, default=None), max=min(highs, default=None))


def _lies(value: float | None, low: float | None, high: float | None) -> bool:
    """True within the range; what is not a number is left to others to refuse."""
    return value is None or ((low is None or value >= low) and (high is None or value <= high))


RowNumber = Callable[[int], int]  # data row number of a position in the block


def as_text(raw: pa.Array, rule: ColumnRule, number: RowNumber, problems: Problems) -> pa.Array:
    """The block as text; cells that are not UTF-8 become problems and nulls."""
    try:
        return raw.cast(pa.string())
    except pa.ArrowInvalid:
        decoded = [_decoded(cell) for cell in raw.to_pylist()]
        cells = [(i, cell) for i, cell in enumerate(raw.to_pylist()) if decoded[i] is None]
        _record(
            problems,
            rule,
            "encoding",
            ((i, cell.decode("latin-1")) for i, cell in cells),
            len(cells),
            number,
            "is not UTF-8 (shown as Latin-1): save the file as UTF-8",
        )
        return pa.array(decoded, pa.string())


def _decoded(cell: bytes) -> str | None:
    try:
        return cell.decode("utf-8")
    except UnicodeDecodeError:
        return None


def check(text: pa.Array, rule: ColumnRule, number: RowNumber, problems: Problems) -> None:
    """Record every cell of the block that breaks the column's rule."""
    zeros = pc.match_substring(text, "\0")
    if pc.any(zeros).as_py():
        _record_mask(problems, rule, "encoding", text, zeros, number, NOT_TEXT)
    empty = pc.equal(text, "")
    if pc.any(empty).as_py():
        if not rule.nullable:
            _record_mask(problems, rule, "null", text, empty, number, "is empty but must not be")
        text = pc.if_else(empty, pa.scalar(None, pa.string()), text)
    if rule.type in ARROW_TYPES:
        _check_typed(text, rule, number, problems)
    elif rule.values is not None:
        known = pc.is_in(text, value_set=pa.array([*rule.values, None], pa.string()))
        if not pc.all(known).as_py():
            wanted = "is not one of " + shown(", ".join(rule.values))
            _record_mask(problems, rule, "category", text, pc.invert(known), number, wanted)


def _check_typed(text: pa.Array, rule: ColumnRule, number: RowNumber, problems: Problems) -> None:
    values = _fast(text, rule.type)
    if values is None:
        _check_slowly(text, rule, number, problems)
        return
    for outside, sentence in _range_masks(values, rule):
        if pc.any(outside).as_py():
            mask = pc.fill_null(outside, False)
            _record_mask(problems, rule, "range", text, mask, number, sentence)


def _fast(text: pa.Array, kind: str) -> pa.Array | None:
    """The typed block, or None when a cell needs a closer look."""
    try:
        values = pc.cast(text, ARROW_TYPES[kind])
    except pa.ArrowInvalid:
        return None
    if kind == "number":
        plain = pc.less_equal(pc.abs(values), LARGEST)
        return None if pc.any(pc.invert(plain)).as_py() else values
    hexadecimal = kind == "integer" and pc.any(pc.match_substring(text, "x", ignore_case=True))
    return None if hexadecimal and hexadecimal.as_py() else values


def _range_masks(values: pa.Array, rule: ColumnRule) -> Iterable[tuple[pa.Array, str]]:
    if rule.min is not None:
        yield pc.less(values, _bound(rule, rule.min)), f"is below the minimum {rule.min}"
    if rule.max is not None:
        yield pc.greater(values, _bound(rule, rule.max)), f"is above the maximum {rule.max}"


def _bound(rule: ColumnRule, bound: Any) -> pa.Scalar:
    if rule.type == "date":
        return pa.scalar(dt.date.fromisoformat(bound), pa.date32())
    return pa.scalar(float(bound), pa.float64())


def _check_slowly(text: pa.Array, rule: ColumnRule, number: RowNumber, problems: Problems) -> None:
    bad: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for position, cell in enumerate(text.to_pylist()):
        broken = None if cell is None else violation(cell, rule)
        if broken:
            bad.setdefault(broken, []).append((position, cell))
    for (name, sentence), cells in bad.items():
        _record(problems, rule, name, cells, len(cells), number, sentence)


def violation(cell: str, rule: ColumnRule) -> tuple[str, str] | None:
    """Rule and sentence that one cell breaks, or None."""
    value = parsed(cell, rule.type)
    if value is None:
        return "type", f"is not {WANTED[rule.type]}"
    if rule.type == "number" and abs(value) > LARGEST:
        return "range", TOO_LARGE
    if rule.min is not None and value < _plain_bound(rule, rule.min):
        return "range", f"is below the minimum {rule.min}"
    if rule.max is not None and value > _plain_bound(rule, rule.max):
        return "range", f"is above the maximum {rule.max}"
    return None


def _plain_bound(rule: ColumnRule, bound: Any) -> Any:
    return dt.date.fromisoformat(bound) if rule.type == "date" else bound


def parsed(cell: str, kind: str) -> Any:
    """The value of a cell as integer, number or date; None if it is not one."""
    if kind == "integer":
        value = int(cell) if INTEGER.fullmatch(cell) and len(cell) < 21 else None
        return value if value is not None and -(2**63) <= value < 2**63 else None
    if kind == "number":
        number = float(cell) if NUMBER.fullmatch(cell) else math.nan
        return number if math.isfinite(number) else None
    try:
        return dt.date.fromisoformat(cell) if len(cell) == 10 else None
    except ValueError:
        return None


def _record_mask(
    problems: Problems,
    rule: ColumnRule,
    name: str,
    text: pa.Array,
    mask: pa.Array,
    number: RowNumber,
    sentence: str,
) -> None:
    positions = pc.indices_nonzero(mask)
    first = positions[: problems.room(name, rule.name)].to_pylist()
    cells = ((position, text[position].as_py() or "") for position in first)
    _record(problems, rule, name, cells, len(positions), number, sentence)


def _record(
    problems: Problems,
    rule: ColumnRule,
    name: str,
    cells: Iterable[tuple[int, str]],
    total: int,
    number: RowNumber,
    sentence: str,
) -> None:
    listed = 0
    for position, cell in cells:
        if listed == total or not problems.room(name, rule.name):
            break
        row, value = number(position), shown(cell)
        text = f"column {rule.name!r}, row {row}: {value!r} {sentence}"
        problems.add(Problem(name, text, rule.name, row, value))
        listed += 1
    problems.count(name, rule.name, total - listed)
