"""Scores are read by holdout, and golden rows are taken from them once each."""

from __future__ import annotations

from retraining.rules import scores
from retraining.rules.rows import Shares

TRAIN, VALIDATION = "r1c4a831b9fa0dfe7bbf9f2a8b30a512", "r45ef6751a25675a910847627964c015"
HOLDOUT = "r4ec9599fc203d176a301536c2e091a1"
SHARES = Shares(0.7, 0.15)


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


def test_a_holdout_row_of_training_or_validation_is_counted_as_seen() -> None:
    lines = [f"{row},fresh,1,0.5" for row in (TRAIN, VALIDATION, HOLDOUT)]
    measured = scores.measure("auc", scores.read(lines, "scores"), None, SHARES)
    assert measured.outside_holdout == 2


def test_models_are_compared_on_rows_of_the_same_id_and_label_alone() -> None:
    ours = scores.read([f"{HOLDOUT},fresh,1,0.9", f"{TRAIN},fresh,0,0.1"], "ours")
    theirs = scores.read([f"{HOLDOUT},fresh,1,0.8", f"{TRAIN},fresh,1,0.2"], "theirs")
    same = scores.measure("accuracy", ours, ours, SHARES)
    assert (same.unmatched["fresh"], same.differences["fresh"] is not None) == (0, True)
    other = scores.measure("accuracy", ours, theirs, SHARES)
    assert (other.unmatched["fresh"], other.differences["fresh"]) == (2, None)
