"""AWS Elemental MediaConvert."""

from __future__ import annotations

from ratchet.workflow.integrations.row import GUIDE, Integration, Job, Polling, Service, answer

MEDIACONVERT = Service(
    "mediaconvert",
    "MediaConvert",
    "mediaconvert",
    "mediaconvert",
    GUIDE + "connect-mediaconvert.html",
)
_JOB = {"Id": answer("Job", "Id")}

ROWS = (
    Integration(
        MEDIACONVERT,
        "createJob",
        passes={"Role": "mediaconvert.amazonaws.com"},
        job=Job(
            rights=("mediaconvert:GetJob", "mediaconvert:CancelJob"),
            rule="StepFunctionsGetEventsForMediaConvertJobRule",
            source=MEDIACONVERT.source,
            polling=Polling(
                describe="GetJob",
                named=_JOB,
                inside=("Job",),
                status=("Status",),
                good=frozenset({"COMPLETE"}),
                bad=frozenset({"CANCELED", "ERROR"}),
                stop="CancelJob",
                stopped=_JOB,
                is_result=False,
            ),
        ),
    ),
)
