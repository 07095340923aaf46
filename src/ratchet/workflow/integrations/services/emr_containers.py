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
    answer,
    argument,
)

EMR_CONTAINERS = Service(
    "emr-containers",
    "EMR on EKS",
    "emr-containers",
    "emr-containers",
    GUIDE + "connect-emr-eks.html",
)
_RUN = {"Id": answer("Id"), "VirtualClusterId": argument("VirtualClusterId")}

ROWS = (
    Integration(
        EMR_CONTAINERS,
        "createVirtualCluster",
        extras=(
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
            rights=("emr-containers:DescribeVirtualCluster",),
            source=EMR_CONTAINERS.source,
            watched=Target("Id", "emr-containers", "/virtualclusters/%s"),
            polling=Polling(
                describe="DescribeVirtualCluster",
                named={"Id": argument("Id")},
                inside=("virtualCluster",),
                status=("state",),
                good=frozenset({"TERMINATED"}),
                bad=frozenset({"ARRESTED"}),
                is_result=False,
            ),
        ),
    ),
    Integration(
        EMR_CONTAINERS,
        "startJobRun",
        job=Job(
            rights=("emr-containers:DescribeJobRun", "emr-containers:CancelJobRun"),
            source=EMR_CONTAINERS.source,
            watched=Target("VirtualClusterId", "emr-containers", "/virtualclusters/%s/jobruns/*"),
            polling=Polling(
                describe="DescribeJobRun",
                named=_RUN,
                inside=("jobRun",),
                status=("state",),
                good=frozenset({"COMPLETED"}),
                bad=frozenset({"FAILED", "CANCELLED"}),
                stop="CancelJobRun",
                stopped=_RUN,
                is_result=False,
            ),
        ),
    ),
)
