"""What every room of the ledger has: its table, and the names of its partitions."""

from __future__ import annotations

from typing import Any, Final

from retraining.adapters.table import Table

REGISTRATIONS: Final = "#registrations"
LEDGER: Final = "#ledger"  # the partition of what is true of the whole table
STATE: Final = "state"
SIDE_BY_SIDE: Final = 16  # writes under way at once


class Items:
    """Items of one table."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._table = Table(dynamodb, table)
