"""Amazon EKS: clusters through its API, jobs and calls through the Kubernetes API."""

from __future__ import annotations

from dataclasses import dataclass

from ratchet.workflow.integrations.row import (
    GUIDE,
    Arguments,
    Extra,
    Integration,
    Job,
    Polling,
    Service,
    Target,
    argument,
    arguments,
)

EKS = Service("eks", "EKS", "eks", "eks", GUIDE + "connect-eks.html")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of EKS resource: it is CREATING, ACTIVE, DELETING, and then gone."""

    name: str
    member: str
    followed: Target
    named_by: tuple[str, ...]
    failed_to_create: str
    failed_to_delete: str

    def created(self) -> Job:
        return Job(
            permissions=(f"eks:Describe{self.name}", f"eks:Delete{self.name}"),
            source=EKS.source,
            followed=self.followed,
            polling=self._polling(succeeded={"ACTIVE"}, failed={self.failed_to_create}),
        )

    def deleted(self) -> Job:
        return Job(
            permissions=(f"eks:Describe{self.name}",),
            source=EKS.source,
            followed=self.followed,
            polling=self._polling(succeeded=set(), failed={self.failed_to_delete}),
        )

    def _polling(self, succeeded: set[str], failed: set[str]) -> Polling:
        named = {parameter: argument(parameter) for parameter in self.named_by}
        return Polling(
            describe=f"Describe{self.name}",
            describe_with=named,
            job_path=(self.member,),
            status_path=("status",),
            succeeded=frozenset(succeeded),
            failed=frozenset(failed),
            stop=f"Delete{self.name}" if succeeded else None,
            stop_with=named if succeeded else {},
            succeeds_when_gone=not succeeded,
            is_result=False,
        )


_CLUSTER = _Kind(
    "Cluster", "cluster", Target("Name", "eks", "cluster/%s"), ("Name",), "FAILED", "FAILED"
)
_NODEGROUP = _Kind(
    "Nodegroup",
    "nodegroup",
    Target("ClusterName", "eks", "nodegroup/%s/*"),
    ("ClusterName", "NodegroupName"),
    "CREATE_FAILED",
    "DELETE_FAILED",
)
_PROFILE = _Kind(
    "FargateProfile",
    "fargateProfile",
    Target("ClusterName", "eks", "fargateprofile/%s/*"),
    ("ClusterName", "FargateProfileName"),
    "CREATE_FAILED",
    "DELETE_FAILED",
)


def _kubernetes(action: str, takes: Arguments, job: Job | None = None) -> Integration:
    """A request to a cluster's own API: Kubernetes, not IAM, decides what the role may do."""
    return Integration(
        EKS,
        action,
        job,
        callback=True,
        operation_name=None,
        arguments=takes,
        has_own_result=True,
        permissions=("eks:DescribeCluster",),
        is_certain=False,
    )


ROWS = (
    _kubernetes(
        "call",
        arguments(
            "ClusterName CertificateAuthority Endpoint Method Path", "QueryParameters RequestBody"
        ),
    ),
    _kubernetes(
        "runJob",
        arguments("ClusterName CertificateAuthority Endpoint Job", "Namespace LogOptions"),
        Job(permissions=(), source=EKS.source),  # polled through the Kubernetes API
    ),
    Integration(EKS, "createCluster", _CLUSTER.created(), has_own_result=True),
    Integration(EKS, "deleteCluster", _CLUSTER.deleted(), has_own_result=True),
    Integration(
        EKS,
        "createNodegroup",
        _NODEGROUP.created(),
        has_own_result=True,
        extra_permissions=(
            Extra(("ec2:DescribeSubnets",), "*"),
            Extra(("iam:GetRole", "iam:ListAttachedRolePolicies"), "iam::${AWS::AccountId}:role/*"),
        ),
        passed_roles={"NodeRole": "eks.amazonaws.com"},
    ),
    Integration(EKS, "deleteNodegroup", _NODEGROUP.deleted(), has_own_result=True),
    Integration(EKS, "createFargateProfile", _PROFILE.created(), has_own_result=True),
    Integration(EKS, "deleteFargateProfile", _PROFILE.deleted(), has_own_result=True),
)
