"""The IAM statements that a definition's calls need, and no more: which actions on what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ratchet.workflow.asl.model import Map, StateMachine, Task
from ratchet.workflow.integrations.api import botocore_name
from ratchet.workflow.integrations.permissions import (
    MAP_ACTIONS,
    RULE_ACTIONS,
    called,
    following,
    target_of,
)
from ratchet.workflow.integrations.resource import Resource

_HERE = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
_RULE = _HERE % ("events", "rule/%s")

_ANY_ROLE = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*"


@dataclass(frozen=True, slots=True)
class Statement:
    """What may be done to what."""

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
    """Everything that the states of the machine of that name call, each statement once."""
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
    job = following(resource)
    if job is not None:
        anywhere = resource.service in ("batch", "ecs")
        yield Statement(
            (*job.actions, *job.also), ("*",) if anywhere else _watched(resource, given)
        )
        if job.rule:
            yield Statement(RULE_ACTIONS, (_RULE % job.rule,))
    for role in sorted(set(_roles_in(given))):
        service = _passed_to(resource)
        yield Statement(("iam:PassRole",), (role,), (("iam:PassedToService", service),))
    if resource.service == "http":
        yield from _connection(given)


def _called(resource: Resource, given: Mapping[str, Any]) -> tuple[str, ...]:
    tags = resource.service == "sagemaker" and {"Tags", "Tags.$"} & given.keys()
    return (*called(resource), "sagemaker:AddTags") if tags else called(resource)


def _targets(resource: Resource, given: Mapping[str, Any]) -> tuple[str, ...]:
    """The ARNs a call is about: by name where the definition says it, by kind where it is open."""
    if resource.service == "sagemaker" and resource.action in ("createEndpoint", "updateEndpoint"):
        config = Resource("", resource.kind, "sagemaker", "createEndpointConfig")
        return (*_named(resource, given), *_named(config, given))
    return _named(resource, given)


def _named(resource: Resource, given: Mapping[str, Any]) -> tuple[str, ...]:
    target = target_of(resource)
    if target is None:
        return _buckets(resource, given) or ("*",)
    name = _literal(given.get(target.parameter))
    if resource.service == "sqs":
        name = "*" if "${" in name else name.rpartition("/")[2]  # a queue's URL ends with its name
    arn = name if _is_arn(name) else _HERE % (target.service, target.path % name)
    return (arn, f"{arn}:*") if resource.service == "lambda" and name != "*" else (arn,)


def _literal(value: Any) -> str:
    """A value that the definition itself says, `*` for one that comes at run time."""
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


def _watched(resource: Resource, given: Mapping[str, Any]) -> tuple[str, ...]:
    if resource.service == "states":
        before, kind, name = _targets(resource, given)[0].partition(":stateMachine:")
        return (f"{before}:execution:{name}:*" if kind else _HERE % ("states", "execution:*"),)
    return _targets(resource, given)


def _roles_in(value: Any) -> Iterator[str]:
    """Roles handed over in a request: the service must be allowed to take them."""
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


def _passed_to(resource: Resource) -> str:
    service = botocore_name(resource.service, sdk=resource.kind == "aws-sdk")
    names = {"ecs": "ecs-tasks", "emr": "elasticmapreduce", "stepfunctions": "states"}
    return f"{names.get(service or '', service or resource.service)}.amazonaws.com"


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
