"""AWS Glue DataBrew."""

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

DATABREW = Service(
    "databrew",
    "DataBrew",
    "databrew",
    "databrew",
    GUIDE + "connect-databrew.html",
    error=Error("DataBrew", "AWSGlueDataBrew"),
)
_RUN = {"Name": argument("Name"), "RunId": response("RunId")}

ROWS = (
    Integration(
        DATABREW,
        "startJobRun",
        targets=(Target("Name", "databrew", "job/%s"),),
        job=Job(
            permissions=("databrew:DescribeJobRun", "databrew:StopJobRun"),
            optional_permissions=("databrew:ListJobRuns",),
            source=DATABREW.source,
            polling=Polling(
                describe="DescribeJobRun",
                describe_with=_RUN,
                status_path=("State",),
                succeeded=frozenset({"SUCCEEDED"}),
                failed=frozenset({"FAILED", "STOPPED", "TIMEOUT"}),
                stop="StopJobRun",
                stop_with=_RUN,
            ),
        ),
    ),
)
