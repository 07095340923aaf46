"""A wake: starts at most one run, or arms the next wake, or leaves it to the open run."""

from __future__ import annotations

import datetime as dt
import json
from typing import Final

from retraining import clock
from retraining.adapters import Adapters
from retraining.documents.registration import Registration
from retraining.documents.run_record import RunRecord
from retraining.errors import PipelineNotRegistered
from retraining.observability import RUNS_STARTED, count, log
from retraining.rules import arrivals, claims, names
from retraining.rules.arrivals import (
    SCHEDULE,
    Lease,
    Leave,
    Nothing,
    Rearm,
    Repeat,
    Start,
    State,
    Trigger,
)
from retraining.rules.settlement import FAILED
from retraining.steps import wakes
from retraining.steps.messages import Message

TAKEN: Final = (
    "an execution of this name has already ended: the run starts again under the next token"
)


def start_retraining(aws: Adapters, messages: list[Message]) -> list[str]:
    """Act on each wake; the ids of the messages that must come again."""
    return [message.id for message in messages if not _act_on(aws, message)]


def _act_on(aws: Adapters, message: Message) -> bool:
    """Wake the pipeline that the message names, or every one; False when that failed."""
    try:
        wake = json.loads(message.body)
        named = wake.get("pipeline")
        for pipeline in [named] if named else aws.ledger.registered():
            _wake(aws, pipeline, wake.get("reason", "a message"))
    except Exception:  # noqa: BLE001 - whatever it is, exactly this message comes again
        log.exception("a wake failed", extra={"body": message.body})
        return False
    return True


def _wake(aws: Adapters, pipeline: str, reason: str) -> None:
    registration = aws.ledger.registration(pipeline)
    if registration is None:
        log.warning("a wake for a pipeline nobody pushed", extra={"pipeline": pipeline})
        return
    called = int(clock.now()) if reason == SCHEDULE else None
    state, trigger = aws.ledger.disarm_wake(pipeline, called), Trigger.of(registration.parsed())
    decision = arrivals.decide(state, aws.ledger.oldest_pending(pipeline), trigger, clock.now())
    log.info(f"woken by {reason}: {decision}", extra={"pipeline": pipeline})
    match decision:
        case Rearm(wait):
            # not the schedule's own words: it did not call again
            wakes.arm(aws, pipeline, "scheduled" if called else reason, wait)
        case Start(again=True) if not _has_history(aws, pipeline, registration):
            aws.ledger.answer(pipeline, state.asked)  # the first drop will be trained on
        case Start(token, again):
            _start(aws, pipeline, token, state, again=again)
        case Repeat(lease):
            _launch(aws, pipeline, lease)
        case Leave() | Nothing():
            pass


def _has_history(aws: Adapters, pipeline: str, registration: Registration) -> bool:
    return bool(claims.history(aws.ledger.runs(pipeline), registration.baseline))


def _start(aws: Adapters, pipeline: str, token: int, state: State, *, again: bool) -> None:
    lease = Lease(
        token=token,
        execution=names.run_id(pipeline, token),
        input=json.dumps({"pipeline": pipeline, "token": token}),
        at=int(clock.now()),
        arrivals=state.arrivals,
        again=again,
        asked=state.asked,
    )
    if not aws.ledger.take_lease(pipeline, lease):
        return
    if aws.ledger.registration(pipeline) is None:  # a deletion looks for the lease after that
        aws.ledger.drop_lease(pipeline, token)
        raise PipelineNotRegistered(f"pipeline {pipeline} was deleted as its run began")
    _launch(aws, pipeline, lease)


def _launch(aws: Adapters, pipeline: str, lease: Lease) -> None:
    """Start, or start again, exactly what the lease holds; then confirm it."""
    execution = aws.executions.arn(lease.execution)
    began = dt.datetime.fromtimestamp(lease.at, dt.UTC).isoformat()
    opened = RunRecord(
        pipeline=pipeline,
        token=lease.token,
        run=lease.execution,
        execution=execution,
        started=began,
    )
    aws.ledger.open_run(opened)
    if aws.executions.start(lease.execution, lease.input):
        aws.ledger.confirm_start(pipeline, lease.token)
        count(RUNS_STARTED, Pipeline=pipeline)
        return
    log.warning(TAKEN, extra={"pipeline": pipeline, "execution": execution})
    if aws.ledger.drop_lease(pipeline, lease.token):
        aws.ledger.update_run(_never_started(pipeline, lease.token, began))
        wakes.arm(aws, pipeline, "name taken", 0)


def _never_started(pipeline: str, token: int, began: str) -> RunRecord:
    return RunRecord(
        pipeline=pipeline,
        token=token,
        outcome=FAILED,
        ended=began,
        sentence=TAKEN,
        notified=True,
    )
