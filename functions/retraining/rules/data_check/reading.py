"""Reads an object in blocks of columns, and says which row a place in a block is."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Final, Protocol

import pyarrow as pa
import pyarrow.csv

from retraining.documents.check_report import Problem
from retraining.rules.data_check.first_look import UTF8_BOM
from retraining.rules.problems import Problems, shown

BLOCK: Final = 1 << 20
HEAD: Final = 256 * 1024
MOST_MALFORMED: Final = 1000  # then reading stops: the file is not what it should be


class Source(Protocol):
    """Where an object's bytes come from."""

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`; none at the end."""


def head(source: Source) -> bytes:
    """Exactly HEAD bytes, or fewer at the end: streams may answer in small pieces."""
    pieces: list[bytes] = []
    size = HEAD
    while size > 0 and (piece := source.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


class Reader:
    """The blocks of an object whose header is right; what cannot be read becomes a problem."""

    def __init__(self, tap: Tap, header: list[str], delimiter: str, problems: Problems) -> None:
        self._tap, self._header, self._delimiter = tap, header, delimiter
        self._problems = problems
        self.malformed: list[int] = []
        self.good = 0  # rows of the blocks before
        self.open_end = False  # the last row may be an open quote's

    @property
    def rows(self) -> int:
        """Data rows read so far."""
        return self.good + len(self.malformed)

    def blocks(self) -> Iterator[pa.RecordBatch]:
        """Every block that holds rows: one column of bytes a name of the header."""
        try:
            for block in self._read():
                if block.num_rows:  # none where a block holds nothing but blank lines
                    self.open_end = any(b"\n" in (c[-1].as_py() or b"") for c in block.columns)
                    yield block
                    self.good += block.num_rows
        except pa.ArrowInvalid as error:
            self._broken(str(error))
        if self._tap.quotes % 2 and self.open_end:
            self._unclosed(self.number(-1))

    def number(self, position: int) -> int:
        """Data row number, from 1, of a position in the block under check."""
        number = self.good + position + 1
        for malformed in self.malformed:
            number += malformed <= number
        return number

    def _read(self) -> Iterator[pa.RecordBatch]:
        yield from pyarrow.csv.open_csv(
            self._tap,
            read_options=pyarrow.csv.ReadOptions(block_size=BLOCK, use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=self._delimiter,
                newlines_in_values=True,
                invalid_row_handler=self._invalid,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(self._header, pa.binary()),
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )

    def _invalid(self, row: Any) -> str:
        number = row.number - 1  # pyarrow counts the header as row 1
        self.malformed.append(number)
        sentence = (
            f"row {number} has {row.actual_columns} fields instead of {row.expected_columns}:"
            f" {shown(row.text)!r}"
        )
        self._problems.add(Problem("fields", sentence, row=number, value=shown(row.text)))
        return "skip" if len(self.malformed) < MOST_MALFORMED else "error"

    def _broken(self, message: str) -> None:
        if len(self.malformed) >= MOST_MALFORMED:
            sentence = f"reading stopped after {MOST_MALFORMED} rows with a wrong number of fields"
            self._problems.add(Problem("format", sentence))
        elif "straddl" in message:
            self._unclosed(self.number(0))
        else:
            sentence = f"near row {self.number(0)}: {message}"
            self._problems.add(Problem("format", sentence, row=self.number(0)))

    def _unclosed(self, row: int) -> None:
        sentence = f"near row {row}: a quoted field is never closed, or a row is longer than 1 MB"
        self._problems.add(Problem("quotes", sentence, row=row))


class Tap(io.RawIOBase):
    """The object from its first byte again, counting quotes as they flow by."""

    def __init__(self, head: bytes, source: Source) -> None:
        super().__init__()
        self._head, self._source, self.quotes = head.removeprefix(UTF8_BOM), source, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`."""
        wanted = BLOCK if size is None or size < 0 else size
        data, self._head = self._head[:wanted], self._head[wanted:]
        data = data or self._source.read(wanted)
        self.quotes += data.count(b'"')
        return data
