"""Recipe steps that make other rows: groups, pivots, joins and unions."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_recipes import NOW, Rows, apply, step

from ratchet.local_aws.databrew.compiler.errors import RecipeError
from ratchet.local_aws.databrew.compiler.recipe import parse_recipe
from ratchet.local_aws.databrew.compiler.run_recipe import Job, Source, run
from ratchet.local_aws.databrew.compiler.structure import Other, others_of

CELLS = st.none() | st.sampled_from(["a", "b", "é", "1", "2", "10", ""])


def option(function: str, source: str = "n", target: str = "made") -> dict[str, str]:
    return {
        "sourceColumnName": source,
        "targetColumnName": target,
        "targetColumnDataType": "number",
        "functionName": function,
    }


def group(*options: dict[str, str], by: str = '["g"]', **keys: str) -> Any:
    return step("GROUP_BY", sourceColumns=by, groupByAggFunctionOptions=json.dumps(options), **keys)


SALES: Rows = [["b", "1"], ["a", "2"], ["b", "10"], ["a", "x"], ["a", None], [None, "5"]]

GROUPED: list[tuple[str, list[str | None]]] = [
    ("COUNT", ["2", "2", "1"]),
    ("COUNT_DISTINCT", ["2", "2", "1"]),
    ("SUM", ["11", "2", "5"]),
    ("AVERAGE", ["5.5", "2.0", "5.0"]),
    ("MEDIAN", ["5.5", "2.0", "5.0"]),
    ("MIN", ["1", "2", "5"]),
    ("MAX", ["10", "x", "5"]),
    ("ANY", ["1", "2", "5"]),
]


@pytest.mark.parametrize(("function", "expected"), GROUPED)
def test_groups_come_in_the_order_of_their_first_rows(
    function: str, expected: list[str | None]
) -> None:
    made = apply([group(option(function))], ["g", "n"], SALES)
    assert made == (
        ["g", "made"],
        [list(row) for row in zip("ba", expected, strict=False)] + [[None, expected[2]]],
    )


def test_a_sum_of_fractions_is_one() -> None:
    made = apply([group(option("SUM"))], ["g", "n"], [["a", "1"], ["a", "0.5"]])
    assert made[1] == [["a", "1.5"]]


def test_groups_as_new_columns_keep_every_row() -> None:
    grouped = group(option("COUNT"), option("MAX", target="most"), useNewDataFrame="false")
    columns, rows = apply([grouped], ["g", "n"], SALES)
    assert columns == ["g", "n", "made", "most"]
    assert [row[:2] for row in rows] == SALES
    assert [row[2:] for row in rows][:2] == [["2", "10"], ["2", "x"]]


@settings(max_examples=30)
@given(st.lists(st.tuples(CELLS, CELLS), max_size=12))
def test_counts_of_groups_add_up(pairs: list[tuple[str | None, str | None]]) -> None:
    rows: Rows = [list(pair) for pair in pairs]
    made = apply([group(option("COUNT"))], ["g", "n"], rows)[1]
    assert sum(int(row[1] or 0) for row in made) == sum((row[1] or "") != "" for row in rows)
    assert len(made) == len({row[0] for row in rows})


WIDE: Rows = [["x", "1", "2"], ["y", None, "é"]]


def test_unpivoting_makes_a_row_for_each_column() -> None:
    made = apply(
        [step("UNPIVOT", sourceColumns='["p","q"]', unpivotColumn="name", valueColumn="value")],
        ["id", "p", "q"],
        WIDE,
    )
    assert made == (
        ["id", "name", "value"],
        [["x", "p", "1"], ["x", "q", "2"], ["y", "p", None], ["y", "q", "é"]],
    )


def test_pivoting_makes_a_column_for_each_value() -> None:
    pivot = step("PIVOT", sourceColumn="k", valueColumn="v", aggregateFunction="SUM")
    rows: Rows = [["y", "q", "1"], ["x", "p", "2"], ["y", "q", "3"], ["y", None, "9"]]
    made = apply([pivot], ["id", "k", "v"], rows)
    assert made == (["id", "k_p", "k_q"], [["y", None, "4"], ["x", "2", None]])


def test_pivoting_a_table_of_two_columns_makes_one_row() -> None:
    pivot = step("PIVOT", sourceColumn="k", valueColumn="v", aggregateFunction="MAX")
    made = apply([pivot], ["k", "v"], [["p", "1"], ["p", "10"], ["q", "é"]])
    assert made == (["k_p", "k_q"], [["10", "é"]])


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.sampled_from("pq"), st.sampled_from(["1", "2", "é"])),
        min_size=1,
        max_size=8,
        unique_by=lambda pair: pair[0],
    )
)
def test_a_pivot_undoes_an_unpivot(pairs: list[tuple[str, str]]) -> None:
    columns, rows = [name for name, _ in pairs], [[value for _, value in pairs]]
    wide: Rows = [list(row) for row in rows]
    steps = [
        step("UNPIVOT", sourceColumns=json.dumps(columns), unpivotColumn="k", valueColumn="v"),
        step("PIVOT", sourceColumn="k", valueColumn="v", aggregateFunction="ANY"),
    ]
    made = apply(steps, columns, wide)
    assert dict(zip(made[0], made[1][0], strict=True)) == {f"k_{n}": v for n, v in pairs}


OTHER = "s3://bucket/other.csv"


def join(kind: str, **keys: str) -> Any:
    given = {
        "joinKeys": '[{"key":"id","value":"key"}]',
        "joinType": kind,
        "leftColumns": '["id","a"]',
        "rightColumns": '["key","b"]',
        "secondInputLocation": OTHER,
        "secondaryDatasetName": "other",
    }
    return step("JOIN", **{**given, **keys})


def over_files(tmp_path: Path, steps: list[Any], left: str, right: str) -> list[list[str]]:
    """What the steps make of one file and, at OTHER, another with semicolons."""
    (tmp_path / "left.csv").write_text(left)
    (tmp_path / "right.csv").write_text(right)
    others = {OTHER: Source([str(tmp_path / "right.csv")], ";")}
    output = tmp_path / "out.csv"
    job = Job(steps, Source([str(tmp_path / "left.csv")]), str(output), ",", NOW, others)
    run(job, lambda _line: None)
    with output.open(newline="") as file:
        return list(csv.reader(file))


LEFT, RIGHT = "id,a\n1,x\n2,y\n,z\n2,w\n", "key;b\n2;p\n3;q\n2;r\n;s\n"
MATCHED = [["2", "y", "2", "p"], ["2", "y", "2", "r"], ["2", "w", "2", "p"], ["2", "w", "2", "r"]]
LEFT_ALONE = [["1", "x", "", ""], ["", "z", "", ""]]
RIGHT_ALONE = [["", "", "3", "q"], ["", "", "", "s"]]
JOINED = {
    "INNER_JOIN": MATCHED,
    "LEFT_JOIN": [LEFT_ALONE[0], *MATCHED[:2], LEFT_ALONE[1], *MATCHED[2:]],
    "RIGHT_JOIN": [*MATCHED, *RIGHT_ALONE],
    "OUTER_JOIN": [LEFT_ALONE[0], *MATCHED[:2], LEFT_ALONE[1], *MATCHED[2:], *RIGHT_ALONE],
    "LEFT_EXCLUDING_JOIN": LEFT_ALONE,
    "RIGHT_EXCLUDING_JOIN": RIGHT_ALONE,
    "OUTER_EXCLUDING_JOIN": [*LEFT_ALONE, *RIGHT_ALONE],
}


@pytest.mark.parametrize("kind", JOINED)
def test_a_join_takes_the_rows_of_its_type(tmp_path: Path, kind: str) -> None:
    header, *rows = over_files(tmp_path, [join(kind)], LEFT, RIGHT)
    assert header == ["id", "a", "key", "b"]
    assert rows == JOINED[kind]


def union(columns: Any, targets: str = '["t","u"]') -> Any:
    place = {"S3InputDefinition": {"Bucket": "bucket", "Key": "other.csv"}}
    return step(
        "UNION",
        datasetsColumns=json.dumps(columns),
        secondaryDatasetNames='["other"]',
        secondaryInputs=json.dumps([place]),
        targetColumnNames=targets,
    )


def test_a_union_keeps_all_rows_and_fills_what_a_side_has_not(tmp_path: Path) -> None:
    made = over_files(tmp_path, [union([["id", "a"], ["key", None]])], LEFT, RIGHT)
    assert made[0] == ["t", "u"]
    assert made[1:] == [
        *(["1", "x"], ["2", "y"], ["", "z"], ["2", "w"]),
        *(["2", ""], ["3", ""], ["2", ""], ["", ""]),
    ]


def test_the_files_that_steps_read_are_known_before_they_run() -> None:
    steps = parse_recipe([join("INNER_JOIN"), union([["a", "b"], ["c", "d"]])]).steps
    assert list(others_of(steps)) == [Other(OTHER, "other")] * 2


REFUSED = [
    (group(option("TOTAL")), "function 'TOTAL' does not exist; choose from ANY"),
    (group(option("COLLECT_LIST")), "COLLECT_LIST makes lists"),
    (group(option("SUM", target="G")), "column 'G' would exist twice"),
    (
        group(option("MIN", target="t"), option("MAX", target="t"), useNewDataFrame="false"),
        "column 't' would exist twice",
    ),
    (group(option("SUM", target="")), "an object without targetColumnName"),
    (group({"column": "n"}), "an object with 'column'; did you mean"),
    (
        step("GROUP_BY", sourceColumns='["g"]', groupByAggFunctions="[]"),
        "no parameter 'groupByAggFunctions'; did you mean groupByAggFunctionOptions",
    ),
    (
        step("PIVOT", sourceColumn="g", valueColumn="n", aggregateFunction="SUMM"),
        "did you mean SUM",
    ),
    (
        step("UNPIVOT", sourceColumns='["g"]', unpivotColumn="v", valueColumn="v"),
        "column 'v' would exist twice",
    ),
    (join("CROSS_JOIN"), "joinType 'CROSS_JOIN' is not one of INNER_JOIN"),
    (join("INNER_JOIN", secondInputLocation="other.csv"), "is not an address such as s3://"),
    (join("INNER_JOIN", leftColumns='["b"]'), "is in leftColumns and rightColumns"),
    (union([["a", "b"]]), "1 lists for the dataset and 1 others"),
    (union([["a", "b"], ["c"]]), "each list of datasetsColumns needs 2 names"),
    (union(["a", "b"]), "datasetsColumns must be a JSON list of lists"),
]


@pytest.mark.parametrize(("made", "message"), REFUSED)
def test_a_wrong_parameter_is_named(made: Any, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        parse_recipe([made])


def test_a_column_of_the_other_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"Step 1 \(JOIN\): column 'key' .* did you mean keys"):
        over_files(tmp_path, [join("INNER_JOIN")], LEFT, "keys;b\n1;2\n")


def test_more_values_than_a_pivot_takes_are_counted() -> None:
    pivot = step("PIVOT", sourceColumn="k", valueColumn="v", aggregateFunction="SUM")
    with pytest.raises(RecipeError, match="has 11 distinct values; PIVOT takes at most 10"):
        apply([pivot], ["k", "v"], [[str(n), "1"] for n in range(11)])
