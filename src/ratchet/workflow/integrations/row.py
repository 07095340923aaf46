"""The fields of a row: everything Ratchet knows about one action of an optimised integration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ratchet.workflow.integrations.resource import Pattern
from ratchet.workflow.integrations.service_models import Operation

GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg/"


@dataclass(frozen=True, slots=True)
class Arguments:
    """Accepted and required arguments of an integration whose input is not that of an API."""

    names: frozenset[str]
    needed: tuple[str, ...]


def arguments(required: str, optional: str = "") -> Arguments:
    """Arguments from space-separated names, required ones first."""
    return Arguments(frozenset((*required.split(), *optional.split())), tuple(required.split()))


@dataclass(frozen=True, slots=True)
class Target:
    """The argument that names the resource of a call, and the ARN that it makes.

    Access is granted on the ARN with each of the `suffixes`.
    """

    parameter: str
    service: str
    path: str
    suffixes: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class Extra:
    """Permissions that a call needs on another resource.

    `resource` is "*" or an ARN without `arn:` and the partition.
    """

    actions: tuple[str, ...]
    resource: str
    condition: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Error:
    """The names in errors of failed calls: `SageMaker.AmazonSageMakerException`.

    `java` is the service's name in the AWS SDK for Java 1.x, on which the integrations are built.
    """

    prefix: str
    java: str


@dataclass(frozen=True, slots=True)
class Service:
    """A service with optimised integrations, under the name it has in a Resource.

    `model` is its botocore name, or "" if it has no API. `iam` is its prefix in policies, `source`
    the page of AWS that documents them, and `principal` the service that assumes the roles passed
    in a call (default: `iam` at amazonaws.com). `target` applies to calls without targets.
    """

    name: str
    caption: str
    model: str
    iam: str
    source: str
    principal: str = ""
    target: Target | None = None
    error: Error | None = None


@dataclass(frozen=True, slots=True)
class From:
    """Where a parameter comes from: the Task's arguments or the response of its call."""

    source: Literal["arguments", "response"]
    path: tuple[str | int, ...]
    in_list: bool = False

    def value(self, arguments: Any, response: Any) -> Any:
        """The parameter's value; both are in Step Functions' spelling."""
        value = arguments if self.source == "arguments" else response
        for step in self.path:
            value = value[step]
        return [value] if self.in_list else value


def argument(*path: str | int) -> From:
    """The value at this path of the Task's arguments."""
    return From("arguments", path)


def response(*path: str | int, in_list: bool = False) -> From:
    """The value at this path of the call's response."""
    return From("response", path, in_list)


Parameters = Mapping[str, From]
"""The parameters of a call, in Step Functions' spelling, and where each comes from."""


@dataclass(frozen=True, slots=True)
class Polling:
    """How the status of a job is read and how the job is stopped.

    Operations and members are spelt as in the API. `job_path` leads to the job in the response of
    `describe` ("[]" stands for an element of a list), `status_path` from the job to its status.
    With `succeeds_when_gone`, the job has succeeded once `describe` no longer finds it.
    `is_result` is true if the Task's result is the described job; false where AWS does not
    document the result.
    """

    describe: str
    describe_with: Parameters
    status_path: tuple[str, ...]
    succeeded: frozenset[str]
    failed: frozenset[str]
    stop: str | None = None
    stop_with: Parameters = field(default_factory=dict)
    job_path: tuple[str, ...] = ()
    succeeds_when_gone: bool = False
    is_result: bool = True


@dataclass(frozen=True, slots=True)
class Job:
    """What `.sync` waits for, and the permissions with which Step Functions follows and stops it.

    `source` is the page of AWS that documents the permissions, `rule` the managed EventBridge rule
    for such jobs. `optional_permissions` are in the documented policy, but jobs are followed
    without them. `starting_permissions` are needed by the call itself, with `.sync` only.
    `followed` is the resource that the permissions are granted on if it is not the call's target;
    with `on_any_resource` they cannot be restricted. A job outside AWS's APIs has no `polling`.
    """

    permissions: tuple[str, ...]
    source: str
    rule: str | None = None
    optional_permissions: tuple[str, ...] = ()
    starting_permissions: tuple[str, ...] = ()
    followed: Target | None = None
    on_any_resource: bool = False
    polling: Polling | None = None
    has_second_version: bool = False


@dataclass(frozen=True, slots=True)
class Integration:
    """One action of an optimised integration.

    `operation_name` is the API operation: "" if it is named like the action, None if there is
    none. `model` is its botocore service, if that differs from the service's. `permissions` are
    those of the call, if they are not named like the operation; with `is_certain` the call fails
    without them. `passed_roles` maps an argument that holds a role to the service that assumes it;
    arguments that end in RoleArn are passed to the service's principal. With `has_own_result` the
    Task's result is not the operation's output.
    """

    service: Service
    action: str
    job: Job | None = None
    callback: bool = False
    operation_name: str | None = ""
    model: str = ""
    arguments: Arguments | None = None
    has_own_result: bool = False
    permissions: tuple[str, ...] = ()
    is_certain: bool = True
    targets: tuple[Target, ...] = ()
    extra_permissions: tuple[Extra, ...] = ()
    tagging_permission: str | None = None
    passed_roles: Mapping[str, str] = field(default_factory=dict)

    @property
    def operation(self) -> Operation | None:
        """The operation of the API behind the action."""
        model = self.model or self.service.model
        if self.operation_name is None or not model:
            return None
        return Operation(model, self.operation_name or capital(self.action))

    @property
    def call_permissions(self) -> tuple[str, ...]:
        """The permissions of the call itself."""
        name = self.operation_name or capital(self.action)
        return self.permissions or (f"{self.service.iam}:{name}",)

    @property
    def patterns(self) -> frozenset[Pattern]:
        """The patterns in which AWS offers the action."""
        found: set[Pattern] = {"request"}
        if self.callback:
            found.add("waitForTaskToken")
        if self.job is not None:
            found |= {"sync", "sync:2"} if self.job.has_second_version else {"sync"}
        return frozenset(found)


def capital(action: str) -> str:
    """`createModel` -> `CreateModel`."""
    return action[:1].upper() + action[1:]
