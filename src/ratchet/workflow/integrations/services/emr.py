"""Amazon EMR on EC2. Its actions have names and arguments of Step Functions' own."""

from __future__ import annotations

from ratchet.workflow.integrations.row import (
    GUIDE,
    Integration,
    Job,
    Polling,
    Service,
    answer,
    argument,
    arguments,
)

EMR = Service("elasticmapreduce", "EMR", "emr", "elasticmapreduce", GUIDE + "connect-emr.html")

_CREATED = Job(
    rights=("elasticmapreduce:DescribeCluster", "elasticmapreduce:TerminateJobFlows"),
    rule="StepFunctionsGetEventForEMRRunJobFlowRule",
    source=EMR.source,
    polling=Polling(
        describe="DescribeCluster",
        named={"ClusterId": answer("ClusterId")},
        inside=("Cluster",),
        status=("Status", "State"),
        good=frozenset({"WAITING"}),
        bad=frozenset({"TERMINATED", "TERMINATED_WITH_ERRORS"}),
        stop="TerminateJobFlows",
        stopped={"JobFlowIds": answer("ClusterId", in_list=True)},
        is_result=False,
    ),
)
_TERMINATED = Job(
    rights=("elasticmapreduce:DescribeCluster",),
    rule="StepFunctionsGetEventForEMRTerminateJobFlowsRule",
    source=EMR.source,
    polling=Polling(
        describe="DescribeCluster",
        named={"ClusterId": argument("ClusterId")},
        inside=("Cluster",),
        status=("Status", "State"),
        good=frozenset({"TERMINATED"}),
        bad=frozenset({"TERMINATED_WITH_ERRORS"}),
        is_result=False,
    ),
)
_STEP = Job(
    rights=("elasticmapreduce:DescribeStep", "elasticmapreduce:CancelSteps"),
    rule="StepFunctionsGetEventForEMRAddJobFlowStepsRule",
    source=EMR.source,
    polling=Polling(
        describe="DescribeStep",
        named={"ClusterId": argument("ClusterId"), "StepId": answer("StepId")},
        inside=("Step",),
        status=("Status", "State"),
        good=frozenset({"COMPLETED"}),
        bad=frozenset({"FAILED", "CANCELLED", "INTERRUPTED"}),
        stop="CancelSteps",
        stopped={
            "ClusterId": argument("ClusterId"),
            "StepIds": answer("StepId", in_list=True),
        },
        is_result=False,
    ),
)


def _row(action: str, takes: str, *rights: str, job: Job | None = None) -> Integration:
    return Integration(
        EMR,
        action,
        job,
        calls=None,
        arguments=arguments(takes, "ExecutionRoleArn" if action == "addStep" else ""),
        own_result=True,
        rights=tuple(f"elasticmapreduce:{right}" for right in rights),
    )


ROWS = (
    Integration(
        EMR,
        "createCluster",
        _CREATED,
        calls="RunJobFlow",
        own_result=True,
        passes={
            "ServiceRole": "elasticmapreduce.amazonaws.com",
            "JobFlowRole": "ec2.amazonaws.com",
        },
    ),
    _row("terminateCluster", "ClusterId", "TerminateJobFlows", job=_TERMINATED),
    _row("addStep", "ClusterId Step", "AddJobFlowSteps", job=_STEP),
    _row("cancelStep", "ClusterId StepId", "CancelSteps"),
    _row(
        "setClusterTerminationProtection",
        "ClusterId TerminationProtected",
        "SetTerminationProtection",
    ),
    _row(
        "modifyInstanceFleetByName",
        "ClusterId InstanceFleetName InstanceFleet",
        "ModifyInstanceFleet",
        "ListInstanceFleets",
    ),
    _row(
        "modifyInstanceGroupByName",
        "ClusterId InstanceGroupName InstanceGroup",
        "ModifyInstanceGroups",
        "ListInstanceGroups",
    ),
)
