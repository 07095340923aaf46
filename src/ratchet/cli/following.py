"""Follows a run through its executions and prints each state as it ends."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ratchet.cli.connection import Stack
from ratchet.cli.errors import CliError
from ratchet.cli.layout import object_item
from ratchet.cli.ledger import RunRef, claimed, landed_object, open_run, read_json, run_record

if TYPE_CHECKING:
    from rich.console import Console

    from ratchet.workflow.history.timeline import StateTimes, Timeline

HUMAN = {
    "ClaimData": "Claim the new data",
    "CheckData": "Check the data",
    "CheckChunk": "Check a part of the data",
    "JudgeData": "Judge the batch",
    "RunChampionsRecipe": "Run the champion's DataBrew recipe",
    "RunRecipe": "Run the DataBrew recipe",
    "PrepareDataset": "Prepare the dataset on Glue",
    "Candidates": "Train and score the candidates",
    "TrainModel": "Train a model",
    "TuneModel": "Search settings for a model",
    "TrainWithWorkflow": "Train by the pipeline's workflow",
    "CreateModel": "Create the model",
    "ScoreModel": "Score the holdout rows",
    "ExtractMetrics": "Measure the candidates",
    "Gate": "Judge at the gate",
    "RegisterModel": "Register the model",
    "SettleData": "Settle the data",
    "Promote": "Promote the model",
    "FinishRun": "Finish the run",
    "DecidePromotion": "Decide how to promote",
    "MoveCheckEndpoint": "Create a check endpoint",
    "AwaitCheckEndpoint": "Wait for the check endpoint",
    "VerifyCheckEndpoint": "Verify the check endpoint",
    "RemoveCheckEndpoint": "Remove the check endpoint",
    "MoveEndpoint": "Move the endpoint",
    "AwaitEndpoint": "Wait for the endpoint",
    "VerifyEndpoint": "Verify the endpoint's answers",
    "RecordChampion": "Record the champion",
    "MoveEndpointBack": "Move the endpoint back",
    "AwaitReturnedEndpoint": "Wait for the returned endpoint",
    "VerifyReturnedEndpoint": "Verify the returned endpoint",
    "ClosePromotion": "Close the promotion",
}
_QUIET_TYPES = frozenset({"Choice", "Pass", "Succeed"})
_SETTLE_SECONDS = 60.0
_LONGEST_CAUSE = 300


class Landing(Protocol):
    """An object version that landed; `Landed` of upload is one."""

    @property
    def key(self) -> str:
        """Its key in the landing bucket."""

    @property
    def version(self) -> str:
        """Its version id; in a bucket without versions its ETag."""


def human(state: str) -> str:
    """A state's name for people; its own name when we have none."""
    import re

    return HUMAN.get(state) or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", state).capitalize()


class Follower:
    """Polls the timeline of one execution by its ARN, reading each event once."""

    def __init__(self, stack: Stack, execution: str) -> None:
        from ratchet.workflow.history.polling import HistoryPoller

        self._client = stack.client("stepfunctions")
        self._history = HistoryPoller(execution, self._client)

    def poll(self) -> Timeline:
        """The timeline up to now; an empty one while the execution does not exist yet."""
        from ratchet.workflow.history.timeline import Timeline, read_history

        try:
            return Timeline.of(self._history.poll())
        except self._client.exceptions.ExecutionDoesNotExist:
            return read_history([])


def timeline_of(stack: Stack, execution: str) -> Timeline:
    """The timeline of an execution by its ARN."""
    return Follower(stack, execution).poll()


def started_by(state: StateTimes) -> list[str]:
    """ARNs of the executions that a state started and waits for."""
    found = (_json(output).get("ExecutionArn") for output in state.submitted)
    return [str(arn) for arn in found if arn]


def follow_run(stack: Stack, run: RunRef, console: Console, deadline: float) -> Timeline:
    """Print each state of a run as it ends; its timeline. CliError after `deadline` (monotonic)."""
    from ratchet.cli.screen import Progress

    watch = _Watch(stack, stack.execution_arn(run.id), console)
    with Progress(f"{run.id} ...", console) as update:
        while True:
            timeline = watch.poll(update)
            if timeline.status != "RUNNING":
                return timeline
            _give_up_after(deadline, run.id)
            time.sleep(pause(stack))


def follow_execution(stack: Stack, execution: str, console: Console) -> Timeline:
    """Print each state of an execution as it ends, and wait for that; its timeline."""
    from ratchet.cli.screen import Progress

    watch = _Watch(stack, execution, console)
    with Progress(f"{execution.rpartition(':')[2]} ...", console) as update:
        while (timeline := watch.poll(update)).status == "RUNNING":
            time.sleep(pause(stack))
        return timeline


def follow_drop(
    stack: Stack,
    pipeline: str,
    landed: Sequence[Landing],
    console: Console,
    *,
    timeout: float = 7200.0,
) -> dict[str, Any]:
    """Wait for the run that claims these objects, follow it, and return its record."""
    from ratchet.cli.screen import Progress

    deadline = time.monotonic() + timeout
    with Progress("Waiting until the drop is complete ...", console) as update:
        run = claimed_by(stack, pipeline, landed, update, deadline)
    console.print(f"Run {run.id}", style="bold")
    follow_run(stack, run, console, deadline)
    return settled_record(stack, run)


def settled_record(stack: Stack, run: RunRef) -> dict[str, Any]:
    """The record of a run that has ended; a failed one is completed by the recovery rule."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while True:
        record = run_record(stack, run)
        if record.get("outcome"):
            return {**record, "pipeline": run.pipeline, "run": run.id}
        _give_up_after(deadline, run.id)
        time.sleep(pause(stack))


def claimed_by(
    stack: Stack,
    pipeline: str,
    landed: Sequence[Landing],
    update: Callable[[str], None],
    deadline: float,
) -> RunRef:
    """Wait for the run that claims these objects; CliError after `deadline` (monotonic)."""
    started = time.monotonic()
    while True:
        run = _run_of(stack, pipeline, landed)
        if run is not None:
            return run
        if time.monotonic() > deadline:
            raise CliError(
                f"no run has claimed {landed[0].key} of pipeline {pipeline}",
                "Is a run open, or is the pipeline paused? See: ratchet info",
            )
        update(f"Waiting until the drop is complete ... {time.monotonic() - started:.0f} s")
        time.sleep(pause(stack))


def _run_of(stack: Stack, pipeline: str, landed: Sequence[Landing]) -> RunRef | None:
    """The run that claimed one of these object versions: by the manifest, or by the ledger."""
    run = open_run(stack, pipeline)
    if run is not None:
        items = claimed(read_json(stack, f"{run.prefix}/manifest.json") or {})
        if any(object_item(one.key, one.version) in items for one in landed):
            return run
    for one in landed:
        item = landed_object(stack, pipeline, one.key, one.version) or {}
        if item.get("run") and item.get("state") != "PENDING":
            return RunRef(pipeline, int(item["run"]))
    return None


class _Watch:
    """Remembers which states of an execution, and of those inside it, were printed already."""

    def __init__(self, stack: Stack, execution: str, console: Console, depth: int = 0) -> None:
        self.stack = stack
        self.history = Follower(stack, execution)
        self.console = console
        self.depth = depth
        self.printed: set[str] = set()
        self.inner: dict[str, _Watch] = {}

    def poll(self, update: Callable[[str], None]) -> Timeline:
        """Read the history again and print what has ended since."""
        timeline = self.history.poll()
        current = next(reversed(list(shown(timeline))), None)
        if current is not None and current.status == "RUNNING":
            update(f"{human(current.name)} ... {current.seconds():.0f} s")
        for state in shown(timeline):
            for arn in started_by(state):
                self._inside(arn).poll(update)
            if _has_ended(state, timeline) and state.name not in self.printed:
                self.printed.add(state.name)
                self.console.print(state_line(state, self.depth), soft_wrap=True)
        return timeline

    def _inside(self, arn: str) -> _Watch:
        if arn not in self.inner:
            self.inner[arn] = _Watch(self.stack, arn, self.console, self.depth + 1)
        return self.inner[arn]


def shown(timeline: Timeline) -> Iterable[StateTimes]:
    """The states that get a line: those that do something.

    Of a Map whose passes are one state it is the Map as a whole.
    """
    working = [state for state in timeline.states.values() if state.type not in _QUIET_TYPES]
    inside = Counter(state.inside for state in working)
    for state in working:
        if state.inside is None or inside[state.inside] > 1:
            yield state


def _has_ended(state: StateTimes, timeline: Timeline) -> bool:
    """Whether no further pass of its Map can enter the state."""
    outer = timeline.states.get(state.inside or state.name, state)
    return "RUNNING" not in (state.status, outer.status)


def state_line(state: StateTimes, depth: int = 0) -> Any:
    """'  ok  Check the data    0.8 s'; the error beneath a state that failed."""
    from rich.text import Text

    from ratchet.cli.screen import duration, spelt_out

    mark, style = marks()[state.status]
    depth += state.inside is not None
    text = Text("  " + "  " * depth)
    text.append(f"{mark} ", style=style)
    text.append(f"{human(state.name):<{36 - 2 * depth}}")
    text.append(f"{duration(state.seconds()):>9}", style="dim")
    if state.retries:
        text.append(f"  {state.retries + 1} tries", style="dim")
    if state.status in {"FAILED", "CAUGHT", "TIMED_OUT"} and state.error:
        reason = spelt_out(": ".join(innermost(state.error, state.cause)))
        text.append(f"\n{'  ' * depth}      {reason}", style=style)
    return text


def marks() -> dict[str, tuple[str, str]]:
    """A sign and a style for each status; plain letters where the terminal has no symbols."""
    stream = sys.__stdout__  # a live display replaces sys.stdout by one without encoding
    rich_signs = (getattr(stream, "encoding", None) or "").lower().startswith("utf")
    tick, cross, bang = ("✓", "✗", "!") if rich_signs else ("+", "x", "!")
    return {
        "SUCCEEDED": (tick, "green"),
        "CAUGHT": (bang, "yellow"),
        "FAILED": (cross, "red"),
        "TIMED_OUT": (cross, "red"),
        "ABORTED": (cross, "magenta"),
        "RUNNING": ("…" if rich_signs else ".", "blue"),
    }


_MESSAGES = ("errorMessage", "ErrorMessage", "FailureReason", "Cause", "StatusMessage")


def innermost(error: str, cause: str) -> tuple[str, str]:
    """The first error and its message: the cause of a service is JSON around another one."""
    document = _json(cause)
    inner = next((document[name] for name in _MESSAGES if document.get(name)), None)
    if isinstance(inner, str):
        name = document.get("errorType") or document.get("Error") or error
        return innermost(str(name), inner)
    return error, _cut(" ".join(cause.split()))


SAGEMAKER_LOGS = {
    "TransformJobName": ("/aws/sagemaker/TransformJobs", "/"),
    "TrainingJobName": ("/aws/sagemaker/TrainingJobs", "/"),
    "ProcessingJobName": ("/aws/sagemaker/ProcessingJobs", "/"),
    "HyperParameterTuningJobName": ("/aws/sagemaker/TrainingJobs", "-"),
}
"""By what names a job in its description its log group, and what follows the name in streams."""


@dataclass(frozen=True)
class JobLog:
    """Where a job wrote: log groups of CloudWatch Logs, and what its streams begin with.

    In Glue 5 a script's own stderr goes to the one, Spark's errors to the other, in streams whose
    names begin with the run's id (Glue developer guide, "Logging for AWS Glue jobs"). Streams of
    SageMaker's jobs begin with the job's name (SageMaker developer guide, "CloudWatch Logs for
    Amazon SageMaker AI"), and the names of a search's training jobs with that of the tuning job
    (API reference, CreateHyperParameterTuningJob).
    """

    groups: tuple[str, ...]
    stream: str

    @property
    def commands(self) -> list[str]:
        """What prints it, with AWS's own command line."""
        return [
            f"aws logs tail {group} --since 1d --log-stream-name-prefix {self.stream}"
            for group in self.groups
        ]


def job_log(timeline: Timeline) -> JobLog | None:
    """The log of the job that failed last; its cause is the job as its Get or Describe has it."""
    for state in reversed(timeline.states.values()):
        run = _json(state.cause)
        for name, (group, follows) in SAGEMAKER_LOGS.items():
            if run.get(name):
                return JobLog((group,), f"{run[name]}{follows}")
        if run.get("JobName") and run.get("LogGroupName") and run.get("Id"):
            groups = tuple(f"{run['LogGroupName']}/{kind}" for kind in ("error", "output"))
            return JobLog(groups, str(run["Id"]))
    return None


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_CAUSE else f"{text[:_LONGEST_CAUSE]} ..."


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _give_up_after(deadline: float, run: str) -> None:
    if time.monotonic() > deadline:
        raise CliError(f"{run} has not ended yet; it continues without this command",
                       f"Look again with: ratchet show {run} --follow")  # fmt: skip


def pause(stack: Stack) -> float:
    """Real AWS is polled rarely: GetExecutionHistory is throttled per account."""
    return 0.2 if stack.aws.local else 3.0
