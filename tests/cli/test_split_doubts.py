"""Push says when a split mixes the days, and what that makes of a run's figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from ratchet.cli.pipeline_folder import pack

PIPELINE = """\
name: flights
data: {label: y}
etl: {transform: transform.py}
SPLIT
training: {algorithm: xgboost, hyperparameters: {num_round: 5, objective: "binary:logistic"}}
gate: {metric: auc, minimum: 0.6}
"""
COLUMNS = "columns:\n  day: {type: KIND}\n  y: {type: integer}\n"


def warned(folder: Path, split: str, kind: str = "date") -> tuple[str, ...]:
    (folder / "pipeline.yaml").write_text(PIPELINE.replace("SPLIT", split))
    (folder / "columns.yaml").write_text(COLUMNS.replace("KIND", kind))
    (folder / "transform.py").write_text("def transform(data):\n    return data\n")
    return pack(folder).warnings


@pytest.mark.parametrize(
    ("split", "line"), [("split: {by: row}", 4), ("split:\n  by: row", 5), ("", 1)]
)
def test_rows_of_a_day_on_both_sides_are_told_with_the_remedy(
    tmp_path: Path, split: str, line: int
) -> None:
    (only,) = warned(tmp_path, split)
    assert only.startswith(f"{tmp_path}/pipeline.yaml:{line}: split.by is row, and day tells when")
    assert "on the next drop it will do worse" in only
    assert only.endswith("split: {by: time, column: day}")


@pytest.mark.parametrize(
    ("split", "kind"),
    [
        ("split: {by: time, column: day}", "date"),
        ("split: {by: group, column: day}", "date"),
        ("split: {by: row}", "integer"),
    ],
)
def test_a_split_that_keeps_days_together_and_rows_without_days_are_fine(
    tmp_path: Path, split: str, kind: str
) -> None:
    assert warned(tmp_path, split, kind) == ()
