"""Score files become metrics and golden rows; lines of another form are named."""

from __future__ import annotations

import pytest
from unit_model import Run
from unit_service import Service

from retraining import errors


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("r1,fresh,-,1,0.5,0.7\n", "line 1"),
        ("r1,train,-,1,0.5\n", "line 1"),
        ("r1,fresh,1,0.5\n", "line 1"),
        ("<Error>\n", "line 1"),
    ],
)
def test_lines_that_are_not_scores_are_named(service: Service, body: str, said: str) -> None:
    run = Run(service, challenger=3.0)
    run.put("scores/challenger/part-0.csv.out", body)
    with pytest.raises(errors.ScoresUnreadable, match=said):
        run.judge()


def test_missing_scores_are_reported(service: Service) -> None:
    with pytest.raises(errors.ScoresUnreadable, match=r"contains no \.out file"):
        Run(service).judge()
