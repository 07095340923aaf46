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
    answer,
    argument,
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
    """An application is followed until it is in `state`; a stopped Task undoes it with `stop`."""
    named = {"ApplicationId": where}
    undoing = (f"emr-serverless:{stop}",) if stop is not None else ()
    return Job(
        rights=("emr-serverless:GetApplication", *undoing),
        rule="StepFunctionsGetEventsForEMRServerlessApplicationRule",
        source=EMR_SERVERLESS.source,
        polling=Polling(
            describe="GetApplication",
            named=named,
            inside=("application",),
            status=("state",),
            good=frozenset({state}),
            bad=frozenset({"TERMINATED"} - {state}),
            stop=stop,
            stopped=named if stop is not None else {},
            is_result=False,
        ),
    )


def _run(where: From, good: str, bad: set[str], *, stop: str | None, is_result: bool) -> Job:
    named = {"ApplicationId": argument("ApplicationId"), "JobRunId": where}
    stopping = (f"emr-serverless:{stop}",) if stop is not None else ()
    return Job(
        rights=("emr-serverless:GetJobRun", *stopping),
        rule="StepFunctionsGetEventsForEMRServerlessJobRule",
        source=EMR_SERVERLESS.source,
        polling=Polling(
            describe="GetJobRun",
            named=named,
            inside=("jobRun",),
            status=("state",),
            good=frozenset({good}),
            bad=frozenset(bad),
            stop=stop,
            stopped=named if stop is not None else {},
            is_result=is_result,
        ),
    )


_GIVEN = argument("ApplicationId")

ROWS = (
    Integration(
        EMR_SERVERLESS,
        "createApplication",
        _application("CREATED", answer("ApplicationId"), stop="DeleteApplication"),
        extras=(_LINKED_ROLE,),
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
            answer("JobRunId"),
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
