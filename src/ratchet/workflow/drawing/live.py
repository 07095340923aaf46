"""Follows an execution while it runs: as a picture in a notebook, as a table in a terminal."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ratchet.workflow.drawing.draw import draw
from ratchet.workflow.drawing.pages import for_notebook
from ratchet.workflow.drawing.terminal import show
from ratchet.workflow.drawing.wording import execution_title
from ratchet.workflow.history.polling import HistoryPoller
from ratchet.workflow.history.timeline import Timeline

if TYPE_CHECKING:
    from rich.console import Console

EVERY = 2.0
"""Seconds between two requests; an account may call GetExecutionHistory about 5 times a second."""


def follow(
    execution: str,
    client: Any = None,
    *,
    every: float = EVERY,
    timeout: float | None = None,
    console: Console | None = None,
) -> Timeline:
    """Show an execution (its ARN) until it has ended. Returns its timeline.

    `client` is boto3's Step Functions client, by default the environment's. Raises TimeoutError
    if the execution is still running after `timeout` seconds, and whatever boto3 raises.
    """
    client = client or _client()
    timelines = watch(execution, client, every=every, timeout=timeout)
    if console is None and in_notebook():
        return _in_notebook(timelines, definition_of(execution, client), execution)
    return show(timelines, console, execution_title(execution))


def watch(
    execution: str, client: Any, *, every: float = EVERY, timeout: float | None = None
) -> Iterator[Timeline]:
    """The execution's timeline again and again, until it has ended."""
    deadline = None if timeout is None else time.monotonic() + timeout
    history = HistoryPoller(execution, client)
    while True:
        timeline = Timeline.of(history.poll())
        yield timeline
        if timeline.status != "RUNNING":
            return
        left = every if deadline is None else deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"{execution} is still running after {timeout:g} seconds")
        time.sleep(min(every, left))


def definition_of(execution: str, client: Any) -> dict[str, Any]:
    """The definition an execution runs, as it was when it started."""
    described = client.describe_state_machine_for_execution(executionArn=execution)
    definition: dict[str, Any] = json.loads(described["definition"])
    return definition


def in_notebook() -> bool:
    """Whether this code runs in a Jupyter kernel, which shows pictures."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return shell is not None and hasattr(shell, "kernel")


def _in_notebook(
    timelines: Iterator[Timeline], definition: Mapping[str, Any], execution: str
) -> Timeline:
    notebook = import_module("IPython.display")
    name = execution_title(execution)
    last = next(timelines)
    picture = notebook.SVG(for_notebook(draw(definition, last, title=name)))
    shown = notebook.display(picture, display_id=True)
    for last in timelines:
        shown.update(notebook.SVG(for_notebook(draw(definition, last, title=name))))
    return last


def _client() -> Any:
    import boto3

    return boto3.client("stepfunctions")
