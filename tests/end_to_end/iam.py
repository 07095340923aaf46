"""IAM by hand: what a call to local AWS would need on AWS, and whether policies give it.

Actions and their resources are those of AWS's Service Authorization Reference. Only what this
service uses is known; anything else is refused by name, so that nothing passes unseen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

import botocore.session

from ratchet.local_aws.door.calls import Call
from ratchet.local_aws.door.protocol import Request, protocol_for
from ratchet.local_aws.s3.requests import read_deletions

PLACE = "us-east-1:123456789012"
MODELS = {"states": "stepfunctions"}
Statement = Mapping[str, Any]


@dataclass(frozen=True)
class Need:
    """One action on one resource, with the condition keys that the request carries."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict, compare=False)


def needs(call: Call) -> list[Need]:
    """What the caller of this call must be allowed on AWS."""
    if call.service == "s3":
        return list(_s3(call.request, call.status))
    operation, parameters = understood(call)
    if operation == "TransactWriteItems":
        return [
            Need(f"dynamodb:{TRANSACTED[kind]}", *_queried(part))
            for item in parameters["TransactItems"]
            for kind, part in item.items()
        ]
    service = call.service.removesuffix("-runtime")
    try:
        resources = RESOURCES[service, operation](parameters)
    except KeyError as error:
        raise AssertionError(f"no entry for {service}:{operation} ({error})") from error
    action = f"{service}:{ACTIONS.get(operation, operation)}"
    passed = f"{service}.amazonaws.com"
    context = _tags(parameters) or _owner(operation, resources)
    found = [Need(action, resource, context) for resource in resources]
    if _tags(parameters):
        found.append(_tagging(service, operation, parameters))
    roles = [parameters.get("Target", {}).get("RoleArn")]
    roles += [parameters.get(name) for name in ("RoleArn", "ExecutionRoleArn", "roleArn")]
    found += [Need("iam:PassRole", role, {"iam:PassedToService": passed}) for role in roles if role]
    return found


def understood(call: Call) -> tuple[str, dict[str, Any]]:
    """Operation and parameters of a call that is not S3's."""
    speaks = _protocol(call.service)
    operation = speaks.operation(call.request)
    return operation.name, speaks.parameters(operation, call.request)


@cache
def _protocol(service: str) -> Any:
    model = botocore.session.get_session().get_service_model(MODELS.get(service, service))
    return protocol_for(model)


# --- S3: one method and its query tell the action -----------------------------------------------


def _s3(request: Request, status: int) -> Iterator[Need]:
    bucket, _, key = unquote(request.path).lstrip("/").partition("/")
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    if not key:
        yield from _s3_bucket(request, f"arn:aws:s3:::{bucket}", query)
        return
    yield from _s3_object(request, f"arn:aws:s3:::{bucket}/{key}", query)
    if status == 404 and request.method in ("GET", "HEAD"):  # else AWS answers 403
        yield Need("s3:ListBucket", f"arn:aws:s3:::{bucket}")


def _s3_bucket(request: Request, bucket: str, query: dict[str, str]) -> Iterator[Need]:
    if request.method == "GET" and "list-type" in query:
        yield Need("s3:ListBucket", bucket, {"s3:prefix": query["prefix"]})
    elif request.method == "GET" and "versions" in query:
        yield Need("s3:ListBucketVersions", bucket, {"s3:prefix": query["prefix"]})
    elif request.method == "POST" and "delete" in query:
        for item in read_deletions(request.body):
            assert item.version is None, "deleting a version is another action"
            yield Need("s3:DeleteObject", f"{bucket}/{item.key}")
    else:
        raise AssertionError(f"no entry for S3's {request.method} {request.path}?{request.query}")


def _s3_object(request: Request, resource: str, query: dict[str, str]) -> Iterator[Need]:
    match request.method:
        case "GET" | "HEAD":
            yield Need("s3:GetObjectVersion" if "versionId" in query else "s3:GetObject", resource)
        case "PUT" if "tagging" in query:
            yield Need("s3:PutObjectTagging", resource)
        case "PUT" | "POST":
            yield Need("s3:PutObject", resource)
            if source := request.headers.get("x-amz-copy-source"):
                yield from _s3_copy(source, resource)
        case "DELETE" if "uploadId" in query:
            yield Need("s3:AbortMultipartUpload", resource)
        case _:
            raise AssertionError(f"no entry for S3's {request.method} {request.path}")


def _s3_copy(source: str, target: str) -> Iterator[Need]:
    """A copy takes the tags along unless told otherwise; these are rights of their own."""
    path, _, query = source.partition("?")
    origin, kind = f"arn:aws:s3:::{unquote(path).lstrip('/')}", "Version" if query else ""
    yield Need(f"s3:GetObject{kind}", origin)
    yield Need(f"s3:GetObject{kind}Tagging", origin)
    yield Need("s3:PutObjectTagging", target)


# --- the other services: operation -> ARNs of its parameters ------------------------------------

Find = Callable[[dict[str, Any]], list[str]]
ACTIONS = {"Invoke": "InvokeFunction"}
TRANSACTED = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Put": "PutItem",
}


def _named(service: str, *kinds_and_members: str) -> Find:
    """ARNs "kind/{member}", such as "endpoint/{EndpointName}"."""

    def find(parameters: dict[str, Any]) -> list[str]:
        return [f"arn:aws:{service}:{PLACE}:{p.format_map(parameters)}" for p in kinds_and_members]

    return find


def _given(member: str) -> Find:
    return lambda parameters: [parameters[member]]


def _machine(parameters: dict[str, Any]) -> list[str]:
    return [f"arn:aws:states:{PLACE}:stateMachine:{parameters['name']}"]


def _anything(_: dict[str, Any]) -> list[str]:
    """IAM knows no resource for the action, so a policy must say "*"."""
    return ["*"]


def _queried(parameters: dict[str, Any]) -> list[str]:
    index = f"/index/{parameters['IndexName']}" if "IndexName" in parameters else ""
    return [f"arn:aws:dynamodb:{PLACE}:table/{parameters['TableName']}{index}"]


def _queue(parameters: dict[str, Any]) -> list[str]:
    return [f"arn:aws:sqs:{PLACE}:{parameters['QueueUrl'].rpartition('/')[2]}"]


# AWS's reference names the package, policies in the field its group: both are asked for.
_PACKAGES = _named(
    "sagemaker",
    "model-package/{ModelPackageGroupName}/1",
    "model-package-group/{ModelPackageGroupName}",
)
RESOURCES: dict[tuple[str, str], Find] = {
    **{
        ("dynamodb", name): _queried
        for name in ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query")
    },
    ("sqs", "SendMessage"): _queue,
    **{
        ("scheduler", f"{verb}Schedule"): _named("scheduler", "schedule/{GroupName}/{Name}")
        for verb in ("Create", "Update", "Delete")
    },
    ("sns", "Publish"): _given("TopicArn"),
    ("lambda", "Invoke"): _given("FunctionName"),
    ("states", "StartExecution"): _given("stateMachineArn"),
    ("states", "CreateStateMachine"): _machine,
    **{
        ("states", f"{verb}StateMachine"): _given("stateMachineArn")
        for verb in ("Describe", "Update", "Delete")
    },
    ("states", "ListTagsForResource"): _given("resourceArn"),
    ("states", "DescribeExecution"): _given("executionArn"),
    ("states", "StopExecution"): _given("executionArn"),
    **{
        ("glue", name): _named("glue", "job/{JobName}")
        for name in ("StartJobRun", "GetJobRun", "BatchStopJobRun")
    },
    **{
        ("databrew", name): _named("databrew", "recipe/{Name}")
        for name in ("DescribeRecipe", "UpdateRecipe", "PublishRecipe")
    },
    **{
        ("databrew", name): _named("databrew", "dataset/{Name}")
        for name in ("DescribeDataset", "UpdateDataset")
    },
    **{
        ("databrew", name): _named("databrew", "job/{Name}")
        for name in (
            "DescribeJob", "UpdateRecipeJob", "DeleteJob",
            "StartJobRun", "DescribeJobRun", "StopJobRun",
        )
    },
    **{
        ("databrew", name): _anything
        for name in ("CreateRecipe", "CreateDataset", "CreateRecipeJob")
    },
    **{
        ("sagemaker", f"{verb}{kind}"): _named("sagemaker", f"{arn}/{{{kind}Name}}")
        for verbs, kind, arn in (
            ("Create Describe Stop", "TrainingJob", "training-job"),
            ("Create Describe Stop", "TransformJob", "transform-job"),
            ("Create Describe Delete", "Model", "model"),
            ("Create Describe Delete", "EndpointConfig", "endpoint-config"),
            ("Describe Delete Invoke", "Endpoint", "endpoint"),
            ("Create Describe", "ModelPackageGroup", "model-package-group"),
        )
        for verb in verbs.split()
    },
    **{
        ("sagemaker", name): _named(
            "sagemaker", "endpoint/{EndpointName}", "endpoint-config/{EndpointConfigName}"
        )
        for name in ("CreateEndpoint", "UpdateEndpoint")
    },
    ("sagemaker", "ListTags"): _given("ResourceArn"),
    ("sagemaker", "CreateModelPackage"): _PACKAGES,
    ("sagemaker", "ListModelPackages"): _PACKAGES,
    ("sagemaker", "DescribeModelPackage"): _given("ModelPackageName"),
    ("sagemaker", "UpdateModelPackage"): _given("ModelPackageArn"),
}  # fmt: skip


def _tags(parameters: dict[str, Any]) -> dict[str, str]:
    given = parameters.get("Tags") or parameters.get("tags") or {}
    if not isinstance(given, dict):  # Step Functions writes them small
        given = {t.get("Key") or t["key"]: t.get("Value") or t["value"] for t in given}
    return {f"aws:RequestTag/{key}": value for key, value in given.items()}


def _owner(operation: str, resources: list[str]) -> dict[str, str]:
    """The tag that what is deleted carries: the stack's, with which its name begins."""
    if not operation.startswith("Delete"):
        return {}
    stack, mark, _ = resources[0].rpartition("/")[2].partition("--")
    return {"aws:ResourceTag/ratchet:stack": stack} if mark else {}


def _tagging(service: str, operation: str, parameters: dict[str, Any]) -> Need:
    """To create something with tags takes the right to tag it."""
    if service == "sagemaker":
        return Need("sagemaker:AddTags", RESOURCES[service, operation](parameters)[0])
    if service == "states":
        return Need("states:TagResource", *_machine(parameters))
    kind = operation.removeprefix("Create").removeprefix("Recipe").lower() or "recipe"
    return Need(f"{service}:TagResource", f"arn:aws:{service}:{PLACE}:{kind}/{parameters['Name']}")


# --- policies -----------------------------------------------------------------------------------


def listed(value: Any) -> list[Any]:
    """The elements of a policy may be one or a list."""
    return value if isinstance(value, list) else [value]


def allowed(statements: Iterable[Statement], need: Need) -> bool:
    """Whether some statement allows the need, and none denies it."""
    effects = {statement["Effect"] for statement in statements if _covers(statement, need)}
    return effects == {"Allow"}


def _covers(statement: Statement, need: Need) -> bool:
    return (
        any(fits(action.lower(), need.action.lower()) for action in listed(statement["Action"]))
        and any(fits(resource, need.resource) for resource in listed(statement["Resource"]))
        and all(
            _holds(operator, key, listed(values), need.context)
            for operator, tests in statement.get("Condition", {}).items()
            for key, values in tests.items()
        )
    )


def fits(pattern: str, text: str) -> bool:
    """IAM's wildcards: * for any letters, ? for one."""
    wild = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(wild, text) is not None


def _holds(operator: str, key: str, values: list[str], context: Mapping[str, str]) -> bool:
    if operator not in ("StringEquals", "StringLike", "StringLikeIfExists"):
        raise AssertionError(f"condition operator {operator} ({key}) is not evaluated here")
    if key not in context:
        return operator.endswith("IfExists")
    if operator == "StringEquals":
        return context[key] in values
    return any(fits(value, context[key]) for value in values)
