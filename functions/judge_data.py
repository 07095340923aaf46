"""State JudgeData: says whether the batch as a whole can be trained on, or how the run ends."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.documents.manifest import Manifest
from retraining.observability import log
from retraining.steps.judge_data import judge_data


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{manifest} -> {rows, conclusion}; the conclusion is null when the batch is trained on."""
    aws = bootstrap.adapters()
    judged = judge_data(aws, aws.work.read_document(Manifest, event["manifest"]))
    if judged.conclusion:
        log.info(judged.conclusion.sentence, extra={"outcome": judged.conclusion.outcome})
    return judged.as_json()
