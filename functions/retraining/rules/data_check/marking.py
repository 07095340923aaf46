"""The reserved columns of accepted rows: what a row is, where it belongs and when it came."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from retraining.rules import belonging, rows
from retraining.rules.data_check.agreed import Rules
from retraining.rules.data_check.blocks import Rows
from retraining.rules.data_check.column_rule import ColumnRule
from retraining.rules.data_check.writing import lines_of
from retraining.rules.names import ARRIVAL_COLUMN, CLUSTER_COLUMN, MOMENT_COLUMN, arrival


def marks(block: Rows, rules: Rules, place: int) -> list[list[str]]:
    """The reserved columns of a block of the object that arrived as number `place`."""
    whole = rules.identity == tuple(rules.names)
    identities = block.lines if whole else lines_of([block.text[n] for n in rules.identity])
    ids = rows.row_ids(identities)
    columns = [ids, _sides(ids, block, rules), [rules.batch] * len(ids)]
    if ARRIVAL_COLUMN in rules.reserved:
        first = block.above + 1
        columns.append([arrival(place, n) for n in range(first, first + len(ids))])
    if MOMENT_COLUMN in rules.reserved and rules.decisive:
        columns.append(_of_each_value(block, rules.decisive, belonging.moment))
    if CLUSTER_COLUMN in rules.reserved and rules.cluster:
        columns.append(_of_each_value(block, rules.cluster, belonging.cluster))
    return columns


def _sides(ids: list[str], block: Rows, rules: Rules) -> list[str]:
    """Where the rows belong; of a split by time PrepareDataset decides, which sees all moments."""
    if rules.by == belonging.TIME:
        return [belonging.TIME] * len(ids)
    if rules.by == belonging.GROUP and rules.decisive:
        return _of_each_value(
            block,
            rules.decisive,
            lambda text, _: rows.side(rows.row_ids([text])[0], rules.shares),
        )
    return rows.sides(ids, rules.shares)


def _of_each_value(block: Rows, column: ColumnRule, made: Callable[[str, str], str]) -> list[str]:
    """What is made of a column's values, each different one looked at once."""
    encoded = pc.fill_null(block.text[column.name], "").dictionary_encode()
    values = pa.array([made(v, column.type) for v in encoded.dictionary.to_pylist()], pa.string())
    taken: list[str] = values.take(encoded.indices).to_pylist()
    return taken
