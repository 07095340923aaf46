"""Everything that a run's report shows, read from the stack once."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from ratchet.cli import following, ledger, run_report
from ratchet.cli.report import measures
from ratchet.cli.report.costs import Cost, Job
from ratchet.cli.report.searches import Search
from ratchet.cli.run_picture import draw_run

if TYPE_CHECKING:
    from ratchet.cli.connection import Stack
    from ratchet.cli.ledger import RunRef
    from ratchet.workflow.history.timeline import StateTimes, Timeline

MOST_ROWS = 300_000
"""Scores of one model that are read."""
MOST_RUNS = 24
ROLES = ("challenger", "champion")
TUNING = "TuneModel"
"""The state that waits for a tuning job."""


@dataclass(frozen=True)
class State:
    """A state of the run that did something."""

    name: str
    status: str
    seconds: float
    tries: int
    error: str


@dataclass(frozen=True)
class RunReport:
    """A run as its report shows it; what it did not come to is empty."""

    run: str
    pipeline: str
    record: dict[str, Any]
    picture: str
    states: tuple[State, ...]
    cost: Cost
    local: bool
    verdict: dict[str, Any] = field(default_factory=dict)
    definition: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)  # batch-report.json
    problems: tuple[dict[str, Any], ...] = ()
    history: tuple[dict[str, Any], ...] = ()  # records up to this run, oldest first
    scores: dict[str, tuple[measures.Row, ...]] = field(default_factory=dict)
    searches: tuple[Search, ...] = ()
    knows_reference: bool = False  # the champion was refit: on the reference holdout too

    @property
    def metric(self) -> str:
        """The metric that the gate reads."""
        return str(self.record.get("metric") or self.verdict.get("metric") or "")


def gather(stack: Stack, ref: RunRef, record: dict[str, Any], timeline: Timeline) -> RunReport:
    """Read what there is of a run that has ended."""
    manifest = _json(stack, f"{ref.prefix}/manifest.json")
    searches = tuple(_searches(stack, timeline))
    return RunReport(
        run=ref.id,
        pipeline=ref.pipeline,
        record=record,
        picture=draw_run(stack, ref, record, timeline),
        states=tuple(_states(timeline)),
        cost=Cost((*_jobs(stack, timeline), *_searched(searches)), _transitions(timeline)),
        local=stack.aws.local,
        verdict=_json(stack, f"{ref.prefix}/verdict.json"),
        definition=manifest.get("definition") or {},
        summary=_json(stack, f"{ref.prefix}/prepared/summary.json"),
        data=_json(stack, f"{ref.prefix}/batch-report.json"),
        problems=tuple(run_report.problems(stack, ref)),
        history=tuple(_history(stack, ref)),
        scores={role: _scores(stack, ref, role) for role in ROLES},
        searches=searches,
        knows_reference=bool((manifest.get("champion") or {}).get("refit")),
    )


def _json(stack: Stack, key: str) -> dict[str, Any]:
    return ledger.read_json(stack, key) or {}


def _history(stack: Stack, ref: RunRef) -> list[dict[str, Any]]:
    """The records of this run and those before it."""
    known = [one for one in ledger.runs(stack, ref.pipeline) if int(one["token"]) <= ref.token]
    return known[:MOST_RUNS][::-1]


def _states(timeline: Timeline) -> Iterator[State]:
    for state in following.shown(timeline):
        reason = following.innermost(state.error, state.cause) if state.error else ()
        yield State(
            following.human(state.name), state.status, state.seconds(), state.retries + 1,
            ": ".join(reason),
        )  # fmt: skip


def _transitions(timeline: Timeline) -> int:
    """State entries and the end; each retry is one as well (Step Functions pricing)."""
    visits = sum(state.visits + state.retries for state in timeline.states.values())
    return visits + 1


def _scores(stack: Stack, ref: RunRef, role: str) -> tuple[measures.Row, ...]:
    keys = ledger.list_keys(stack, stack.work_bucket, f"{ref.prefix}/scores/{role}/")
    lines = (
        line
        for key in keys
        if key.endswith(".out")
        for line in (ledger.read_bytes(stack, key) or b"").decode().splitlines()
    )
    return tuple(islice(measures.rows(lines), MOST_ROWS))


# --- jobs ----------------------------------------------------------------------------------------


def _jobs(stack: Stack, timeline: Timeline) -> Iterator[Job]:
    """The jobs that the run's states waited for, as their services describe them."""
    for state, started in _submitted(timeline):
        if job := _job(stack, state, started):
            yield job


def _submitted(timeline: Timeline) -> Iterator[tuple[StateTimes, dict[str, Any]]]:
    """What each state started, as its service answered."""
    for state in timeline.states.values():
        for output in state.submitted:
            yield state, json.loads(output) if output.startswith("{") else {}


def _searches(stack: Stack, timeline: Timeline) -> Iterator[Search]:
    """The tuning jobs that the run waited for, with all their training jobs."""
    for _, started in _submitted(timeline):
        if arn := started.get("HyperParameterTuningJobArn"):
            yield Search.of(stack.client("sagemaker"), _named(arn))


def _searched(searches: Iterable[Search]) -> Iterator[Job]:
    return (search.paid(following.human(TUNING)) for search in searches)


def _job(stack: Stack, state: StateTimes, started: dict[str, Any]) -> Job | None:
    name, seconds = following.human(state.name), state.seconds()
    if "TrainingJobArn" in started:
        return _training(stack, name, started["TrainingJobArn"], seconds)
    if "TransformJobArn" in started:
        return _transform(stack, name, started["TransformJobArn"], seconds)
    if "JobRunId" in started:
        return Job(name, "glue", seconds, workers=2)
    if "RunId" in started:
        return Job(name, "databrew", seconds, workers=5)
    return None


def _training(stack: Stack, name: str, arn: str, seconds: float) -> Job:
    job = stack.client("sagemaker").describe_training_job(TrainingJobName=_named(arn))
    resources = job["ResourceConfig"]
    took = job.get("BillableTimeInSeconds")
    return Job(
        _for(name, _named(arn)), "training", seconds if took is None else float(took),
        resources.get("InstanceCount", 1), resources.get("InstanceType", ""),
    )  # fmt: skip


def _transform(stack: Stack, name: str, arn: str, seconds: float) -> Job:
    job = stack.client("sagemaker").describe_transform_job(TransformJobName=_named(arn))
    resources = job["TransformResources"]
    begun, ended = job.get("TransformStartTime"), job.get("TransformEndTime")
    took = (ended - begun).total_seconds() if begun and ended else seconds
    count, instance = resources["InstanceCount"], resources["InstanceType"]
    return Job(_for(name, _named(arn)), "transform", took, count, instance)


def _named(arn: str) -> str:
    return arn.rpartition("/")[2]


def _for(name: str, job: str) -> str:
    """The state's name and whom it was for: a job's name ends with the candidate and a number."""
    role = re.search(r"-([a-z]+)-[0-9]+$", job)
    return f"{name}: {role[1]}" if role else name


def is_number(value: Any) -> bool:
    """True for what can be drawn."""
    return isinstance(value, int | float) and math.isfinite(value)
