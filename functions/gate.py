"""State Gate: judges the challenger by the absolute rules and against the champion."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.documents.manifest import Manifest
from retraining.observability import log
from retraining.steps.gate import apply_gate


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{manifest} -> {decision, outcome, data_state, sentence, verdict, next}."""
    aws = bootstrap.adapters()
    answer = apply_gate(aws, aws.work.read_document(Manifest, event["manifest"]))
    log.info(answer.sentence, extra={"decision": answer.decision})
    return answer.as_json()
