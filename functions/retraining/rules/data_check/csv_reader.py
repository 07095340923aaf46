"""Reads CSV text in blocks that end where a row ends, and knows the line of every row.

Most blocks have a row a line, and then the last line feed is where to cut and places are lines.
Whether it is so is seen from what was read: a field with a line feed takes rows away. Only such a
block is looked at row by row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv

from retraining.documents.check_report import Problem
from retraining.rules.data_check.agreed import Dialect
from retraining.rules.data_check.blocks import Block, Malformed
from retraining.rules.data_check.source import Text
from retraining.rules.problems import shown

LONGEST_ROW: Final = 1 << 20
WIDE: Final = 256  # columns; with more a block has more bytes, for each column costs it the same
MOST_MALFORMED: Final = 1000  # then reading stops: the file is not what it should be


class CsvReader:
    """The rows below the header, or all of a file without one."""

    def __init__(self, held: bytes, text: Text, line: int, names: list[str], wanted: list[str],
                 dialect: Dialect) -> None:  # fmt: skip
        self._held, self._text, self._line = held, text, line
        self._names, self._wanted, self._dialect = names, wanted, dialect
        self._row = _row(dialect)
        self._least = least_piece(len(names))
        self._in_order = names == wanted and dialect.delimiter == ","
        self._malformed = 0
        self.fatal: Problem | None = None

    def blocks(self) -> Iterator[Block]:
        """The rows in order, until there are no more or one cannot be read."""
        last = False
        while not last and self.fatal is None:
            piece = self._text.read(self._least)
            last, data = not piece, self._held + piece
            if self._text.problem is not None:
                self.fatal = self._text.problem
                return
            if last and data and not data.endswith(b"\n"):
                data += b"\n"
            try:
                block, self._held = self._block(data)
            except pa.ArrowInvalid as error:
                sentence = f"near line {self._line}: {error}"
                self.fatal = Problem("format", sentence, line=self._line)
                return
            if len(self._held) > LONGEST_ROW or (last and self._held):
                self.fatal = self._unclosed()
            if block is not None and (block.rows or block.malformed):
                yield self._bounded(block)

    def _block(self, data: bytes) -> tuple[Block | None, bytes]:
        """The whole rows of the data, and what follows them."""
        end = data.rfind(b"\n") + 1
        if end == 0:
            return None, data
        part = data[:end]
        block = self._read(part)
        if self._is_row_by_line(block, part):
            block = replace(block, text=self._spelt(block, part))
            self._line += block.rows if block.text else part.count(b"\n")
            return block, data[end:]
        return self._row_by_row(data)

    def _is_row_by_line(self, block: Block, part: bytes) -> bool:
        """False when a field, or the row that is cut, may hold a line feed."""
        quote, escape = self._dialect.quote, self._dialect.escape
        if b"\r" in part or (escape and escape.encode() in part):
            return False
        if quote is None or quote.encode() not in part:
            return True
        if block.malformed or len(self._wanted) < len(self._names):
            return False
        return block.rows == len(block.lines) and not _open_end(block)

    def _spelt(self, block: Block, part: bytes) -> bytes | None:
        """The text, where it is spelt as the accepted copy is and each of its lines is a row."""
        quotes = {'"', self._dialect.quote or '"'}
        quoted = any(quote.encode() in part for quote in quotes)
        by_line = isinstance(block.lines, range) and block.rows == len(block.lines)
        return part if self._in_order and by_line and not quoted else None

    def _row_by_row(self, data: bytes) -> tuple[Block | None, bytes]:
        """The block as a row for row reading of the same text divides it."""
        place, line, lines = 0, self._line, []
        while place < len(data) and (found := self._row.match(data, place)):
            if found.end() > place + 1:  # not an empty line
                lines.append(line)
            line += data.count(b"\n", place, found.end())
            place = found.end()
        if place == 0:
            return None, data
        block = self._read(data[:place], lines)
        self._line = line
        return block, data[place:]

    def _read(self, part: bytes, lines: list[int] | None = None) -> Block:
        malformed: list[tuple[int, Any]] = []

        def invalid(row: Any) -> str:
            malformed.append((row.number - 1, row))
            return "skip"

        valid = part.isascii() or _is_utf8(part)
        text = part if valid else part.decode("latin-1").encode()  # which pyarrow can tell of
        table = pyarrow.csv.read_csv(
            pa.BufferReader(text),
            read_options=pyarrow.csv.ReadOptions(
                block_size=len(text) + 1, use_threads=False, column_names=self._names
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=self._dialect.delimiter,
                quote_char=self._dialect.quote or False,
                escape_char=self._dialect.escape or False,
                newlines_in_values=True,
                invalid_row_handler=invalid,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(self._names, pa.string()),
                include_columns=self._wanted,
                strings_can_be_null=True,
                null_values=[""],
                check_utf8=False,
            ),
        )
        read = table.num_rows + len(malformed)
        all_lines = lines if lines is not None else _lines(part, self._line, read)
        bad = {place for place, _ in malformed}
        good = [n for p, n in enumerate(all_lines) if p not in bad] if bad else all_lines
        return Block(
            columns={name: _whole(table.column(name), valid=valid) for name in self._wanted},
            lines=good,
            rows=table.num_rows,
            malformed=tuple(
                _malformed(row, _line(all_lines, place), valid=valid) for place, row in malformed
            ),
            not_utf8=not valid,
            zeros=b"\0" in part,
        )

    def _bounded(self, block: Block) -> Block:
        """The block with no more malformed rows than are worth reading on for."""
        room = MOST_MALFORMED - self._malformed
        self._malformed += len(block.malformed)
        if self._malformed < MOST_MALFORMED:
            return block
        sentence = f"reading stopped after {MOST_MALFORMED} rows with a wrong number of fields"
        self.fatal = Problem("format", sentence)
        return replace(block, malformed=block.malformed[:room])

    def _unclosed(self) -> Problem:
        sentence = (
            f"near line {self._line}: a quoted field is never closed, or a row is longer than 1 MB:"
            " close the quote (or set data.csv.quote to null, if quotes are letters), or write"
            " shorter rows"
        )
        return Problem("quotes", sentence, line=self._line)


def _row(dialect: Dialect) -> re.Pattern[bytes]:
    """One row with its line end, as pyarrow divides it: a quote counts where a field begins."""
    end, escape = re.escape(dialect.delimiter) + r"\r\n", re.escape(dialect.escape or "")
    escaped = rf"|{escape}[\s\S]" if escape else ""
    plain = rf"(?:[^{end}{escape}]++{escaped})*+"
    field = plain
    if dialect.quote:
        quote = re.escape(dialect.quote)
        inside = rf"(?:[^{quote}{escape}]++|{quote}{quote}{escaped})*+"
        field = rf"(?:{quote}{inside}{quote}{plain}|(?!{quote}){plain})"
    row = rf"{field}(?:{re.escape(dialect.delimiter)}{field})*+(?:\r\n|\n|\r)"
    return re.compile(row.encode())


def _lines(part: bytes, first: int, rows: int) -> Any:
    """The line of each row of a text with a row a line."""
    if part.count(b"\n") == rows:
        return range(first, first + rows)
    return [first + n for n, line in enumerate(part.split(b"\n")) if line]


def _line(lines: Any, place: int) -> int:
    return int(lines[place]) if place < len(lines) else int(lines[-1])


def _whole(column: pa.ChunkedArray, *, valid: bool) -> pa.Array:
    """The column as it was read, or the bytes that were read as Latin-1."""
    if valid:
        return column.chunk(0) if column.num_chunks == 1 else pa.array([], pa.string())
    cells = (None if cell is None else cell.encode("latin-1") for cell in column.to_pylist())
    return pa.array(list(cells), pa.binary())


def least_piece(columns: int) -> int:
    """How many bytes to read at a time for a table of so many columns."""
    return 1 if columns <= WIDE else min(columns << 12, 16 << 20)


def _open_end(block: Block) -> bool:
    """True when the last row may be that of a quote that is still open."""
    last = [column[-1].as_py() for column in block.columns.values()] if block.rows else []
    return any(
        "\n" in (cell if isinstance(cell, str) else cell.decode("latin-1")) for cell in last if cell
    )


def _malformed(row: Any, line: int, *, valid: bool) -> Malformed:
    text = row.text if valid else row.text.encode("latin-1").decode("utf-8", "replace")
    fields = "1 field" if row.actual_columns == 1 else f"{row.actual_columns} fields"
    sentence = f"line {line} has {fields} instead of {row.expected_columns}: {shown(text)!r}"
    return Malformed(line, sentence, text)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
