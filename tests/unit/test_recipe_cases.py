"""CASE_OPERATION and BOOLEAN_OPERATION: their expressions on numbers, dates, texts and nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_recipes import added, apply, column, step, when

from ratchet.local_aws.databrew.compiler.errors import RecipeError
from ratchet.local_aws.databrew.compiler.recipe import parse_recipe

Values = list[str | None]


def case(expression: str, conditions: Any = None, **keys: str) -> Any:
    keys = {"valueExpression": expression, "targetColumn": "t", **keys}
    return step("CASE_OPERATION", conditions, **keys)


def aggregate(name: str, value: str) -> str:
    return json.dumps([{"name": name, "value": value, "type": "aggregate"}])


def if_(test: str) -> Any:
    return case(f"case when {test} then 'y' else 'n' end")


TESTS: list[tuple[str, Values, str]] = [
    ("`a` < 10", ["9", "9.5", "10", "x", "", None], "yynnnn"),
    ("`a` >= -1.5e0", ["-1.5", "-2"], "yn"),
    ("`a` = 1", ["1", "1.0", "01", "x", None], "yyynn"),
    ("`a` = '1'", ["1", "1.0", "x", None], "yynn"),
    ("`a` != '1'", ["1", "2", "x", None], "nyyy"),
    ("`a` = 'O''Brien é'", ["O'Brien é", "o'brien é"], "yn"),
    ("`a` < '2020-02-01'", ["2020-01-31", "01/31/2020", "2020-03-01", "x"], "yynn"),
    ("`a` < 'm'", ["a", "z", None], "ynn"),
    ("`a` = TRUE", ["true", "TRUE", "false", "1", None], "yynnn"),
    ("`a` != false", ["true", "False", None], "yny"),
    ("contains(`a`, 'é')", ["café", "cafe", None], "ynn"),
    ("!contains(`a`, 'é')", ["café", "cafe", None], "nyy"),
    ("startsWith(`a`, 'ab') and !endsWith(`a`, 'z')", ["abc", "abz", "zab"], "ynn"),
    ("matches(`a`, '^[0-9]{2}$')", ["12", "123", None], "ynn"),
    ("isBetween(`a`, 1, 2)", ["1", "1.5", "2", "3", "x", None], "yyynnn"),
    ("!isBetween(`a`, 1, 2)", ["1", "3", None], "nyy"),
    ("isMissing(`a`)", ["x", "", " ", None], "nyyy"),
    ("a IS NULL", ["x", "", None], "nyy"),
    ("a is not null and a > 1", ["2", "1", None], "ynn"),
    ("isValid(`a`, double)", ["1.5", "x", None], "ynn"),
    ("isValid(`a`, 'int')", ["1", "1.5", ""], "ynn"),
    ("isValid(`a`, date)", ["2020-01-01", "soon"], "yn"),
    ("`a` = 'x' or (`a` = 'y' and !(`a` = 'z'))", ["x", "y", "z"], "yyn"),
]


@pytest.mark.parametrize(("test", "given", "expected"), TESTS)
def test_a_test_is_true_or_false_for_every_value(test: str, given: Values, expected: str) -> None:
    assert added(if_(test), given) == list(expected)


def test_the_first_branch_that_holds_is_taken_and_without_one_the_value_is_missing() -> None:
    made = case("CASE when `a` < 1 then 'low' When `a` < 5 then `a` when `a` < 9 then 7 End")
    assert added(made, ["0", "3", "8", "10", None]) == ["low", "3", "7", None, None]


def test_columns_are_compared_as_numbers_if_both_are() -> None:
    made = case("case when `a` < `col.2` then `col.2` else `a` end")
    rows: list[list[str | None]] = [["9", "10"], ["b", "a"], ["a", None]]
    assert column(apply([made], ["a", "col.2"], rows), "t") == ["10", "b", "a"]


AGGREGATES: list[tuple[str, str]] = [
    ("sum(`a`)", "9.0"),
    ("avg(`a`)", "3.0"),
    ("median(`a`)", "2.0"),
    ("product(`a`)", "12.0"),
    ("min(`a`)", "1.0"),
    ("max(`a`)", "6.0"),
    ("count(`a`)", "4"),
    ("count(distinct `a`)", "4"),
    ("variance(`a`)", "7.0"),
]


@pytest.mark.parametrize(("value", "expected"), AGGREGATES)
def test_an_aggregate_is_that_of_all_rows(value: str, expected: str) -> None:
    made = case(
        "case when `a` < :agg.a then :agg.a else :agg.a end",
        withExpressions=aggregate("agg.a", value),
    )
    assert added(made, ["1", "2", "6", "x", None]) == [expected] * 5


def test_a_case_within_conditions_leaves_the_other_rows_missing() -> None:
    made = case("case when `a` = 'x' then '1' else '0' end", when("IS_NOT", "z"))
    assert added(made, ["x", "y", "z"]) == ["1", "0", None]


def test_a_boolean_operation_gives_constants_columns_and_aggregates() -> None:
    made = step(
        "BOOLEAN_OPERATION",
        valueExpression="`a` > :mean",
        trueValueExpression="It is 'true'.",
        falseValueExpression="`a`",
        withExpressions=aggregate("mean", "avg(`a`)"),
        targetColumn="t",
    )
    assert added(made, ["1", "3", None]) == ["1", "It is 'true'.", None]


@settings(max_examples=30)
@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1))
def test_any_text_can_be_compared_and_returned(text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    made = case(f"case when `a` = {quoted} then {quoted} else 'no' end")
    assert added(made, [text, None]) == [text, "no"]


REFUSED = [
    ("case when `a` = 1 then 2", "end expected, not its end"),
    ("when `a` = 1 then 2 end", "case expected, not 'when'"),
    ("case when `a` then 2 end", "one of = != < <= > >= expected, not 'then'"),
    ("case when `a` = then 2 end", "expected, not 'then'"),
    ("case else 2 end", "when expected, not 'else'"),
    ("case when `a` = 1 then 2 end; DROP", "nothing more expected, not '; DROP'"),
    ("case when b_1(`a`) then 2 end", "test 'b_1' does not exist"),
    ("case when `a` is 1 then 2 end", "null expected, not '1'"),
    ("case when contain(`a`, 'x') then 2 end", "did you mean contains"),
    ("case when isBetween(`a`, 1) then 2 end", "isBetween takes 3 arguments, not 2"),
    ("case when isValid(`a`, doubel) then 2 end", "type 'doubel' does not exist; did you mean"),
    ("case when matches(`a`, '(') then 2 end", "is not a regular expression"),
    ("case when matches(`a`, `a`) then 2 end", "a text in single quotes"),
    ("case when `a` = :mean then 2 end", "an aggregate of withExpressions expected"),
    ("case when " + "(" * 60 + "`a` = 1", "nested more than 50 deep"),
]


@pytest.mark.parametrize(("expression", "message"), REFUSED)
def test_a_wrong_expression_is_refused_where_it_is_wrong(expression: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message.replace("(", "\\(")):
        parse_recipe([case(expression)])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("mean(`a`)", "'mean' does not exist; did you mean median"),
        ("kurtosis(`a`)", "kurtosis is not supported on local AWS"),
        ("avg(a)", "is not an aggregate such as"),
    ],
)
def test_a_wrong_aggregate_is_named(value: str, message: str) -> None:
    made = case("case when `a` < :m then 1 end", withExpressions=aggregate("m", value))
    with pytest.raises(RecipeError, match=message):
        parse_recipe([made])


def test_a_column_in_an_expression_must_exist() -> None:
    with pytest.raises(RecipeError, match=r"column 'col' does not exist; did you mean cola"):
        apply([case("case when `col` = 1 then 2 end")], ["cola"], [["1"]])
