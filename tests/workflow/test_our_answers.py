"""The machines are tested with answers that their functions could give, field by field."""

from __future__ import annotations

from typing import Any

import pytest
from our_machines import (
    ACCEPTED,
    BACK,
    CHALLENGER,
    CHAMPION,
    CHUNK,
    PLAN,
    PROMOTE,
    REJECT,
    REJECTION,
    RUN,
)

from retraining.documents.candidates import Candidate
from retraining.documents.document import Part
from retraining.steps.check_data import CheckedChunk
from retraining.steps.claimed_run import ClaimedRun
from retraining.steps.close_promotion import ClosedPromotion
from retraining.steps.decide_promotion import DecidedPromotion
from retraining.steps.gate import GateAnswer
from retraining.steps.judge_data import JudgedData
from retraining.steps.move_endpoint import MovedEndpoint

VERDICT = {"sentence": "It was judged.", "verdict": "s3://work/verdict.json", "next": [CHALLENGER]}


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (ClaimedRun, RUN),
        (CheckedChunk, CHUNK),
        (JudgedData, ACCEPTED),
        (Candidate, CHAMPION),
        (GateAnswer, {**PROMOTE, **VERDICT}),
        (GateAnswer, {**REJECT, **VERDICT}),
        (DecidedPromotion, PLAN),
        (MovedEndpoint, BACK),
        (ClosedPromotion, REJECTION),
    ],
)
def test_a_mocked_answer_is_one_of_the_function(kind: type[Part], answer: dict[str, Any]) -> None:
    written = kind.from_json(answer).as_json()
    assert {name: written[name] for name in answer} == answer
    assert set(written) - set(answer) <= {"document"}
