"""Where a file's header is, and what divides its fields: by the wanted columns, or by the look."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from ratchet.cli import landed_file
from ratchet.cli.errors import CliError

DELIMITERS = (",", ";", "\t", "|", ":")
RESERVED = ("row_id", "split", "batch", "arrival", "moment", "cluster")
"""Columns that the service adds to the accepted copy."""
_MOST_ABOVE = 50
"""Lines above a header in which it is looked for."""
_VALUE = re.compile(
    r"[+-]?[0-9.,]*[0-9]|[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}.*|true|false", re.IGNORECASE
)
"""What stands in a row, and hardly ever in a header."""


@dataclass(frozen=True)
class Header:
    """The columns, the delimiter, how many lines stand above, and whether the file names them.

    `blank` counts columns behind these that the header leaves without a name, as where each line
    ends with the delimiter.
    """

    names: list[str]
    delimiter: str
    above: int
    named: bool = True
    blank: int = 0

    @property
    def dialect(self) -> dict[str, Any]:
        """The keys of data.csv."""
        above = {"skip_lines": self.above} if self.above else {}
        bare = {} if self.named else {"header": False, "names": self.names}
        return {"delimiter": self.delimiter, **above, **bare}


def find(path: Path, text: str, wanted: list[str]) -> Header:
    """The first line with the most of the wanted columns, divided as that has most fields.

    Where none of them is found, the lines themselves say what divides them, and whether the first
    is a header.
    """
    lines = _whole(landed_file.lines(text)[: _MOST_ABOVE + 1])
    best = max(_headers(lines), key=lambda one: _rank(one, wanted))
    if not set(wanted) & set(best.names):
        best = _by_look(lines)
    return _checked(path, best, lines[0])


def _whole(lines: list[str]) -> list[str]:
    """Each line with those that its last field, in quotes, continues on; they are then empty.

    A row that the end cuts off is left out, unless its quote opens in the first lines: then no
    quote is one.
    """
    whole: list[str] = []
    start = 0
    for place, line in enumerate(lines):
        if whole and whole[start].count('"') % 2:
            whole[start] += f"\n{line}"
            whole.append("")
        else:
            start = place
            whole.append(line)
    if not whole or whole[start].count('"') % 2 == 0:
        return whole
    return whole[:start] if start > 1 else lines


def first(path: Path, text: str) -> Header:
    """The header of plain CSV."""
    line = landed_file.lines(text)[0]
    return _checked(path, Header(_fields(line, ","), ",", 0), line)


def _checked(path: Path, best: Header, line: str) -> Header:
    best = _without_blank(best)
    if len(best.names) < 2:
        raise CliError(
            f"{path}: the first line has one field: {line[:80]!r}",
            "It must name the columns: a label and at least one more.",
        )
    _require_room(path, best.names)
    for name in best.names:
        if problem := _problem(name, best.names):
            raise CliError(f"{path}: column {name!r} {problem}", "Rename it in the header.")
    return best


def _without_blank(one: Header) -> Header:
    named = len(one.names)
    while named and not one.names[named - 1]:
        named -= 1
    return replace(one, names=one.names[:named], blank=len(one.names) - named)


def _require_room(path: Path, names: list[str]) -> None:
    """CliError for more columns, or longer names, than a pipeline takes."""
    schema = resources.files("ratchet.cli").joinpath("schemas", "columns.schema.json")
    allowed = json.loads(schema.read_text("utf-8"))["$defs"]["ColumnMap"]
    most, longest = allowed["maxProperties"], allowed["propertyNames"]["maxLength"]
    if len(names) > most:
        raise CliError(
            f"{path} has {len(names):,} columns, and a pipeline takes {most:,} at most",
            "Leave out those that a model does not need.",
        )
    if name := next((name for name in names if len(name) > longest), ""):
        raise CliError(
            f"{path}: the name of column {name[:40]!r}... has {len(name):,} characters, and a"
            f" pipeline takes {longest} at most",
            "Rename it in the header.",
        )


def _headers(lines: list[str]) -> Iterator[Header]:
    for place, line in enumerate(lines):
        for delimiter in DELIMITERS:
            if line.strip():
                yield Header(_fields(line, delimiter), delimiter, place)


def _rank(one: Header, wanted: list[str]) -> tuple[int, int, int]:
    return len(set(wanted) & set(one.names)), -one.above, len(one.names)


def _by_look(lines: list[str]) -> Header:
    """Divided as most lines have most fields alike; the first of those is the header or a row."""
    found = list(_headers(lines))
    alike = {
        delimiter: Counter(len(one.names) for one in found if one.delimiter == delimiter)
        for delimiter in DELIMITERS
    }
    usual = {delimiter: counted.most_common(1)[0] for delimiter, counted in alike.items()}
    best = max(DELIMITERS, key=lambda one: (usual[one][0] > 1, usual[one][1], usual[one][0]))
    first = next(one for one in found if one.delimiter == best and len(one.names) == usual[best][0])
    if not any(_VALUE.fullmatch(name.strip()) for name in first.names):
        return first
    names = [f"column_{place}" for place in range(1, len(first.names) + 1)]
    return Header(names, best, first.above, named=False)


def _fields(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []


def _problem(name: str, names: list[str]) -> str:
    lower = [other.lower() for other in names]
    if not name and not names.index(name):
        return "has no name, as the index that pandas writes: leave it out with index=False"
    if not name or name != name.strip() or not name.isprintable():
        return "has no name, or one that begins or ends with a space or has control characters"
    if lower.count(name.lower()) > 1:
        return "is named twice (upper and lower case are the same to Spark)"
    if name.lower() in RESERVED:
        return f"has a reserved name; reserved are {', '.join(RESERVED)}"
    return ""
