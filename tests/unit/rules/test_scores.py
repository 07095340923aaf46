"""Scores are read by holdout, and golden rows are taken from them once each."""

from __future__ import annotations

from retraining.rules import scores


def test_rows_that_are_equal_are_one_golden_row() -> None:
    """Rows of equal fields share an id; a golden row that came twice would be one row less."""
    lines = [f"r{n:02d},fresh,{n % 2},{n / 20}" for n in range(20)]
    read = scores.read([*lines, *[lines[0]] * 60, *[lines[19]] * 60], "scores")
    wanted = scores.golden_ids(read)
    assert len(wanted) == scores.GOLDEN
    assert (min(wanted.values()), max(wanted.values())) == (0, 0.95)
    holdout = [f"r{n:02d},fresh,{n % 2},{n},{n + 1}" for n in range(20)]
    rows = scores.golden_rows([*holdout, *holdout], wanted)
    assert [row.row_id for row in rows] == sorted(wanted)
    for row in rows:
        number = int(row.row_id[1:])
        assert (row.features, row.score) == (f"{number},{number + 1}", number / 20)
