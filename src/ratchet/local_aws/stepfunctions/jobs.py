"""What local AWS can run of Step Functions' integrations, and the jobs it can wait for."""

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
"""The services with optimised integrations that run here."""

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
"""The jobs that run here; how they are looked at and stopped, the integrations' rows say."""


def polling_of(resource: Resource) -> Polling:
    """How the job behind a `.sync` resource is looked at; KeyError if it cannot run here."""
    row = index.row_of(resource)
    if row is None or row.job is None or row.job.polling is None or _name(resource) not in JOBS:
        raise KeyError(_name(resource))
    return row.job.polling


def filled(names: Parameters, arguments: Any, answer: Any) -> dict[str, Any]:
    """The parameters of a call about a job, in Step Functions' spelling."""
    return {name: place.value(arguments, answer) for name, place in names.items()}


def job_in(polling: Polling, described: dict[str, Any]) -> dict[str, Any]:
    """The job in the answer that describes it."""
    job = described
    for member in polling.job_path:
        job = job[spelt(member)]
    return job


def status_of(polling: Polling, job: Mapping[str, Any]) -> Any:
    """The status of a job that was looked at, None if the answer has none yet."""
    status: Any = job
    for member in polling.status_path:
        status = status.get(spelt(member)) if isinstance(status, Mapping) else None
    return status


def unable(resource: Resource) -> str | None:
    """Why local AWS cannot run a resource, or None: checked when a machine is created."""
    if resource.kind == "optimised":
        if resource.service not in SERVICES:
            known = ", ".join(sorted(SERVICES))
            return f"local AWS has no optimised integration of {resource.service} (it has {known})"
        if resource.is_job and _name(resource) not in JOBS:
            return f"local AWS cannot wait for {_name(resource)}"
    return None


def _name(resource: Resource) -> str:
    return f"{resource.service}:{resource.action}"
