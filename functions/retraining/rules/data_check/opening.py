"""Opens a landed object: which reader reads it, with which columns, or why none can."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from retraining.documents.check_report import Problem
from retraining.rules.data_check import first_look, json_lines
from retraining.rules.data_check.agreed import JSON_LINES, PARQUET, Dialect, Rules
from retraining.rules.data_check.blocks import Reader
from retraining.rules.data_check.csv_reader import CsvReader
from retraining.rules.data_check.first_look import Header
from retraining.rules.data_check.json_lines import JsonLines
from retraining.rules.data_check.parquet import ParquetReader
from retraining.rules.data_check.source import (
    BOM,
    HEAD,
    Again,
    Seekable,
    Source,
    Text,
    exactly,
)
from retraining.rules.data_check.unpacking import GZIP, ZIP, Gunzip, Unzip
from retraining.rules.problems import shown

LONGEST_HEADER: Final = HEAD - 4  # one that fills it, but for a byte order mark, is cut
NO_OBJECT: Final = "data.format is jsonl, one JSON object a line"
NOTHING: Final = Problem("empty", "the file is empty: it needs a header and at least one row")


@dataclass(frozen=True)
class Opened:
    """An object and its columns; the reader is there when nothing is wrong with them.

    Where something is, the rows are counted alone, so that every row that landed is told of.
    """

    header: Header
    reader: Reader | None = None
    typed: tuple[str, ...] = ()
    """Columns that hold moments rather than text, so that no format applies."""

    counted: Iterable[int] = ()
    """How many rows there are, block by block, below a header that is wrong."""


def opened(source: Seekable, rules: Rules) -> Opened:
    """The object behind `source`."""
    if rules.format == PARQUET:
        return _parquet(source, rules)
    head, unpacked = _unpacked(source)
    if rules.format == JSON_LINES:
        return _json_lines(head, Text(Again(head, unpacked), Dialect()), rules)
    problem = first_look.not_text(head, rules.dialect.encoding)
    if problem:
        return Opened(Header(problems=(problem,)))
    return _csv(Text(Again(head, unpacked), rules.dialect), rules)


def _unpacked(source: Seekable) -> tuple[bytes, Source]:
    """The first bytes, and what they begin."""
    head = exactly(source, HEAD)
    if head.startswith(GZIP):
        unpacked: Source = Gunzip(Again(head, source))
    elif head.startswith(ZIP):
        unpacked = Unzip(source)
    else:
        return head, source
    return exactly(unpacked, HEAD), unpacked


def _parquet(source: Seekable, rules: Rules) -> Opened:
    reader = ParquetReader(source, rules)
    header = first_look.named(reader.names, rules)
    if header.problems:
        return Opened(header, counted=iter([reader.rows]))
    wanted = [name for name in rules.names if name not in header.missing]
    problems = reader.problems(wanted)
    if problems:
        found = replace(header, problems=tuple(problems))
        return Opened(found, counted=iter([reader.rows]))
    return Opened(header, reader, tuple(filter(reader.typed, wanted)))


def _json_lines(head: bytes, text: Text, rules: Rules) -> Opened:
    if not head.removeprefix(BOM).strip():
        return Opened(Header(problems=(NOTHING,)))
    if b"\0" in head[:4]:  # of JSON in UTF-8 no byte is zero
        sentence = "the file is UTF-16 or UTF-32 text: write it as UTF-8"
        return Opened(Header(problems=(Problem("encoding", sentence),)))
    first = head.removeprefix(BOM).lstrip()[:1]
    if first != b"{":
        sentence = f"the file begins with {shown(head[:50].decode('latin-1'))!r}: {NO_OBJECT}"
        return Opened(Header(problems=(Problem("format", sentence),)))
    names = json_lines.keys(head.removeprefix(BOM))
    absent = [column.name for column in rules.columns if column.nullable]
    found = first_look.named([*names, *(n for n in absent if n not in names)], rules)
    if found.problems and names:
        of_any = replace(rules, ignore_unknown=True)
        return Opened(found, counted=_counted(JsonLines(b"", text, of_any)))
    return Opened(replace(found, problems=(), missing=()), JsonLines(b"", text, rules))


def _csv(text: Text, rules: Rules) -> Opened:
    head = _head(text)
    if text.problem is not None:
        return Opened(Header(problems=(text.problem,)))
    body = head.lstrip(b"\n")
    line = 1 + len(head) - len(body)
    if not body.strip():
        return Opened(Header(problems=(NOTHING,)))
    if not rules.dialect.header:
        names = list(rules.dialect.names or rules.names)
        return _rows(body, text, line, first_look.named(names, rules), rules)
    first, _, rest = body.partition(b"\n")
    if len(first) > LONGEST_HEADER:
        return Opened(Header(problems=(_endless(first, line),)))
    names = first_look.fields(first.decode("utf-8", "replace") + "\n", rules.dialect)
    if names and names[-1].endswith("\n"):
        return Opened(Header(problems=(_open_quote(first, line),)))
    return _rows(rest, text, line + 1, first_look.header(first, rules), rules)


def _rows(held: bytes, text: Text, line: int, header: Header, rules: Rules) -> Opened:
    names = list(header.names)
    if header.problems and names:
        reader = CsvReader(held, text, line, names, names, rules.dialect)
        return Opened(header, counted=_counted(reader))
    if header.problems:
        return Opened(header)
    wanted = [name for name in rules.names if name not in header.missing]
    wanted += [] if rules.ignore_unknown else header.blank
    return Opened(header, CsvReader(held, text, line, names, wanted, rules.dialect))


def _counted(reader: Reader) -> Iterator[int]:
    return (block.rows + len(block.malformed) for block in reader.blocks())


def _head(text: Text) -> bytes:
    head = b""
    while len(head) < HEAD and (piece := text.read()):
        head += piece
    return head


def _open_quote(line: bytes, number: int) -> Problem:
    sentence = (
        f"the header, {shown(line[:200].decode('utf-8', 'replace'))!r}, ends in line {number} with"
        " a quote that is still open: close it, and write no line breaks into names of columns"
    )
    return Problem("header", sentence, line=number)


def _endless(line: bytes, number: int) -> Problem:
    sentence = (
        f"line {number} is longer than {HEAD >> 10} KB and begins"
        f" {shown(line[:200].decode('latin-1'))!r}: it is not a CSV header; write the file as CSV,"
        " one row a line"
    )
    return Problem("header", sentence)
