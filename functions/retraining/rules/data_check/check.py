"""Checks one landed object in one streaming pass of bounded memory, and writes its accepted copy.

All or nothing: the caller keeps the copy if the result is accepted, and discards it if not.
Blocks of 1 MB; what is held beside a block is a bounded list of problems.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from retraining.documents.check_report import Problem
from retraining.documents.profile import Profile
from retraining.rules.data_check import cells, first_look, reading
from retraining.rules.data_check.agreed import Rules
from retraining.rules.data_check.marking import marks
from retraining.rules.data_check.writing import header, lines
from retraining.rules.problems import Problems, shown

LONGEST_HEADER: Final = reading.HEAD - 4  # one that fills it, but for a byte order mark, is cut
LABELS: Final = 3


Seen = Callable[[dict[str, pa.Array]], None]


def ignored(_: dict[str, pa.Array]) -> None:
    """For who does not look at the rows."""


class Sink(Protocol):
    """Where the accepted copy goes."""

    def write(self, data: bytes) -> object:
        """Append to the copy."""


@dataclass
class Result:
    """What the check of one object found."""

    rows: int = 0
    problems: Problems = field(default_factory=Problems)
    labels: set[str] = field(default_factory=set)
    profile: Profile | None = None  # of the accepted rows, for who collects it

    @property
    def accepted(self) -> bool:
        """True when nothing is wrong with the object."""
        return not self.problems


def check(
    source: reading.Source, rules: Rules, sink: Sink, place: int = 0, seen: Seen = ignored
) -> Result:
    """Check the object behind `source`, which arrived as number `place`; its copy to `sink`.

    `seen` is shown the rows of every block that is written.
    """
    result = Result()
    head = reading.head(source)
    names, found = _first_look(head, rules)
    for problem in found:
        result.problems.add(problem)
    if found:
        return result
    tap = reading.Tap(head, source)
    reader = reading.Reader(tap, names, rules.delimiter, result.problems)
    sink.write(header(rules))
    for block in reader.blocks():
        text = _checked(block, reader, rules, result)
        if not result.problems:
            sink.write(lines(text, marks(text, rules, place, reader.good), rules))
            seen(text)
    result.rows = reader.rows
    if not result.rows and not result.problems:
        sentence = "the file has a header but no rows: it needs at least one row"
        result.problems.add(Problem("empty", sentence))
    return result


def _first_look(head: bytes, rules: Rules) -> tuple[list[str], list[Problem]]:
    """The header's names, and what keeps the object from being read."""
    problem = first_look.not_text(head)
    if problem is None and not head.removeprefix(first_look.UTF8_BOM).strip():
        problem = Problem("empty", "the file is empty: it needs a header and at least one row")
    if problem:
        return [], [problem]
    line = first_look.header_line(head)
    if len(line) > LONGEST_HEADER:
        return [], [_endless_header(line)]
    names = [column.name for column in rules.columns]
    return first_look.header_problems(line, names, rules.label, rules.delimiter)


def _endless_header(line: bytes) -> Problem:
    sentence = (
        f"line 1 is longer than {reading.HEAD >> 10} KB and begins"
        f" {shown(line[:200].decode('latin-1'))!r}: it is not a CSV header; write the file as CSV,"
        " one row a line"
    )
    return Problem("header", sentence)


def _checked(
    block: pa.RecordBatch, reader: reading.Reader, rules: Rules, result: Result
) -> dict[str, pa.Array]:
    """The text of each column of the contract; what is wrong with it is in the result."""
    text = {}
    for rule in rules.columns:
        raw = block.column(rule.name)
        column = cells.as_text(raw, rule, reader.number, result.problems)
        cells.check(column, rule, reader.number, result.problems)
        text[rule.name] = pc.fill_null(column, "")
    _collect_labels(text[rules.label], result)
    return text


def _collect_labels(labels: pa.Array, result: Result) -> None:
    if len(result.labels) < LABELS:
        found = sorted(set(pc.unique(labels).to_pylist()) | result.labels)
        result.labels = set(found[:LABELS])
