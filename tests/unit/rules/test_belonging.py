"""Groups, moments and clusters of rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retraining.rules import belonging
from retraining.rules.names import RESERVED_COLUMNS


@pytest.mark.parametrize(
    ("value", "kind", "moment"),
    [
        ("1970-01-02", "date", "t86400"),
        ("1969-12-31", "date", "t-86400"),
        ("1970-01-01T00:00:01Z", "timestamp", "t1"),
        ("1970-01-01T01:00:00+01:00", "timestamp", "t0"),
        ("1970-01-01T00:00:00.500000Z", "timestamp", "t0.5"),
        ("1970-01-01T00:00:07", "timestamp", "t7"),
        ("+7", "integer", "t7"),
        ("1e3", "number", "t1000"),
        (".25", "number", "t0.25"),
    ],
)
def test_a_moment_is_seconds_since_1970_or_the_number(value: str, kind: str, moment: str) -> None:
    assert belonging.moment(value, kind) == moment


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(-1e9, 1e9))
def test_moments_keep_every_number_apart(one: float, other: float) -> None:
    read = [float(belonging.moment(repr(number), "number")[1:]) for number in (one, other)]
    assert read == [one, other]


def test_the_moments_of_a_day_are_one_cluster() -> None:
    early, late, next_day = (
        belonging.cluster(f"2026-01-{day}T{hour}:00:00Z", "timestamp")
        for day, hour in (("30", "01"), ("30", "23"), ("31", "01"))
    )
    assert early == late != next_day
    assert belonging.cluster("2026-01-30", "date") == early
    assert len({belonging.cluster(str(n), "number") for n in range(2000)}) == 2000


def definition(by: str, key: str | None = None, cluster: str | None = None) -> dict[str, Any]:
    column = "c" if by in belonging.BY_COLUMN else None
    split = {"by": by, "column": column, "gap": None}
    return {"data": {"key": key}, "split": split, "gate": {"cluster": cluster}}


@pytest.mark.parametrize(
    ("given", "extra"),
    [
        (definition("row"), ()),
        (definition("row", cluster="c"), ("cluster",)),
        (definition("row", key="k"), ("arrival",)),
        (definition("key", key="k"), ("arrival",)),
        (definition("group"), ("cluster",)),
        (definition("time"), ("moment", "cluster")),
        (definition("time", key="k"), ("arrival", "moment", "cluster")),
    ],
)
def test_a_copy_has_the_reserved_columns_that_its_pipeline_needs(
    given: dict[str, Any], extra: tuple[str, ...]
) -> None:
    assert belonging.reserved(given) == (*RESERVED_COLUMNS[:3], *extra)


@pytest.mark.parametrize(("gap", "wide"), [(None, 0), ("2d", 172800), (3, 3), (0.5, 0.5)])
def test_a_gap_is_in_units_of_moments(gap: Any, wide: float) -> None:
    given = definition("time")
    assert belonging.gap({**given, "split": {**given["split"], "gap": gap}}) == wide
