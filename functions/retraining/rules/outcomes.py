"""How a run's end is described: one sentence with the cause, one notice with the next step."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from retraining.documents.run_record import RunRecord
from retraining.rules.settlement import (
    DATA_REJECTED,
    FAILED,
    PENDING,
    POSTPONED,
    PROMOTED,
    QUARANTINED,
    SUSPECT,
)

CAUSES: Final = ("errorMessage", "ErrorMessage", "FailureReason", "Cause", "cause", "StatusMessage")

ENDS: Final = {
    "FAILED": "failed",
    "TIMED_OUT": "ran out of time",
    "ABORTED": "was stopped",
    "SUCCEEDED": "ended",
    "GONE": "disappeared",
}
"""How an execution ended that left something undone, by its status."""

PREPARING: Final = "PrepareDataset"  # the state
REFUSED: Final = "DataRefused: "  # how PrepareDataset begins what it has against a batch
LONGEST_REASON: Final = 1000
TRY_AGAIN: Final = "The data is kept: drop more, and the gate judges a new challenger."


@dataclass(frozen=True)
class Conclusion:
    """How a run ends, as the state machine carries it: what was concluded, or what failed."""

    outcome: str
    data_state: str
    sentence: str
    error: str | None = None
    cause: str | None = None

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Conclusion:
        """From {outcome, data_state, sentence}, or from a Catch's {State, Error, Cause}.

        A job can say nothing but that it failed; one that refuses the data says so in its cause.
        """
        if "State" not in given:
            return cls(given["outcome"], given["data_state"], given["sentence"])
        error = given["Error"]
        _, refused, reason = plain_cause(given.get("Cause")).partition(REFUSED)
        if refused and given["State"] == PREPARING:
            return cls(DATA_REJECTED, QUARANTINED, reason[:LONGEST_REASON])
        sentence = f"{given['State']} failed: {error}"
        return cls(FAILED, PENDING, sentence, error, given.get("Cause") or error)


@dataclass(frozen=True)
class Ended:
    """A run's end, as the workflow or its status event reports it."""

    pipeline: str
    token: int
    outcome: str
    sentence: str | None = None
    execution: str | None = None
    error: str | None = None
    cause: str | None = None
    package: str | None = None
    promoted: bool = False


def fails(concluded: Conclusion, record: RunRecord) -> bool:
    """True when the run's execution must fail: what became of the run decides.

    A job that refuses the data fails, and its run does not; nor does one whose model is the
    champion by now, or is to be.
    """
    return concluded.error is not None and record.outcome not in (PROMOTED, POSTPONED)


def plain_cause(cause: str | None) -> str:
    """A cause without JSON: Lambda, Glue, SageMaker and nested executions send documents in it."""
    text = (cause or "").strip()
    for _ in range(5):
        unfolded = _unfolded(text)
        if unfolded == text:
            break
        text = unfolded
    return text


def _unfolded(text: str) -> str:
    """The text with the message of each JSON document in the document's place."""
    parts, done = [], 0
    while (start := text.find("{", done)) >= 0:
        parts.append(text[done:start])
        document, done = _document(text, start)
        message = next((document[name] for name in CAUSES if document.get(name)), None)
        parts.append(message if isinstance(message, str) else text[start:done])
    return "".join([*parts, text[done:]])


def _document(text: str, start: int) -> tuple[dict[str, Any], int]:
    """The JSON object that begins here and where it ends; an empty one for a lone brace."""
    try:
        document, end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return {}, start + 1
    return document, end


def sentence(ended: Ended) -> str:
    """The run's sentence; for a failed run the step, its cause (else the error) and what to do."""
    if ended.outcome != "FAILED":
        return ended.sentence or ended.outcome
    step = (ended.sentence or "The run failed").removesuffix(f": {ended.error}")
    reason = plain_cause(ended.cause) or ended.error or ("" if ended.sentence else "without error")
    if reason == "States.Timeout":
        reason = "it exceeded its time limit (States.Timeout)"
    text = step if reason in step else f"{step}: {reason[:LONGEST_REASON]}"
    return f"{text}. {TRY_AGAIN}" if ended.package else text


def notice(record: RunRecord, paused: str | None) -> tuple[str, str]:
    """Subject and text of a run's one notice: run, reason, next action."""
    outcome = record.outcome or "ended"
    subject = f"{record.run}: {outcome.lower().replace('_', ' ')}"
    lines = [record.sentence or outcome, f"Next step: {_next_step(record, paused)}"]
    if paused:
        lines.insert(1, f"Pipeline {record.pipeline} is paused: {paused}")
    lines.append(f"Record: {record.uri}/record.json")
    return subject, "\n".join(lines)


def _next_step(record: RunRecord, paused: str | None) -> str:
    outcome, run = record.outcome, record.run
    if paused:
        return f"fix the cause (ratchet show {run}), then drop data or push the pipeline again."
    if outcome == "FAILED" and record.package:
        return f"fix the cause (ratchet show {run}), then drop data again."
    if record.data_state == SUSPECT:
        return (
            f"see why: ratchet show {run}. If the data are right, take them back: ratchet data"
            f" release {run}; if not, drop corrected data."
        )
    if outcome == DATA_REJECTED and record.again:
        return "the batch stays in the history as it was: fix what is done with it, and push again."
    steps = {
        "PROMOTED": f"none needed. Try the model: ratchet invoke {record.pipeline}",
        "MODEL_REJECTED": f"the champion stays as it is. See why: ratchet show {run}",
        "INCONCLUSIVE": f"drop more data; the verdict says how much: ratchet show {run}",
        "WAITING": "none needed. Drop more data; trigger.min_new_rows says how much a run needs",
        "UNCHANGED": "none needed. To train all the same, push a change or drop more data",
        "DATA_REJECTED": "fix the data as the reports in quarantine say and drop it again:"
        f" ratchet show {run}",
        "POSTPONED": "none needed: it is tried again when the next run ends, and by the sweep. Make"
        " room by a greater quota of SageMaker's endpoints or serverless concurrency, or with fewer"
        " endpoints.",
        "APPROVAL_PENDING": f"look at ratchet show {run}, then ratchet approve {run}, or ratchet"
        f" reject {run} --reason TEXT (package {record.package} of the model registry)",
        "FAILED": "the data stays pending and is tried again after a pause. See what failed:"
        f" ratchet show {run}",
    }
    return steps.get(outcome or "", f"see ratchet show {run}")


def not_restored(pipeline: str, endpoint: str | None) -> tuple[str, str]:
    """Subject and text when an endpoint could not be brought back to the champion."""
    return f"{pipeline}: endpoint not restored", (
        f"A promotion of pipeline {pipeline} failed, and endpoint {endpoint} could not be brought"
        " back to the champion.\n"
        f"Next step: look at the endpoint in SageMaker and at ratchet info {pipeline}. The next"
        " promotion moves the endpoint from whatever it is then."
    )


def promoted_later(run: str, told: str) -> tuple[str, str]:
    """Subject and text when a model becomes champion whose run was told to have ended otherwise."""
    return f"{run}: promoted", (
        f"The model of run {run}, which had ended {told}, is the champion now.\n"
        "Next step: none needed. See what serves: ratchet info"
    )


def rejected_later(run: str, before: str, reason: str) -> tuple[str, str]:
    """Subject and text when a promotion fails long after its run; it was `before` that."""
    return f"{run}: model rejected", (
        f"The promotion of the model of run {run}, which was {before}, has failed. {reason}\n"
        "Next step: the champion stays as it is, and the next run's model is judged against it."
        f" See why: ratchet show {run}"
    )


def expired(run: str, days: int) -> tuple[str, str]:
    """Subject and text when nobody has approved a model in time."""
    return f"{run}: model rejected", (
        f"Nobody approved the model of run {run} within {days} days, so its package is Rejected.\n"
        "Next step: none needed. The champion stays as it is, and later models are judged against"
        " it."
    )


def rolled_back(pipeline: str, before: int, version: int) -> tuple[str, str]:
    """Subject and text when a person has gone back to an earlier model."""
    return f"{pipeline}: rolled back to version {version}", (
        f"Version {version} is the champion of pipeline {pipeline} again, instead of version"
        f" {before}, whose package is Rejected now.\n"
        "Next step: none needed. The next run's model is judged against this champion."
    )
