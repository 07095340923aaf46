"""A wake: starts at most one run, or arms the next wake, or leaves it to the open run."""

from __future__ import annotations

import datetime as dt
import json

from retraining import adapters, clock
from retraining.observability import RUNS_STARTED, count, log
from retraining.rules import arrivals, names
from retraining.rules.arrivals import Lease, Leave, Nothing, Rearm, Repeat, Start, State
from retraining.rules.durations import seconds
from retraining.steps import wakes

TAKEN = "an execution of this name has already ended: the run starts anew under the next token"


def wake(body: str) -> bool:
    """Wake the pipeline that the message names, or every one; False when it must come again."""
    try:
        message = json.loads(body)
        named = message.get("pipeline")
        for pipeline in [named] if named else adapters.ledger().registered():
            woken(pipeline, message.get("reason", "a message"))
    except Exception:  # noqa: BLE001 - whatever it is, exactly this message comes again
        log.exception("a wake failed", extra={"body": body})
        return False
    return True


def woken(pipeline: str, reason: str) -> None:
    """What a wake of this pipeline does."""
    registration = adapters.ledger().registration(pipeline)
    if registration is None:
        log.warning("a wake for a pipeline nobody pushed", extra={"pipeline": pipeline})
        return
    quiet = seconds(json.loads(registration["definition"])["trigger"]["quiet_period"])
    state = adapters.ledger().disarm_wake(pipeline)
    pending = adapters.ledger().has_pending(pipeline)
    decision = arrivals.decide(state, pending=pending, quiet=quiet, now=clock.now())
    log.info(f"woken by {reason}: {decision}", extra={"pipeline": pipeline})
    match decision:
        case Rearm(wait):
            wakes.arm(pipeline, reason, wait)
        case Start(token):
            _start(pipeline, token, state)
        case Repeat(lease):
            _launch(pipeline, lease)
        case Leave() | Nothing():
            pass


def _start(pipeline: str, token: int, state: State) -> None:
    lease = Lease(
        token=token,
        execution=names.run_id(pipeline, token),
        input=json.dumps({"pipeline": pipeline, "token": token}),
        at=int(clock.now()),
        arrivals=state.arrivals,
    )
    if adapters.ledger().take_lease(pipeline, lease):
        _launch(pipeline, lease)


def _launch(pipeline: str, lease: Lease) -> None:
    """Start, or start again, exactly what the lease says; then confirm it."""
    execution = adapters.executions().arn(lease.execution)
    began = dt.datetime.fromtimestamp(lease.at, dt.UTC).isoformat()
    adapters.ledger().open_run(
        pipeline, lease.token, {"run": lease.execution, "execution": execution, "started": began}
    )
    if adapters.executions().start(lease.execution, lease.input):
        adapters.ledger().confirm_start(pipeline, lease.token)
        count(RUNS_STARTED, Pipeline=pipeline)
        return
    log.warning(TAKEN, extra={"pipeline": pipeline, "execution": execution})
    if adapters.ledger().drop_lease(pipeline, lease.token):
        ended = {"outcome": "FAILED", "ended": began, "sentence": TAKEN, "told": True}
        adapters.ledger().note_run(pipeline, lease.token, ended)
        wakes.arm(pipeline, "name taken", 0)
