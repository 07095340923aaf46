"""Where a file's header is, and what divides its fields: where the wanted columns are found."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ratchet.cli.errors import CliError

DELIMITERS = (",", ";", "\t", "|", ":")
RESERVED = ("row_id", "split", "batch", "arrival", "moment", "cluster")
"""Columns that the service adds to the accepted copy."""
_MOST_ABOVE = 50
"""Lines above a header in which it is looked for."""


@dataclass(frozen=True)
class Header:
    """The columns, the delimiter, and how many lines stand above the header."""

    names: list[str]
    delimiter: str
    above: int

    @property
    def dialect(self) -> dict[str, Any]:
        """The keys of data.csv."""
        above = {"skip_lines": self.above} if self.above else {}
        return {"delimiter": self.delimiter, **above}


def find(path: Path, text: str, wanted: list[str]) -> Header:
    """The first line with the most of the wanted columns, divided as that has most fields."""
    lines = text.splitlines()[: _MOST_ABOVE + 1]
    found = [
        Header(_fields(line, delimiter), delimiter, place)
        for place, line in enumerate(lines)
        for delimiter in DELIMITERS
        if line.strip()
    ]
    best = max(found, key=lambda one: _rank(one, wanted))
    if not set(wanted) & set(best.names):  # nothing is known: the first line is the header
        best = max(found[: len(DELIMITERS)], key=lambda one: len(one.names))
    if len(best.names) < 2:
        raise CliError(
            f"{path}: the first line has one field: {lines[0][:80]!r}",
            "It must name the columns: a label and at least one more.",
        )
    for name in best.names:
        if problem := _problem(name, best.names):
            raise CliError(f"{path}: column {name!r} {problem}", "Rename it in the header.")
    return best


def _rank(one: Header, wanted: list[str]) -> tuple[int, int, int]:
    return len(set(wanted) & set(one.names)), -one.above, len(one.names)


def _fields(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []


def _problem(name: str, names: list[str]) -> str:
    lower = [other.lower() for other in names]
    if not name or name != name.strip() or not name.isprintable():
        return "has no name, or one that begins or ends with a space or has control characters"
    if lower.count(name.lower()) > 1:
        return "is named twice (upper and lower case are the same to Spark)"
    if name.lower() in RESERVED:
        return f"has a reserved name; reserved are {', '.join(RESERVED)}"
    return ""
