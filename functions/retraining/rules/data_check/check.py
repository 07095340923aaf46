"""Checks one landed object in one streaming pass of bounded memory, and writes its accepted copy.

The caller keeps the copy if the result is accepted, and discards it if not. Blocks of 1 MB; what is
held beside a block is a bounded list of problems.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from retraining.documents.check_report import Problem
from retraining.documents.profile import Profile
from retraining.errors import DataUnreadable
from retraining.rules.data_check import cells, guesses, writing
from retraining.rules.data_check.agreed import Rules, Tolerance
from retraining.rules.data_check.blocks import Block, Malformed, Reader, Rows
from retraining.rules.data_check.cells import Cells, Flaw
from retraining.rules.data_check.column_rule import ColumnRule
from retraining.rules.data_check.marking import marks
from retraining.rules.data_check.opening import opened
from retraining.rules.data_check.source import Seekable
from retraining.rules.data_check.spellings import Spellings
from retraining.rules.data_check.writing import CopyLines
from retraining.rules.problems import Problems, shown

LABELS: Final = 3


Seen = Callable[[dict[str, pa.Array]], None]


def ignored(_: dict[str, pa.Array]) -> None:
    """For who does not look at the rows."""


class Sink(Protocol):
    """Where the accepted copy goes, or the rows that are set aside."""

    def write(self, data: bytes, /) -> object:
        """Append to it."""


@dataclass
class Result:
    """What the check of one object found."""

    tolerance: Tolerance = field(default_factory=Tolerance)
    rows: int = 0
    bad_rows: int = 0
    spoilt: bool = False  # by something that is not the fault of single rows
    problems: Problems = field(default_factory=Problems)
    notes: tuple[str, ...] = ()
    labels: set[str] = field(default_factory=set)
    respelt: set[str] = field(default_factory=set)  # columns of integers that landed as 1.0
    profile: Profile | None = None  # of the accepted rows, for who collects it

    @property
    def accepted(self) -> bool:
        """True when the object's good rows go on."""
        good = self.rows > self.bad_rows
        return not self.spoilt and good and self.tolerance.allows(self.bad_rows, self.rows)

    @property
    def accepted_rows(self) -> int:
        """How many rows go on."""
        return self.rows - self.bad_rows if self.accepted else 0

    def spoil(self, problem: Problem) -> None:
        """Note what is wrong with the object as a whole."""
        self.problems.add(problem)
        self.spoilt = True


def check(source: Seekable, rules: Rules, sink: Sink, place: int = 0, seen: Seen = ignored,
          aside: Sink | None = None) -> Result:  # fmt: skip
    """Check the object behind `source`, which arrived as number `place`; its copy to `sink`.

    `seen` is shown the rows of every block that is written, an empty text where one is missing.
    Bad rows that may be tolerated go to `aside` with their reasons, one JSON document a line.
    """
    result = Result(rules.tolerance)
    try:
        found = opened(source, rules)
        result.notes = found.header.notes
        for problem in found.header.problems:
            result.spoil(problem)
        for rows in found.counted:
            result.rows += rows
        if found.reader is not None:
            outputs = _Outputs(sink, aside, seen)
            _Pass(rules.typed(found.typed), found.header.blank, result, outputs, place).run(
                found.reader
            )
    except DataUnreadable as error:
        result.spoil(Problem("unreadable", str(error)))
    guesses.explain(result.problems, rules, result.rows)
    return result


@dataclass(frozen=True)
class _Outputs:
    """Where the rows of an object go."""

    copy: Sink
    aside: Sink | None
    seen: Seen


class _Pass:
    """One pass over an object whose header is right."""

    def __init__(
        self, rules: Rules, blank: tuple[str, ...], result: Result, outputs: _Outputs, place: int
    ) -> None:
        self.rules, self.blank, self.result = rules, blank, result
        self.outputs, self.place = outputs, place
        self.spellings = Spellings(rules)

    def run(self, reader: Reader) -> None:
        result = self.result
        self.outputs.copy.write(writing.header(self.rules))
        for block in reader.blocks():
            self._block(block)
        if reader.fatal is not None:
            result.spoil(reader.fatal)
        result.notes = (*result.notes, *self.spellings.notes())
        if not result.rows and not result.problems:
            sentence = "the file has a header but no rows: it needs at least one row"
            result.spoil(Problem("empty", sentence))

    def _block(self, block: Block) -> None:
        above = self.result.rows - self.result.bad_rows
        self._without_names(block)
        columns = {rule.name: self._column(rule, block) for rule in self.rules.columns}
        self.result.respelt.update(name for name, found in columns.items() if found.respelt)
        bad = _union([flaw.mask for column in columns.values() for flaw in column.flaws])
        for malformed in block.malformed:
            self._malformed(malformed)
        for rule in self.rules.columns:
            for flaw in columns[rule.name].flaws:
                self._record(flaw, rule.name, block)
        self.result.rows += block.rows + len(block.malformed)
        self.result.bad_rows += len(block.malformed) + (0 if bad is None else _count(bad))
        self._keep(block, columns, bad, above)

    def _column(self, rule: ColumnRule, block: Block) -> Cells:
        landed = block.columns.get(rule.name)
        if landed is None:
            landed = pa.nulls(block.rows, pa.string())
        text, unreadable = cells.as_text(landed) if block.not_utf8 else (landed, None)
        zeros = cells.zero_bytes(text) if block.zeros else None
        found = cells.checked(text, rule, self.rules.dialect)
        first = [flaw for flaw in (unreadable, zeros) if flaw is not None]
        found.flaws = _apart(first, found.flaws)
        return found

    def _keep(
        self, block: Block, columns: dict[str, Cells], bad: pa.Array | None, above: int
    ) -> None:
        """Write good rows to the copy and bad ones aside, while the object may yet be accepted."""
        result = self.result
        if result.spoilt or result.tolerance.lost(result.bad_rows):
            return
        if self.outputs.aside is not None and (bad is not None or block.malformed):
            self.outputs.aside.write(_aside(block, columns, bad))
        text = {name: column.text for name, column in columns.items()}
        values = {name: column.values for name, column in columns.items()}
        if bad is not None:
            good = pc.invert(bad)
            text = {name: column.filter(good) for name, column in text.items()}
            values = {name: column.filter(good) for name, column in values.items()}
        self.spellings.add(text)
        if self.rules.label in text:  # else the transform makes it
            self._collect_labels(text[self.rules.label])
        rows = Rows(text, values, _lines(block, text), above)
        if rows.lines.each:
            self.outputs.copy.write(writing.copied(rows.lines, marks(rows, self.rules, self.place)))
            self.outputs.seen({name: pc.fill_null(column, "") for name, column in text.items()})

    def _without_names(self, block: Block) -> None:
        """A column without a name may hold nothing."""
        for name in self.blank:
            column = block.columns.get(name)
            if column is None or column.null_count == block.rows or self.result.spoilt:
                continue
            position = pc.indices_nonzero(pc.is_valid(column))[0].as_py()
            value = shown(_plain_text(column[position].as_py()))
            sentence = (
                f"column {name[1:]} has no name in the header but holds {value!r} in {block.unit}"
                f" {block.lines[position]}: name it there and in columns.yaml, leave it out of the"
                " file, or set checks.unknown_columns to ignore"
            )
            line = block.lines[position]
            self.result.spoil(Problem("unknown column", sentence, line=line, value=value))

    def _malformed(self, row: Malformed) -> None:
        value = shown(row.text)
        self.result.problems.add(Problem("fields", row.sentence, line=row.line, value=value))

    def _record(self, flaw: Flaw, column: str, block: Block) -> None:
        problems, positions = self.result.problems, pc.indices_nonzero(flaw.mask)
        first = positions[: problems.room(flaw.rule, column)].to_pylist()
        for position in first:
            line, value = block.lines[position], shown(_landed(block, column, position))
            sentence = f"column {column!r}, {block.unit} {line}: {value!r} {flaw.sentence}"
            problems.add(Problem(flaw.rule, sentence, column, line, value))
        problems.count(flaw.rule, column, len(positions) - len(first))

    def _collect_labels(self, labels: pa.Array) -> None:
        if len(self.result.labels) < LABELS:
            found = {text for text in pc.unique(labels).to_pylist() if text is not None}
            self.result.labels = set(sorted(found | self.result.labels)[:LABELS])


def _lines(block: Block, text: dict[str, pa.Array]) -> CopyLines:
    """The rows' lines: as they landed, where the check has not changed a letter."""
    if block.text is None or text.keys() != block.columns.keys():
        return CopyLines.of(list(text.values()))
    same = all(column.equals(block.columns[name]) for name, column in text.items())
    return CopyLines.landed(block.text) if same else CopyLines.of(list(text.values()))


def _apart(first: list[Flaw], others: list[Flaw]) -> list[Flaw]:
    """All flaws, the others only of cells that have none of the first."""
    if not first:
        return others
    seen = _union([flaw.mask for flaw in first])
    kept = [Flaw(f.rule, f.sentence, pc.and_not(f.mask, seen)) for f in others]
    return [*first, *(flaw for flaw in kept if _count(flaw.mask))]


def _union(masks: list[pa.Array]) -> pa.Array | None:
    whole = None
    for mask in masks:
        whole = mask if whole is None else pc.or_(whole, mask)
    return whole


def _count(mask: pa.Array) -> int:
    return int(pc.sum(mask).as_py() or 0)


def _landed(block: Block, column: str, position: int) -> str:
    array = block.columns.get(column)
    return "" if array is None else _plain_text(array[position].as_py())


def _plain_text(value: str | bytes | None) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value or ""


def _aside(block: Block, columns: dict[str, Cells], bad: pa.Array | None) -> bytes:
    """The bad rows of a block as they landed, each with its reasons, one JSON document a line."""
    rows = [
        {"line": row.line, "reasons": [row.sentence], "text": row.text} for row in block.malformed
    ]
    for position in [] if bad is None else pc.indices_nonzero(bad).to_pylist():
        reasons = [
            f"column {name!r}: {shown(_landed(block, name, position))!r} {flaw.sentence}"
            for name, column in columns.items()
            for flaw in column.flaws
            if flaw.mask[position].as_py()
        ]
        landed = {name: _landed(block, name, position) for name in columns}
        rows.append({"line": block.lines[position], "reasons": reasons, "row": landed})
    rows.sort(key=lambda row: row["line"])  # type: ignore[arg-type,return-value]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
