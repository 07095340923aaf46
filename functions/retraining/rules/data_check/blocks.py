"""What every reader of landed objects gives: blocks of rows as text by column, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from retraining.documents.check_report import Problem
from retraining.rules.data_check.writing import CopyLines


@dataclass(frozen=True)
class Malformed:
    """A row that has no columns, for it is not written as rows are."""

    line: int
    sentence: str
    text: str


class Lines(Protocol):
    """The line of each row of a block, as an editor counts lines."""

    def __getitem__(self, position: int, /) -> int:
        """The line of the row in this position."""

    def __len__(self) -> int:
        """How many rows there are."""


@dataclass(frozen=True)
class Block:
    """Rows of an object as they landed: the text of each column, null where a field is empty."""

    columns: dict[str, pa.Array]
    lines: Lines
    rows: int
    malformed: tuple[Malformed, ...] = ()
    not_utf8: bool = False  # then the columns are bytes
    zeros: bool = False  # true when a zero byte may be in it
    unit: str = "line"  # what `lines` counts
    text: bytes | None = None  # where it could be lines of the accepted copy, should all be well


class Reader(Protocol):
    """An object whose header is right."""

    fatal: Problem | None
    """Why reading stopped before the end."""

    def blocks(self) -> Iterator[Block]:
        """Its rows, in order."""


@dataclass(frozen=True)
class Rows:
    """The rows of a block that are accepted."""

    text: dict[str, pa.Array]  # each column as the accepted copy spells it, null where missing
    values: dict[str, pa.Array]  # integer, double, date32, timestamp[us], bool; else the text
    lines: CopyLines  # the columns of the contract as a line of the accepted copy
    above: int  # accepted rows of the object before these
