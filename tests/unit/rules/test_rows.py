"""A row keeps its id and its side of the split in every release: data never changes sides."""

from __future__ import annotations

import pytest

from retraining.rules import rows
from retraining.rules.rows import Shares

SHARES = Shares(0.7, 0.15)


@pytest.mark.parametrize(
    ("raw", "identifier", "side"),
    [
        (b"56,4.857,housemaid", "rb82f4d4dd4d512b0ddbf4df827575fd", "validation"),
        (b"3", "r4e07408562bedb8b60ce05c1decfe3a", "train"),
        (b"18", "r4ec9599fc203d176a301536c2e091a1", "validation"),
        (b"1", "r6b86b273ff34fce19d6b804eff5a3f5", "holdout"),
    ],
)
def test_a_row_keeps_its_id_and_its_side_permanently(
    raw: bytes, identifier: str, side: str
) -> None:
    assert rows.row_id(raw) == identifier
    assert rows.side(identifier, SHARES) == side


def test_sides_come_in_their_shares() -> None:
    ids = [rows.row_id(str(n).encode()) for n in range(20_000)]
    sides = [rows.side(identifier, SHARES) for identifier in ids]
    for name, share in {"train": 0.7, "validation": 0.15, "holdout": 0.15}.items():
        assert abs(sides.count(name) / len(sides) - share) < 0.01
    first, second = (sorted(ids)[:10_000], sorted(ids)[10_000:])
    counts = [[rows.side(one, SHARES) for one in half].count("holdout") for half in (first, second)]
    assert abs(counts[0] - counts[1]) < 200, "the side says nothing about the order of ids"
