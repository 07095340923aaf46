"""Settles and finishes a run whose execution ended without doing so itself."""

from __future__ import annotations

from dataclasses import dataclass

from retraining.adapters import Adapters
from retraining.documents.run_record import RunRecord
from retraining.rules.outcomes import ENDS, Ended
from retraining.rules.settlement import FAILED, PENDING
from retraining.steps.finish_run import finish_run
from retraining.steps.settle_data import settle_data


@dataclass(frozen=True)
class EndedExecution:
    """An execution that ended, as its status event reports it."""

    pipeline: str
    token: int
    execution: str
    status: str
    error: str | None = None
    cause: str | None = None


def recover_run(aws: Adapters, execution: EndedExecution) -> RunRecord:
    """Settle, then finish; the record of the run, which one that finished itself keeps."""
    pipeline, token = execution.pipeline, execution.token
    record = aws.ledger.run(pipeline, token)
    sentence = f"The execution {ENDS[execution.status]} before the run was finished"
    settle_data(aws, pipeline, token, FAILED, PENDING, sentence)
    return finish_run(
        aws,
        Ended(
            pipeline=pipeline,
            token=token,
            outcome=FAILED,
            sentence=sentence,
            execution=execution.execution,
            error=execution.error or execution.status,
            cause=execution.cause,
            package=record.package,
        ),
    )
