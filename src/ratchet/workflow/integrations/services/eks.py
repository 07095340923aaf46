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
    """Something of EKS with a life of its own: CREATING, ACTIVE, DELETING, gone."""

    name: str
    member: str
    watched: Target
    named_by: tuple[str, ...]
    failed_to_create: str
    failed_to_delete: str

    def created(self) -> Job:
        return Job(
            rights=(f"eks:Describe{self.name}", f"eks:Delete{self.name}"),
            source=EKS.source,
            watched=self.watched,
            polling=self._polling(good={"ACTIVE"}, bad={self.failed_to_create}),
        )

    def deleted(self) -> Job:
        return Job(
            rights=(f"eks:Describe{self.name}",),
            source=EKS.source,
            watched=self.watched,
            polling=self._polling(good=set(), bad={self.failed_to_delete}),
        )

    def _polling(self, good: set[str], bad: set[str]) -> Polling:
        named = {parameter: argument(parameter) for parameter in self.named_by}
        return Polling(
            describe=f"Describe{self.name}",
            named=named,
            inside=(self.member,),
            status=("status",),
            good=frozenset(good),
            bad=frozenset(bad),
            stop=f"Delete{self.name}" if good else None,
            stopped=named if good else {},
            until_gone=not good,
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
    """A request to a cluster's own API, where Kubernetes decides what the role may do, not IAM."""
    return Integration(
        EKS,
        action,
        job,
        callback=True,
        calls=None,
        arguments=takes,
        own_result=True,
        rights=("eks:DescribeCluster",),
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
        Job(rights=(), source=EKS.source),  # polled at the cluster, as a Kubernetes user
    ),
    Integration(EKS, "createCluster", _CLUSTER.created(), own_result=True),
    Integration(EKS, "deleteCluster", _CLUSTER.deleted(), own_result=True),
    Integration(
        EKS,
        "createNodegroup",
        _NODEGROUP.created(),
        own_result=True,
        extras=(
            Extra(("ec2:DescribeSubnets",), "*"),
            Extra(("iam:GetRole", "iam:ListAttachedRolePolicies"), "iam::${AWS::AccountId}:role/*"),
        ),
        passes={"NodeRole": "eks.amazonaws.com"},
    ),
    Integration(EKS, "deleteNodegroup", _NODEGROUP.deleted(), own_result=True),
    Integration(EKS, "createFargateProfile", _PROFILE.created(), own_result=True),
    Integration(EKS, "deleteFargateProfile", _PROFILE.deleted(), own_result=True),
)
