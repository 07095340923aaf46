"""A row keeps its id and its side of the split in every release: data never changes sides."""

from __future__ import annotations

import pytest

from retraining.rules import rows
from retraining.rules.rows import Shares

SHARES = Shares(0.7, 0.15)


@pytest.mark.parametrize(
    ("raw", "identifier", "side"),
    [
        (b"56\x1f4.857\x1fhousemaid", "r45ef6751a25675a910847627964c015", "validation"),
        (b"57\x1f1\x1fcook", "r1c4a831b9fa0dfe7bbf9f2a8b30a512", "train"),
        (b"3", "r4e07408562bedb8b60ce05c1decfe3a", "validation"),
        (b"18", "r4ec9599fc203d176a301536c2e091a1", "holdout"),
    ],
)
def test_a_row_keeps_its_id_and_its_side_permanently(
    raw: bytes, identifier: str, side: str
) -> None:
    assert rows.row_id(raw) == identifier
    assert rows.side(identifier, SHARES) == side
