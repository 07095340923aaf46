"""DataProcessing filters of a transform job: the JSONPath subset that SageMaker takes for CSV.

Source: developer guide, "Associate Prediction Results with Input Records": for CSV each row is a
JSON array, so only index-based paths apply; an index out of range is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PATH = re.compile(r"^\$(?:\[(?P<inside>[^\[\]]*)\])?$")
INDEX = re.compile(r"^-?\d+$")
SLICE = re.compile(r"^(?P<start>-?\d+)?:(?P<end>-?\d+)?$")


class BadFilter(ValueError):
    """A filter outside the supported subset, or an index outside the row."""


@dataclass(frozen=True)
class ColumnFilter:
    """Chooses columns of a row by position.

    Supported: `$`, `$[n]`, `$[n,m,...]` with negative positions from the end, and slices with
    an open or negative end such as `$[3:]`, `$[:-1]`, also among positions (`$[0,5:]`).
    """

    path: str
    _parts: tuple[Callable[[int], list[int]], ...]

    def positions(self, width: int) -> list[int]:
        """The chosen positions of a row of `width` columns; raises BadFilter out of range."""
        return [position for part in self._parts for position in part(width)]

    def choose(self, row: Sequence[str]) -> list[str]:
        """The chosen fields of one row."""
        return [row[position] for position in self.positions(len(row))]


def parse_filter(path: str) -> ColumnFilter:
    """Read a filter; raises BadFilter that names the path and what is supported."""
    found = PATH.match(path.replace(" ", ""))
    if found is None:
        raise BadFilter(
            f"{path!r}: for CSV only $ and positions such as $[0], $[0,-1], $[3:] can be filtered"
        )
    inside = found["inside"]
    if inside is None:
        return ColumnFilter(path, (lambda width: list(range(width)),))
    return ColumnFilter(path, tuple(_part(path, part) for part in inside.split(",")))


def _part(path: str, text: str) -> Callable[[int], list[int]]:
    if INDEX.match(text):
        return lambda width: [_position(path, int(text), width)]
    found = SLICE.match(text)
    if found is None:
        raise BadFilter(f"{path!r}: {text!r} is neither a position nor a slice")
    start, end = found["start"], found["end"]
    if end is not None and int(end) >= 0:
        raise BadFilter(
            f"{path!r}: SageMaker's documentation counts the end of a slice in, JSONPath does not; "
            "name the positions one by one, or leave the end open"
        )
    return lambda width: _slice(path, start, end, width)


def _position(path: str, index: int, width: int) -> int:
    if not -width <= index < width:
        raise BadFilter(f"{path!r}: position {index} is outside a row of {width} columns")
    return index % width


def _slice(path: str, start: str | None, end: str | None, width: int) -> list[int]:
    first = _position(path, int(start), width) if start else 0
    last = width if end is None else width + int(end)
    if first >= last:
        raise BadFilter(f"{path!r}: nothing is left of a row of {width} columns")
    return list(range(first, last))
