"""Unpacks what lands packed, within bounds: a small file may hold a thousand times its size."""

from __future__ import annotations

import zipfile
import zlib
from typing import IO, Final, cast

from retraining.errors import DataUnreadable
from retraining.rules.data_check.source import PIECE, Seekable, Source

ZIP: Final = b"PK\x03\x04"
GZIP: Final = b"\x1f\x8b"
MOST_UNPACKED: Final = 8 << 30  # as much as an object that lands unpacked may have
MOST_TIMES: Final = 200  # text shrinks to a tenth, repetitive text to a hundredth
FREE: Final = 64 << 20  # below this no ratio is suspicious


class Gunzip:
    """The text of a gzip file, which may have several members."""

    def __init__(self, source: Source) -> None:
        self._source, self._packed, self._unpacked = source, 0, 0
        self._rest, self._member = b"", _member()
        self._begun = False  # the member, which must not end in its middle

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most `size`; none at the end."""
        while True:
            packed = self._rest or self._source.read(PIECE)
            if not packed:
                if self._begun:
                    raise DataUnreadable("the gzip file ends in its middle: drop the whole file")
                return b""
            self._packed += 0 if self._rest else len(packed)
            self._rest = b""
            data = self._inflated(packed, size)
            if data:
                self._unpacked += len(data)
                refuse_bomb(self._packed, self._unpacked)
                return data

    def _inflated(self, packed: bytes, size: int) -> bytes:
        if not self._begun and self._unpacked and not packed.startswith(GZIP[:1]):
            return b""  # padding behind the last member
        try:
            self._begun = True
            data = self._member.decompress(packed, size)
        except zlib.error as error:
            raise DataUnreadable(f"the gzip file is damaged ({error}): pack it again") from error
        if self._member.eof:
            self._rest, self._member, self._begun = self._member.unused_data, _member(), False
        else:
            self._rest = self._member.unconsumed_tail
        return data


def _member() -> zlib._Decompress:
    return zlib.decompressobj(16 + zlib.MAX_WBITS)


def refuse_bomb(packed: int, unpacked: int) -> None:
    """Raise DataUnreadable when so few bytes have become so many."""
    if unpacked > MOST_UNPACKED:
        raise DataUnreadable(
            f"unpacked it has more than {MOST_UNPACKED >> 30} GiB: split it and drop the parts"
        )
    if unpacked > FREE and unpacked > MOST_TIMES * packed:
        raise DataUnreadable(
            f"{packed:,} bytes unpack to more than {MOST_TIMES} times as many, which no table does:"
            " drop it unpacked if it is data"
        )


class Unzip:
    """The text of a zip archive of one file."""

    def __init__(self, source: Seekable) -> None:
        self._packed = max(1, source.seek(0, 2))
        source.seek(0)
        try:
            self._archive = zipfile.ZipFile(_file(source))
            self._file = self._archive.open(_only(self._archive.infolist()))
        except UNREADABLE as error:
            raise DataUnreadable(f"the zip archive cannot be read ({error})") from error
        self._unpacked = 0

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most `size`; none at the end."""
        try:
            data = self._file.read(size)
        except UNREADABLE as error:
            raise DataUnreadable(f"the zip archive is damaged ({error})") from error
        self._unpacked += len(data)
        refuse_bomb(self._packed, self._unpacked)
        return data


UNREADABLE: Final = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error)
"""What zipfile raises of archives that are damaged, encrypted or of an unknown method."""


def _file(source: Seekable) -> IO[bytes]:
    return cast("IO[bytes]", source)


def _only(members: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    """The one file of an archive; folders and what macOS puts beside a file do not count."""
    if any(member.filename == "[Content_Types].xml" for member in members):
        raise DataUnreadable("the file is an Excel workbook: save it as CSV UTF-8")
    files = [m for m in members if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
    if len(files) != 1:
        raise DataUnreadable(
            f"the zip archive holds {len(files)} files, and one is read: drop each by itself"
        )
    return files[0]
