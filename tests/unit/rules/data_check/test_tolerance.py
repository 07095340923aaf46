"""Bad rows that the pipeline tolerates are set aside alone; beyond that the object is rejected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from unit_landed import COLUMNS, Checked, definition

CASES = Path(__file__).parents[5] / "shared" / "cases"
HEADER = "age,income,plan,churned\n"
GOOD = [f"{20 + n % 50},{n}.5,basic,{'yes' if n % 3 else 'no'}\n" for n in range(599)]
BAD = {
    "category": "31,1,gold,no\n",
    "type": "old,1,basic,no\n",
    "range": "121,1,basic,no\n",
    "null": ",1,basic,no\n",
    "fields": "31,1,basic\n",
}


def landed(*bad: str) -> str:
    return HEADER + "".join([*GOOD[:300], *bad, *GOOD[300:]])


def checked(*bad: str, **tolerate: Any) -> Checked:
    checks = {"tolerate": tolerate} if tolerate else {}
    return Checked(landed(*bad), definition(checks=checks))


@pytest.mark.parametrize("rule", BAD)
def test_a_bad_row_of_whatever_kind_is_set_aside_with_its_reason(rule: str) -> None:
    found = checked(BAD[rule], share=0.01)
    assert found.result.accepted
    assert (found.result.rows, found.result.bad_rows, found.result.accepted_rows) == (600, 1, 599)
    assert found.copy == Checked(landed(), definition()).copy, "as if it had not been there"
    (aside,) = found.aside
    assert aside["line"] == 302
    (problem,) = found.result.problems.listed
    assert (problem.rule, problem.line) == (rule, 302)
    assert aside.get("text") == BAD[rule].strip() or aside["row"]["income"] == "1"
    assert len(aside["reasons"]) == 1


@pytest.mark.parametrize("rule", BAD)
def test_without_tolerance_it_spoils_the_object(rule: str) -> None:
    found = checked(BAD[rule])
    assert not found.result.accepted
    assert found.result.accepted_rows == 0
    assert found.aside == []


@pytest.mark.parametrize(
    ("tolerate", "accepted"),
    [
        ({"share": 0.005}, True),  # 3 of 602 rows
        ({"share": 0.0049}, False),
        ({"rows": 3}, True),
        ({"rows": 2}, False),
        ({"share": 0.5, "rows": 2}, False),
        ({"share": 0.0049, "rows": 100}, False),
    ],
)
def test_both_bounds_hold(tolerate: dict[str, Any], accepted: bool) -> None:
    bad = (BAD["category"], BAD["fields"], "old,1,gold,no\n")
    found = checked(*bad, **tolerate)
    assert found.result.accepted == accepted
    assert (found.result.rows, found.result.bad_rows) == (602, 3)
    if accepted:
        assert [len(row["reasons"]) for row in found.aside] == [1, 1, 2]


def test_what_is_no_fault_of_single_rows_is_not_tolerated() -> None:
    for text in (
        HEADER.replace("plan", "tariff") + "".join(GOOD),
        landed() + '31,1,"open,no\n' + "".join(GOOD[:3]),
        HEADER + BAD["type"],
    ):
        found = Checked(text, definition(checks={"tolerate": {"rows": 1000}}))
        assert not found.result.accepted


def test_a_label_of_bad_rows_alone_does_not_count() -> None:
    columns = {**COLUMNS, "churned": {"type": "category", "values": ["no", "yes", "maybe"]}}
    text = HEADER + "31,1,basic,no\n" * 50 + "old,1,basic,maybe\n"
    found = Checked(text, definition(columns, checks={"tolerate": {"rows": 1}}))
    assert found.result.labels == {"no"}


@pytest.mark.parametrize(
    ("checks", "accepted"), [({}, False), ({"tolerate": {"share": 0.01}}, True)]
)
def test_the_case_of_one_unseen_category(checks: dict[str, Any], accepted: bool) -> None:
    file = CASES / "d23" / "data.csv"
    if not file.exists():
        pytest.skip(f"{file} is not on this machine; the made-up inputs here are of its kind")
    columns = {
        "age": {"type": "integer", "min": 0, "max": 120},
        "income": {"type": "number"},
        "plan": {"type": "category", "values": ["basic", "plus", "family"]},
        "visits": {"type": "integer", "min": 0},
        "churned": {"type": "category", "values": ["no", "yes"]},
    }
    found = Checked(file.read_bytes(), definition(columns, checks=checks))
    assert found.result.accepted == accepted
    assert found.result.bad_rows == 1
    assert found.result.accepted_rows == (599 if accepted else 0)


def test_of_the_case_of_two_objects_one_is_rejected_with_its_cause() -> None:
    file = CASES / "d35" / "part-2.csv"
    if not file.exists():
        pytest.skip(f"{file} is not on this machine; the made-up inputs here are of its kind")
    columns = {**COLUMNS, "visits": {"type": "integer"}, "income": {"type": "number"}}
    columns["plan"] = {"type": "category", "values": ["basic", "plus", "family"]}
    found = Checked(file.read_bytes(), definition(columns))
    assert not found.result.accepted
    assert "set data.csv.null_values to ['n/a'], and nullable: true for income" in found.said
