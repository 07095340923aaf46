"""A run claims a batch and divides it so that functions finish at about the same time."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_model import FORMER

from retraining.documents.champion import Champion
from retraining.documents.definition import PushedDefinition
from retraining.documents.manifest import ClaimedObject
from retraining.documents.run_record import RunRecord
from retraining.rules import claims
from retraining.rules.claims import Pending

SIZES = st.lists(st.integers(0, 5 << 30), min_size=1, max_size=60)


def objects(sizes: list[int]) -> list[Pending]:
    return [Pending(f"{i:032x}", f"bank/{i}", "v", "e", size, "") for i, size in enumerate(sizes)]


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


def test_what_a_person_has_released_is_a_batch_of_its_own() -> None:
    first, second, third = objects([1, 1, 1])
    assert claims.batch([first, second, third]) == [first, second, third]
    assert claims.batch([first, replace(second, released=True), third]) == [
        replace(second, released=True)
    ]


@given(SIZES, st.integers(1, 60), st.integers(1, 40 << 30))
def test_runs_take_everything_in_order_and_none_more_than_it_may(
    sizes: list[int], most: int, most_bytes: int
) -> None:
    waiting = objects(sizes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(claims, "MOST_OBJECTS", most)
        patch.setattr(claims, "MOST_BYTES", most_bytes)
        taken: list[Pending] = []
        while rest := waiting[len(taken) :]:
            run = claims.batch(rest)
            assert 1 <= len(run) <= most
            assert len(run) == 1 or sum(item.size for item in run) <= most_bytes
            taken += run
    assert taken == waiting


def test_packed_objects_are_divided_by_the_text_that_they_are_expected_to_hold() -> None:
    def named(key: str, size: int, count: int) -> list[Pending]:
        return [Pending(f"{n}{key}", f"{n}{key}", "v", "e", size, "") for n in range(count)]

    assert claims.chunk_count(named(".csv", 30 << 20, 1)) == 1
    assert claims.chunk_count(named(".csv.gz", 7 << 20, 8)) == claims.MOST_CHUNKS
    assert len(claims.batch(named(".csv", 1 << 30, 20))) == 16
    assert len(claims.batch(named(".CSV.GZ", 1 << 30, 20))) == 2
    assert len(claims.batch(named(".parquet", 1 << 30, 20))) == 4
    mixed = [*named(".csv", 100, 2), *named(".zip", 20, 1)]
    assert claims.chunked([replace(item, size=item.size << 20) for item in mixed]) == [1, 2, 0]
    assert claims.text_bytes("a.gz", claims.LARGEST_OBJECT) == claims.LARGEST_OBJECT


def test_a_run_takes_twenty_thousand_objects_and_leaves_the_next_one_to_its_follow_up() -> None:
    waiting = objects([1] * (claims.MOST_OBJECTS + 1))
    assert len(claims.batch(waiting)) == claims.MOST_OBJECTS == 20_000
    assert len(claims.batch(iter(waiting))) == claims.MOST_OBJECTS


LARGE = st.integers(1, claims.LARGEST_OBJECT)


@given(st.lists(LARGE, min_size=1, max_size=12), st.integers(1, 6))
def test_a_batch_that_leaves_an_object_behind_is_full(sizes: list[int], most: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(claims, "MOST_OBJECTS", most)
        waiting = objects(sizes)
        taken = claims.batch(waiting)
        if len(taken) < len(waiting):
            assert claims.is_full([item.size for item in taken])
    assert not claims.is_full([claims.LARGEST_OBJECT])


def test_an_object_that_one_function_cannot_check_is_refused_with_the_remedy() -> None:
    assert claims.too_large(claims.LARGEST_OBJECT) is None
    assert claims.too_large(claims.LARGEST_OBJECT + (5 << 29)) == (
        "it has 10.5 GiB, and an object may have at most 8 GiB: split the file and drop the parts"
    )


def test_the_limits_leave_every_function_twice_the_time_it_needs() -> None:
    """The fullest chunk has its share and one largest object; both rates were measured."""
    bytes_a_second, seconds_an_object, timeout = 28e6, 0.07, 900
    fullest = claims.MOST_BYTES / claims.MOST_CHUNKS + claims.LARGEST_OBJECT
    assert fullest / bytes_a_second < timeout / 2
    assert claims.MOST_OBJECTS / claims.MOST_CHUNKS * seconds_an_object < timeout / 2


def version(key: str, sequencer: str) -> Pending:
    return Pending(f"{key}{sequencer}", key, "v", "e", 1, sequencer)


@given(st.permutations(["a1", "a2", "a3", "b1", "b2", "c1"]))
def test_versions_of_a_key_are_ordered_by_their_writes_and_keys_by_their_events(
    order: list[str],
) -> None:
    found = claims.in_order_of_arrival([version(*name) for name in order])
    assert [item.key for item in found] == [key for key, _ in order]
    for key in "abc":
        written = [item.sequencer for item in found if item.key == key]
        assert written == sorted(written)


def test_without_every_sequencer_of_a_key_its_versions_are_ordered_by_their_events() -> None:
    objects = [version("a", "5"), version("a", ""), version("a", "4")]
    assert claims.in_order_of_arrival(objects) == objects


def test_the_shorter_sequencer_is_filled_with_zeros_on_its_right() -> None:
    objects = [version("a", "0055AED6DCD90281E6"), version("a", "0055aed6dcd90281e5ff")]
    assert claims.in_order_of_arrival(objects) == objects[::-1]


def ran(token: int, **known: Any) -> RunRecord:
    finished = {"run": f"bank-{token}", "outcome": "INCONCLUSIVE", "data_state": "TRAINED"}
    return RunRecord(pipeline="bank", token=token, **{**finished, "fingerprint": "f", **known})


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([], None),
        ([ran(1)], "bank-1"),
        ([ran(1, fingerprint="g")], None),
        ([ran(1, fingerprint=None)], None),
        ([ran(1), ran(2, fingerprint="g")], None),  # the data have changed since
        ([ran(1), ran(2, data_state="PENDING", outcome="FAILED", fingerprint=None)], "bank-1"),
        ([ran(1), ran(2, data_state="SUPERSEDED", outcome="UNCHANGED")], "bank-1"),
        ([ran(1, outcome="FAILED")], None),  # its promotion failed, which may be tried again
        ([ran(1, outcome=None)], None),
    ],
)
def test_a_run_repeats_the_last_that_trained_and_finished(
    runs: list[RunRecord], expected: str | None
) -> None:
    assert claims.repeated(runs, "f") == expected


def definition(key: str | None = None, **sections: Any) -> PushedDefinition:
    document = {
        name: {} for name in ("checks", "etl", "split", "training", "gate", "trigger", "endpoint")
    }
    return PushedDefinition(json={**document, "data": {"key": key}, **sections})


def claimed(*etags: str) -> tuple[ClaimedObject, ...]:
    return tuple(
        ClaimedObject(id=f"{n}", bucket="b", key=f"{n}", version="", etag=etag, size=1, chunk=0)
        for n, etag in enumerate(etags)
    )


@pytest.mark.parametrize(
    ("promoted", "champion", "same"),
    [
        (True, replace(FORMER, token=3), True),
        (True, FORMER, False),
        (True, None, False),
        (False, FORMER, True),
        (False, replace(FORMER, package="another"), False),
        (False, None, False),
    ],
)
def test_a_run_left_its_own_model_as_champion_or_whom_it_met(
    promoted: bool, champion: Champion | None, same: bool
) -> None:
    record = RunRecord(pipeline="bank", token=3, promoted=promoted)
    met: Any = SimpleNamespace(champion=FORMER)
    assert claims.left(record, met, champion) is same


@pytest.mark.parametrize(
    ("released", "sizes", "least"), [(False, [1], 50), (True, [1], 1), (False, [16 << 30], 1)]
)
def test_a_batch_that_is_full_or_was_released_waits_for_no_more_rows(
    released: bool, sizes: list[int], least: int
) -> None:
    manifest: Any = SimpleNamespace(
        objects=objects(sizes), released=released, definition=SimpleNamespace(min_new_rows=50)
    )
    assert claims.least_rows(manifest) == least


def test_a_fingerprint_is_of_content_code_and_parameters_alone() -> None:
    known = claims.fingerprint(claimed("a", "b"), definition(), "image")
    assert claims.fingerprint(claimed("b", "a"), definition(), "image") == known
    assert claims.fingerprint(claimed("a", "b"), definition(trigger={"x": 1}), "image") == known
    changed = [definition(**{name: {"key": None, "x": 1}}) for name in claims.DECISIVE]
    others = [
        claims.fingerprint(claimed("a"), definition(), "image"),
        claims.fingerprint(claimed("a", "b", "b"), definition(), "image"),
        claims.fingerprint(claimed("a", "b"), definition(), "another"),
        *(claims.fingerprint(claimed("a", "b"), other, "image") for other in changed),
    ]
    assert known not in others


@pytest.mark.parametrize("name", claims.DECISIVE)
def test_a_run_comes_to_something_else_when_any_decisive_section_differs(name: str) -> None:
    known = definition()
    other = PushedDefinition(json={**known.json, name: {"another": 1}})
    assert claims.differ(known, other)
    assert not claims.differ(known, PushedDefinition(json={**known.json, "trigger": {}}))


def test_with_a_key_the_order_of_the_objects_counts() -> None:
    """Of two rows of one key the later one wins."""
    keyed = definition(key="id")
    assert claims.fingerprint(claimed("a", "b"), keyed, "i") != claims.fingerprint(
        claimed("b", "a"), keyed, "i"
    )


@pytest.mark.parametrize(
    ("count", "trained_on", "wanted"),
    [
        (2, (), ("c", "d")),
        (9, (), ("a", "b", "c", "d")),
        (1, ("d",), ()),
        (9, ("a", "b"), ("c", "d")),
    ],
)
def test_the_reference_is_of_the_last_batches_that_the_champion_was_not_trained_on(
    count: int, trained_on: tuple[str, ...], wanted: tuple[str, ...]
) -> None:
    """A push that asks for more batches brings none back."""
    assert claims.reference(("a", "b", "c", "d"), count, (), trained_on) == wanted


@pytest.mark.parametrize(
    ("count", "repeated", "wanted"),
    [
        (2, {"d"}, ("b", "c", "d")),
        (2, {"c", "d"}, ("a", "b", "c", "d")),
        (2, {"b"}, ("c", "d")),
        (2, {"b", "c"}, ("a", "b", "c", "d")),
        (1, {"a", "b", "c", "d"}, ("a", "b", "c", "d")),
        (3, {"elsewhere"}, ("b", "c", "d")),
    ],
)
def test_a_batch_of_repetitions_is_none_of_the_batches_of_the_reference(
    count: int, repeated: set[str], wanted: tuple[str, ...]
) -> None:
    """It stays between them: by key its rows are the newest of those that are judged on."""
    assert claims.reference(("a", "b", "c", "d"), count, repeated, ()) == wanted


def test_a_repetition_is_a_batch_without_held_out_rows_of_its_own() -> None:
    own: dict[int, dict[str, int] | None] = {
        1: {"holdout_own": 3}, 2: {"holdout_own": 0}, 3: {"accepted": 9}, 4: None
    }  # fmt: skip
    runs = [RunRecord(pipeline="bank", token=token, rows=rows) for token, rows in own.items()]
    judged = RunRecord(pipeline="bank", token=5, rows={"holdout_own": 0}, again="bank-000001")
    assert claims.repetitions([*runs, judged]) == {"run-000002"}
