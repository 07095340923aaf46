"""Checks a block of a column against its rule and brings it into the accepted copy's spelling.

Fast when all is well: whole arrays are cast and compared at once. Single cells are looked at only
where a cast fails, to tell bad ones from good ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from retraining.rules import moments
from retraining.rules.data_check.agreed import Dialect
from retraining.rules.data_check.column_rule import (
    FALSE,
    FIRST_FEATURE,
    FIRST_YEAR,
    INTEGER,
    LARGEST,
    LAST_FEATURE,
    NO_FEATURE,
    NUMBER,
    TOO_LARGE,
    TRUE,
    ColumnRule,
    parsed,
)
from retraining.rules.problems import shown

MOMENTS: Final = {"date": pa.date32(), "timestamp": pa.timestamp("us")}
ARROW_TYPES: Final = {"integer": pa.int64(), "number": pa.float64(), **MOMENTS}
PLAIN: Final = {"integer": f"^(?:{INTEGER.pattern})$", "number": f"^(?:{NUMBER.pattern})$"}
WHOLE: Final = r"^([+-]?[0-9]+)[.](?:0{1,2}|0{4,})$"
"""A whole number as floats are written; three zeros may be a group of an undeclared separator."""

ZONE: Final = "(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})$"
NOT_TEXT: Final = "holds a zero byte, so the file is not text: drop a UTF-8 CSV"
NOT_UTF8: Final = (
    "is not UTF-8 (shown as Latin-1): save the file as UTF-8, or set data.csv.encoding"
)


@dataclass(frozen=True)
class Flaw:
    """A rule that some cells of a block break."""

    rule: str
    sentence: str
    mask: pa.Array  # true where it is broken


@dataclass
class Cells:
    """One column of a block: its spelling in the accepted copy, its values, and what is wrong."""

    text: pa.Array  # null where a value is missing
    rule: ColumnRule
    dialect: Dialect
    values: pa.Array = None  # integer, double, date or timestamp; else the text
    flaws: list[Flaw] = field(default_factory=list)
    respelt: bool = False  # a whole number landed as floats are written

    def flaw(self, rule: str, sentence: str, mask: pa.Array) -> None:
        """Note what is broken, and take the broken cells' values away."""
        self.flaws.append(Flaw(rule, sentence, mask))
        if self.values is not None:
            self.values = _without(self.values, mask)


def checked(landed: pa.Array, rule: ColumnRule, dialect: Dialect) -> Cells:
    """What becomes of the text that landed."""
    cells = Cells(_present(landed, rule, dialect), rule, dialect)
    if cells.text.null_count and not rule.nullable:
        cells.flaw("null", "is empty but must not be", pc.is_null(cells.text))
    CHECKS[rule.type](cells)
    return cells


def as_text(raw: pa.Array) -> tuple[pa.Array, Flaw | None]:
    """Bytes as text; cells that are not UTF-8 are a flaw, and null."""
    cells = raw.to_pylist()
    decoded = [None if cell is None else _decoded(cell) for cell in cells]
    bad = [cell is not None and text is None for cell, text in zip(cells, decoded, strict=True)]
    flaw = Flaw("encoding", NOT_UTF8, pa.array(bad)) if any(bad) else None
    return pa.array(decoded, pa.string()), flaw


def zero_bytes(landed: pa.Array) -> Flaw | None:
    """The cells that hold one, which no text does."""
    zeros = pc.fill_null(pc.match_substring(landed, "\0"), False)
    return Flaw("encoding", NOT_TEXT, zeros) if pc.any(zeros).as_py() else None


def _decoded(cell: bytes) -> str | None:
    try:
        return cell.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _present(text: pa.Array, rule: ColumnRule, dialect: Dialect) -> pa.Array:
    """The cells without what stands for a missing value; what a category may be is a value."""
    if dialect.trim:
        text = pc.utf8_trim_whitespace(text)
    missing = [value for value in dialect.null_values if value not in (rule.values or ())]
    missing += [""] * dialect.trim
    if missing:
        mask = pc.is_in(text, value_set=pa.array(missing, pa.string()))
        text = _without(text, mask) if pc.any(mask).as_py() else text
    return text


def _text(cells: Cells) -> None:
    cells.values = cells.text


def _category(cells: Cells) -> None:
    cells.values = cells.text
    if cells.rule.values is None:
        return
    known = pc.is_in(cells.text, value_set=pa.array([*cells.rule.values, None], pa.string()))
    if pc.all(known).as_py() is False:
        cells.flaw(
            "category", "is not one of " + shown(", ".join(cells.rule.values)), pc.invert(known)
        )


def _boolean(cells: Cells) -> None:
    lower = pc.utf8_lower(cells.text)
    true, false = (pc.is_in(lower, value_set=pa.array(words)) for words in (TRUE, FALSE))
    cells.values = pc.if_else(pc.is_valid(cells.text), true, None)
    bad = pc.and_(pc.is_valid(cells.text), pc.invert(pc.or_(true, false)))
    spelt = pc.cast(cells.values, pa.string())
    if pc.any(bad).as_py():
        cells.flaw("type", f"is not {cells.rule.wanted}", bad)
        spelt = pc.if_else(bad, cells.text, spelt)
    cells.text = pc.coalesce(spelt, cells.text)


def _number(cells: Cells) -> None:
    if cells.dialect.decimal != "." or cells.dialect.thousands is not None:
        _plain_numbers(cells)
    if cells.rule.type == "integer" and _holds(cells.text, b"."):
        landed, cells.text = cells.text, pc.replace_substring_regex(cells.text, WHOLE, r"\1")
        cells.respelt = not cells.text.equals(landed)
    _cast(cells, ARROW_TYPES[cells.rule.type])
    if cells.rule.type == "number" and not _finite(cells.values):
        low = pc.less_equal(pc.abs(cells.values), LARGEST)
        huge = pc.fill_null(pc.invert(low), False)
        nan = pc.or_(pc.is_nan(cells.values), pc.is_inf(cells.values))
        _flaw_if_any(cells, "type", f"is not {cells.rule.wanted}", pc.fill_null(nan, False))
        _flaw_if_any(cells, "range", TOO_LARGE, pc.and_not(huge, pc.fill_null(nan, False)))
    _within_bounds(cells)


def _finite(values: pa.Array) -> bool:
    """True when every number is one with which models compute; null counts as one."""
    extremes = pc.min_max(values)
    low, high = extremes["min"].as_py(), extremes["max"].as_py()
    total = pc.sum(values).as_py()  # of an array with NaN it is NaN
    return low is None or (math.isfinite(total) and low >= -LARGEST and high <= LARGEST)


def _plain_numbers(cells: Cells) -> None:
    """Numbers as the dialect writes them, with a point and without groups of three."""
    group = {None: None, " ": "[ \u00a0\u202f]"}.get(
        cells.dialect.thousands, f"[{cells.dialect.thousands}]"
    )
    whole = "[0-9]+" + (f"|[0-9]{{1,3}}(?:{group}[0-9]{{3}})+" if group else "")
    digits, power = ("[0-9]*", "(?:[eE][+-]?[0-9]+)?")
    if cells.rule.type == "integer":
        digits, power = ("0+", "")
    rest = f"(?:[{cells.dialect.decimal}]{digits})?{power}"
    fits = pc.match_substring_regex(cells.text, f"^[+-]?(?:{whole})?{rest}$")
    bad = pc.fill_null(pc.invert(fits), False)
    text = cells.text
    if group:
        text = pc.replace_substring_regex(text, group, "")
    if cells.dialect.decimal != ".":
        text = pc.replace_substring(text, cells.dialect.decimal, ".")
    if pc.any(bad).as_py():
        cells.flaw("type", f"is not {cells.rule.wanted}", bad)
        text = pc.if_else(bad, pa.scalar(None, pa.string()), text)
    cells.text = text


def _date(cells: Cells) -> None:
    if cells.rule.format:
        _formatted(cells)
    else:
        _cast(cells, MOMENTS["date"])
    _within_reach(cells)
    _within_bounds(cells)


def _timestamp(cells: Cells) -> None:
    if cells.rule.format:
        _formatted(cells)
    else:
        _iso(cells)
    _within_reach(cells)
    _within_bounds(cells)


def _formatted(cells: Cells) -> None:
    """Each different text once: a column of dates has few."""
    codes = cells.text.dictionary_encode()
    form, kind = cells.rule.format or "", cells.rule.type
    found = [_in_format(text, form, kind) for text in codes.dictionary.to_pylist()]
    texts = [None if m is None else _spelt(m) for m in found]
    values = pa.array(found, MOMENTS[cells.rule.type])
    cells.values = values.take(codes.indices)
    spelt = pa.array(texts, pa.string()).take(codes.indices)
    bad = pc.and_(pc.is_valid(cells.text), pc.is_null(cells.values))
    _flaw_if_any(cells, "type", f"is not {cells.rule.wanted}", bad)
    cells.text = spelt


def _in_format(text: str, form: str, kind: str) -> Any:
    moment = moments.in_format(text, form)
    return moment.date() if moment is not None and kind == "date" else moment


def _spelt(moment: Any) -> str:
    return moments.spelt(moment) if hasattr(moment, "hour") else str(moment.isoformat())


def _iso(cells: Cells) -> None:
    zoned = pc.fill_null(pc.match_substring_regex(cells.text, ZONE), False)
    if not pc.any(zoned).as_py():
        values = _tried(cells.text, MOMENTS["timestamp"])
    elif pc.all(pc.or_(zoned, pc.is_null(cells.text))).as_py():
        values = _tried(cells.text, pa.timestamp("us", "UTC"))
    else:
        values = None
    if values is None:
        _one_by_one(cells, MOMENTS["timestamp"])
    else:
        cells.values = values.cast(MOMENTS["timestamp"])
    cells.text = pc.coalesce(iso_text(cells.values), cells.text)


def iso_text(values: pa.Array) -> pa.Array:
    """Timestamps as the accepted copy spells them."""
    seconds = pc.cast(values, pa.timestamp("s"), safe=False)
    whole = pc.equal(pc.cast(seconds, pa.timestamp("us")), values)
    text = pc.cast(seconds, pa.string())
    if not pc.all(whole).as_py():
        text = pc.if_else(whole, text, pc.cast(values, pa.string()))
    return pc.binary_join_element_wise(pc.utf8_replace_slice(text, 10, 11, "T"), "Z", "")


def _cast(cells: Cells, kind: pa.DataType) -> None:
    """The typed values; what has none is a flaw."""
    values = _tried(cells.text, kind)
    hexadecimal = cells.rule.type == "integer" and _holds(cells.text, b"xX")
    if values is not None and not hexadecimal:
        cells.values = values
        return
    pattern = PLAIN.get(cells.rule.type)
    fits = pc.match_substring_regex(cells.text, pattern) if pattern else None
    bad = pc.fill_null(pc.invert(fits), False) if pattern else None
    values = _tried(_without(cells.text, bad), kind) if pattern else None
    if values is None:
        _one_by_one(cells, kind)
        return
    cells.values = values
    _flaw_if_any(cells, "type", f"is not {cells.rule.wanted}", bad)


def _one_by_one(cells: Cells, kind: pa.DataType) -> None:
    texts = cells.text.to_pylist()
    found = [None if text is None else parsed(text, cells.rule.type) for text in texts]
    cells.values = pa.array(found, kind)
    bad = pc.and_(pc.is_valid(cells.text), pc.is_null(cells.values))
    _flaw_if_any(cells, "type", f"is not {cells.rule.wanted}", bad)


def _tried(text: pa.Array, kind: pa.DataType) -> pa.Array | None:
    """The typed block, or None when a cell needs a closer look."""
    try:
        return pc.cast(text, kind)
    except pa.ArrowInvalid:
        return None


def _holds(text: pa.Array, letters: bytes) -> bool:
    data = text.buffers()[2]
    held = b"" if data is None else data.to_pybytes()
    return any(bytes([letter]) in held for letter in letters)


def _within_reach(cells: Cells) -> None:
    """Arrow knows a year 0, which Python does not; pandas does not reach as far as either."""
    moments_ = cells.values.cast(MOMENTS["timestamp"])
    before = pc.fill_null(pc.less(moments_, pa.scalar(FIRST_YEAR)), False)
    _flaw_if_any(cells, "type", f"is not {cells.rule.wanted}", before)
    if cells.rule.featured:
        early = pc.less(moments_, pa.scalar(FIRST_FEATURE))
        late = pc.greater(moments_, pa.scalar(LAST_FEATURE))
        beyond = pc.fill_null(pc.or_(early, late), False)
        _flaw_if_any(cells, "range", NO_FEATURE, pc.and_not(beyond, before))


def _within_bounds(cells: Cells) -> None:
    for outside, sentence in _outside(cells.values, cells.rule):
        _flaw_if_any(cells, "range", sentence, pc.fill_null(outside, False))


def _outside(values: pa.Array, rule: ColumnRule) -> Iterable[tuple[pa.Array, str]]:
    if rule.min is None and rule.max is None:
        return
    extremes = pc.min_max(values)
    low, high = extremes["min"].as_py(), extremes["max"].as_py()
    if rule.min is not None and low is not None and low < rule.bound(rule.min):
        yield pc.less(values, _scalar(rule, rule.min)), rule.below
    if rule.max is not None and high is not None and high > rule.bound(rule.max):
        yield pc.greater(values, _scalar(rule, rule.max)), rule.above


def _scalar(rule: ColumnRule, bound: Any) -> pa.Scalar:
    return pa.scalar(rule.bound(bound), MOMENTS.get(rule.type, pa.float64()))


def _flaw_if_any(cells: Cells, rule: str, sentence: str, mask: pa.Array) -> None:
    if pc.any(mask).as_py():
        cells.flaw(rule, sentence, mask)


def _without(array: pa.Array, mask: pa.Array) -> pa.Array:
    return pc.if_else(mask, pa.scalar(None, array.type), array)


CHECKS: Final[dict[str, Callable[[Cells], None]]] = {
    "text": _text,
    "category": _category,
    "boolean": _boolean,
    "integer": _number,
    "number": _number,
    "date": _date,
    "timestamp": _timestamp,
}
"""How a column of each type is checked."""
