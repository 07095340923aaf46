"""The rows of integrations are complete, agree with botocore, and are what everything reads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ratchet.local_aws.stepfunctions import jobs
from ratchet.workflow.asl.building import build
from ratchet.workflow.asl.source import read
from ratchet.workflow.checks import check
from ratchet.workflow.drawing.captions import kind_of
from ratchet.workflow.integrations import index, permissions, sdk_permissions
from ratchet.workflow.integrations.api import operation_of, shape_at
from ratchet.workflow.integrations.resource import Resource, parse_resource
from ratchet.workflow.integrations.row import (
    GUIDE,
    From,
    Integration,
    Job,
    Parameters,
    Polling,
    Service,
    Target,
    response,
)
from ratchet.workflow.integrations.service_models import (
    Operation,
    actions,
    operation_model,
    service_names,
)
from ratchet.workflow.integrations.spelling import Shape, member
from ratchet.workflow.operating.permissions import statements
from ratchet.workflow.testing import answers

NAMES = {f"{service}:{action}": row for (service, action), row in index.ROWS.items()}
JOBS = {name: row for name, row in NAMES.items() if row.job is not None}
POLLED = {name: row.job.polling for name, row in JOBS.items() if row.job and row.job.polling}
PATTERNS = ("", ".sync", ".sync:2", ".waitForTaskToken")


def problems(resource: str) -> list[str]:
    """What the lint finds wrong with the Resource itself."""
    task = {"Type": "Task", "Resource": resource, "End": True}
    findings = check(build(read({"StartAt": "A", "States": {"A": task}})))
    return [finding.reason for finding in findings if finding.rule == "integration"]


def resource_of(name: str) -> Resource:
    return parse_resource(f"arn:aws:states:::{name}")


def test_every_job_can_be_followed_as_aws_documents_it() -> None:
    assert len(JOBS) == 34
    for name, row in JOBS.items():
        assert row.job is not None
        assert row.job.source.startswith(GUIDE), name
        assert row.job.permissions or name == "eks:runJob"  # Kubernetes decides who may follow it
        assert row.job.polling or name == "eks:runJob"


def test_the_jobs_of_the_rows_are_those_that_the_lint_accepts() -> None:
    accepted = {name for name in NAMES if not problems(f"arn:aws:states:::{name}.sync")}
    assert accepted == set(JOBS)


@pytest.mark.parametrize("suffix", PATTERNS)
def test_the_lint_accepts_the_patterns_of_the_rows(suffix: str) -> None:
    accepted = {name for name in NAMES if not problems(f"arn:aws:states:::{name}{suffix}")}
    pattern = suffix[1:] or "request"
    assert accepted == {name for name, row in NAMES.items() if pattern in row.patterns}


def test_local_aws_polls_its_jobs_as_their_rows_say() -> None:
    assert set(POLLED) >= jobs.JOBS
    for name in jobs.JOBS:
        polling = jobs.polling_of(resource_of(f"{name}.sync"))
        assert polling == POLLED[name]
        assert polling.is_result
        assert polling.stop
        assert not polling.succeeds_when_gone


def test_local_aws_has_the_error_names_of_its_services() -> None:
    nameless = {
        name
        for name in jobs.SERVICES
        if not (service := index.service_named(name)) or not service.error
    }
    assert nameless == set()


# ---- Against botocore ----


def test_every_operation_of_a_row_exists() -> None:
    missing = {
        name
        for name, row in NAMES.items()
        if row.operation is not None and operation_model(row.operation) is None
    }
    assert missing == set()
    named = {row.service.model for row in NAMES.values()} - {""}
    assert named <= service_names()


def beside(name: str, operation: str) -> Shape:
    """botocore's model of another operation of the same API."""
    row = NAMES[name]
    model = row.operation.service if row.operation is not None else row.service.model
    found = operation_model(Operation(model, operation))
    assert found is not None, (name, operation)
    return found


@pytest.mark.parametrize("name", POLLED)
def test_a_job_is_polled_with_operations_and_members_of_its_api(name: str) -> None:
    polling = POLLED[name]
    described = beside(name, polling.describe)
    assert set(missing(described.input_shape, polling.describe_with)) == set()
    status = shape_at(shape_at(described.output_shape, polling.job_path), polling.status_path)
    words = set(status.enum) if status.enum else polling.succeeded | polling.failed
    assert polling.succeeded | polling.failed <= words
    assert not polling.succeeded & polling.failed
    assert bool(polling.succeeded) != polling.succeeds_when_gone


@pytest.mark.parametrize("name", [name for name, polling in POLLED.items() if polling.stop])
def test_a_job_is_stopped_with_operations_and_members_of_its_api(name: str) -> None:
    polling = POLLED[name]
    assert polling.stop is not None
    stopped = beside(name, polling.stop)
    # Batch also requires a reason; AWS does not document which one Step Functions gives.
    allowed = {"reason"} if name == "batch:submitJob" else set()
    assert set(missing(stopped.input_shape, polling.stop_with)) <= allowed


def missing(shape: Shape, names: Parameters) -> Iterator[str]:
    """Parameters that the API does not have, and required ones that are not given."""
    known = {name: member(shape, name) for name in names}
    yield from (name for name, found in known.items() if found is None)
    yield from (name for name in shape.required_members if name not in known.values())


@pytest.mark.parametrize("name", POLLED)
def test_the_parameters_of_polling_come_from_members_that_exist(name: str) -> None:
    row, polling = NAMES[name], POLLED[name]
    places = [*polling.describe_with.values(), *polling.stop_with.values()]
    if row.operation is None or row.has_own_result:
        places = [place for place in places if place.source == "arguments" and row.operation]
    for place in places:
        assert row.operation is not None
        model = operation_model(row.operation)
        shape = model.input_shape if place.source == "arguments" else model.output_shape
        assert reaches(shape, place), (name, place)


def reaches(shape: Shape, place: From) -> bool:
    for step in place.path:
        if isinstance(step, int):
            shape = shape.member
            continue
        known = member(shape, step)
        if known is None:
            return False
        shape = shape.members[known]
    return True


@pytest.mark.parametrize("name", NAMES)
def test_the_permissions_of_a_row_are_named_like_operations_of_its_service(name: str) -> None:
    row = NAMES[name]
    job = row.job or Job((), "")
    following = (*job.permissions, *job.optional_permissions, *job.starting_permissions)
    for action in (*row.call_permissions, *following):
        prefix, _, operation = action.partition(":")
        assert prefix == row.service.iam
        if row.service.model and action != "lambda:InvokeFunction":
            models = {row.service.model, row.model} - {""}
            known = {found for model in models for found in actions(model).values()}
            assert operation in known, action


# ---- What reads the rows ----


def exported(name: str, **arguments: object) -> dict[str, tuple[str, ...]]:
    """Each action that the exported role allows for one Task, with what it is allowed on."""
    task = {"Type": "Task", "Resource": f"arn:aws:states:::{name}", "End": True}
    task |= {"Arguments": arguments, "QueryLanguage": "JSONata"}
    machine = build(read({"StartAt": "A", "States": {"A": task}}))
    return {
        action: statement.resources
        for statement in statements(machine, "machine")
        for action in statement.actions
    }


@pytest.mark.parametrize("name", JOBS)
def test_the_exported_role_may_call_and_follow(name: str) -> None:
    row, allowed = NAMES[name], exported(f"{name}.sync")
    assert row.job is not None
    following = {*row.job.permissions, *row.job.starting_permissions}
    assert following | {*row.call_permissions} <= allowed.keys()
    assert (permissions.RULE_ACTIONS[0] in allowed) == (row.job.rule is not None)
    assert not {*row.job.permissions} - {*row.call_permissions} & exported(name).keys()


def test_a_cluster_is_followed_by_its_name_alone() -> None:
    allowed = exported("eks:createCluster.sync", Name="blue", RoleArn="arn:aws:iam::1:role/eks")
    assert allowed["eks:CreateCluster"] == ("*",)
    for action in ("eks:DescribeCluster", "eks:DeleteCluster"):
        assert allowed[action][0].endswith(":eks:${AWS::Region}:${AWS::AccountId}:cluster/blue")
    assert allowed["iam:PassRole"] == ("arn:aws:iam::1:role/eks",)


def test_a_role_in_an_argument_of_another_name_is_passed_too() -> None:
    convert = exported("mediaconvert:createJob.sync", Role="arn:aws:iam::1:role/convert")
    assert convert["iam:PassRole"] == ("arn:aws:iam::1:role/convert",)
    cluster = exported("elasticmapreduce:createCluster", ServiceRole="EMR_DefaultRole")
    assert cluster["iam:PassRole"][0].endswith(":role/EMR_DefaultRole")


def test_an_execution_is_followed_where_its_machine_is() -> None:
    child = "arn:aws:states:eu-west-1:123456789012:stateMachine:child"
    allowed = exported("states:startExecution.sync:2", StateMachineArn=child)
    assert allowed["states:StartExecution"] == (child,)
    assert allowed["states:StopExecution"] == (child.replace("stateMachine", "execution") + ":*",)


def test_step_functions_tags_the_jobs_of_sagemaker_that_it_follows() -> None:
    kinds = {name for name in JOBS if name.startswith("sagemaker:")}
    assert len(kinds) == 5
    for name in kinds:
        assert "sagemaker:AddTags" in exported(f"{name}.sync")
        assert "sagemaker:AddTags" not in exported(name)
        assert "sagemaker:AddTags" in exported(name, Tags=[])


def test_a_new_integration_is_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    transcribe = Service("transcribe", "Transcribe", "transcribe", "transcribe", GUIDE)
    target = Target("TranscriptionJobName", "transcribe", "transcription-job/%s")
    named = {target.parameter: response("TranscriptionJob", target.parameter)}
    polling = Polling(
        describe="GetTranscriptionJob",
        describe_with=named,
        status_path=("TranscriptionJob", "TranscriptionJobStatus"),
        succeeded=frozenset({"COMPLETED"}),
        failed=frozenset({"FAILED"}),
    )
    job = Job(("transcribe:GetTranscriptionJob",), GUIDE, polling=polling)
    row = Integration(transcribe, "startTranscriptionJob", job, targets=(target,))
    arn = "arn:aws:states:::transcribe:startTranscriptionJob.sync"
    assert problems(arn) == ["There is no optimised integration of 'transcribe'"]

    monkeypatch.setitem(index.ROWS, ("transcribe", "startTranscriptionJob"), row)

    assert problems(arn) == []
    assert problems(f"{arn}:2") == ["transcribe:startTranscriptionJob has no .sync:2"]
    assert kind_of({"Type": "Task", "Resource": arn}) == "Transcribe startTranscriptionJob"
    allowed = exported("transcribe:startTranscriptionJob.sync", TranscriptionJobName="talk")
    assert allowed["transcribe:GetTranscriptionJob"][0].endswith(":transcription-job/talk")
    running = {"TranscriptionJob": {"TranscriptionJobStatus": "IN_PROGRESS"}}
    (problem,) = answers.problems(parse_resource(arn), running, strict=False)
    assert problem.startswith("$.TranscriptionJob.TranscriptionJobStatus is 'IN_PROGRESS'")


def test_an_sdk_call_needs_the_permissions_of_the_same_action() -> None:
    ours = parse_resource("arn:aws:states:::aws-sdk:sagemaker:createTrainingJob")
    assert permissions.call_permissions(ours) == ("sagemaker:CreateTrainingJob",)
    assert permissions.principal_of(ours) == "sagemaker.amazonaws.com"
    reading = parse_resource("arn:aws:states:::aws-sdk:sfn:describeExecution")
    assert permissions.call_permissions(reading) == ("states:DescribeExecution",)
    assert permissions.targets_of(reading) == ()
    bedrock = parse_resource("arn:aws:states:::bedrock:createModelCustomizationJob.sync")
    assert permissions.principal_of(bedrock) == "bedrock.amazonaws.com"


def test_sdk_operations_with_renamed_permissions_exist() -> None:
    for name in (*sdk_permissions.RENAMED, *sdk_permissions.VARYING, *sdk_permissions.TARGETS):
        model, _, operation = name.partition(":")
        assert operation_model(Operation(model, operation)) is not None, name
    assert service_names() >= sdk_permissions.SAME_NAMES


def test_a_misspelt_action_has_no_operation_behind_it() -> None:
    assert operation_of(parse_resource("arn:aws:states:::glue:startJobRum")) is None
    assert operation_of(parse_resource("arn:aws:states:::aws-sdk:glue:startJobRum")) is None
