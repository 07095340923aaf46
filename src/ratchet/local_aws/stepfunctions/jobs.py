"""Jobs that `.sync` waits for: how to look at them, how they end, how to stop them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ratchet.workflow.integrations.resource import Resource

ANSWER = "answer"
ARGUMENTS = "arguments"


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of job. `name` and `stop_name` say which parameter comes from where:

    parameter -> (ANSWER or ARGUMENTS, member). `inside` is the member of the describe answer that
    holds the job, if it is not the answer itself.
    """

    describe: str
    name: Mapping[str, tuple[str, str]]
    status: str
    good: frozenset[str]
    bad: frozenset[str]
    stop: str
    stop_name: Mapping[str, tuple[str, str]]
    inside: str | None = None
    stop_as_list: str | None = None

    def named(self, arguments: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of the describe call, in Step Functions' spelling."""
        return _filled(self.name, arguments, answer)

    def stopping(self, arguments: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of the stop call."""
        filled = _filled(self.stop_name, arguments, answer)
        if self.stop_as_list is not None:
            filled[self.stop_as_list] = [filled[self.stop_as_list]]
        return filled


def _filled(
    names: Mapping[str, tuple[str, str]], arguments: Mapping[str, Any], answer: Mapping[str, Any]
) -> dict[str, Any]:
    sources = {ANSWER: answer, ARGUMENTS: arguments}
    return {parameter: sources[source][member] for parameter, (source, member) in names.items()}


def _sagemaker(kind: str) -> Job:
    name = {f"{kind}Name": (ARGUMENTS, f"{kind}Name")}
    return Job(
        describe=f"Describe{kind}",
        name=name,
        status=f"{kind}Status",
        good=frozenset({"Completed"}),
        bad=frozenset({"Failed", "Stopped"}),
        stop=f"Stop{kind}",
        stop_name=name,
    )


_EXECUTION = {"ExecutionArn": (ANSWER, "ExecutionArn")}

JOBS: Mapping[str, Job] = {
    "databrew:startJobRun": Job(
        describe="DescribeJobRun",
        name={"Name": (ARGUMENTS, "Name"), "RunId": (ANSWER, "RunId")},
        status="State",
        good=frozenset({"SUCCEEDED"}),
        bad=frozenset({"FAILED", "STOPPED", "TIMEOUT"}),
        stop="StopJobRun",
        stop_name={"Name": (ARGUMENTS, "Name"), "RunId": (ANSWER, "RunId")},
    ),
    "glue:startJobRun": Job(
        describe="GetJobRun",
        name={"JobName": (ARGUMENTS, "JobName"), "RunId": (ANSWER, "JobRunId")},
        status="JobRunState",
        good=frozenset({"SUCCEEDED"}),
        bad=frozenset({"FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"}),
        stop="BatchStopJobRun",
        stop_name={"JobName": (ARGUMENTS, "JobName"), "JobRunIds": (ANSWER, "JobRunId")},
        inside="JobRun",
        stop_as_list="JobRunIds",
    ),
    "sagemaker:createHyperParameterTuningJob": _sagemaker("HyperParameterTuningJob"),
    "sagemaker:createProcessingJob": _sagemaker("ProcessingJob"),
    "sagemaker:createTrainingJob": _sagemaker("TrainingJob"),
    "sagemaker:createTransformJob": _sagemaker("TransformJob"),
    "states:startExecution": Job(
        describe="DescribeExecution",
        name=_EXECUTION,
        status="Status",
        good=frozenset({"SUCCEEDED"}),
        bad=frozenset({"FAILED", "TIMED_OUT", "ABORTED"}),
        stop="StopExecution",
        stop_name=_EXECUTION,
    ),
}


def job_of(resource: Resource) -> Job:
    """The job behind a `.sync` resource; KeyError for one that local AWS cannot wait for."""
    return JOBS[f"{resource.service}:{resource.action}"]


def unable(resource: Resource) -> str | None:
    """Why local AWS cannot run a resource, or None: said when a machine is created."""
    if resource.kind == "optimised":
        if resource.service not in _SERVICES:
            known = ", ".join(sorted(_SERVICES))
            return f"local AWS has no optimised integration of {resource.service} (it has {known})"
        if resource.is_job and f"{resource.service}:{resource.action}" not in JOBS:
            return f"local AWS cannot wait for {resource.service}:{resource.action}"
    return None


_SERVICES = frozenset(
    {"databrew", "dynamodb", "events", "glue", "lambda", "sagemaker", "sns", "sqs", "states"}
)
