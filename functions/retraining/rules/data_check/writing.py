"""The accepted copy: CSV with commas and a header, and the only thing anybody reads after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from retraining.rules.data_check.agreed import Rules

SPECIAL: Final = ',"\r\n'


def header(rules: Rules) -> bytes:
    """The copy's first line."""
    names = [*rules.names, *rules.reserved]
    return (",".join(_quoted(name) for name in names) + "\n").encode()


def lines_of(columns: Sequence[pa.Array]) -> list[str]:
    """These columns as lines of the copy, without line ends: equal only if all fields are."""
    fields = [_field(column) for column in columns]
    joined = pc.binary_join_element_wise(*fields, ",", null_handling="replace", null_replacement="")
    whole = pa.ListArray.from_arrays(pa.array([0, len(joined)], pa.int32()), joined)
    lines: list[str] = str(pc.binary_join(whole, "\n")[0]).split("\n")
    return lines if len(lines) == len(joined) else list(joined.to_pylist())


def copied(lines: list[str], marks: list[list[str]]) -> bytes:
    """A block of the copy: lines, and the reserved columns behind them."""
    return ("\n".join(map(",".join, zip(lines, *marks, strict=True))) + "\n").encode()


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in SPECIAL) else text


def _field(text: pa.Array) -> pa.Array:
    """The column as CSV fields: quoted only where a value needs it."""
    data = text.buffers()[2]
    letters = data.to_pybytes() if data is not None else b""
    if not any(letter.encode() in letters for letter in SPECIAL):
        return text
    special = pc.match_substring_regex(text, f"[{SPECIAL}]")
    doubled = pc.replace_substring(text, '"', '""')
    quoted = pc.binary_join_element_wise('"', doubled, '"', "")
    return pc.if_else(special, quoted, text)
