"""The rows of integrations: complete, held against botocore, and read by all who need them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ratchet.local_aws.stepfunctions import jobs
from ratchet.workflow.asl.building import build
from ratchet.workflow.asl.source import read
from ratchet.workflow.checks import check
from ratchet.workflow.drawing.captions import kind_of
from ratchet.workflow.integrations import index, permissions, sdk_rights
from ratchet.workflow.integrations.api import inside, operation_of
from ratchet.workflow.integrations.resource import Resource, parse_resource
from ratchet.workflow.integrations.row import (
    GUIDE,
    From,
    Integration,
    Job,
    Names,
    Operation,
    Polling,
    Service,
    Target,
    answer,
)
from ratchet.workflow.integrations.service_models import (
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


def test_every_job_says_how_it_is_followed_and_where_aws_documents_that() -> None:
    assert len(JOBS) == 34
    for name, row in JOBS.items():
        assert row.job is not None
        assert row.job.source.startswith(GUIDE), name
        assert row.job.rights or name == "eks:runJob"  # followed by Kubernetes' rights
        assert row.job.polling or name == "eks:runJob"


def test_the_jobs_of_the_rows_are_those_that_the_lint_accepts() -> None:
    accepted = {name for name in NAMES if not problems(f"arn:aws:states:::{name}.sync")}
    assert accepted == set(JOBS)


@pytest.mark.parametrize("suffix", PATTERNS)
def test_the_lint_accepts_the_patterns_of_the_rows(suffix: str) -> None:
    accepted = {name for name in NAMES if not problems(f"arn:aws:states:::{name}{suffix}")}
    pattern = suffix[1:] or "request"
    assert accepted == {name for name, row in NAMES.items() if pattern in row.patterns}


def test_what_local_aws_waits_for_has_rows_that_say_how() -> None:
    assert set(POLLED) >= jobs.JOBS
    for name in jobs.JOBS:
        polling = jobs.polling_of(resource_of(f"{name}.sync"))
        assert polling == POLLED[name]
        assert polling.is_result
        assert polling.stop
        assert not polling.until_gone


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
    """botocore's model of another operation of the API that the row calls."""
    row = NAMES[name]
    model = row.operation.service if row.operation is not None else row.service.model
    found = operation_model(Operation(model, operation))
    assert found is not None, (name, operation)
    return found


@pytest.mark.parametrize("name", POLLED)
def test_a_job_is_looked_at_as_its_api_allows(name: str) -> None:
    polling = POLLED[name]
    looked_at = beside(name, polling.describe)
    assert set(missing(looked_at.input_shape, polling.named)) == set()
    status = inside(inside(looked_at.output_shape, polling.inside), polling.status)
    words = set(status.enum) if status.enum else polling.good | polling.bad
    assert polling.good | polling.bad <= words
    assert not polling.good & polling.bad
    assert bool(polling.good) != polling.until_gone


@pytest.mark.parametrize("name", [name for name, polling in POLLED.items() if polling.stop])
def test_a_job_is_stopped_as_its_api_allows(name: str) -> None:
    polling = POLLED[name]
    assert polling.stop is not None
    stopped = beside(name, polling.stop)
    # Batch wants a reason too; what Step Functions gives there is not documented.
    allowed = {"reason"} if name == "batch:submitJob" else set()
    assert set(missing(stopped.input_shape, polling.stopped)) <= allowed


def missing(shape: Shape, names: Names) -> Iterator[str]:
    """Parameters that the API does not have, and those that it needs and does not get."""
    known = {name: member(shape, name) for name in names}
    yield from (name for name, found in known.items() if found is None)
    yield from (name for name in shape.required_members if name not in known.values())


@pytest.mark.parametrize("name", POLLED)
def test_the_parameters_of_polling_come_from_members_that_exist(name: str) -> None:
    row, polling = NAMES[name], POLLED[name]
    places = [*polling.named.values(), *polling.stopped.values()]
    if row.operation is None or row.own_result:
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
def test_the_rights_of_a_row_are_named_as_operations_of_its_service(name: str) -> None:
    row = NAMES[name]
    job = row.job.rights + row.job.also + row.job.starting if row.job is not None else ()
    for right in (*row.needs, *job):
        prefix, _, operation = right.partition(":")
        assert prefix == row.service.iam
        if row.service.model and right != "lambda:InvokeFunction":
            models = {row.service.model, row.model} - {""}
            known = {found for model in models for found in actions(model).values()}
            assert operation in known, right


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
def test_the_exported_role_has_the_rights_to_call_and_to_follow(name: str) -> None:
    row, allowed = NAMES[name], exported(f"{name}.sync")
    assert row.job is not None
    assert {*row.needs, *row.job.rights, *row.job.starting} <= allowed.keys()
    assert (permissions.RULE_ACTIONS[0] in allowed) == (row.job.rule is not None)
    assert not {*row.job.rights} - {*row.needs} & exported(name).keys()


def test_a_cluster_is_followed_by_its_name_alone() -> None:
    allowed = exported("eks:createCluster.sync", Name="blue", RoleArn="arn:aws:iam::1:role/eks")
    assert allowed["eks:CreateCluster"] == ("*",)
    for action in ("eks:DescribeCluster", "eks:DeleteCluster"):
        assert allowed[action][0].endswith(":eks:${AWS::Region}:${AWS::AccountId}:cluster/blue")
    assert allowed["iam:PassRole"] == ("arn:aws:iam::1:role/eks",)


def test_a_role_that_is_named_otherwise_is_passed_too() -> None:
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
    named = {target.parameter: answer("TranscriptionJob", target.parameter)}
    polling = Polling(
        describe="GetTranscriptionJob",
        named=named,
        status=("TranscriptionJob", "TranscriptionJobStatus"),
        good=frozenset({"COMPLETED"}),
        bad=frozenset({"FAILED"}),
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


def test_the_sdk_calls_an_api_with_the_rights_of_its_row() -> None:
    ours = parse_resource("arn:aws:states:::aws-sdk:sagemaker:createTrainingJob")
    assert permissions.called(ours) == ("sagemaker:CreateTrainingJob",)
    assert permissions.principal_of(ours) == "sagemaker.amazonaws.com"
    reading = parse_resource("arn:aws:states:::aws-sdk:sfn:describeExecution")
    assert permissions.called(reading) == ("states:DescribeExecution",)
    assert permissions.targets_of(reading) == ()
    bedrock = parse_resource("arn:aws:states:::bedrock:createModelCustomizationJob.sync")
    assert permissions.principal_of(bedrock) == "bedrock.amazonaws.com"


def test_operations_of_the_sdk_with_rights_of_another_name_exist() -> None:
    for name in (*sdk_rights.OTHERWISE, *sdk_rights.UNSURE, *sdk_rights.TARGETS):
        model, _, operation = name.partition(":")
        assert operation_model(Operation(model, operation)) is not None, name
    assert service_names() >= sdk_rights.ALIKE


def test_a_misspelt_action_has_no_operation_behind_it() -> None:
    assert operation_of(parse_resource("arn:aws:states:::glue:startJobRum")) is None
    assert operation_of(parse_resource("arn:aws:states:::aws-sdk:glue:startJobRum")) is None
