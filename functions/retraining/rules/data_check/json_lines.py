"""Reads JSON lines: one flat object a line, whose keys are the columns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from retraining.documents.check_report import Problem
from retraining.rules.data_check.agreed import Rules
from retraining.rules.data_check.blocks import Block, Malformed
from retraining.rules.data_check.csv_reader import LONGEST_ROW, MOST_MALFORMED
from retraining.rules.data_check.source import Text
from retraining.rules.problems import shown

KINDS: Final = {dict: "an object", list: "a list"}


class JsonLines:
    """The objects of a file, in order; a key that one lacks is missing there."""

    def __init__(self, held: bytes, text: Text, rules: Rules) -> None:
        self._held, self._text = held, text
        self._names, self._ignore = rules.names, rules.ignore_unknown
        self._line, self._malformed = 1, 0
        self.fatal: Problem | None = None

    def blocks(self) -> Iterator[Block]:
        """The rows in order, until there are no more or one cannot be read."""
        last = False
        while not last and self.fatal is None:
            piece = self._text.read()
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
        columns: dict[str, list[str | None]] = {name: [] for name in self._names}
        lines: list[int] = []
        malformed: list[Malformed] = []
        for number, line in enumerate(part.split(b"\n"), start=self._line):
            if not line.strip():
                continue
            found = read(line)
            wrong = found if isinstance(found, str) else self._unknown(found, number)
            if isinstance(found, str) or wrong:
                text = line.decode("utf-8", "replace")
                malformed.append(Malformed(number, f"line {number} {wrong}: {shown(text)!r}", text))
                continue
            lines.append(number)
            for name, cells in columns.items():
                cells.append(found.get(name))
        self._line += part.count(b"\n")
        self._malformed += len(malformed)
        if self._malformed >= MOST_MALFORMED and self.fatal is None:
            self.fatal = Problem("format", f"reading stopped after {MOST_MALFORMED} bad lines")
        return Block(
            columns={name: pa.array(cells, pa.string()) for name, cells in columns.items()},
            lines=lines,
            rows=len(lines),
            malformed=tuple(malformed),
            zeros=b"\\u0000" in part,
        )

    def _unknown(self, found: dict[str, str | None], number: int) -> str:
        if self._ignore:
            return ""
        unknown = [name for name in found if name not in self._names]
        if unknown and self.fatal is None:
            sentence = (
                f"line {number} holds {shown(unknown[0])!r}, which is not in columns.yaml: add it"
                " there, leave it out of the file, or set checks.unknown_columns to ignore"
            )
            self.fatal = Problem("unknown column", sentence, shown(unknown[0]), number)
        return ""


def keys(head: bytes) -> list[str]:
    """Every key of the whole lines of a file's beginning, as they come."""
    names: dict[str, None] = {}
    for line in head[: head.rfind(b"\n") + 1 or len(head)].split(b"\n"):
        found = read(line) if line.strip() else {}
        if not isinstance(found, str):
            names.update(dict.fromkeys(found))
    return list(names)


def read(line: bytes) -> dict[str, str | None] | str:
    """The fields of a line as text, null and NaN as missing; or what is wrong with it."""
    try:
        pairs = json.loads(
            line, parse_int=str, parse_float=str, parse_constant=_constant, object_pairs_hook=_Pairs
        )
    except UnicodeDecodeError:
        return "is not UTF-8"
    except (ValueError, RecursionError):
        return "is not JSON"
    if not isinstance(pairs, _Pairs):
        return "is not a JSON object"
    found = {name: _text(value) for name, value in pairs}
    if len(found) < len(pairs):
        return "holds a key twice"
    nested = next((name for name, value in found.items() if value is NESTED), None)
    return f"holds a list or an object in {nested!r}, and rows must be flat" if nested else found


class _Pairs(list[tuple[str, Any]]):
    """The keys and values of an object, in order."""


NESTED: Final = "\0nested"


def _constant(name: str) -> str | None:
    return None if name == "NaN" else name


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return NESTED
    return value or None
