"""AWS Batch."""

from __future__ import annotations

from ratchet.workflow.integrations.row import GUIDE, Integration, Job, Polling, Service, response

BATCH = Service("batch", "Batch", "batch", "batch", GUIDE + "connect-batch.html")

ROWS = (
    Integration(
        BATCH,
        "submitJob",
        job=Job(
            permissions=("batch:DescribeJobs", "batch:TerminateJob"),
            rule="StepFunctionsGetEventsForBatchJobsRule",
            source=BATCH.source,
            on_any_resource=True,
            polling=Polling(
                describe="DescribeJobs",
                describe_with={"Jobs": response("JobId", in_list=True)},
                job_path=("jobs", "[]"),
                status_path=("status",),
                succeeded=frozenset({"SUCCEEDED"}),
                failed=frozenset({"FAILED"}),
                stop="TerminateJob",
                stop_with={"JobId": response("JobId")},
            ),
        ),
    ),
)
