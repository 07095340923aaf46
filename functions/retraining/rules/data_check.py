"""Checks one landed object in one streaming pass of bounded memory, and writes its accepted copy.

All or nothing: the caller keeps the copy if the result is accepted, and discards it if not.
Blocks of 1 MB; what is held beside a block is a bounded list of problems.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from retraining.algorithms.catalog import label_range
from retraining.documents.check_report import Problem
from retraining.rules import cells, first_look, rows
from retraining.rules.cells import ColumnRule
from retraining.rules.names import ARRIVAL_COLUMN, arrival, reserved_columns
from retraining.rules.problems import Problems, shown

BLOCK: Final = 1 << 20
HEAD: Final = 256 * 1024
LONGEST_HEADER: Final = HEAD - 4  # one that fills the head, but for a byte order mark, is cut
MOST_MALFORMED: Final = 1000  # then reading stops: the file is not what it should be
LABELS: Final = 3


class Source(Protocol):
    """Where an object's bytes come from."""

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`; none at the end."""


class Sink(Protocol):
    """Where the accepted copy goes."""

    def write(self, data: bytes) -> object:
        """Append to the copy."""


@dataclass(frozen=True)
class Rules:
    """What an object must satisfy, and how its rows are marked."""

    columns: tuple[ColumnRule, ...]
    label: str
    delimiter: str
    identity: tuple[str, ...]  # the columns whose raw text identifies a row
    shares: rows.Shares
    batch: str
    reserved: tuple[str, ...]

    @classmethod
    def of(cls, definition: dict[str, Any], batch: str) -> Rules:
        """The rules of a definition.json."""
        data, split = definition["data"], definition["split"]
        rules = {name: ColumnRule.of(name, c) for name, c in data["columns"].items()}
        rules[data["label"]] = rules[data["label"]].within(*_label_range(definition))
        columns = tuple(rules.values())
        key = [data["key"]] if isinstance(data["key"], str) else data["key"]
        names = tuple(column.name for column in columns)
        identity = tuple(key) if split["by"] == "key" else names
        shares = rows.Shares.of(split)
        reserved = reserved_columns(split["by"])
        return cls(columns, data["label"], data["delimiter"], identity, shares, batch, reserved)


@dataclass
class Result:
    """What the check of one object found."""

    rows: int = 0
    problems: Problems = field(default_factory=Problems)
    labels: set[str] = field(default_factory=set)

    @property
    def accepted(self) -> bool:
        """True when nothing is wrong with the object."""
        return not self.problems


def _label_range(definition: dict[str, Any]) -> tuple[float | None, float | None]:
    """The labels that the objective takes, where they reach training as they landed."""
    etl = definition["etl"]
    changed = etl["recipe"] or etl["transform"]
    return (None, None) if changed else label_range(definition["training"])


def check(source: Source, rules: Rules, sink: Sink, place: int = 0) -> Result:
    """Check the object behind `source`, which arrived as number `place`; its copy to `sink`."""
    result = Result()
    head = _read(source, HEAD)
    problem = first_look.not_text(head)
    if problem is None and not head.removeprefix(first_look.UTF8_BOM).strip():
        problem = Problem("empty", "the file is empty: it needs a header and at least one row")
    if problem:
        result.problems.add(problem)
        return result
    line = first_look.header_line(head)
    if len(line) > LONGEST_HEADER:
        result.problems.add(_endless_header(line))
        return result
    names = [column.name for column in rules.columns]
    header, found = first_look.header_problems(line, names, rules.label, rules.delimiter)
    for problem in found:
        result.problems.add(problem)
    if not found:
        _Pass(rules, header, result, sink, place).run(_Tap(head, source))
    return result


def _endless_header(line: bytes) -> Problem:
    sentence = (
        f"line 1 is longer than {HEAD >> 10} KB and begins {shown(line[:200].decode('latin-1'))!r}:"
        " it is not a CSV header; write the file as CSV, one row a line"
    )
    return Problem("header", sentence)


class _Pass:
    """One pass over an object whose header is right."""

    def __init__(
        self, rules: Rules, header: list[str], result: Result, sink: Sink, place: int
    ) -> None:
        self.rules, self.header, self.result, self.sink = rules, header, result, sink
        self.place = place
        self.malformed: list[int] = []
        self.good = 0
        self.open_end = False

    def run(self, tap: _Tap) -> None:
        self.sink.write(_header(self.rules).encode())
        try:
            for block in self._blocks(tap):
                if block.num_rows:  # none where a block holds nothing but blank lines
                    self._check(block)
                    self.good += block.num_rows
        except pa.ArrowInvalid as error:
            self._broken(str(error))
        self.result.rows = self.good + len(self.malformed)
        if tap.quotes % 2 and self.open_end:
            self._unclosed(self._number(-1))
        if not self.result.rows and not self.result.problems:
            sentence = "the file has a header but no rows: it needs at least one row"
            self.result.problems.add(Problem("empty", sentence))

    def _blocks(self, tap: _Tap) -> Iterator[pa.RecordBatch]:
        binary = dict.fromkeys(self.header, pa.binary())
        yield from pyarrow.csv.open_csv(
            tap,
            read_options=pyarrow.csv.ReadOptions(block_size=BLOCK, use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=self.rules.delimiter,
                newlines_in_values=True,
                invalid_row_handler=self._invalid,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=binary, strings_can_be_null=False, check_utf8=False
            ),
        )

    def _invalid(self, row: Any) -> str:
        number = row.number - 1  # pyarrow counts the header as row 1
        self.malformed.append(number)
        sentence = (
            f"row {number} has {row.actual_columns} fields instead of {row.expected_columns}:"
            f" {shown(row.text)!r}"
        )
        self.result.problems.add(Problem("fields", sentence, row=number, value=shown(row.text)))
        return "skip" if len(self.malformed) < MOST_MALFORMED else "error"

    def _number(self, position: int) -> int:
        """Data row number, from 1, of a position in the block under check."""
        number = self.good + position + 1
        for malformed in self.malformed:
            number += malformed <= number
        return number

    def _check(self, block: pa.RecordBatch) -> None:
        problems, text = self.result.problems, {}
        for rule in self.rules.columns:
            raw = block.column(rule.name)
            column = cells.as_text(raw, rule, self._number, problems)
            cells.check(column, rule, self._number, problems)
            text[rule.name] = pc.fill_null(column, "")
        self._collect_labels(text[self.rules.label])
        self.open_end = any("\n" in c[-1].as_py() for c in text.values())
        if not problems:
            self.sink.write(_lines(text, self.rules, self.place, self.good))

    def _collect_labels(self, labels: pa.Array) -> None:
        if len(self.result.labels) < LABELS:
            found = sorted(set(pc.unique(labels).to_pylist()) | self.result.labels)
            self.result.labels = set(found[:LABELS])

    def _broken(self, message: str) -> None:
        if len(self.malformed) >= MOST_MALFORMED:
            sentence = f"reading stopped after {MOST_MALFORMED} rows with a wrong number of fields"
            self.result.problems.add(Problem("format", sentence))
        elif "straddl" in message:
            self._unclosed(self._number(0))
        else:
            sentence = f"near row {self._number(0)}: {message}"
            self.result.problems.add(Problem("format", sentence, row=self._number(0)))

    def _unclosed(self, row: int) -> None:
        sentence = f"near row {row}: a quoted field is never closed, or a row is longer than 1 MB"
        self.result.problems.add(Problem("quotes", sentence, row=row))


class _Tap(io.RawIOBase):
    """The object from its first byte again, counting quotes as they flow by."""

    def __init__(self, head: bytes, source: Source) -> None:
        super().__init__()
        self._head, self._source, self.quotes = head.removeprefix(first_look.UTF8_BOM), source, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        wanted = BLOCK if size is None or size < 0 else size
        data, self._head = self._head[:wanted], self._head[wanted:]
        data = data or self._source.read(wanted)
        self.quotes += data.count(b'"')
        return data


def _read(source: Source, size: int) -> bytes:
    """Exactly `size` bytes, or fewer at the end: streams may answer in small pieces."""
    pieces: list[bytes] = []
    while size > 0 and (piece := source.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _header(rules: Rules) -> str:
    names = [*(column.name for column in rules.columns), *rules.reserved]
    return ",".join(_quoted(name) for name in names) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\r\n') else text


def _lines(text: dict[str, pa.Array], rules: Rules, place: int, above: int) -> bytes:
    """A block of the accepted copy: fields as they landed, then the reserved columns."""
    ids = [rows.row_id(raw) for raw in _identities(text, rules)]
    sides = [rows.side(identifier, rules.shares) for identifier in ids]
    columns = [_field(text[column.name]) for column in rules.columns]
    columns += [pa.array(ids), pa.array(sides), pa.array([rules.batch] * len(ids))]
    if ARRIVAL_COLUMN in rules.reserved:
        columns.append(pa.array([arrival(place, above + n) for n in range(1, len(ids) + 1)]))
    lines = pc.binary_join_element_wise(*columns, ",")
    whole = pa.ListArray.from_arrays(pa.array([0, len(lines)], pa.int32()), lines)
    return bytes(pc.binary_join(whole, "\n")[0].as_buffer()) + b"\n"


def _identities(text: dict[str, pa.Array], rules: Rules) -> list[bytes]:
    joined = pc.binary_join_element_wise(*(text[n] for n in rules.identity), rows.SEPARATOR)
    return list(joined.cast(pa.binary()).to_pylist())


def _field(text: pa.Array) -> pa.Array:
    """The column as CSV fields: quoted only where a value needs it."""
    special = pc.match_substring_regex(text, '[,"\r\n]')
    if not pc.any(special).as_py():
        return text
    doubled = pc.replace_substring(text, '"', '""')
    quoted = pc.binary_join_element_wise('"', doubled, '"', "")
    return pc.if_else(special, quoted, text)
