"""Each supported recipe operation on a small table, in DuckDB itself."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_recipes import NOW, Rows, added, apply, changed, column, step, when

from ratchet.local_aws.databrew.compiler.conditions import Condition
from ratchet.local_aws.databrew.compiler.documented_names import CONDITIONS, OPERATIONS
from ratchet.local_aws.databrew.compiler.errors import RecipeError
from ratchet.local_aws.databrew.compiler.recipe import SUPPORTED, parse_recipe
from ratchet.local_aws.databrew.compiler.run_recipe import Job, Source, run

REPO = Path(__file__).parents[2]
BANK = REPO.parent / "shared/data/bank-marketing/bank-additional-full.csv.gz"
CLASSIC = json.loads((REPO / "tests/fixtures/classic-recipe.json").read_text())


NEW_COLUMN: list[tuple[Any, list[str | None], list[str | None]]] = [
    (step("DUPLICATE", sourceColumn="a", targetColumn="t"), ["x", None], ["x", None]),
    (
        step("BINARIZATION", sourceColumn="a", targetColumn="t", threshold="300"),
        ["300", "300.5", "x", None],
        ["0", "1", None, None],
    ),
    (
        step("BINARIZATION", sourceColumn="a", targetColumn="t", threshold="300", flip="true"),
        ["300", "301"],
        ["1", "0"],
    ),
    (
        step(
            "BUCKETIZATION",
            sourceColumn="a",
            targetColumn="t",
            bucketNames='["low","mid","high"]',
            splits='["-Infinity","2","20","Infinity"]',
        ),
        ["1.9", "2", "20", "x"],
        ["low", "mid", "high", None],
    ),
    (
        step(
            "CATEGORICAL_MAPPING",
            sourceColumn="a",
            targetColumn="t",
            categoryMap='{"no":"0","yes":"1"}',
            mapType="NUMERIC",
        ),
        ["no", "yes", "maybe", None],
        ["0", "1", None, None],
    ),
    (
        step(
            "CATEGORICAL_MAPPING",
            sourceColumn="a",
            targetColumn="t",
            categoryMap='{"no":"0"}',
            other="9",
        ),
        ["no", "maybe"],
        ["0", "9"],
    ),
    (
        step(
            "CATEGORICAL_MAPPING",
            sourceColumn="a",
            targetColumn="t",
            categoryMap='{"no":"nein"}',
            keepOthers="true",
        ),
        ["no", "maybe"],
        ["nein", "maybe"],
    ),
    (
        step("FLAG_COLUMN_FROM_PATTERN", sourceColumn="a", targetColumn="t", pattern="N.*"),
        ["NW", "SW", None],
        ["True", "False", "False"],
    ),
    (
        step("FLAG_COLUMN_FROM_NULL", sourceColumn="a", targetColumn="t", trueString="gone"),
        ["x", None],
        ["False", "gone"],
    ),
    (
        step("EXTRACT_PATTERN", sourceColumn="a", targetColumn="t", pattern="[0-9]+"),
        ["a12b3", "none"],
        ["12", None],
    ),
    (
        step("MERGE", sourceColumns='["a","b"]', targetColumn="t", delimiter="-"),
        ["x", None],
        ["x-1", "1"],
    ),
    (
        step("ROUND", sourceColumn="a", targetColumn="t"),
        ["2.5", "-2.5", "2.4", "x"],
        ["3", "-2", "2", None],
    ),
    (step("ADD", sourceColumn1="a", value1="1", targetColumn="t"), ["1", "1.5"], ["2", "2.5"]),
    (step("SUBTRACT", value1="10", sourceColumn2="a", targetColumn="t"), ["1"], ["9"]),
    (step("MULTIPLY", sourceColumn1="a", value2="3", targetColumn="t"), ["7", "x"], ["21", None]),
    (
        step("DIVIDE", sourceColumn1="a", sourceColumn2="b", targetColumn="t"),
        ["3", "x"],
        ["3.0", None],
    ),
    (step("DIVIDE", sourceColumn1="a", value2="0", targetColumn="t"), ["3"], [None]),
    (
        step("DATE_FORMAT", sourceColumn="a", targetColumn="t", dateTimeFormat="month*dd*yyyy"),
        ["2020-03-05", "05.03.2020"],
        ["March*05*2020", None],
    ),
]


@pytest.mark.parametrize(("made", "given", "expected"), NEW_COLUMN)
def test_a_column_making_operation_adds_its_target(
    made: Any, given: list[str | None], expected: list[str | None]
) -> None:
    columns, rows = apply([made], ["a", "b"], [[value, "1"] for value in given])
    assert columns == ["a", "b", "t"]
    assert [row[:2] for row in rows] == [[value, "1"] for value in given]
    assert column((columns, rows), "t") == expected


CHANGED: list[tuple[Any, list[str | None], list[str | None]]] = [
    (step("UPPER_CASE", sourceColumn="a"), ["ab", None], ["AB", None]),
    (step("LOWER_CASE", sourceColumn="a"), ["ÄB", "", None], ["äb", "", None]),
    (step("REPLACE_TEXT", sourceColumn="a", pattern="[0-9]", value="!"), ["a1b2"], ["a!b!"]),
    (step("REPLACE_TEXT", sourceColumn="a", pattern=".", value="", isText="true"), ["a.b"], ["ab"]),
    (step("REPLACE_TEXT", sourceColumn="a", pattern="(a)b", value="$1\\"), ["ab"], ["a\\"]),
    (step("FILL_WITH_CUSTOM", sourceColumn="a", value="none"), ["x", None], ["x", "none"]),
    (
        step("FORMAT_DATE", sourceColumn="a", targetDateFormat="dd month"),
        ["2020-03-05"],
        ["05 March"],
    ),
    (
        step("FORMAT_DATE", sourceColumn="a", targetDateFormat="MM-dd-yyyy"),
        ["2020-03-05", "", None],
        ["03-05-2020", None, None],
    ),
    (
        step("CHANGE_DATA_TYPE", sourceColumn="a", columnDataType="int"),
        ["123", "3.7", "ABC", "99999999999", None],
        ["123", "3", None, None, None],
    ),
    (
        step("CHANGE_DATA_TYPE", sourceColumn="a", columnDataType="double"),
        ["3", "x"],
        ["3.0", None],
    ),
    (
        step("CHANGE_DATA_TYPE", sourceColumn="a", columnDataType="boolean"),
        ["yes", "False", "x"],
        ["true", "false", None],
    ),
    (
        step("CHANGE_DATA_TYPE", sourceColumn="a", columnDataType="date"),
        ["2020-03-05 10:00:00", "x"],
        ["2020-03-05", None],
    ),
]


@pytest.mark.parametrize(("made", "given", "expected"), CHANGED)
def test_a_value_changing_operation_keeps_the_columns(
    made: Any, given: list[str | None], expected: list[str | None]
) -> None:
    columns, rows = apply([made], ["a"], [[value] for value in given])
    assert columns == ["a"]
    assert [row[0] for row in rows] == expected


COLUMNS = [
    (step("RENAME", sourceColumn="a", targetColumn="z"), ["z", "b", "c"]),
    (step("DELETE", sourceColumns='["a","c"]'), ["b"]),
    (step("MOVE_TO_START", sourceColumn="c", targetIndex="NaN"), ["c", "a", "b"]),
    (step("MOVE_TO_END", sourceColumn="a"), ["b", "c", "a"]),
    (step("MOVE_TO_INDEX", sourceColumn="a", targetIndex="1"), ["b", "a", "c"]),
    (step("MOVE_AFTER", sourceColumn="a", targetColumn="b"), ["b", "a", "c"]),
    (step("MOVE_BEFORE", sourceColumn="c", targetColumn="b"), ["a", "c", "b"]),
]


@pytest.mark.parametrize(("made", "expected"), COLUMNS)
def test_a_column_operation_moves_values_with_their_name(made: Any, expected: list[str]) -> None:
    columns, rows = apply([made], ["a", "b", "c"], [["a", "b", "c"]])
    assert columns == expected
    assert rows == [[{"z": "a"}.get(name, name) for name in expected]]


def test_splitting_a_column_keeps_the_rest_in_the_last_part() -> None:
    made = apply(
        [
            step(
                "SPLIT_COLUMN_SINGLE_DELIMITER",
                sourceColumn="a",
                pattern="/",
                limit="1",
                isText="TRUE",
            )
        ],
        ["a"],
        [["x/y/z"], ["x"]],
    )
    assert made == (["a", "a_1", "a_2"], [["x/y/z", "x", "y/z"], ["x", "x", None]])


def test_one_hot_columns_come_in_the_order_of_their_values() -> None:
    made = apply([step("ONE_HOT_ENCODING", sourceColumn="a")], ["a"], [["m"], ["l"], [None]])
    assert made[0] == ["a", "a_l", "a_m"]
    assert made[1] == [["m", "0", "1"], ["l", "1", "0"], [None, "0", "0"]]


def test_duplicate_rows_go_and_the_order_stays() -> None:
    rows: Rows = [["b", "1"], ["a", None], ["b", "1"], ["a", None], ["b", "2"]]
    kept = apply([step("DELETE_DUPLICATE_ROWS")], ["a", "b"], rows)[1]
    assert kept == [["b", "1"], ["a", None], ["b", "2"]]
    assert apply([step("REMOVE_DUPLICATES", sourceColumn="a")], ["a", "b"], rows)[1] == kept[:2]


CONDITION_CASES: dict[str, tuple[str, list[str | None]]] = {
    "IS": ('["1","x"]', ["1", "1.0", "x"]),
    "IS_NOT": ('["1","x"]', ["2", "10", "xy", None]),
    "IS_BETWEEN": ('["1","2"]', ["1", "1.0", "2"]),
    "CONTAINS": ("x", ["x", "xy"]),
    "NOT_CONTAINS": ("x", ["1", "1.0", "2", "10", None]),
    "STARTS_WITH": ("1", ["1", "1.0", "10"]),
    "NOT_STARTS_WITH": ("1", ["2", "x", "xy", None]),
    "ENDS_WITH": ("y", ["xy"]),
    "NOT_ENDS_WITH": ("y", ["1", "1.0", "2", "10", "x", None]),
    "LESS_THAN": ("2", ["1", "1.0"]),
    "LESS_THAN_EQUAL": ("2", ["1", "1.0", "2"]),
    "GREATER_THAN": ("2", ["10"]),
    "GREATER_THAN_EQUAL": ("2", ["2", "10"]),
    "IS_INVALID": ("", ["x", "xy"]),
    "IS_MISSING": ("", [None]),
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_remove_values_removes_exactly_the_rows_of_its_condition(condition: str) -> None:
    value, gone = CONDITION_CASES[condition]
    values = ["1", "1.0", "2", "10", "x", "xy", None]
    kept = apply(
        [step("REMOVE_VALUES", when(condition, value), sourceColumn="a")],
        ["a"],
        [[v] for v in values],
    )[1]
    assert [row[0] for row in kept] == [v for v in values if v not in gone]


CELLS = st.none() | st.sampled_from(["1", "1.0", "2", "é", "É", "ab", "b", "", " ", "%", "'"])


@settings(max_examples=40)
@given(
    st.sampled_from(["IS", "CONTAINS", "STARTS_WITH", "ENDS_WITH"]),
    CELLS.filter(bool),
    st.lists(CELLS, max_size=12),
)
def test_a_condition_and_its_negation_part_the_rows(
    condition: str, value: str, values: list[str | None]
) -> None:
    negation = "IS_NOT" if condition == "IS" else f"NOT_{condition}"
    numbered: Rows = [[str(n), cell] for n, cell in enumerate(values)]
    kept = [
        apply([step("REMOVE_VALUES", when(one, value))], ["n", "a"], numbered)[1]
        for one in (condition, negation)
    ]
    assert sorted(kept[0] + kept[1], key=lambda row: int(row[0] or 0)) == numbered


@settings(max_examples=30)
@given(st.sampled_from(["1", "1.5", "-2"]), st.lists(CELLS, max_size=12))
def test_numbers_are_below_at_or_above_a_number_and_the_rest_is_neither(
    value: str, values: list[str | None]
) -> None:
    def gone(condition: str) -> int:
        return len(values) - len(changed(step("REMOVE_VALUES", when(condition, value)), values))

    numbers = [cell for cell in values if cell in ("1", "1.0", "2")]
    assert gone("LESS_THAN") + gone("GREATER_THAN_EQUAL") == len(numbers)
    assert gone("LESS_THAN_EQUAL") + gone("GREATER_THAN") == len(numbers)


def test_conditions_are_joined_by_and_and_leave_other_rows_alone() -> None:
    both = when("GREATER_THAN", "1") + when("IS", '["k"]', "b")
    rows: Rows = [["2", "k"], ["2", "o"], ["1", "k"]]
    changed = apply(
        [step("REPLACE_TEXT", both, sourceColumn="a", pattern="2", value="z")], ["a", "b"], rows
    )
    assert column(changed, "a") == ["z", "2", "1"]
    made = apply([step("DUPLICATE", both, sourceColumn="a", targetColumn="t")], ["a", "b"], rows)
    assert column(made, "t") == ["2", None, None]


def test_dates_are_compared_as_dates() -> None:
    assert "try_strptime" in Condition("LESS_THAN", "2020-01-01", "a").predicate("t")


def test_quotes_and_dots_in_names_and_values_are_only_text() -> None:
    odd = "a\".b'"
    steps = [
        step("RENAME", sourceColumn="a", targetColumn=odd),
        step("REPLACE_TEXT", sourceColumn=odd, pattern="x'", value="y'", isText="true"),
        step("ONE_HOT_ENCODING", sourceColumn=odd),
    ]
    columns, rows = apply(steps, ["a"], [["x'"]])
    assert columns == [odd, odd + "_y'"]
    assert rows == [["y'", "1"]]


def test_an_underscore_makes_no_number() -> None:
    """DuckDB and Python read 1_000 as a thousand; Spark, pandas and the data check do not."""
    values: list[str | None] = ["1_000", "1000"]
    for kind in ("int", "double", "float", "decimal"):
        retype = step("CHANGE_DATA_TYPE", sourceColumn="a", columnDataType=kind)
        assert [value is None for value in changed(retype, values)] == [True, False]
    above = step("BINARIZATION", sourceColumn="a", targetColumn="t", threshold="9")
    assert added(above, values) == [None, "1"]
    kept = changed(step("REMOVE_VALUES", when("IS", "1000")), values)
    assert kept == ["1_000"]


REFUSED = [
    (
        step("FILL_WITH_VALUE", sourceColumn="a"),
        r"does not exist in DataBrew; did you mean FILL_WITH_",
    ),
    (step("TRANSPOSE"), "TRANSPOSE exists in DataBrew but is not supported on local AWS"),
    (
        step("RENAME", sourceColumn="a", targetColum="b"),
        r"no parameter 'targetColum'; did you mean targetColumn",
    ),
    (step("RENAME", sourceColumn="a"), "parameter targetColumn is missing"),
    (step("BINARIZATION", sourceColumn="a", targetColumn="t", threshold="x"), "must be a number"),
    (step("BINARIZATION", sourceColumn="a", targetColumn="t", threshold="1_0"), "must be a number"),
    (step("REMOVE_VALUES", when("EQUALS", "1")), "Condition 'EQUALS' does not exist"),
    (step("REMOVE_VALUES"), "needs ConditionExpressions"),
    (step("DELETE", sourceColumns="a"), "sourceColumns is not JSON"),
    (step("CHANGE_DATA_TYPE", sourceColumn="a", columnDataType="text"), "is not one of byte"),
    (step("REPLACE_TEXT", sourceColumn="a", pattern="(?=x)", value=""), "look-around"),
]


@pytest.mark.parametrize(("made", "message"), REFUSED)
def test_a_wrong_step_is_refused_by_number_and_name(made: Any, message: str) -> None:
    with pytest.raises(RecipeError, match=message) as refused:
        parse_recipe([step("LOWER_CASE", sourceColumn="a"), made])
    assert str(refused.value).startswith(f"Step 2 ({made['Action']['Operation']}):")


def test_a_missing_column_names_the_step_and_the_nearest_column() -> None:
    with pytest.raises(
        RecipeError, match=r"Step 1 \(DUPLICATE\): column 'job' .* did you mean jobs\?"
    ):
        apply([step("DUPLICATE", sourceColumn="job", targetColumn="t")], ["jobs"], [["x"]])


def test_keys_with_a_capital_are_accepted_as_cloudformation_writes_them() -> None:
    raw = step("RENAME", SourceColumn="a", TargetColumn="z")
    assert apply([raw], ["a"], [["x"]]) == (["z"], [["x"]])


def test_every_supported_operation_is_a_documented_one() -> None:
    assert SUPPORTED.keys() <= OPERATIONS


def test_the_classic_recipe_runs_unmodified_and_names_the_console_keys_it_ignores() -> None:
    recipe = parse_recipe(CLASSIC)
    assert [w.rsplit(": ")[1] for w in recipe.warnings] == [
        "parameter mappingOption is ignored",
        "parameter targetIndex is ignored",
    ]


@pytest.mark.skipif(not BANK.exists(), reason=f"the real file is not at {BANK}")
def test_the_classic_recipe_on_the_real_file_leaves_41185_rows(tmp_path: Path) -> None:
    source, output = tmp_path / "bank.csv", tmp_path / "out.csv"
    source.write_bytes(gzip.decompress(BANK.read_bytes()))
    rows = run(Job(CLASSIC, Source([str(source)], ";"), str(output), ",", NOW), lambda _line: None)
    with output.open(newline="") as file:
        made = list(csv.DictReader(file))
    assert rows == len(made) == 41_185
    assert list(made[0]) == [
        "y_output",
        "duration",
        *(f"marital_{kind}" for kind in ("divorced", "married", "single", "unknown")),
        "long_call",
        "age_binning",
        "house_without_loan",
    ]
    assert sum(row["y_output"] == "1" for row in made) == 4_640
    assert {row["age_binning"] for row in made} == {"", "1", "2", "3"}


def test_text_passes_through_exactly_as_written(tmp_path: Path) -> None:
    source, output = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text('\ufeffid,batch,text\n007,run-000001,"a ""b"", c"\n1.10,,"two\nlines"\n')
    job = Job([step("LOWER_CASE", sourceColumn="id")], Source([str(source)]), str(output), ",", NOW)
    run(job, lambda _line: None)
    with output.open(newline="") as file:
        assert list(csv.reader(file))[1:] == [
            ["007", "run-000001", 'a "b", c'],
            ["1.10", "", "two\nlines"],
        ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "every file is empty"),
        ("a,A\n1,2\n", "twice: A, a"),
        ("a,b\n1\n", "not valid CSV"),
    ],
)
def test_a_file_that_is_not_a_table_is_named(tmp_path: Path, text: str, message: str) -> None:
    source = tmp_path / "in.csv"
    source.write_text(text)
    with pytest.raises(RecipeError, match=message):
        run(
            Job([], Source([str(source)]), str(tmp_path / "out.csv"), ",", NOW),
            lambda _line: None,
        )
