"""AWS Elemental MediaConvert."""

from __future__ import annotations

from ratchet.workflow.integrations.row import GUIDE, Integration, Job, Polling, Service, response

MEDIACONVERT = Service(
    "mediaconvert",
    "MediaConvert",
    "mediaconvert",
    "mediaconvert",
    GUIDE + "connect-mediaconvert.html",
)
_JOB = {"Id": response("Job", "Id")}

ROWS = (
    Integration(
        MEDIACONVERT,
        "createJob",
        passed_roles={"Role": "mediaconvert.amazonaws.com"},
        job=Job(
            permissions=("mediaconvert:GetJob", "mediaconvert:CancelJob"),
            rule="StepFunctionsGetEventsForMediaConvertJobRule",
            source=MEDIACONVERT.source,
            polling=Polling(
                describe="GetJob",
                describe_with=_JOB,
                job_path=("Job",),
                status_path=("Status",),
                succeeded=frozenset({"COMPLETE"}),
                failed=frozenset({"CANCELED", "ERROR"}),
                stop="CancelJob",
                stop_with=_JOB,
                is_result=False,
            ),
        ),
    ),
)
