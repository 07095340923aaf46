"""A row's identity and its side of the split, fixed once when the row is accepted.

The identity is a hash of the row (or of its key) as the accepted copy spells it, and the side
follows from the identity alone: whatever a recipe or transform does later, in any engine, a row of
the holdout never enters a training set, and a row that lands again in another dialect is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

ID_DIGITS: Final = 31  # of hexadecimal: 124 bits, so that no two rows ever share an id
SIDE_DIGITS: Final = 8  # from the ninth of an id on, which say nothing about the order of ids
SIDE: Final = slice(9, 9 + SIDE_DIGITS)


@dataclass(frozen=True)
class Shares:
    """Shares of train and validation; the holdout is the rest."""

    train: float
    validation: float

    @classmethod
    def of(cls, split: dict[str, Any]) -> Shares:
        """The shares of a definition's `split`."""
        return cls(float(split["train"]), float(split["validation"]))


def row_id(line: bytes) -> str:
    """Id of the row (or key) with this line in the accepted copy: 32 characters."""
    return "r" + sha256(line).hexdigest()[:ID_DIGITS]


def side(identifier: str, shares: Shares) -> str:
    """`train`, `validation` or `holdout`: where the row with this id permanently belongs."""
    digits, (validation, holdout) = identifier[SIDE], first_digits(shares)
    return "train" if digits < validation else "validation" if digits < holdout else "holdout"


def first_digits(shares: Shares) -> tuple[str, str]:
    """The least digits of a row of validation and of one of the holdout, compared as text."""
    return _digits(shares.train), _digits(shares.train + shares.validation)


def _digits(share: float) -> str:
    return f"{min(round(share * 16**SIDE_DIGITS), 16**SIDE_DIGITS - 1):0{SIDE_DIGITS}x}"
