"""Recipe steps that ask the whole column, and the memory that a run takes."""

from __future__ import annotations

import math
import statistics
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_recipes import NOW, added, apply, changed, step, when

from ratchet.local_aws.databrew.compiler import run_recipe
from ratchet.local_aws.databrew.compiler.errors import RecipeError
from ratchet.local_aws.databrew.compiler.recipe import parse_recipe
from ratchet.local_aws.databrew.compiler.run_recipe import Job, Source, run

PROPERTY = settings(max_examples=40)
NUMBERS = st.lists(st.integers(-1000, 1000), min_size=2, max_size=20)


def fill(operation: str, **keys: str) -> Any:
    return step(operation, sourceColumn="a", **keys)


def scale(strategy: str) -> Any:
    return step("NORMALIZATION", sourceColumn="a", targetColumn="t", strategy=strategy)


def remove(strategy: str, way: str = "DELETE_ROWS", **keys: str) -> Any:
    keys = {"outlierStrategy": strategy, "removeType": way, **keys}
    return step("REMOVE_OUTLIERS", sourceColumn="a", **keys)


def replace(kind: str, strategy: str = "IQR", **keys: str) -> Any:
    keys = {"outlierStrategy": strategy, "replaceType": kind, **keys}
    return step("REPLACE_OUTLIERS", sourceColumn="a", **keys)


FILLED: list[tuple[Any, list[str | None], list[str | None]]] = [
    (fill("FILL_WITH_AVERAGE"), ["1", "2", None, " ", "x"], ["1", "2", "1.5", "1.5", "x"]),
    (fill("FILL_WITH_AVERAGE"), ["1", "nan", "inf", None], ["1", "nan", "inf", "1.0"]),
    (fill("FILL_WITH_AVERAGE"), ["x", None], ["x", None]),
    (fill("FILL_WITH_MEDIAN"), ["10", "1", "3", "2", None], ["10", "1", "3", "2", "2.5"]),
    (
        step("FILL_WITH_AVERAGE", when("IS_MISSING", "", "a"), sourceColumn="a"),
        ["4", None],
        ["4", "4.0"],
    ),
    (
        fill("FILL_WITH_MODE", modeType="MINIMUM"),
        ["1", "2", "2", "3", "3", "4", None],
        ["1", "2", "2", "3", "3", "4", "2"],
    ),
    (
        fill("FILL_WITH_MODE", modeType="MAXIMUM"),
        ["2", "2", "3", "3", None],
        ["2", "2", "3", "3", "3"],
    ),
    (fill("FILL_WITH_MODE", modeType="AVERAGE"), ["2", "3", None], ["2", "3", "2.5"]),
    (fill("FILL_WITH_MODE", modeType="AVERAGE"), ["2", "2", "3", None], ["2", "2", "3", "2"]),
    (fill("FILL_WITH_MODE", modeType="NONE"), ["2", "3", None], ["2", "3", None]),
    (fill("FILL_WITH_MODE", modeType="MINIMUM"), [None], [None]),
    (
        fill("FILL_WITH_MOST_FREQUENT"),
        ["é", "é", "z", None, "", ""],
        ["é", "é", "z", "é", "é", "é"],
    ),
    (fill("FILL_WITH_MOST_FREQUENT"), ["b", "a", None], ["b", "a", "a"]),
    (
        fill("FILL_WITH_LAST_VALID", columnDataType="string"),
        [None, "b", None, " ", "a", None],
        [None, "b", "b", "b", "a", "a"],
    ),
    (
        fill("FILL_WITH_LAST_VALID", columnDataType="number"),
        ["1", "x", None, "2", ""],
        ["1", "x", "1", "2", "2"],
    ),
    (
        fill("FILL_WITH_LAST_VALID", columnDataType="date"),
        ["2020-01-01", "soon", None],
        ["2020-01-01", "soon", "2020-01-01"],
    ),
    (
        fill("FILL_WITH_LAST_VALID", columnDataType="boolean"),
        ["TRUE", "maybe", None],
        ["TRUE", "maybe", "TRUE"],
    ),
    (
        step(
            "FILL_WITH_LAST_VALID",
            when("IS_NOT", "x", "a"),
            sourceColumn="a",
            columnDataType="string",
        ),
        ["x", None],
        ["x", "x"],
    ),
]


@pytest.mark.parametrize(("made", "given", "expected"), FILLED)
def test_missing_values_are_filled_from_the_rest(
    made: Any, given: list[str | None], expected: list[str | None]
) -> None:
    assert changed(made, given) == expected


SCALED: list[tuple[Any, list[str | None], list[str | None]]] = [
    (scale("MIN_MAX"), ["0", "5", "10", None, "x"], ["0.0", "0.5", "1.0", None, None]),
    (scale("MIN_MAX"), ["3", "3"], [None, None]),
    (scale("MEAN_NORMALIZATION"), ["0", "4", "8"], ["-0.5", "0.0", "0.5"]),
    (scale("Z_SCORE"), ["1", "2", "3"], ["-1.0", "0.0", "1.0"]),
]


@pytest.mark.parametrize(("made", "given", "expected"), SCALED)
def test_numbers_are_scaled(made: Any, given: list[str | None], expected: list[str | None]) -> None:
    assert added(made, given) == expected


@PROPERTY
@given(NUMBERS)
def test_min_max_reaches_from_zero_to_one(numbers: list[int]) -> None:
    made = added(scale("MIN_MAX"), [str(number) for number in numbers])
    if len(set(numbers)) == 1:
        assert made == [None] * len(numbers)
    else:
        scaled = [float(value or "nan") for value in made]
        assert (min(scaled), max(scaled)) == (0.0, 1.0)


@PROPERTY
@given(NUMBERS)
def test_z_scores_have_mean_zero_and_deviation_one(numbers: list[int]) -> None:
    made = added(scale("Z_SCORE"), [str(number) for number in numbers])
    if len(set(numbers)) > 1:
        scaled = [float(value or "nan") for value in made]
        assert math.isclose(statistics.mean(scaled), 0, abs_tol=1e-9)
        assert math.isclose(statistics.stdev(scaled), 1, rel_tol=1e-9)


TEN = [str(n) for n in range(1, 11)]

OUTLIERS: list[tuple[Any, list[str | None], list[str | None]]] = [
    (remove("IQR", threshold="1.5"), [*TEN, "99", None, "x"], [*TEN, None, "x"]),
    (remove("IQR", "CLEAR"), [*TEN, "99"], [*TEN, None]),
    (remove("Z_SCORE", threshold="2"), [*TEN, "99"], TEN),
    (remove("Z_SCORE"), ["5", "5"], ["5", "5"]),
    (remove("MODIFIED_Z_SCORE"), [*TEN, "99"], TEN),
    (
        remove("IQR", threshold="0", trimValue="TRUE", minValue="0", maxValue="90"),
        TEN,
        TEN[:9],
    ),
    (replace("REPLACE_WITH_CUSTOM", value="-"), [*TEN, "99"], [*TEN, "-"]),
    (replace("REPLACE_WITH_EMPTY"), [*TEN, "99"], [*TEN, None]),
    (replace("REPLACE_WITH_NULL", trimValue="FALSE"), [*TEN, "99"], [*TEN, None]),
    (replace("REPLACE_WITH_AVERAGE"), [*TEN, "99"], [*TEN, "14.0"]),
    (replace("REPLACE_WITH_MEDIAN"), [*TEN, "99"], [*TEN, "6.0"]),
    (replace("REPLACE_WITH_SUM"), [*TEN, "99"], [*TEN, "154.0"]),
    (replace("REPLACE_WITH_MAX"), [*TEN, "99"], [*TEN, "99.0"]),
    (
        replace("REPLACE_WITH_MODE", modeType="MIN", trimValue="FALSE"),
        [*TEN, "99"],
        [*TEN, "1"],
    ),
    (
        replace("WINSORIZE_VALUES", minValue="0", maxValue="90"),
        [*TEN, "99"],
        [*TEN, "10.0"],
    ),
]


@pytest.mark.parametrize(("made", "given", "expected"), OUTLIERS)
def test_outliers_are_removed_or_replaced(
    made: Any, given: list[str | None], expected: list[str | None]
) -> None:
    assert changed(made, given) == expected


@PROPERTY
@given(NUMBERS, st.sampled_from(["Z_SCORE", "MODIFIED_Z_SCORE", "IQR"]))
def test_what_is_cleared_is_what_is_deleted(numbers: list[int], strategy: str) -> None:
    values: list[str | None] = [str(number) for number in numbers]
    cleared = changed(remove(strategy, "CLEAR", threshold="1"), values)
    kept = changed(remove(strategy, threshold="1"), values)
    assert [value for value in cleared if value is not None] == kept


REFUSED = [
    (fill("FILL_WITH_MODE", modeType="MEAN"), "modeType 'MEAN' is not one of MINIMUM"),
    (fill("FILL_WITH_MODE"), "parameter modeType is missing"),
    (fill("FILL_WITH_LAST_VALID", columnDataType="text"), "'text' is not one of date"),
    (fill("FILL_WITH_MEAN"), "does not exist in DataBrew; did you mean FILL_WITH_"),
    (scale("SCALE_BETWEEN"), "does not name the parameters of its two values"),
    (scale("MINMAX"), "strategy 'MINMAX' is not one of MIN_MAX"),
    (remove("IQR", "DROP"), "removeType 'DROP' is not one of DELETE_ROWS, CLEAR"),
    (remove("IQR", threshold="nan"), "threshold must be a number"),
    (remove("IQR", trimValue="TRUE", maxValue="9"), "minValue must be a number"),
    (remove("IQR", trimValue="TRUE", minValue="5", maxValue="101"), "a percentile from 0 to 100"),
    (replace("REPLACE_WITH_CUSTOM"), "REPLACE_WITH_CUSTOM needs a value"),
    (replace("REPLACE_WITH_MIN"), "replaceType 'REPLACE_WITH_MIN' is not one of"),
    (
        replace("REPLACE_WITH_MODE", trimValue="FALSE", modeType="MINIMUM"),
        "modeType 'MINIMUM' is not one of MIN, MAX, AVERAGE",
    ),
]


@pytest.mark.parametrize(("made", "message"), REFUSED)
def test_a_wrong_parameter_is_named(made: Any, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        parse_recipe([made])


@pytest.mark.parametrize("name", ["value", "written", 'odd".name', "place"])
def test_columns_may_have_the_names_that_the_sql_uses(name: str) -> None:
    steps = [
        step("FILL_WITH_MODE", sourceColumn=name, modeType="MINIMUM"),
        step("FILL_WITH_MOST_FREQUENT", sourceColumn=name),
        step("REMOVE_OUTLIERS", sourceColumn=name, outlierStrategy="IQR", removeType="CLEAR"),
        step("FILL_WITH_LAST_VALID", sourceColumn=name, columnDataType="number"),
    ]
    assert apply(steps, [name], [["1"], [None]]) == ([name], [["1"], ["1"]])


def test_tables_beyond_the_memory_of_a_run_go_to_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    many = "SELECT 'r' || md5(i::VARCHAR) AS id, md5((i * 7)::VARCHAR) AS a FROM range(800000) t(i)"
    with duckdb.connect() as database:
        database.execute(f"COPY ({many}) TO '{source}' (HEADER)")
    monkeypatch.setattr(run_recipe, "MEMORY", "100MB")
    steps = [
        step("UPPER_CASE", sourceColumn="a"),
        step("DUPLICATE", sourceColumn="a", targetColumn="b"),
    ]
    job = Job(steps, Source([str(source)]), str(output), ",", NOW)
    assert run(job, lambda _line: None) == 800_000
    assert output.stat().st_size > 75_000_000  # and a step may have two such tables
