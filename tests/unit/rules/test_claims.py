"""A run claims a batch and divides it so that functions finish at about the same time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from retraining.rules import claims
from retraining.rules.claims import Pending

SIZES = st.lists(st.integers(0, 5 << 30), min_size=1, max_size=60)


def objects(sizes: list[int]) -> list[Pending]:
    return [Pending(f"{i:032x}", f"bank/{i}", "v", "e", size) for i, size in enumerate(sizes)]


@given(SIZES)
def test_every_object_has_one_of_at_most_eight_chunks_and_none_is_empty(sizes: list[int]) -> None:
    chunks = claims.chunked(objects(sizes))
    assert len(chunks) == len(sizes)
    assert set(chunks) == set(range(claims.chunk_count(objects(sizes))))
    assert max(chunks) < 8
    assert chunks == claims.chunked(objects(sizes))


@given(SIZES)
def test_no_chunk_is_heavier_than_its_share_and_one_object(sizes: list[int]) -> None:
    chunks = claims.chunked(objects(sizes))
    loads = [sum(s for s, c in zip(sizes, chunks, strict=True) if c == k) for k in set(chunks)]
    assert max(loads) <= sum(sizes) / len(loads) + max(sizes) + len(sizes)


def test_small_drops_are_one_chunk_and_ten_thousand_objects_eight() -> None:
    assert claims.chunk_count(objects([6_000_000])) == 1
    assert claims.chunk_count(objects([100] * 10_000)) == 8


def test_what_one_run_cannot_check_waits_for_the_next() -> None:
    taken = claims.batch(objects([10 << 30, 5 << 30, 5 << 30]))
    assert [item.key for item in taken] == ["bank/0", "bank/1"]
    assert len(claims.batch(objects([20 << 30, 1]))) == 1
