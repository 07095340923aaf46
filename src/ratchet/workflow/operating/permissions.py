"""The IAM statements that the calls of a definition need, and no others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ratchet.workflow.asl.model import Map, StateMachine, Task
from ratchet.workflow.integrations.permissions import (
    MAP_ACTIONS,
    RULE_ACTIONS,
    call_permissions,
    job_of,
    principal_of,
    row_for,
    targets_of,
)
from ratchet.workflow.integrations.resource import Resource
from ratchet.workflow.integrations.row import Job, Target

_HERE = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
_RULE = _HERE % ("events", "rule/%s")

_ARN = "arn:${AWS::Partition}:"
_ANY_ROLE = _ARN + "iam::${AWS::AccountId}:role/*"


@dataclass(frozen=True, slots=True)
class Statement:
    """Allowed actions on resources."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: tuple[tuple[str, str], ...] = ()

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": list(self.resources),
        }
        if self.condition:
            document["Condition"] = {"StringEquals": dict(self.condition)}
        return document


def statements(machine: StateMachine, name: str) -> tuple[Statement, ...]:
    """The statements for everything that the states call; `name` is that of the machine."""
    found: dict[Statement, None] = {}
    for state in machine.all_states():
        if isinstance(state, Task):
            arguments = state.document.get("Arguments", state.document.get("Parameters"))
            given = arguments if isinstance(arguments, dict) else {}
            found |= dict.fromkeys(_of_task(state.resource, given))
        if isinstance(state, Map) and state.is_distributed:
            found |= dict.fromkeys(_of_map(state, name))
    return tuple(found)


def _of_task(resource: Resource, given: Mapping[str, Any]) -> Iterator[Statement]:
    if resource.kind == "lambda":
        yield Statement(("lambda:InvokeFunction",), (resource.arn, f"{resource.arn}:*"))
        return
    yield Statement(_called(resource, given), _targets(resource, given))
    job = job_of(resource)
    if job is not None and job.permissions:
        allowed = (*job.permissions, *job.optional_permissions)
        yield Statement(allowed, _followed(job, resource, given))
        if job.rule:
            yield Statement(RULE_ACTIONS, (_RULE % job.rule,))
    yield from _extras(resource)
    yield from _passed_roles(resource, given)
    if resource.service == "http":
        yield from _connection(given)


def _called(resource: Resource, given: Mapping[str, Any]) -> tuple[str, ...]:
    actions, row = call_permissions(resource), row_for(resource)
    tagging = row.tagging_permission if row is not None else None
    has_tags = bool({"Tags", "Tags.$"} & given.keys())
    return (*actions, tagging) if tagging and has_tags and tagging not in actions else actions


def _targets(resource: Resource, given: Mapping[str, Any]) -> tuple[str, ...]:
    """The ARNs of a call, with the name that the definition gives, or `*`."""
    targets = targets_of(resource)
    if not targets:
        return _buckets(resource, given) or ("*",)
    return tuple(arn for target in targets for arn in _named(target, given))


def _named(target: Target, given: Mapping[str, Any]) -> tuple[str, ...]:
    name = _literal(given.get(target.parameter))
    if target.parameter == "QueueUrl":
        name = "*" if "${" in name else name.rpartition("/")[2]  # a queue's URL ends with its name
    arn = name if _is_arn(name) else _HERE % (target.service, target.path % name)
    return tuple(arn + suffix for suffix in target.suffixes) if name != "*" else (arn,)


def _literal(value: Any) -> str:
    """A constant of the definition; `*` for a value that is known at run time only."""
    return value if isinstance(value, str) and not value.lstrip().startswith("{%") else "*"


def _is_arn(value: str) -> bool:
    """An ARN, or a substitution that stands for one: `${ScoreFunctionArn}`."""
    return value.startswith("arn:") or (value.startswith("${") and value.lower().endswith("arn}"))


def _buckets(resource: Resource, given: Mapping[str, Any]) -> tuple[str, ...]:
    bucket, key = given.get("Bucket"), given.get("Key")
    if resource.service != "s3" or not isinstance(bucket, str) or bucket.startswith("{%"):
        return ()
    arn = "arn:${AWS::Partition}:s3:::" + bucket
    literal = isinstance(key, str) and not key.startswith("{%")
    return (arn, f"{arn}/{key if literal else '*'}")


def _followed(job: Job, resource: Resource, given: Mapping[str, Any]) -> tuple[str, ...]:
    """The ARNs of the job that a call starts; its permissions are not always on the target."""
    if job.on_any_resource:
        return ("*",)
    if job.followed is None:
        return _targets(resource, given)
    name = _literal(given.get(job.followed.parameter))
    if not _is_arn(name):
        return (_HERE % (job.followed.service, job.followed.path % name),)
    kinds = [target.path.partition("%s")[0] for target in targets_of(resource)]
    for kind in kinds:
        before, is_known, named = name.partition(f":{kind}")
        if is_known:
            return (f"{before}:{job.followed.path % named}",)
    return (_HERE % (job.followed.service, job.followed.path % "*"),)


def _extras(resource: Resource) -> Iterator[Statement]:
    """Permissions on other resources, with the conditions that AWS documents."""
    row = row_for(resource)
    for extra in row.extra_permissions if row is not None else ():
        arn = extra.resource if extra.resource == "*" else _ARN + extra.resource
        yield Statement(extra.actions, (arn,), extra.condition)


def _passed_roles(resource: Resource, given: Mapping[str, Any]) -> Iterator[Statement]:
    """Permission to pass the roles in a request, each to the service that assumes it."""
    principal = principal_of(resource)
    passed = {(role, principal) for role in _roles_in(given)}
    row = row_for(resource)
    for parameter, assumed_by in row.passed_roles.items() if row is not None else ():
        if {parameter, f"{parameter}.$"} & given.keys():
            passed.add((_role(_literal(given.get(parameter))), assumed_by))
    for role, assumed_by in sorted(passed):
        yield Statement(("iam:PassRole",), (role,), (("iam:PassedToService", assumed_by),))


def _role(value: str) -> str:
    """The ARN of a role that is given by ARN or by name."""
    if _is_arn(value):
        return value
    return _ANY_ROLE if value == "*" else _ANY_ROLE.removesuffix("*") + value


def _roles_in(value: Any) -> Iterator[str]:
    """The roles in members whose names end in RoleArn, at any depth."""
    if isinstance(value, list):
        for part in value:
            yield from _roles_in(part)
    elif isinstance(value, Mapping):
        for name, part in value.items():
            if name.removesuffix(".$").lower().endswith("rolearn"):
                role = "*" if name.endswith(".$") else _literal(part)
                yield role if _is_arn(role) else _ANY_ROLE
            else:
                yield from _roles_in(part)


def _connection(given: Mapping[str, Any]) -> Iterator[Statement]:
    authentication = given.get("Authentication")
    arn = authentication.get("ConnectionArn") if isinstance(authentication, dict) else None
    known = arn if isinstance(arn, str) and arn.startswith(("arn:", "${")) else "*"
    yield Statement(("events:RetrieveConnectionCredentials",), (known,))
    secret = _HERE % ("secretsmanager", "secret:events!connection/*")
    yield Statement(("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"), (secret,))


def _of_map(state: Map, machine: str) -> Iterator[Statement]:
    """A distributed Map starts executions of its own machine and reads and writes S3."""
    start, *follow = MAP_ACTIONS
    yield Statement((start,), (_HERE % ("states", f"stateMachine:{machine}"),))
    yield Statement(tuple(follow), (_HERE % ("states", f"execution:{machine}/*"),))
    yield from _s3_of(state.document.get("ItemReader"), ("s3:GetObject", "s3:ListBucket"))
    yield from _s3_of(
        state.document.get("ResultWriter"),
        ("s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"),
    )


def _s3_of(part: Any, actions: Iterable[str]) -> Iterator[Statement]:
    if isinstance(part, dict):
        given = part.get("Arguments", part.get("Parameters", {}))
        bucket = given.get("Bucket") if isinstance(given, dict) else None
        literal = isinstance(bucket, str) and not bucket.startswith("{%")
        arn = f"arn:${{AWS::Partition}}:s3:::{bucket if literal else '*'}"
        yield Statement(tuple(actions), (arn, f"{arn}/*"))
