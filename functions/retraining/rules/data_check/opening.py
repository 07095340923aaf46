"""Opens a landed object: which reader reads it, with which columns, or why none can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from retraining.documents.check_report import Problem
from retraining.rules.data_check import first_look
from retraining.rules.data_check.agreed import Rules
from retraining.rules.data_check.blocks import Reader
from retraining.rules.data_check.csv_reader import CsvReader
from retraining.rules.data_check.first_look import Header
from retraining.rules.data_check.source import HEAD, Again, Source, Text, exactly
from retraining.rules.data_check.unpacking import GZIP, Gunzip
from retraining.rules.problems import shown

LONGEST_HEADER: Final = HEAD - 4  # one that fills it, but for a byte order mark, is cut
NOTHING: Final = Problem("empty", "the file is empty: it needs a header and at least one row")


@dataclass(frozen=True)
class Opened:
    """An object and its columns; the reader is there when nothing is wrong with them."""

    header: Header
    reader: Reader | None = None


def opened(source: Source, rules: Rules) -> Opened:
    """The object behind `source`."""
    head = exactly(source, HEAD)
    if head.startswith(GZIP):
        source = Gunzip(Again(head, source))
        head = exactly(source, HEAD)
    problem = first_look.not_text(head, rules.dialect.encoding)
    if problem:
        return Opened(Header(problems=(problem,)))
    return _csv(Text(Again(head, source), rules.dialect), rules)


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
    return _rows(rest, text, line + 1, first_look.header(first, rules), rules)


def _rows(held: bytes, text: Text, line: int, header: Header, rules: Rules) -> Opened:
    if header.problems:
        return Opened(header)
    in_order = list(header.names) == rules.names
    wanted = [name for name in rules.names if name not in header.missing]
    wanted += [] if rules.ignore_unknown else header.blank
    names = list(header.names)
    reader = CsvReader(held, text, line, names, wanted, rules.dialect, in_order=in_order)
    return Opened(header, reader)


def _head(text: Text) -> bytes:
    head = b""
    while len(head) < HEAD and (piece := text.read()):
        head += piece
    return head


def _endless(line: bytes, number: int) -> Problem:
    sentence = (
        f"line {number} is longer than {HEAD >> 10} KB and begins"
        f" {shown(line[:200].decode('latin-1'))!r}: it is not a CSV header; write the file as CSV,"
        " one row a line"
    )
    return Problem("header", sentence)
