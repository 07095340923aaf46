"""What a run's record says of its data, however many columns there are."""

from __future__ import annotations

import pytest

from retraining.documents.batch_report import BatchReport, ColumnSummary, Finding
from retraining.rules import batch_summary
from retraining.rules.batch_summary import EACH


def column(number: int) -> ColumnSummary:
    """A column that has changed the more, the higher its number."""
    return ColumnSummary(
        name=f"c{number}", kind="number", missing=0.0, distinct=9, mean=None, quantiles=(), top={},
        new=(), since_training=0.3 + number / 100, since_last=None,
    )  # fmt: skip


def finding(kind: str, number: int, *, serious: bool = False) -> Finding:
    return Finding(
        kind=kind, column=f"c{number}", sentence=f"{kind} of c{number}.", serious=serious
    )


def told(*findings: Finding) -> list[str]:
    report = BatchReport(
        rows=500, outcome=None, sentence=None, labels={}, compared=True, last=None,
        findings=findings, columns=tuple(map(column, range(64))),
    )  # fmt: skip
    return list(batch_summary.told(report))


def test_findings_that_fit_on_a_screen_are_told_one_by_one_in_their_order() -> None:
    mixed = [finding(kind, number) for number in range(EACH) for kind in ("drift", "new values")]
    assert told(*mixed) == [one.sentence for one in mixed]


def test_of_many_changed_columns_one_sentence_names_those_that_changed_most() -> None:
    many = [finding("drift", number) for number in range(48)]
    (one, other) = told(*many[:20], finding("few rows", 0), *many[20:])
    assert one == (
        "48 of 64 columns have changed, most of all c47 (PSI 0.77), c46 (PSI 0.76) and c45"
        " (PSI 0.75)."
    )
    assert other == "few rows of c0."


@pytest.mark.parametrize("kind", ["unit", "new values", "missing", "leak"])
def test_of_many_findings_of_another_kind_the_first_are_told_and_the_columns_named(
    kind: str,
) -> None:
    *first, last = told(*(finding(kind, number) for number in range(30)))
    assert first == [f"{kind} of c{number}." for number in range(3)]
    named = ", ".join(f"c{number}" for number in range(3, 3 + EACH))
    assert last == f"The same goes for 27 more columns: {named} and {27 - EACH} more."


def test_what_a_batch_is_set_aside_for_is_counted_by_itself() -> None:
    few = [finding("drift", number, serious=True) for number in range(2)]
    many = [finding("drift", number) for number in range(2, 40)]
    assert len(told(*few, *many)) == 3
