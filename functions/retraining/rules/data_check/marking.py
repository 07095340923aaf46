"""The reserved columns of accepted rows: what a row is, where it belongs and when it came."""

from __future__ import annotations

from retraining.rules import rows
from retraining.rules.data_check.agreed import Rules
from retraining.rules.data_check.blocks import Rows
from retraining.rules.data_check.writing import lines_of
from retraining.rules.names import ARRIVAL_COLUMN, arrival


def marks(block: Rows, rules: Rules, place: int) -> list[list[str]]:
    """The reserved columns of a block of the object that arrived as number `place`."""
    whole = rules.identity == tuple(rules.names)
    identities = block.lines if whole else lines_of([block.text[n] for n in rules.identity])
    ids = rows.row_ids(identities)
    columns = [ids, rows.sides(ids, rules.shares), [rules.batch] * len(ids)]
    if ARRIVAL_COLUMN in rules.reserved:
        first = block.above + 1
        columns.append([arrival(place, n) for n in range(first, first + len(ids))])
    return columns
