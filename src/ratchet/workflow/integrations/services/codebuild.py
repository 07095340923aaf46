"""AWS CodeBuild."""

from __future__ import annotations

from ratchet.workflow.integrations.row import GUIDE, Integration, Job, Polling, Service, response

CODEBUILD = Service(
    "codebuild", "CodeBuild", "codebuild", "codebuild", GUIDE + "connect-codebuild.html"
)
_SUCCEEDED = frozenset({"SUCCEEDED"})
_FAILED = frozenset({"FAILED", "FAULT", "TIMED_OUT", "STOPPED"})


def _batch(rule: str | None = None) -> Job:
    return Job(
        permissions=("codebuild:BatchGetBuildBatches", "codebuild:StopBuildBatch"),
        rule=rule,
        source=CODEBUILD.source,
        polling=Polling(
            describe="BatchGetBuildBatches",
            describe_with={"Ids": response("BuildBatch", "Id", in_list=True)},
            job_path=("buildBatches", "[]"),
            status_path=("buildBatchStatus",),
            succeeded=_SUCCEEDED,
            failed=_FAILED,
            stop="StopBuildBatch",
            stop_with={"Id": response("BuildBatch", "Id")},
            is_result=False,
        ),
    )


ROWS = (
    Integration(
        CODEBUILD,
        "startBuild",
        job=Job(
            permissions=("codebuild:BatchGetBuilds", "codebuild:StopBuild"),
            rule="StepFunctionsGetEventForCodeBuildStartBuildRule",
            source=CODEBUILD.source,
            polling=Polling(
                describe="BatchGetBuilds",
                describe_with={"Ids": response("Build", "Id", in_list=True)},
                job_path=("builds", "[]"),
                status_path=("buildStatus",),
                succeeded=_SUCCEEDED,
                failed=_FAILED,
                stop="StopBuild",
                stop_with={"Id": response("Build", "Id")},
                # AWS's samples read $.Build.ReportArns, so the result is not the build itself.
                is_result=False,
            ),
        ),
    ),
    Integration(CODEBUILD, "stopBuild"),
    Integration(CODEBUILD, "batchDeleteBuilds"),
    Integration(CODEBUILD, "batchGetReports"),
    Integration(
        CODEBUILD, "startBuildBatch", _batch("StepFunctionsGetEventForCodeBuildStartBuildBatchRule")
    ),
    Integration(CODEBUILD, "stopBuildBatch"),
    # AWS's policy for this action has no EventBridge rule.
    Integration(CODEBUILD, "retryBuildBatch", _batch()),
    Integration(CODEBUILD, "deleteBuildBatch"),
)
