"""What a run paid for: jobs, searches and transitions, with those of the executions inside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ratchet.cli import following
from ratchet.cli.report.costs import Cost, Job
from ratchet.cli.report.searches import Search

if TYPE_CHECKING:
    from ratchet.cli.connection import Stack
    from ratchet.workflow.history.timeline import StateTimes, Timeline

TUNING = "TuneModel"
"""The state that waits for a tuning job."""


@dataclass(frozen=True)
class Paid:
    """What a run cost, and the searches among it."""

    cost: Cost
    searches: tuple[Search, ...]


def paid(stack: Stack, timeline: Timeline) -> Paid:
    """Read what the states of a run waited for, as their services describe it."""
    executions = [timeline, *_inside(stack, timeline)]
    searches = tuple(_searches(stack, executions))
    jobs = (*_jobs(stack, executions), *_searched(searches))
    return Paid(Cost(jobs, sum(map(_transitions, executions))), searches)


def _inside(stack: Stack, timeline: Timeline) -> Iterator[Timeline]:
    """The executions that a state started and waited for: its promotion, a workflow that trains."""
    for state in timeline.states.values():
        for arn in following.started_by(state):
            inner = following.timeline_of(stack, arn)
            yield inner
            yield from _inside(stack, inner)


def _transitions(timeline: Timeline) -> int:
    """State entries and the end; each retry is one as well (Step Functions pricing)."""
    visits = sum(state.visits + state.retries for state in timeline.states.values())
    return visits + 1 if visits else 0


def _jobs(stack: Stack, executions: Iterable[Timeline]) -> Iterator[Job]:
    for state, started in _submitted(executions):
        if job := _job(stack, state, started):
            yield job


def _submitted(executions: Iterable[Timeline]) -> Iterator[tuple[StateTimes, dict[str, Any]]]:
    """What each state started, as its service answered."""
    for timeline in executions:
        for state in timeline.states.values():
            for output in state.submitted:
                yield state, json.loads(output) if output.startswith("{") else {}


def _searches(stack: Stack, executions: Iterable[Timeline]) -> Iterator[Search]:
    """The tuning jobs that were waited for, with all their training jobs."""
    for _, started in _submitted(executions):
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
