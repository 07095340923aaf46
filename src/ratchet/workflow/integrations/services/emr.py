"""Amazon EMR on EC2. Step Functions has its own names and arguments for the actions."""

from __future__ import annotations

from ratchet.workflow.integrations.row import (
    GUIDE,
    Integration,
    Job,
    Polling,
    Service,
    argument,
    arguments,
    response,
)

EMR = Service("elasticmapreduce", "EMR", "emr", "elasticmapreduce", GUIDE + "connect-emr.html")

_CREATED = Job(
    permissions=("elasticmapreduce:DescribeCluster", "elasticmapreduce:TerminateJobFlows"),
    rule="StepFunctionsGetEventForEMRRunJobFlowRule",
    source=EMR.source,
    polling=Polling(
        describe="DescribeCluster",
        describe_with={"ClusterId": response("ClusterId")},
        job_path=("Cluster",),
        status_path=("Status", "State"),
        succeeded=frozenset({"WAITING"}),
        failed=frozenset({"TERMINATED", "TERMINATED_WITH_ERRORS"}),
        stop="TerminateJobFlows",
        stop_with={"JobFlowIds": response("ClusterId", in_list=True)},
        is_result=False,
    ),
)
_TERMINATED = Job(
    permissions=("elasticmapreduce:DescribeCluster",),
    rule="StepFunctionsGetEventForEMRTerminateJobFlowsRule",
    source=EMR.source,
    polling=Polling(
        describe="DescribeCluster",
        describe_with={"ClusterId": argument("ClusterId")},
        job_path=("Cluster",),
        status_path=("Status", "State"),
        succeeded=frozenset({"TERMINATED"}),
        failed=frozenset({"TERMINATED_WITH_ERRORS"}),
        is_result=False,
    ),
)
_STEP = Job(
    permissions=("elasticmapreduce:DescribeStep", "elasticmapreduce:CancelSteps"),
    rule="StepFunctionsGetEventForEMRAddJobFlowStepsRule",
    source=EMR.source,
    polling=Polling(
        describe="DescribeStep",
        describe_with={"ClusterId": argument("ClusterId"), "StepId": response("StepId")},
        job_path=("Step",),
        status_path=("Status", "State"),
        succeeded=frozenset({"COMPLETED"}),
        failed=frozenset({"FAILED", "CANCELLED", "INTERRUPTED"}),
        stop="CancelSteps",
        stop_with={
            "ClusterId": argument("ClusterId"),
            "StepIds": response("StepId", in_list=True),
        },
        is_result=False,
    ),
)


def _row(action: str, required: str, *permissions: str, job: Job | None = None) -> Integration:
    return Integration(
        EMR,
        action,
        job,
        operation_name=None,
        arguments=arguments(required, "ExecutionRoleArn" if action == "addStep" else ""),
        has_own_result=True,
        permissions=tuple(f"elasticmapreduce:{name}" for name in permissions),
    )


ROWS = (
    Integration(
        EMR,
        "createCluster",
        _CREATED,
        operation_name="RunJobFlow",
        has_own_result=True,
        passed_roles={
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
