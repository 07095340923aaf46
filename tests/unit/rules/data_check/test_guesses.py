"""A column that breaks its rule in most rows gets the likeliest cause, and the key to set."""

from __future__ import annotations

from typing import Any

import pytest
from unit_landed import COLUMNS, Checked, definition


def said(kind: str, cells: list[str], dialect: dict[str, Any] | None = None, **rule: Any) -> str:
    columns = {**COLUMNS, "plan": {"type": kind, **rule}}
    rows = "".join(f'3;1;"{value}";no\n' for value in cells)
    used = {"delimiter": ";", **(dialect or {})}
    found = Checked(f"age;income;plan;churned\n{rows}", definition(columns, used))
    return found.result.problems.sentence()


@pytest.mark.parametrize(
    ("kind", "values", "advice"),
    [
        ("number", ["1,5", "20,25"], 'set data.csv.decimal to ","'),
        ("number", ["1.530,37", "2,5"], 'data.csv.thousands to "." and data.csv.decimal to ","'),
        ("number", ["1,530.37", "2.5"], 'set data.csv.thousands to ","'),
        ("number", ["1 530,37"], 'data.csv.thousands to " " and data.csv.decimal to ","'),
        ("integer", ["1,530", "27"], 'set data.csv.thousands to ","'),
        ("integer", ["1.5", "2.5"], "set its type to number"),
        ("integer", ["True", "False"], "set its type to boolean"),
        ("number", ["12 %", "13 %"], "carry a unit, '%'"),
        ("number", ["€ 12.50", "€ 13"], "carry a unit, '€'"),
        ("number", ["12km", "13km"], "carry a unit, 'km'"),
        ("number", ["NA", "n/a"], "set data.csv.null_values to ['NA', 'n/a'], and nullable: true"),
        ("date", ["NULL"], "set data.csv.null_values to ['NULL']"),
        ("date", ["3/14/2024", "1/2/2024"], 'set its format to "%m/%d/%Y"'),
        ("date", ["1/2/2024", "3/4/2024"], "%m/%d/%Y (or %d/%m/%Y)"),
        ("date", ["14.3.2024"], 'set its format to "%d.%m.%Y"'),
        ("date", ["2024-01-01 10:00:00"], "set its type to timestamp"),
        ("date", ["14.3.2024 10:00"], "set its type to timestamp and its format"),
        ("timestamp", ["3/14/2024 1:05 PM"], 'set its format to "%m/%d/%Y %I:%M %p"'),
        ("timestamp", ["1704103200"], "set its format to unix in columns.yaml"),
        ("timestamp", ["1704103200000"], "set its format to unix_ms in columns.yaml"),
    ],
)
def test_the_cause_is_guessed_from_the_values(kind: str, values: list[str], advice: str) -> None:
    assert advice in said(kind, values)


def test_the_decimal_point_is_guessed_too() -> None:
    advice = said("number", ["1.5", "20.25"], {"decimal": ","})
    assert 'set data.csv.decimal to "."' in advice


@pytest.mark.parametrize("kind", ["number", "integer", "date", "timestamp", "boolean"])
@pytest.mark.parametrize("others", [0, 40])
def test_one_text_wherever_a_value_should_be_may_stand_for_a_missing_one(
    kind: str, others: int
) -> None:
    given = {"date": "2024-03-01", "timestamp": "2024-03-01T10:00:00", "boolean": "true"}
    values = [given.get(kind, "3")] * others + ["out of order"] * 6
    advice = said(kind, values)
    assert "if 'out of order' stands for a missing value, set data.csv.null_values" in advice
    assert "stands for" not in said(kind, [*values, "another"])
    assert "stands for" not in said(kind, values[: others + 3])


@pytest.mark.parametrize("spelling", ["Yes", "yes ", "YES.", "y e s"])
def test_a_value_that_differs_by_what_nobody_sees_is_named_even_in_one_row(spelling: str) -> None:
    values = ["no"] * 20 + ["yes"] * 20 + [spelling]
    advice = said("category", values, values=["no", "yes"])
    assert f"{spelling!r} and 'yes' differ only by case, spaces or a dot" in advice
    assert ("data.csv.trim" in advice) == (spelling != spelling.strip())


def test_a_slip_in_a_row_gets_no_theory() -> None:
    advice = said("number", ["1.5"] * 20 + ["1,5"])
    assert advice == "column 'plan', line 22: '1,5' is not a number"


def test_spellings_of_a_category_without_values_are_noted() -> None:
    columns = {**COLUMNS, "plan": {"type": "category"}, "income": {"type": "text"}}
    plans = ["admin.", "Admin", "cook", "blue collar", "blue-collar", "Blue Collar"]
    rows = "".join(f"3,{plan},{plan},no\n" for plan in plans)
    found = Checked(f"age,income,plan,churned\n{rows}", definition(columns))
    assert found.result.accepted
    (note,) = found.result.notes
    assert "'plan' has values that differ only by case, spaces or dots" in note
    assert "'Admin' and 'admin.'; 'Blue Collar' and 'blue collar'" in note
    many = "".join(f"3,x,P{n},no\n3,x,p{n},no\n" for n in range(1100))
    assert Checked(f"age,income,plan,churned\n{many}", definition(columns)).result.notes == ()


def test_rows_that_end_with_a_delimiter_are_explained() -> None:
    found = Checked("age,income,plan,churned\n3,1,basic,no,\n4,1,basic,no,\n", definition())
    assert "the rows end with a ',' that the header lacks" in found.said


def test_what_is_explained_comes_first_and_counts_stay_whole() -> None:
    rows = "900,1,basic,no\n" + "5,NA,basic,no\n" * 30
    found = Checked(f"age,income,plan,churned\n{rows}", definition())
    sentence = found.result.problems.sentence()
    assert sentence.startswith("column 'income', line 3: 'NA' is not a number; it looks like")
    assert sentence.endswith("(and 30 more)")
