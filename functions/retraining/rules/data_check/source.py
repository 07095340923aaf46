"""The text of a landed CSV file: UTF-8, lines that end with a line feed, without comments."""

from __future__ import annotations

import codecs
from typing import Final, Protocol

from retraining.documents.check_report import Problem
from retraining.rules.data_check.agreed import Dialect

PIECE: Final = 1 << 20
HEAD: Final = 256 * 1024
BOM: Final = codecs.BOM_UTF8


class Source(Protocol):
    """Where an object's bytes come from."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most `size`; none at the end."""


class Seekable(Source, Protocol):
    """A source that is not read in order alone."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a place, as in Python's files."""

    def tell(self) -> int:
        """The place of the next byte."""

    def seekable(self) -> bool:
        """True."""


def exactly(source: Source, size: int) -> bytes:
    """So many bytes, or fewer at the end: streams may answer in small pieces."""
    pieces: list[bytes] = []
    while size > 0 and (piece := source.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


class Again:
    """A source from its first byte again, after its head was looked at."""

    def __init__(self, head: bytes, source: Source) -> None:
        self._head, self._source = head, source

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most `size`; none at the end."""
        if not self._head:
            return self._source.read(size)
        data, self._head = self._head[:size], self._head[size:]
        return data


class Text:
    """Pieces of text; lines that are skipped or comments come as empty lines, to be counted.

    Line ends become line feeds, inside quotes too. A comment's line begins with its character
    outside of quotes.
    """

    def __init__(self, source: Source, dialect: Dialect) -> None:
        self._source, self._dialect = source, dialect
        coded = dialect.encoding != "utf-8"
        self._decoder = codecs.getincrementaldecoder(dialect.encoding)() if coded else None
        self._skip, self._begun, self._quotes = dialect.skip_lines, False, 0
        self._held = b""
        self._lone: bool | None = None  # true when lines end with carriage returns alone
        self.problem: Problem | None = None

    def read(self, least: int = 1) -> bytes:
        """The next piece, of so many bytes or more unless the end comes first; none at the end."""
        pieces: list[bytes] = []
        size, raw = 0, b" "
        while raw and size < least and self.problem is None:
            raw = self._source.read(PIECE)
            pieces.append(self._lines(self._decoded(raw), last=not raw))
            size += len(pieces[-1])
        return b"".join(pieces)

    def _decoded(self, raw: bytes) -> bytes:
        if self._decoder is not None:
            if not self._begun and raw.startswith(BOM):
                self.problem = _utf8_after_all(self._dialect.encoding)
                return b""
            try:
                raw = self._decoder.decode(raw, final=not raw).encode("utf-8", "surrogatepass")
            except UnicodeError as error:  # what UTF-16 without its mark is, too
                self.problem = _undecodable(self._dialect.encoding, error)
                return b""
        if not self._begun and raw:
            raw, self._begun = raw.removeprefix(BOM), True
        return raw

    def _lines(self, data: bytes, *, last: bool) -> bytes:
        if self._held:
            data, self._held = self._held + data, b""
        if b"\r" in data:
            data = self._with_line_feeds(data, last=last)
        if self._skip or self._dialect.comment:
            data = self._without_comments(data, last=last)
        return data

    def _with_line_feeds(self, data: bytes, *, last: bool) -> bytes:
        if data.endswith(b"\r") and not last:
            data, self._held = data[:-1], b"\r"
        data = data.replace(b"\r\n", b"\n")
        self._lone = b"\n" not in data if self._lone is None else self._lone
        return data.replace(b"\r", b"\n") if self._lone else data

    def _without_comments(self, data: bytes, *, last: bool) -> bytes:
        end = len(data) if last else data.rfind(b"\n") + 1
        data, self._held = data[:end], data[end:] + self._held
        mark = (self._dialect.comment or "").encode()
        quote = (self._dialect.quote or "").encode()
        lines = data.split(b"\n")
        for n, line in enumerate(lines):
            if self._skip and n < len(lines) - 1:
                self._skip -= 1
                lines[n] = b""
            elif mark and line.startswith(mark) and self._quotes % 2 == 0:
                lines[n] = b""
            elif quote:
                self._quotes += line.count(quote)
        return b"\n".join(lines)


def _undecodable(encoding: str, error: UnicodeError) -> Problem:
    found = str(error)
    if isinstance(error, UnicodeDecodeError):
        found = f"near {error.object[error.start : error.start + 10]!r} {error.reason}"
    sentence = (
        f"the file is not {encoding}, as data.csv.encoding says ({found}): save it as {encoding},"
        " or as UTF-8 and leave encoding out"
    )
    return Problem("encoding", sentence)


def _utf8_after_all(encoding: str) -> Problem:
    sentence = (
        f"the file begins with the byte order mark of UTF-8, and data.csv.encoding says {encoding}:"
        " leave encoding out"
    )
    return Problem("encoding", sentence)
