"""Amazon EMR on EKS."""

from __future__ import annotations

from ratchet.workflow.integrations.row import (
    GUIDE,
    Extra,
    Integration,
    Job,
    Polling,
    Service,
    Target,
    argument,
    response,
)

EMR_CONTAINERS = Service(
    "emr-containers",
    "EMR on EKS",
    "emr-containers",
    "emr-containers",
    GUIDE + "connect-emr-eks.html",
)
_RUN = {"Id": response("Id"), "VirtualClusterId": argument("VirtualClusterId")}

ROWS = (
    Integration(
        EMR_CONTAINERS,
        "createVirtualCluster",
        extra_permissions=(
            Extra(
                ("iam:CreateServiceLinkedRole",),
                "iam::${AWS::AccountId}:role/aws-service-role/emr-containers.amazonaws.com/"
                "AWSServiceRoleForAmazonEMRContainers",
                (("iam:AWSServiceName", "emr-containers.amazonaws.com"),),
            ),
        ),
    ),
    Integration(
        EMR_CONTAINERS,
        "deleteVirtualCluster",
        job=Job(
            permissions=("emr-containers:DescribeVirtualCluster",),
            source=EMR_CONTAINERS.source,
            followed=Target("Id", "emr-containers", "/virtualclusters/%s"),
            polling=Polling(
                describe="DescribeVirtualCluster",
                describe_with={"Id": argument("Id")},
                job_path=("virtualCluster",),
                status_path=("state",),
                succeeded=frozenset({"TERMINATED"}),
                failed=frozenset({"ARRESTED"}),
                is_result=False,
            ),
        ),
    ),
    Integration(
        EMR_CONTAINERS,
        "startJobRun",
        job=Job(
            permissions=("emr-containers:DescribeJobRun", "emr-containers:CancelJobRun"),
            source=EMR_CONTAINERS.source,
            followed=Target("VirtualClusterId", "emr-containers", "/virtualclusters/%s/jobruns/*"),
            polling=Polling(
                describe="DescribeJobRun",
                describe_with=_RUN,
                job_path=("jobRun",),
                status_path=("state",),
                succeeded=frozenset({"COMPLETED"}),
                failed=frozenset({"FAILED", "CANCELLED"}),
                stop="CancelJobRun",
                stop_with=_RUN,
                is_result=False,
            ),
        ),
    ),
)
