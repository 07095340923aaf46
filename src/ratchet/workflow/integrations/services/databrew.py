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
    answer,
    argument,
)

DATABREW = Service(
    "databrew",
    "DataBrew",
    "databrew",
    "databrew",
    GUIDE + "connect-databrew.html",
    error=Error("DataBrew", "AWSGlueDataBrew"),
)
_RUN = {"Name": argument("Name"), "RunId": answer("RunId")}

ROWS = (
    Integration(
        DATABREW,
        "startJobRun",
        targets=(Target("Name", "databrew", "job/%s"),),
        job=Job(
            rights=("databrew:DescribeJobRun", "databrew:StopJobRun"),
            also=("databrew:ListJobRuns",),
            source=DATABREW.source,
            polling=Polling(
                describe="DescribeJobRun",
                named=_RUN,
                status=("State",),
                good=frozenset({"SUCCEEDED"}),
                bad=frozenset({"FAILED", "STOPPED", "TIMEOUT"}),
                stop="StopJobRun",
                stopped=_RUN,
            ),
        ),
    ),
)
