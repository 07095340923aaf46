"""Rows as they land, from a file like a dropped one, for an endpoint that takes them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ratchet.cli import landed_file
from ratchet.cli.errors import CliError, nearest

LINE_BREAK = re.compile("\r\n|[\r\n]")


def read(
    name: str, content: bytes, columns: Sequence[str], definition: Mapping[str, Any]
) -> list[str]:
    """One line of CSV a row: the columns that the model takes, in order.

    What the definition knows and the model does not is left out, and so is an unknown column where
    `checks.unknown_columns` is ignore. A line break in a field is a space, as the model reads it.
    """
    data = definition["data"]
    known = {*columns, *data["columns"], data["label"]}
    ignored = (definition.get("checks") or {}).get("unknown_columns") == "ignore"
    rows = landed_file.rows(name, content, data)
    for number, row in enumerate(rows, start=1):
        unknown = [column for column in row if column not in known]
        if unknown and not ignored:
            raise CliError(
                f"{name}, row {number}: {unknown[0]!r} is not a column"
                f"{nearest(unknown[0], columns)}",
                f"The model takes {', '.join(columns)}",
            )
    return [_line([row.get(column, "") for column in columns]) for row in rows]


def _line(fields: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(LINE_BREAK.sub(" ", field) for field in fields)
    return text.getvalue()
