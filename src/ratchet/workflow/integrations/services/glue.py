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
    argument,
    response,
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
            permissions=("glue:GetJobRun", "glue:BatchStopJobRun"),
            optional_permissions=("glue:GetJobRuns",),
            source=GLUE.source,
            polling=Polling(
                describe="GetJobRun",
                describe_with={"JobName": argument("JobName"), "RunId": response("JobRunId")},
                job_path=("JobRun",),
                status_path=("JobRunState",),
                succeeded=frozenset({"SUCCEEDED"}),
                failed=frozenset({"FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"}),
                stop="BatchStopJobRun",
                stop_with={
                    "JobName": argument("JobName"),
                    "JobRunIds": response("JobRunId", in_list=True),
                },
            ),
        ),
    ),
)
