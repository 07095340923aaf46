"""The reserved columns of accepted rows: what a row is, where it belongs and when it came."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from retraining.rules import rows
from retraining.rules.data_check.agreed import Rules
from retraining.rules.names import ARRIVAL_COLUMN, arrival


def marks(text: dict[str, pa.Array], rules: Rules, place: int, above: int) -> list[pa.Array]:
    """The reserved columns of a block, as they are named, below so many rows of its object."""
    ids = [rows.row_id(raw) for raw in _identities(text, rules)]
    sides = [rows.side(identifier, rules.shares) for identifier in ids]
    columns = [pa.array(ids), pa.array(sides), pa.array([rules.batch] * len(ids))]
    if ARRIVAL_COLUMN in rules.reserved:
        columns.append(pa.array([arrival(place, above + n) for n in range(1, len(ids) + 1)]))
    return columns


def _identities(text: dict[str, pa.Array], rules: Rules) -> list[bytes]:
    joined = pc.binary_join_element_wise(*(text[n] for n in rules.identity), rows.SEPARATOR)
    return list(joined.cast(pa.binary()).to_pylist())
