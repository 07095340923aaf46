"""AWS Glue."""

from __future__ import annotations

from ratchet.workflow.integrations.row import (
    GUIDE,
    Error,
    Integration,
    Job,
    Polling,
    Service,
    Target,
    answer,
    argument,
)

GLUE = Service(
    "glue",
    "Glue",
    "glue",
    "glue",
    GUIDE + "connect-glue.html",
    error=Error("Glue", "AWSGlue"),
)

ROWS = (
    Integration(
        GLUE,
        "startJobRun",
        targets=(Target("JobName", "glue", "job/%s"),),
        job=Job(
            rights=("glue:GetJobRun", "glue:BatchStopJobRun"),
            also=("glue:GetJobRuns",),
            source=GLUE.source,
            polling=Polling(
                describe="GetJobRun",
                named={"JobName": argument("JobName"), "RunId": answer("JobRunId")},
                inside=("JobRun",),
                status=("JobRunState",),
                good=frozenset({"SUCCEEDED"}),
                bad=frozenset({"FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"}),
                stop="BatchStopJobRun",
                stopped={
                    "JobName": argument("JobName"),
                    "JobRunIds": answer("JobRunId", in_list=True),
                },
            ),
        ),
    ),
)
