"""AWS Batch."""

from __future__ import annotations

from ratchet.workflow.integrations.row import GUIDE, Integration, Job, Polling, Service, answer

BATCH = Service("batch", "Batch", "batch", "batch", GUIDE + "connect-batch.html")

ROWS = (
    Integration(
        BATCH,
        "submitJob",
        job=Job(
            rights=("batch:DescribeJobs", "batch:TerminateJob"),
            rule="StepFunctionsGetEventsForBatchJobsRule",
            source=BATCH.source,
            anywhere=True,
            polling=Polling(
                describe="DescribeJobs",
                named={"Jobs": answer("JobId", in_list=True)},
                inside=("jobs", "[]"),
                status=("status",),
                good=frozenset({"SUCCEEDED"}),
                bad=frozenset({"FAILED"}),
                stop="TerminateJob",
                stopped={"JobId": answer("JobId")},
            ),
        ),
    ),
)
