"""The optimised integrations that local AWS runs, and the jobs that it can wait for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ratchet.workflow.integrations import index
from ratchet.workflow.integrations.resource import Resource
from ratchet.workflow.integrations.row import Parameters, Polling
from ratchet.workflow.integrations.spelling import spelt

SERVICES = frozenset(
    {"databrew", "dynamodb", "events", "glue", "lambda", "sagemaker", "sns", "sqs", "states"}
)
"""Services whose optimised integrations run here."""

JOBS = frozenset(
    {
        "databrew:startJobRun",
        "glue:startJobRun",
        "sagemaker:createHyperParameterTuningJob",
        "sagemaker:createProcessingJob",
        "sagemaker:createTrainingJob",
        "sagemaker:createTransformJob",
        "states:startExecution",
    }
)
"""Jobs that run here; they are polled and stopped as the rows of the integrations say."""


def polling_of(resource: Resource) -> Polling:
    """How to poll the job of a `.sync` resource; KeyError if it cannot run here."""
    row = index.row_of(resource)
    if row is None or row.job is None or row.job.polling is None or _name(resource) not in JOBS:
        raise KeyError(_name(resource))
    return row.job.polling


def filled(names: Parameters, arguments: Any, response: Any) -> dict[str, Any]:
    """The parameters of a call about a job, in Step Functions' spelling."""
    return {name: place.value(arguments, response) for name, place in names.items()}


def job_in(polling: Polling, described: dict[str, Any]) -> dict[str, Any]:
    """The job in a response that describes it."""
    job = described
    for member in polling.job_path:
        job = job[spelt(member)]
    return job


def status_of(polling: Polling, job: Mapping[str, Any]) -> Any:
    """The status of a described job, or None if it has none yet."""
    status: Any = job
    for member in polling.status_path:
        status = status.get(spelt(member)) if isinstance(status, Mapping) else None
    return status


def unsupported(resource: Resource) -> str | None:
    """Why local AWS cannot run a resource, or None; checked when a machine is created."""
    if resource.kind == "optimised":
        if resource.service not in SERVICES:
            known = ", ".join(sorted(SERVICES))
            return f"local AWS has no optimised integration of {resource.service} (it has {known})"
        if resource.is_job and _name(resource) not in JOBS:
            return f"local AWS cannot wait for {_name(resource)}"
    return None


def _name(resource: Resource) -> str:
    return f"{resource.service}:{resource.action}"
