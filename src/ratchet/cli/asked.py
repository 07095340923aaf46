"""A run that was asked for, whether data waited or not, followed to its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ratchet.cli import following, ledger
from ratchet.cli.connection import Stack
from ratchet.cli.errors import CliError
from ratchet.cli.ledger import RunRef

if TYPE_CHECKING:
    from rich.console import Console

PATIENCE = 7200.0  # seconds


def follow_asked(
    stack: Stack, pipeline: str, number: int, console: Console, timeout: float = PATIENCE
) -> dict[str, Any]:
    """Follow the runs that claim after the request of this number, until one has answered it.

    The record of that run, or of one that failed: it is repeated without this command.
    """
    from ratchet.cli.screen import Progress

    deadline, told = time.monotonic() + timeout, 0
    with Progress("Waiting for the run ...", console):
        for run in _runs_since(stack, pipeline, number, deadline):
            if run.token == told:
                continue
            told = run.token
            console.print(f"Run {run.id}", style="bold")
            following.follow_run(stack, run, console, deadline)
            record = following.settled_record(stack, run)
            if record["outcome"] == "FAILED" or _answered(stack, pipeline) >= number:
                return record
    raise CliError(
        f"no run has come of pipeline {pipeline}",
        "Is a run open, or is the pipeline paused? See: ratchet info",
    )


def _runs_since(stack: Stack, pipeline: str, number: int, deadline: float) -> Iterator[RunRef]:
    """The open run or the newest one, again and again, if it claimed after that request.

    Until none can come any more: the pipeline is paused, or there was no batch to train on.
    """
    while time.monotonic() < deadline:
        state = ledger.pipeline_state(stack, pipeline)
        token = int(state.get("token") or 0)
        run = RunRef(pipeline, token)
        manifest = ledger.read_json(stack, f"{run.prefix}/manifest.json") if token else None
        if manifest and int(manifest.get("asked") or 0) >= number:
            yield run
        elif not state.get("lease") and (
            state.get("paused") or int(state.get("answered") or 0) >= number
        ):
            return
        time.sleep(following.pause(stack))


def asked(stack: Stack, pipeline: str) -> int:
    return int(ledger.pipeline_state(stack, pipeline).get("asked") or 0)


def _answered(stack: Stack, pipeline: str) -> int:
    return int(ledger.pipeline_state(stack, pipeline).get("answered") or 0)
