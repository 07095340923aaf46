"""A profile is the same however the rows were divided, and small however many there are."""

from __future__ import annotations

import json
import math
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retraining.documents.profile import ColumnProfile, Profile
from retraining.rules import bins, profiles
from retraining.rules.profiling import Profiler, share_of

TYPES = {"age": "number", "job": "text", "when": "date", "y": "category"}
CELLS = {
    "age": st.one_of(st.just(""), st.floats(-1e30, 1e30).map(str), st.integers(0, 90).map(str)),
    "job": st.sampled_from(["", "cook", "nurse", "pilot"]),
    "when": st.dates().map(str),
    "y": st.sampled_from(["no", "yes"]),
}
ROWS = st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=60)


def block(rows: list[dict[str, str]], names: Any = TYPES) -> dict[str, pa.Array]:
    return {name: pa.array([row[name] for row in rows], pa.string()) for name in names}


def profiled(*blocks: list[dict[str, str]], types: dict[str, str] | None = None) -> Profile:
    profiler = Profiler(types or TYPES, "y")
    for rows in blocks:
        profiler.add(block(rows, types or TYPES))
    return profiler.profile()


def numbers(values: list[float], label: str = "no") -> Profile:
    types = {"x": "number", "y": "category"}
    return profiled([{"x": str(value), "y": label} for value in values], types=types)


def column(profile: Profile, name: str) -> ColumnProfile:
    found = profiles.find(profile, name)
    assert found is not None
    return found


def plain(profile: Profile) -> Any:
    """What must not depend on the order: rows by label, not by the place of a label."""
    document = profile.as_json()
    order = sorted(range(len(profile.labels)), key=lambda place: profile.labels[place])
    for one in document["columns"]:
        one["moments"] = [pytest.approx(each, rel=1e-9, abs=1e20) for each in one["moments"]]
        one["total"] = pytest.approx(one["total"], rel=1e-9, abs=1e20)
        for key in ("missing", "others"):
            one[key] = [one[key][place] for place in order]
        one["counts"] = {key: [rows[n] for n in order] for key, rows in one["counts"].items()}
    return {**document, "labels": sorted(profile.labels)}


@given(ROWS, ROWS)
def test_blocks_objects_and_chunks_add_up_to_the_same(
    one: list[dict[str, str]], other: list[dict[str, str]]
) -> None:
    at_once = profiled([*one, *other])
    for divided in (
        profiled(one, other),
        profiles.merged([profiled(one), profiled(other)]),
        profiles.merged([profiled(other), profiled(one)]),
    ):
        assert divided is not None
        assert plain(at_once) == plain(divided)


@given(ROWS)
def test_a_profile_reads_back_as_it_was_written(rows: list[dict[str, str]]) -> None:
    profile = profiled(rows)
    assert Profile.from_json(json.loads(json.dumps(profile.as_json()))) == profile


@given(st.floats(1e-30, 1e30), st.integers(0, 12))
def test_a_number_lies_in_its_bin_and_bins_are_in_the_order_of_numbers(
    number: float, step: int
) -> None:
    code = bins.code(number, step)
    assert bins.middle(code, step) == pytest.approx(number, rel=bins.WIDTH * 2**step)
    assert bins.code(-number, step) == -code
    assert bins.code(-number, step) < bins.code(0, step) < code <= bins.code(number * 2, step)
    assert bins.joined(bins.code(number), step) == code


def test_a_profile_stays_small_and_its_quantiles_right_whatever_the_numbers() -> None:
    values = [math.exp(n / 500) for n in range(10_000)]
    profile = numbers(values)
    found = column(profile, "x")
    assert len(found.counts) <= bins.MOST
    assert profiles.quantiles(found, [0.0, 0.1, 0.5, 0.9, 1.0]) == pytest.approx(
        [values[0], values[1000], values[5000], values[9000], values[-1]], rel=0.05
    )
    assert profiles.mean(found) == pytest.approx(sum(values) / len(values))
    assert (found.least, found.greatest) == pytest.approx((values[0], values[-1]))
    assert len(json.dumps(profile.as_json())) < 10_000


def test_a_number_counts_however_it_is_spelled() -> None:
    types = {"x": "number", "y": "category"}
    rows = [{"x": cell, "y": "no"} for cell in ("+5", "5.", "5e0", "005", "5.0")]
    assert column(profiled(rows, types=types), "x").counts == {str(bins.code(5)): (5,)}


def test_an_identifier_does_not_fill_the_profile_and_frequent_texts_stay() -> None:
    types = {"id": "text", "y": "category"}
    rows = [{"id": "often" if n % 2 else f"id-{n}", "y": "yes"} for n in range(20_000)]
    profile = profiled(rows[:9000], rows[9000:], types=types)
    found = column(profile, "id")
    assert len(found.counts) <= profiles.MOST_TEXTS
    assert found.counts["often"] == (10_000,)
    assert profiles.present(found) == 20_000


def test_rows_are_counted_by_label_until_there_are_too_many_labels() -> None:
    few = profiled([{"age": "30", "job": "", "when": "2026-01-01", "y": y} for y in "ababb"])
    assert few.labels == ("a", "b")
    assert column(few, "age").counts == {str(bins.code(30)): (2, 3)}
    assert column(few, "job").missing == (2, 3)
    many = profiled([{"age": "30", "job": "", "when": "2026-01-01", "y": y} for y in "abcdefghij"])
    assert many.labels == ()
    both = profiles.merged([few, many])
    assert both is not None
    assert column(both, "age").counts == {str(bins.code(30)): (15,)}
    assert column(both, "when").first == "2026-01-01"


def test_what_has_one_value_a_day_follows_the_time() -> None:
    profiler = Profiler({**TYPES, "month": "integer"}, "y", time="when")
    days = [f"2026-0{1 + n // 28}-{1 + n % 28:02d}" for n in range(56)]
    rows = [
        {"age": str(age), "job": "cook", "when": day, "y": "no", "month": day[5:7]}
        for day in days
        for age in (30, 31)
    ]
    profiler.add(block(rows, {**TYPES, "month": ""}))
    found = {one.name: one.follows_time for one in profiler.profile().columns}
    assert (found["month"], found["age"]) == (True, False)


def test_of_a_large_batch_an_even_part_is_looked_at() -> None:
    assert share_of(1 << 20) == 1
    assert share_of(640 << 20) == pytest.approx(0.1)
    profiler = Profiler(TYPES, "y", 0.1)
    rows = [{"age": "30", "job": "cook", "when": "2026-01-01", "y": "no"}] * 100
    profiler.add(block(rows))
    profile = profiler.profile()
    assert (profile.rows, profile.seen) == (100, 10)
    assert profiles.present(column(profile, "age")) == 10
