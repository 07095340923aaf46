"""AWS CodeBuild."""

from __future__ import annotations

from ratchet.workflow.integrations.row import GUIDE, Integration, Job, Polling, Service, answer

CODEBUILD = Service(
    "codebuild", "CodeBuild", "codebuild", "codebuild", GUIDE + "connect-codebuild.html"
)
_GOOD = frozenset({"SUCCEEDED"})
_BAD = frozenset({"FAILED", "FAULT", "TIMED_OUT", "STOPPED"})


def _batch(rule: str | None = None) -> Job:
    return Job(
        rights=("codebuild:BatchGetBuildBatches", "codebuild:StopBuildBatch"),
        rule=rule,
        source=CODEBUILD.source,
        polling=Polling(
            describe="BatchGetBuildBatches",
            named={"Ids": answer("BuildBatch", "Id", in_list=True)},
            inside=("buildBatches", "[]"),
            status=("buildBatchStatus",),
            good=_GOOD,
            bad=_BAD,
            stop="StopBuildBatch",
            stopped={"Id": answer("BuildBatch", "Id")},
            is_result=False,
        ),
    )


ROWS = (
    Integration(
        CODEBUILD,
        "startBuild",
        job=Job(
            rights=("codebuild:BatchGetBuilds", "codebuild:StopBuild"),
            rule="StepFunctionsGetEventForCodeBuildStartBuildRule",
            source=CODEBUILD.source,
            polling=Polling(
                describe="BatchGetBuilds",
                named={"Ids": answer("Build", "Id", in_list=True)},
                inside=("builds", "[]"),
                status=("buildStatus",),
                good=_GOOD,
                bad=_BAD,
                stop="StopBuild",
                stopped={"Id": answer("Build", "Id")},
                # AWS's samples read $.Build.ReportArns of it: the build is not the whole result.
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
    # AWS documents no rule for this one: such batches are polled.
    Integration(CODEBUILD, "retryBuildBatch", _batch()),
    Integration(CODEBUILD, "deleteBuildBatch"),
)
