"""A line of CSV as its fields, and back."""

from __future__ import annotations

import csv
import io

QUOTED = frozenset('",\n\r')

Row = list[str]


def split(record: str) -> Row:
    """The fields of a line."""
    if '"' not in record:
        return record.split(",")
    return next(csv.reader([record]), [""])


def joined(row: Row) -> str:
    """The line of these fields, quoted where it must be."""
    if not any(QUOTED.intersection(field) for field in row):
        return ",".join(row)
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(row)
    return text.getvalue()
