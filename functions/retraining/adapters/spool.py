"""Columns of numbers on disk, for what has more rows than memory holds."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import Any, Final, Self

BLOCK: Final = 1 << 16  # numbers
SIZE: Final = array("d").itemsize


class Spool:
    """A column that is written once and read from front to back as often as needed."""

    def __init__(self, file: Any, block: int = BLOCK) -> None:
        self._file, self._held, self._spilled, self._block = file, array("d"), 0, block

    def append(self, value: float) -> None:
        """Add a number at the end."""
        self._held.append(value)
        if len(self._held) == self._block:
            self._file.write(self._held.tobytes())
            self._spilled += self._block
            self._held = array("d")

    def __len__(self) -> int:
        return self._spilled + len(self._held)

    def __iter__(self) -> Iterator[float]:
        self._file.flush()
        for start in range(0, self._spilled, self._block):
            block = array("d")
            block.frombytes(os.pread(self._file.fileno(), self._block * SIZE, start * SIZE))
            yield from block
        yield from self._held


class Spools:
    """Makes columns; their files are gone when it ends. Many at once take small blocks."""

    def __init__(self, block: int = BLOCK) -> None:
        self._files, self._block = ExitStack(), block

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def __call__(self) -> Spool:
        return Spool(self._files.enter_context(TemporaryFile()), self._block)
