"""Amazon EMR Serverless."""

from __future__ import annotations

from ratchet.workflow.integrations.row import (
    GUIDE,
    Extra,
    From,
    Integration,
    Job,
    Polling,
    Service,
    argument,
    response,
)

EMR_SERVERLESS = Service(
    "emr-serverless",
    "EMR Serverless",
    "emr-serverless",
    "emr-serverless",
    GUIDE + "connect-emr-serverless.html",
)
_LINKED_ROLE = Extra(
    ("iam:CreateServiceLinkedRole",),
    "iam::${AWS::AccountId}:role/aws-service-role/ops.emr-serverless.amazonaws.com/"
    "AWSServiceRoleForAmazonEMRServerless",
    (("iam:AWSServiceName", "ops.emr-serverless.amazonaws.com"),),
)


def _application(state: str, where: From, stop: str | None = None) -> Job:
    """Follow an application until it reaches `state`; `stop` reverts the call of a stopped Task."""
    named = {"ApplicationId": where}
    undoing = (f"emr-serverless:{stop}",) if stop is not None else ()
    return Job(
        permissions=("emr-serverless:GetApplication", *undoing),
        rule="StepFunctionsGetEventsForEMRServerlessApplicationRule",
        source=EMR_SERVERLESS.source,
        polling=Polling(
            describe="GetApplication",
            describe_with=named,
            job_path=("application",),
            status_path=("state",),
            succeeded=frozenset({state}),
            failed=frozenset({"TERMINATED"} - {state}),
            stop=stop,
            stop_with=named if stop is not None else {},
            is_result=False,
        ),
    )


def _run(
    where: From, succeeded: str, failed: set[str], *, stop: str | None, is_result: bool
) -> Job:
    named = {"ApplicationId": argument("ApplicationId"), "JobRunId": where}
    stopping = (f"emr-serverless:{stop}",) if stop is not None else ()
    return Job(
        permissions=("emr-serverless:GetJobRun", *stopping),
        rule="StepFunctionsGetEventsForEMRServerlessJobRule",
        source=EMR_SERVERLESS.source,
        polling=Polling(
            describe="GetJobRun",
            describe_with=named,
            job_path=("jobRun",),
            status_path=("state",),
            succeeded=frozenset({succeeded}),
            failed=frozenset(failed),
            stop=stop,
            stop_with=named if stop is not None else {},
            is_result=is_result,
        ),
    )


_GIVEN = argument("ApplicationId")

ROWS = (
    Integration(
        EMR_SERVERLESS,
        "createApplication",
        _application("CREATED", response("ApplicationId"), stop="DeleteApplication"),
        extra_permissions=(_LINKED_ROLE,),
    ),
    Integration(
        EMR_SERVERLESS,
        "startApplication",
        _application("STARTED", _GIVEN, stop="StopApplication"),
    ),
    Integration(EMR_SERVERLESS, "stopApplication", _application("STOPPED", _GIVEN)),
    Integration(EMR_SERVERLESS, "deleteApplication", _application("TERMINATED", _GIVEN)),
    Integration(
        EMR_SERVERLESS,
        "startJobRun",
        _run(
            response("JobRunId"),
            "SUCCESS",
            {"FAILED", "CANCELLED"},
            stop="CancelJobRun",
            is_result=True,
        ),
    ),
    Integration(
        EMR_SERVERLESS,
        "cancelJobRun",
        _run(
            argument("JobRunId"),
            "CANCELLED",
            {"SUCCESS", "FAILED"},
            stop=None,
            is_result=False,
        ),
    ),
)
