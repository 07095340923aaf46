"""The machines are tested with answers that their functions could give, field by field."""

from __future__ import annotations

from typing import Any

import pytest
from our_machines import CHUNK, PLAN, PROMOTE, REJECT, RUN

from retraining.documents.document import Part
from retraining.documents.promotion import Promotion
from retraining.steps.check_data import CheckedChunk
from retraining.steps.claim_data import ClaimedRun
from retraining.steps.gate import GateAnswer

VERDICT = {"sentence": "It was judged.", "verdict": "s3://work/verdict.json"}


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (ClaimedRun, RUN),
        (CheckedChunk, CHUNK),
        (GateAnswer, {**PROMOTE, **VERDICT}),
        (GateAnswer, {**REJECT, **VERDICT}),
        (Promotion, PLAN),
    ],
)
def test_a_mocked_answer_is_one_of_the_function(kind: type[Part], answer: dict[str, Any]) -> None:
    written = kind.from_json(answer).as_json()
    assert {name: written[name] for name in answer} == answer
    assert set(written) - set(answer) <= {"document"}
