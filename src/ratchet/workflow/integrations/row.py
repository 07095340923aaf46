"""The form of a row: one action of an optimised integration, and all that is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ratchet.workflow.integrations.resource import Pattern

GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg/"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of an API: botocore's name of the service, and the operation's own."""

    service: str
    name: str


@dataclass(frozen=True, slots=True)
class Arguments:
    """What an integration takes and what it needs, where that is not an API's input."""

    names: frozenset[str]
    needed: tuple[str, ...]


def arguments(needed: str, others: str = "") -> Arguments:
    """The names as AWS's page lists them, separated by spaces."""
    return Arguments(frozenset((*needed.split(), *others.split())), tuple(needed.split()))


@dataclass(frozen=True, slots=True)
class Target:
    """An argument that names what a call is about, and where the name stands in its ARN.

    `suffixes` are the endings with which the ARN is granted.
    """

    parameter: str
    service: str
    path: str
    suffixes: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class Extra:
    """Rights that a call needs on something else: a pattern of the ARN below the partition."""

    actions: tuple[str, ...]
    resource: str
    condition: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Error:
    """How failed calls are named: `SageMaker.AmazonSageMakerException`.

    `java` is the service's name in the AWS SDK for Java 1.x, on which the integrations are built.
    """

    prefix: str
    java: str


@dataclass(frozen=True, slots=True)
class Service:
    """A service with optimised integrations, as Step Functions names it.

    `model` is botocore's name of it; "" for one without an API. `iam` is its prefix in policies,
    and `principal` who takes the roles that are passed in a call. `target` is what any of its
    calls is about.
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
    """Where a parameter comes from: the Task's arguments, or the answer of the call."""

    source: Literal["arguments", "answer"]
    path: tuple[str | int, ...]
    in_list: bool = False

    def value(self, given: Any, answer: Any) -> Any:
        """The parameter's value, read from what Step Functions gave and got."""
        value = given if self.source == "arguments" else answer
        for step in self.path:
            value = value[step]
        return [value] if self.in_list else value


def argument(*path: str | int, in_list: bool = False) -> From:
    """What stands there in the Task's arguments."""
    return From("arguments", path, in_list)


def answer(*path: str | int, in_list: bool = False) -> From:
    """What stands there in the answer of the call."""
    return From("answer", path, in_list)


Names = Mapping[str, From]
"""Parameter of a call, in Step Functions' spelling -> where it comes from."""


@dataclass(frozen=True, slots=True)
class Polling:
    """How a job is looked at and stopped. Operations and members are named as in the API.

    `inside` leads to the job in the answer of `describe` ("[]" is an element of a list), `status`
    from there to its status. With `until_gone` the job has succeeded once there is nothing left
    to describe. `is_result` says that the Task gets the job as it is described; if AWS does not
    document what the Task gets, it is false.
    """

    describe: str
    named: Names
    status: tuple[str, ...]
    good: frozenset[str]
    bad: frozenset[str]
    stop: str | None = None
    stopped: Names = field(default_factory=dict)
    inside: tuple[str, ...] = ()
    until_gone: bool = False
    is_result: bool = True


@dataclass(frozen=True, slots=True)
class Job:
    """What `.sync` waits for: the rights to follow it, their source, and how it is followed.

    `rule` is the managed EventBridge rule that Step Functions keeps for such jobs. `also` is in
    the documented policy, and jobs are followed without it. `starting` are rights that the call
    itself needs with `.sync` only. `watched` is what the rights are granted on, if that is not
    what the call is about; `anywhere` if they cannot be limited. No `polling`: the job is not
    behind an API of AWS.
    """

    rights: tuple[str, ...]
    source: str
    rule: str | None = None
    also: tuple[str, ...] = ()
    starting: tuple[str, ...] = ()
    watched: Target | None = None
    anywhere: bool = False
    polling: Polling | None = None
    has_second_version: bool = False


@dataclass(frozen=True, slots=True)
class Integration:
    """One action of an optimised integration.

    `calls` is the API's operation: "" for the one named as the action, None if there is none.
    `model` is the botocore service, if it is not that of the service. `rights` are what the call
    needs, if IAM does not call them as the API does; `is_certain` says that it fails without.
    `passes` are arguments with a role -> who takes it; arguments that end in RoleArn go to the
    service's principal. `own_result` says that the Task does not get the operation's output.
    """

    service: Service
    action: str
    job: Job | None = None
    callback: bool = False
    calls: str | None = ""
    model: str = ""
    arguments: Arguments | None = None
    own_result: bool = False
    rights: tuple[str, ...] = ()
    is_certain: bool = True
    targets: tuple[Target, ...] = ()
    extras: tuple[Extra, ...] = ()
    tagging: str | None = None
    passes: Mapping[str, str] = field(default_factory=dict)

    @property
    def operation(self) -> Operation | None:
        """The operation of the API behind the action."""
        model = self.model or self.service.model
        if self.calls is None or not model:
            return None
        return Operation(model, self.calls or capital(self.action))

    @property
    def needs(self) -> tuple[str, ...]:
        """The rights that the call itself needs."""
        return self.rights or (f"{self.service.iam}:{self.calls or capital(self.action)}",)

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
