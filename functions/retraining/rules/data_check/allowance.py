"""Ends a check with a sentence before Lambda's timeout ends it without one.

Bytes do not tell how long a check takes: a few may unpack to many, rows may be short, columns many,
formats slow. So the time itself is bounded, wherever an object is read on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from retraining.errors import DataUnreadable
from retraining.rules.data_check.source import Seekable

MINUTES: Final = 12  # of the function's 15; what is left is for reports and copies
ALONE: Final = (
    f"to check it takes one function more than its {MINUTES} minutes: split it and drop the parts"
)
AMONG_OTHERS: Final = (
    f"the drop's other files took up the {MINUTES} minutes of the function that checks it, and it"
    " was not read to its end: drop it again, with fewer files at a time"
)


class Allowance:
    """The time that one call has for all of its objects."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now, self._end = now, now() + MINUTES * 60

    @property
    def spent(self) -> bool:
        """Whether no time is left to begin with another object."""
        return self._now() > self._end

    def over(self, source: Seekable) -> Seekable:
        """The source, as long as there is time."""
        return _Timed(source, self._now, self._end)


class _Timed:
    def __init__(self, source: Seekable, now: Callable[[], float], end: float) -> None:
        self._source, self._now, self._end, self._begun = source, now, end, now()

    def read(self, size: int = -1, /) -> bytes:
        if self._now() > self._end:
            mine = self._end - self._begun
            raise DataUnreadable(ALONE if mine > MINUTES * 60 / 2 else AMONG_OTHERS)
        return self._source.read(size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        return self._source.tell()

    def seekable(self) -> bool:
        return True
