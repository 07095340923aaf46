"""Rows as they land, read from a file like a dropped one, for an endpoint that takes them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ratchet.cli.errors import CliError, nearest


def read(name: str, text: str, columns: Sequence[str], data: Mapping[str, Any]) -> list[str]:
    """One line of CSV a row, the columns in order; `data` is the section of the definition."""
    label = str(data["label"])
    if text.lstrip()[:1] in ("{", "["):
        rows = _objects(name, text)
    else:
        rows = _fields(name, text, columns, label, delimiter(data))
    for number, row in enumerate(rows, start=1):
        unknown = [column for column in row if column not in (*columns, label)]
        if unknown:
            raise CliError(
                f"{name}, row {number}: {unknown[0]!r} is not a column"
                f"{nearest(unknown[0], columns)}",
                f"The model takes {', '.join(columns)}",
            )
    return [_line([row.get(column) or "" for column in columns]) for row in rows]


def delimiter(data: Mapping[str, Any]) -> str:
    """What separates the fields of a landed file, by the section `data`."""
    return str((data.get("csv") or {}).get("delimiter", ","))


def _objects(name: str, text: str) -> list[dict[str, str]]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise CliError(f"{name} is not valid JSON: {error}") from error
    rows = found if isinstance(found, list) else [found]
    if not all(isinstance(row, dict) for row in rows):
        raise CliError(f"{name} must contain an object, or a list of objects, by column")
    return [{column: _text(value) for column, value in row.items()} for row in rows]


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value)


def _fields(
    name: str, text: str, columns: Sequence[str], label: str, separator: str
) -> list[dict[str, str]]:
    """A first line of column names is a header; without one the label is left out."""
    lines = [line for line in csv.reader(io.StringIO(text), delimiter=separator) if line]
    if not lines:
        raise CliError(f"{name} holds no rows")
    known = {*columns, label}
    header = lines.pop(0) if len(known.intersection(lines[0])) > len(lines[0]) / 2 else [*columns]
    for number, line in enumerate(lines, start=1):
        if len(line) != len(header):
            raise CliError(
                f"{name}, row {number} has {len(line)} fields, not {len(header)}",
                f"The columns are {', '.join(header)}; they are separated by {separator!r}",
            )
    return [dict(zip(header, line, strict=True)) for line in lines]


def _line(fields: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(fields)
    return text.getvalue()
