"""The churn pipeline: its made-up customers, and what its converter takes."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import unit_scripts
from unit_scripts import Ended, run_script

pytestmark = pytest.mark.process
PIPELINE = "customer-churn"
CLASSIC = (
    "State,Account Length,Area Code,Phone,Int'l Plan,VMail Plan,VMail Message,Day Mins,Day Calls,"
    "Day Charge,Eve Mins,Eve Calls,Eve Charge,Night Mins,Night Calls,Night Charge,Intl Mins,"
    "Intl Calls,Intl Charge,CustServ Calls,Churn?\n"
    "KS,128,415,382-4657,no,yes,25,265.1,110,45.07,197.4,99,16.78,244.7,91,11.01,10,3,2.7,1,False.\n"
    "OH,107,415,371-7191,yes,no,0,161.6,123,27.47,195.5,103,16.62,254.4,103,11.45,13.7,3,3.7,4,"
    "True.\n"
)
BARE = (
    "State,Account length,International plan,Voice mail plan,Number vmail messages,"
    "Total day minutes,Total day calls,Total eve minutes,Total eve calls,Total night minutes,"
    "Total night calls,Total intl minutes,Total intl calls,Customer service calls,Churn\n"
    "KS,128,No,Yes,25,265.1,110,197.4,99,244.7,91,10.0,3,1,False\n"
)


def run(script: str, *arguments: str) -> Ended:
    return run_script(PIPELINE, script, *arguments)


def converted(folder: Path, text: str) -> list[dict[str, str]]:
    return unit_scripts.converted(PIPELINE, folder, text.encode())


def test_customers_are_the_same_every_time_and_some_come_again(tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    for out in (one, two):
        assert run("sample_data.py", "--rows", "2000", "--out", str(out)).returncode == 0
    assert one.read_bytes() == two.read_bytes()
    with one.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    left = sum(int(row["churned"]) for row in rows) / len(rows)
    assert 0.1 < left < 0.25
    assert 0.8 < len({row["customer"] for row in rows}) / len(rows) < 0.95


def test_both_spellings_of_the_published_file_become_a_drop(tmp_path: Path) -> None:
    first, second = converted(tmp_path, CLASSIC)
    assert (first["customer"], first["churned"], first["day_minutes"]) == ("382-4657", "0", "265.1")
    assert (second["international_plan"], second["service_calls"], second["churned"]) == (
        "yes", "4", "1",
    )  # fmt: skip
    (bare,) = converted(tmp_path, BARE)
    assert bare == {**first, "customer": "C000001", "international_plan": "No",
                    "voicemail_plan": "Yes", "international_minutes": "10.0"}  # fmt: skip


def test_a_drop_is_copied_as_it_is(tmp_path: Path) -> None:
    drop = tmp_path / "drop.csv"
    assert run("sample_data.py", "--rows", "10", "--out", str(drop)).returncode == 0
    assert run("convert.py", str(drop), str(tmp_path / "out.csv")).returncode == 0
    assert (tmp_path / "out.csv").read_bytes() == drop.read_bytes()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CLASSIC.replace("CustServ Calls", "Complaints"), "no column is service_calls"),
        (CLASSIC.replace("False.", "maybe"), "row 1: the label is 'maybe'"),
        ("1,0,3.5\n", "no column is state"),
        (CLASSIC.replace(",4,True.", ""), "row 2 has 19 fields, fewer than the header"),
        (CLASSIC + "x" * 140_000, "field larger than field limit"),
    ],
)
def test_another_file_is_refused_in_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "in.csv").write_text(text)
    ended = run("convert.py", str(tmp_path / "in.csv"), str(tmp_path / "out.csv"))
    assert ended.returncode == 1
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1, "of a script's message the demo shows the last line"
