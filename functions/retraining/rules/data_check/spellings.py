"""Notices values of a category that differ only by what people do not see.

Where columns.yaml lists the values, another spelling is a problem. Where it does not, it would be
a class of its own without a word.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from retraining.rules.data_check.agreed import Rules
from retraining.rules.data_check.guesses import folded
from retraining.rules.problems import shown

MOST: Final = 1000  # values of a column: with more it is not a category
LONGEST: Final = 200  # letters of a value that is looked at
TOLD: Final = 3


class Spellings:
    """The values of the categories that nobody has listed."""

    def __init__(self, rules: Rules) -> None:
        self._seen: dict[str, dict[str, set[str]]] = {
            column.name: {}
            for column in rules.columns
            if column.type == "category" and column.values is None
        }

    def add(self, text: dict[str, pa.Array]) -> None:
        """Look at a block."""
        for name in list(self._seen):
            values = pc.unique(text[name])
            if len(values) > MOST or len(self._seen[name]) > MOST:
                del self._seen[name]
                continue
            for value in values.to_pylist():
                if value is not None and len(value) <= LONGEST:
                    same = self._seen[name].setdefault(folded(value), set())
                    if len(same) < TOLD:
                        same.add(value)

    def notes(self) -> list[str]:
        """A sentence for each of the first columns that have such values."""
        found_in = [
            f"column {name!r} has values that differ only by case, spaces or dots:"
            f" {shown('; '.join(found[:TOLD]))} (list its values in columns.yaml)"
            for name, by_fold in self._seen.items()
            if (found := [_named(same) for same in by_fold.values() if len(same) > 1])
        ]
        return found_in[:TOLD]


def _named(values: set[str]) -> str:
    return " and ".join(repr(value) for value in sorted(values))
