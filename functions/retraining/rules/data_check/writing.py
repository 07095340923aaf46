"""The accepted copy: CSV with commas and a header, and the only thing anybody reads after it."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from retraining.rules.data_check.agreed import Rules


def header(rules: Rules) -> bytes:
    """The copy's first line."""
    names = [*(column.name for column in rules.columns), *rules.reserved]
    return (",".join(_quoted(name) for name in names) + "\n").encode()


def lines(text: dict[str, pa.Array], marks: list[pa.Array], rules: Rules) -> bytes:
    """A block of the copy: the columns of the contract, then the reserved ones."""
    columns = [*(_field(text[column.name]) for column in rules.columns), *marks]
    joined = pc.binary_join_element_wise(*columns, ",")
    whole = pa.ListArray.from_arrays(pa.array([0, len(joined)], pa.int32()), joined)
    return bytes(pc.binary_join(whole, "\n")[0].as_buffer()) + b"\n"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\r\n') else text


def _field(text: pa.Array) -> pa.Array:
    """The column as CSV fields: quoted only where a value needs it."""
    special = pc.match_substring_regex(text, '[,"\r\n]')
    if not pc.any(special).as_py():
        return text
    doubled = pc.replace_substring(text, '"', '""')
    quoted = pc.binary_join_element_wise('"', doubled, '"', "")
    return pc.if_else(special, quoted, text)
