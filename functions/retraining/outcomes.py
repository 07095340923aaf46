"""How a run's end is told: one sentence with the cause, one notice with the next step."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

CAUSES: Final = ("errorMessage", "ErrorMessage", "FailureReason", "Cause", "cause", "StatusMessage")


@dataclass(frozen=True)
class Ended:
    """A run's end, as the workflow or its status event tells it."""

    pipeline: str
    token: int
    outcome: str
    sentence: str | None = None
    execution: str | None = None
    error: str | None = None
    cause: str | None = None
    package: str | None = None
    promoted: bool = False


def plain_cause(cause: str | None) -> str:
    """The message inside a cause: Lambda, Glue, SageMaker and nested executions send JSON."""
    text = (cause or "").strip()
    for _ in range(5):
        inner = _inner(text)
        if inner is None:
            break
        text = inner
    return text


def _inner(text: str) -> str | None:
    try:
        document = json.loads(text)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    found = (document.get(name) for name in CAUSES)
    return next((message for message in found if isinstance(message, str) and message), None)


def sentence(ended: Ended) -> str:
    """The run's sentence; for a failed run the step, the error and its cause."""
    if ended.outcome != "FAILED":
        return ended.sentence or ended.outcome
    head = ended.sentence or f"The run failed: {ended.error or 'without an error'}"
    cause = plain_cause(ended.cause)
    return f"{head}: {cause}" if cause and cause not in head else head


def notice(record: dict[str, Any], pipeline: str, paused: str | None) -> tuple[str, str]:
    """Subject and text of a run's one notice: run, reason, next action."""
    outcome, run = record["outcome"], record["run"]
    subject = f"{run}: {outcome.lower().replace('_', ' ')}"
    lines = [record["sentence"], f"Next step: {_next_step(outcome, pipeline, run, paused)}"]
    if paused:
        lines.insert(1, f"Pipeline {pipeline} is paused: {paused}")
    lines.append(f"Record: {record['uri']}/record.json")
    return subject, "\n".join(lines)


def _next_step(outcome: str, pipeline: str, run: str, paused: str | None) -> str:
    if paused:
        return f"mend the cause (ratchet show {run}), then drop data or push the pipeline again."
    steps = {
        "PROMOTED": f"none is needed. Try the model: ratchet invoke {pipeline}",
        "MODEL_REJECTED": f"the champion stays as it is. See why: ratchet show {run}",
        "INCONCLUSIVE": f"drop more data; the verdict says how much: ratchet show {run}",
        "DATA_REJECTED": "mend the data by the reports in quarantine and drop it again:"
        f" ratchet show {run}",
        "FAILED": "the data stays pending and is tried again after a pause, unless it was settled"
        f" before the failure. See what failed: ratchet show {run}",
    }
    return steps.get(outcome, f"see ratchet show {run}")
