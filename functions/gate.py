"""State Gate: judges the challenger by the absolute rules and against the champion."""

from __future__ import annotations

from typing import Any

from retraining import adapters
from retraining.observability import log
from retraining.steps.gate import judge


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{uri, manifest} -> {decision, outcome, data_state, sentence, verdict}."""
    manifest = adapters.work().read_json(adapters.work().key(event["manifest"]))
    verdict = judge(event["uri"], manifest)
    log.info(verdict["sentence"], extra={"decision": verdict["decision"]})
    return verdict
