"""Reads JSON lines: one flat object a line, whose keys are the columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from retraining.documents.check_report import Problem
from retraining.rules.data_check.agreed import Rules
from retraining.rules.data_check.blocks import Block, Malformed
from retraining.rules.data_check.csv_reader import LONGEST_ROW, MOST_MALFORMED, least_piece
from retraining.rules.data_check.source import Text
from retraining.rules.problems import shown


class JsonLines:
    """The objects of a file, in order; a key that one lacks is missing there."""

    def __init__(self, held: bytes, text: Text, rules: Rules) -> None:
        self._held, self._text = held, text
        self._names, self._ignore = rules.names, rules.ignore_unknown
        self._known = frozenset(self._names)
        self._line, self._malformed = 1, 0
        self.fatal: Problem | None = None

    def blocks(self) -> Iterator[Block]:
        """The rows in order, until there are no more or one cannot be read."""
        last = False
        while not last and self.fatal is None:
            piece = self._text.read(least_piece(len(self._names)))
            last, data = not piece, self._held + piece
            end = len(data) if last else data.rfind(b"\n") + 1
            part, self._held = data[:end], data[end:]
            if len(self._held) > LONGEST_ROW:
                sentence = f"line {self._line} is longer than 1 MB: write one object a line"
                self.fatal = Problem("format", sentence, line=self._line)
            block = self._block(part)
            if block.rows or block.malformed:
                yield block

    def _block(self, part: bytes) -> Block:
        rows: list[tuple[Any, ...]] = []
        lines: list[int] = []
        malformed: list[Malformed] = []
        for number, line in enumerate(part.split(b"\n"), start=self._line):
            if not line.strip():
                continue
            found = read(line)
            if isinstance(found, str):
                text = line.decode("utf-8", "replace")
                malformed.append(Malformed(number, f"line {number} {found}: {shown(text)!r}", text))
                continue
            self._look_for_unknown(found, number)
            lines.append(number)
            rows.append(tuple(map(found.get, self._names)))
        self._line += part.count(b"\n")
        self._malformed += len(malformed)
        if self._malformed >= MOST_MALFORMED and self.fatal is None:
            self.fatal = Problem("format", f"reading stopped after {MOST_MALFORMED} bad lines")
        cells = zip(*rows, strict=True) if rows else ((),) * len(self._names)
        return Block(
            columns={name: _text(column) for name, column in zip(self._names, cells, strict=True)},
            lines=lines,
            rows=len(lines),
            malformed=tuple(malformed),
            zeros=b"\\u0000" in part,
        )

    def _look_for_unknown(self, found: dict[str, Any], number: int) -> None:
        if self._ignore or self._known.issuperset(found) or self.fatal is not None:
            return
        unknown = shown(next(name for name in found if name not in self._known))
        sentence = (
            f"line {number} holds {unknown!r}, which is not in columns.yaml: add it there,"
            " leave it out of the file, or set checks.unknown_columns to ignore"
        )
        self.fatal = Problem("unknown column", sentence, unknown, number)


def keys(head: bytes) -> list[str]:
    """Every key of the whole lines of a file's beginning, as they come."""
    names: dict[str, None] = {}
    for line in head[: head.rfind(b"\n") + 1 or len(head)].split(b"\n"):
        found = read(line) if line.strip() else {}
        if not isinstance(found, str):
            names.update(dict.fromkeys(found))
    return list(names)


def read(line: bytes) -> dict[str, Any] | str:
    """The fields of a line, numbers as they are written, or what is wrong with it."""
    try:
        text = line.decode().strip(" \t\r\n")
        pairs, end = DECODER.raw_decode(text)
    except UnicodeDecodeError:
        return "is not UTF-8"
    except (ValueError, RecursionError):
        return "is not JSON"
    if end < len(text):
        return "is not JSON"
    if not isinstance(pairs, tuple):
        return "is not a JSON object"
    found = dict(pairs)
    if len(found) < len(pairs):
        return "holds a key twice"
    if b"[" in line or line.count(b"{") > 1:
        nested = (name for name, value in found.items() if isinstance(value, list | tuple))
        if (name := next(nested, None)) is not None:
            return f"holds a list or an object in {name!r}, and rows must be flat"
    if b"\\u" in line and not _whole(found):
        return "holds half a character (an escape from \\ud800 to \\udfff without its other half)"
    return found


def _constant(name: str) -> str | None:
    return None if name == "NaN" else name


DECODER: Final = json.JSONDecoder(
    parse_int=str, parse_float=str, parse_constant=_constant, object_pairs_hook=tuple
)
"""An object becomes a tuple of its pairs, in order, with keys that are there twice."""


def _whole(found: dict[str, Any]) -> bool:
    """False when a text cannot be written, as it holds one half of a surrogate pair."""
    try:
        "".join(text for pair in found.items() for text in pair if isinstance(text, str)).encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(cells: Sequence[Any]) -> pa.Array:
    """A column; null and NaN, which are None here, and an empty text are missing."""
    if bool in set(map(type, cells)):
        cells = [WORDS[cell] if isinstance(cell, bool) else cell for cell in cells]
    texts = pa.array(cells, pa.string())
    empty = pc.equal(texts, "")
    return pc.if_else(empty, None, texts) if pc.any(empty).as_py() else texts


WORDS: Final = {True: "true", False: "false"}
