from __future__ import annotations

from retraining.documents.check_report import Problem
from retraining.rules.problems import COUNTED, LISTED, LISTED_EACH, Problems


def test_of_one_rule_ten_problems_are_listed_and_all_are_counted() -> None:
    problems = Problems()
    for row in range(1000):
        problems.add(Problem("fields", f"row {row}", line=row))
    assert [problem.line for problem in problems.listed] == [*range(LISTED_EACH)]
    assert [each.count for each in problems.findings().counts] == [1000]


def test_of_all_rules_a_hundred_problems_are_listed() -> None:
    problems = Problems()
    for column in range(1000):
        problems.add(Problem("unknown column", f"column {column}", column=str(column)))
    assert len(problems.listed) == LISTED
    assert problems.sentence() == "column 0 (and 999 more)"


def test_a_header_of_countless_names_makes_no_countless_counts() -> None:
    problems = Problems()
    for column in range(10 * COUNTED):
        problems.add(Problem("unknown column", f"column {column}", column=str(column)))
    counts = problems.findings().counts
    assert len(counts) == COUNTED + 1
    assert sum(each.count for each in counts) == 10 * COUNTED
