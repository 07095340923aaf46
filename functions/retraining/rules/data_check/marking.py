"""The reserved columns of accepted rows: what a row is, where it belongs and when it came."""

from __future__ import annotations

from binascii import hexlify
from collections.abc import Callable
from hashlib import sha256
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from retraining.rules import belonging, rows
from retraining.rules.data_check.agreed import Rules
from retraining.rules.data_check.blocks import Rows
from retraining.rules.data_check.column_rule import ColumnRule
from retraining.rules.data_check.writing import CopyLines
from retraining.rules.names import ARRIVAL_COLUMN, CLUSTER_COLUMN, MOMENT_COLUMN, arrival

HASH_DIGITS: Final = 64  # of a SHA-256


def marks(block: Rows, rules: Rules, place: int) -> list[pa.Array | pa.Scalar]:
    """The reserved columns of a block of the object that arrived as number `place`."""
    whole = rules.identity == tuple(rules.names)
    lines = block.lines if whole else CopyLines.of([block.text[n] for n in rules.identity])
    hashes = hashed(lines.each)
    columns = [ids(hashes), _sides(hashes, block, rules), _all(rules.batch)]
    if ARRIVAL_COLUMN in rules.reserved:
        numbers = range(block.above + 1, block.above + 1 + len(hashes))
        columns.append(pa.array([arrival(place, n) for n in numbers], pa.binary()))
    if MOMENT_COLUMN in rules.reserved and rules.decisive:
        columns.append(_of_each_value(block, rules.decisive, belonging.moment))
    if CLUSTER_COLUMN in rules.reserved and rules.cluster:
        columns.append(_of_each_value(block, rules.cluster, belonging.cluster))
    return columns


def hashed(lines: list[bytes]) -> pa.Array:
    """The digits of the lines' hashes, of which `rows.row_id` takes the first."""
    digits = hexlify(b"".join([sha256(line).digest() for line in lines]))
    return pa.Array.from_buffers(pa.binary(HASH_DIGITS), len(lines), [None, pa.py_buffer(digits)])


def ids(hashes: pa.Array) -> pa.Array:
    """`rows.row_id` of many rows."""
    digits = pc.binary_slice(hashes, 0, rows.ID_DIGITS).cast(pa.binary())
    return pc.binary_join_element_wise(b"r", digits, b"")


def sides(hashes: pa.Array, shares: rows.Shares) -> pa.Array:
    """`rows.side` of many rows."""
    place = rows.SIDE.start - len("r")
    digits = pc.binary_slice(hashes, place, place + rows.SIDE_DIGITS).cast(pa.binary())
    validation, holdout = (first.encode() for first in rows.first_digits(shares))
    later = pc.if_else(pc.less(digits, holdout), b"validation", b"holdout")
    return pc.if_else(pc.less(digits, validation), b"train", later)


def _sides(hashes: pa.Array, block: Rows, rules: Rules) -> pa.Array | pa.Scalar:
    """Where the rows belong; of a split by time PrepareDataset decides, which sees all moments."""
    if rules.by == belonging.TIME:
        return _all(belonging.TIME)
    if rules.by == belonging.GROUP and rules.decisive:
        return _of_each_value(
            block,
            rules.decisive,
            lambda text, _: rows.side(rows.row_id(text.encode()), rules.shares),
        )
    return sides(hashes, rules.shares)


def _of_each_value(block: Rows, column: ColumnRule, made: Callable[[str, str], str]) -> pa.Array:
    """What is made of a column's values, each different one looked at once."""
    encoded = pc.fill_null(block.text[column.name], "").dictionary_encode()
    values = pa.array([made(v, column.type) for v in encoded.dictionary.to_pylist()], pa.binary())
    return values.take(encoded.indices)


def _all(text: str) -> pa.Scalar:
    return pa.scalar(text.encode())
