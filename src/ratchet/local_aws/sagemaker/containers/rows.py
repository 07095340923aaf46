"""A line of CSV as its fields, and back."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Protocol

from ratchet.local_aws.sagemaker.containers.errors import BadPayload

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


class Answering(Protocol):
    """What answers a body with another one."""

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """Answer and its media type; raises BadPayload."""
        ...


def lines_of(model: Answering, rows: Sequence[Sequence[str]]) -> list[str]:
    """One line a row, as a batch transform asks for them."""
    body = "".join(f"{joined(list(row))}\n" for row in rows).encode()
    answer, _ = model.answer(body, "text/csv", "text/csv")
    lines = answer.decode().removesuffix("\n").split("\n") if answer else []
    if len(lines) != len(rows):
        raise BadPayload(500, f"the program answered {len(lines)} lines to {len(rows)} rows")
    return [line.removesuffix("\r") for line in lines]
