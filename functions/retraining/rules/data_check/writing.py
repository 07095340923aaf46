"""The accepted copy: CSV with commas and a header, and the only thing anybody reads after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from retraining.rules.data_check.agreed import Rules

SPECIAL: Final = (b",", b'"', b"\r", b"\n")


def header(rules: Rules) -> bytes:
    """The copy's first line."""
    names = [*rules.names, *rules.reserved]
    return (",".join(_quoted(name) for name in names) + "\n").encode()


@dataclass(frozen=True)
class CopyLines:
    """Rows as lines of the copy, without line ends: equal only if all their fields are."""

    array: pa.Array  # of bytes
    each: list[bytes]

    @classmethod
    def of(cls, columns: Sequence[pa.Array]) -> CopyLines:
        """The lines of these columns."""
        fields = [_field(column).cast(pa.binary()) for column in columns]
        missing = {"null_handling": "replace", "null_replacement": b""}
        joined = pc.binary_join_element_wise(*fields, b",", **missing)
        return cls(joined, _apart(joined))

    @classmethod
    def landed(cls, text: bytes) -> CopyLines:
        """The lines of a text that is spelt as the copy is, each of them a row."""
        each = text.removesuffix(b"\n").split(b"\n")
        return cls(pa.array(each, pa.binary()), each)


def copied(lines: CopyLines, marks: list[pa.Array | pa.Scalar]) -> bytes:
    """A block of the copy: lines, and the reserved columns behind them."""
    last = pc.binary_join_element_wise(marks[-1], b"\n", b"")
    whole = pc.binary_join_element_wise(lines.array, *marks[:-1], last, b",")
    text: bytes = whole.buffers()[2].to_pybytes()
    return text


def _apart(lines: pa.Array) -> list[bytes]:
    """Many lines, one by one."""
    whole = pa.ListArray.from_arrays(pa.array([0, len(lines)], pa.int32()), lines)
    each: list[bytes] = pc.binary_join(whole, b"\n")[0].as_py().split(b"\n")
    return each if len(each) == len(lines) else lines.to_pylist()


def special(text: bytes) -> bool:
    """True when a text holds a letter for which the copy quotes a field."""
    return any(letter in text for letter in SPECIAL)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if special(text.encode()) else text


def _field(text: pa.Array) -> pa.Array:
    """The column as CSV fields: quoted only where a value needs it."""
    data = text.buffers()[2]
    if data is None or not special(data.to_pybytes()):
        return text
    needed = pc.match_substring_regex(text, '[,"\r\n]')
    doubled = pc.replace_substring(text, '"', '""')
    quoted = pc.binary_join_element_wise('"', doubled, '"', "")
    return pc.if_else(needed, quoted, text)
