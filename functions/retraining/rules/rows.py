"""A row's identity and its side of the split, fixed once when the row is accepted.

Both are hashes of the raw row (or of its key), so whatever a recipe or transform does later,
in any engine, a row of the holdout never enters a training set.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Shares:
    """Shares of train and validation; the holdout is the rest."""

    train: float
    validation: float

    @classmethod
    def of(cls, split: dict[str, Any]) -> Shares:
        """The shares of a definition's `split`."""
        return cls(float(split["train"]), float(split["validation"]))


def row_id(raw: bytes) -> str:
    """Id of the row (or key) whose raw fields are joined by SEPARATOR: 32 characters."""
    return "r" + hashlib.sha256(raw).hexdigest()[:31]


def side(identifier: str, shares: Shares) -> str:
    """`train`, `validation` or `holdout`: where the row with this id permanently belongs."""
    fraction = int(hashlib.sha256(identifier.encode()).hexdigest()[:8], 16) / 2**32
    if fraction < shares.train:
        return "train"
    return "validation" if fraction < shares.train + shares.validation else "holdout"
