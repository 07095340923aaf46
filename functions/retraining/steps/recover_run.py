"""Settles and finishes a run whose execution ended without doing so itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from retraining import adapters
from retraining.rules.outcomes import Ended
from retraining.rules.settlement import FAILED, PENDING, PROMOTED
from retraining.steps.finish_run import finish
from retraining.steps.settle_data import settle

ENDS = {"FAILED": "failed", "TIMED_OUT": "ran out of time", "ABORTED": "was stopped"}


@dataclass(frozen=True)
class DeadExecution:
    """An execution that ended, as its status event tells it."""

    pipeline: str
    token: int
    execution: str
    status: str
    error: str | None = None
    cause: str | None = None


def recover(dead: DeadExecution) -> dict[str, Any]:
    """Settle, then finish; the record of the run, which one that finished itself keeps."""
    record = adapters.ledger().run(dead.pipeline, dead.token)
    sentence = f"The execution {ENDS[dead.status]} before the run was finished"
    promoted = bool(record.get("promoted"))
    settle(dead.pipeline, dead.token, FAILED, PENDING, sentence)
    return finish(
        Ended(
            pipeline=dead.pipeline,
            token=dead.token,
            outcome=PROMOTED if promoted else FAILED,
            sentence=f"Promoted. {sentence}." if promoted else sentence,
            execution=dead.execution,
            error=dead.error or dead.status,
            cause=dead.cause,
            package=record.get("package"),
            promoted=promoted,
        )
    )
