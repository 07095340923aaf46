"""The four drops of the demo, cut from one file: two good ones, a broken one, a poisoned one."""

from __future__ import annotations

import csv
import io
import math
import random
from dataclasses import dataclass
from typing import Any

from ratchet.cli import landed_file
from ratchet.cli.errors import CliError, nearest
from ratchet.cli.screen import plural

OLDER_SHARE = 0.7
BROKEN_ROWS = 500
SEED = 20101101
_BROKEN_ROW = 42
_NOT_A_NUMBER = "forty-two"


@dataclass(frozen=True)
class Drop:
    """Files that land together: name -> content. `rows` is how many they hold."""

    files: dict[str, bytes]
    rows: int


@dataclass(frozen=True)
class Broken(Drop):
    """A drop with known faults, so that reports can be compared with them."""

    renamed: str
    text_column: str
    text_line: int
    text_value: str


@dataclass(frozen=True)
class Drops:
    """The scenario's data."""

    older: Drop
    newer: Drop
    broken: Broken
    shuffled: Drop


class Table:
    """A CSV file by lines, so that rows keep their bytes."""

    def __init__(self, content: bytes, contract: dict[str, Any]) -> None:
        self.delimiter: str = (contract["data"].get("csv") or {}).get("delimiter", ",")
        self.columns: dict[str, Any] = contract["data"]["columns"]
        self.label: str = contract["data"]["label"]
        lines = _lines(content)
        self.header, self.rows = lines[0], lines[1:]
        self.names = next(csv.reader([self.header], delimiter=self.delimiter), [])

    def join(self, rows: list[str], header: str | None = None) -> bytes:
        """A file of these rows."""
        return "\n".join([header or self.header, *rows, ""]).encode()

    def cells(self, row: str) -> list[str]:
        """The raw cells of a row, quotes and all."""
        cells = row.split(self.delimiter)
        if len(cells) == len(self.names):
            return cells
        plain = next(csv.reader([row], delimiter=self.delimiter), [])
        if len(plain) != len(self.names):
            raise CliError(
                f"a row has {len(plain)} cells and the header {len(self.names)}: {row[:80]}",
                "Is it the file this pipeline is made for?",
            )
        return [_quoted(cell, self.delimiter) for cell in plain]


def cut(content: bytes, contract: dict[str, Any], name: str) -> Drops:
    """Cut a pipeline's file into the four drops; CliError when it is not such a file."""
    table = Table(content, contract)
    _check(table, contract, name)
    middle = int(len(table.rows) * OLDER_SHARE)
    older, newer = table.rows[:middle], table.rows[middle:]
    shuffled = _shuffled(table, newer)
    return Drops(
        older=Drop({"1-older.csv": table.join(older)}, len(older)),
        newer=Drop({"2-newer.csv": table.join(newer)}, len(newer)),
        broken=_broken(table, newer[-BROKEN_ROWS:]),
        shuffled=Drop({"4-shuffled.csv": table.join(shuffled)}, len(shuffled)),
    )


def _lines(content: bytes) -> list[str]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"the data is not UTF-8 text: byte {error.start}"
        raise CliError(msg, "Give a CSV file with --data.") from error
    return [line for line in landed_file.lines(text) if line.strip()]


def _check(table: Table, contract: dict[str, Any], name: str) -> None:
    missing = [column for column in table.columns if column not in table.names]
    if missing:
        raise CliError(
            f"{name} has no column {missing[0]}{nearest(missing[0], table.names)}; "
            f"its header reads: {table.header[:120]}",
            f"This pipeline's columns, separated by '{table.delimiter}': "
            f"{', '.join(table.columns)}",
        )
    holdout = float((contract.get("split") or {}).get("holdout", 0.15))
    wanted = int((contract.get("gate") or {}).get("min_holdout_rows", 1000))
    least = math.ceil(wanted / holdout / (1 - OLDER_SHARE) * 1.02)
    if len(table.rows) < least:
        raise CliError(
            f"{name} has {plural(len(table.rows), 'row')}, and the demo needs {least:,}: "
            f"{holdout:.0%} of the newer {1 - OLDER_SHARE:.0%} must be {wanted:,} holdout rows",
            "Give the whole file with --data.",
        )


def _broken(table: Table, rows: list[str]) -> Broken:
    """One file with a renamed column, one with text where a number belongs."""
    numeric = [
        column
        for column, rule in table.columns.items()
        if rule.get("type") in {"integer", "number"} and column != table.label
    ]
    if len(numeric) < 2:
        raise CliError("the demo needs a pipeline with two numeric columns to break")
    renamed, text_column = numeric[-1], numeric[0]
    half = len(rows) // 2
    names = [f"{name}_new" if name == renamed else name for name in table.names]
    header = table.delimiter.join(_quoted(name, table.delimiter) for name in names)
    wrong = list(rows[half:])
    cells = table.cells(wrong[_BROKEN_ROW - 1])
    cells[table.names.index(text_column)] = _NOT_A_NUMBER
    wrong[_BROKEN_ROW - 1] = table.delimiter.join(cells)
    files = {
        "3-renamed-column.csv": table.join(rows[:half], header),
        "3-text-for-a-number.csv": table.join(wrong),
    }
    return Broken(files, len(rows), renamed, text_column, _BROKEN_ROW + 1, _NOT_A_NUMBER)


def _shuffled(table: Table, rows: list[str]) -> list[str]:
    """The same rows, their labels shuffled: nothing is left to learn."""
    at = table.names.index(table.label)
    cells = [table.cells(row) for row in rows]
    labels = [row[at] for row in cells]
    random.Random(SEED).shuffle(labels)  # noqa: S311 - no secret, and the same every time
    return [
        table.delimiter.join([*row[:at], label, *row[at + 1 :]])
        for row, label in zip(cells, labels, strict=True)
    ]


def _quoted(cell: str, delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="").writerow([cell])
    return out.getvalue()
