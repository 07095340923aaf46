"""A SAM template becomes a stack that works, changes with its template and goes away again."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError
from lambda_world import invoke, name, until

from ratchet.local_aws.cloudformation import DeploymentError, TemplateError, deploy
from ratchet.local_aws.running.local import LocalAws

SOURCE = Path(__file__).with_name("stack")
TEMPLATE = SOURCE / "template.yaml"
REPOSITORY = Path(__file__).parents[2]
NAMED_BY_THEIR_SERVICE = {"Key", "NoteArrival"}
"""Resources of the sample whose ids are random, as on AWS."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the sample's source tree."""
    return Path(shutil.copytree(SOURCE, tmp_path / "stack"))


@pytest.fixture(scope="module")
def stack(local_aws: LocalAws) -> Iterator[tuple[str, dict[str, str]]]:
    """The sample, deployed: its stack's name and outputs."""
    stack_name = name("sample")
    yield stack_name, deploy(local_aws, SOURCE / "template.yaml", stack_name, {})
    local_aws.client("cloudformation").delete_stack(StackName=stack_name)


def edit(folder: Path, old: str, new: str) -> None:
    """Change the template's text."""
    template = folder / "template.yaml"
    assert old in template.read_text()
    template.write_text(template.read_text().replace(old, new))


def physical(local: LocalAws, stack_name: str) -> dict[str, str]:
    """Physical ids by logical id."""
    pages = local.client("cloudformation").get_paginator("list_stack_resources")
    found = pages.paginate(StackName=stack_name).search("StackResourceSummaries[]")
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}


def status(local: LocalAws, stack_name: str) -> str:
    """The stack's status."""
    found = local.client("cloudformation").describe_stacks(StackName=stack_name)
    return str(found["Stacks"][0]["StackStatus"])


def test_an_object_in_the_bucket_travels_by_rule_and_queue_into_the_ledger(
    local_aws: LocalAws, stack: tuple[str, dict[str, str]]
) -> None:
    _, outputs = stack
    key = "drop/a+b %ü.csv"
    local_aws.client("s3").put_object(Bucket=outputs["Landing"], Key=key, Body=b"1")
    ledger = local_aws.client("dynamodb")
    request = {"TableName": outputs["Ledger"], "Key": {"id": {"S": key}}}
    assert until(lambda: ledger.get_item(**request).get("Item")) == {"id": {"S": key}}


def test_the_state_machine_calls_the_function_with_its_environment_and_layer(
    local_aws: LocalAws, stack: tuple[str, dict[str, str]]
) -> None:
    _, outputs = stack
    states = local_aws.client("stepfunctions")
    arn = states.start_execution(stateMachineArn=outputs["Machine"], input='{"n": 1}')

    def ended() -> dict[str, Any] | None:
        about = states.describe_execution(executionArn=arn["executionArn"])
        return about if about["status"] != "RUNNING" else None

    about = until(ended)
    assert about["status"] == "SUCCEEDED", about
    assert json.loads(about["output"]) == {"greeting": "hello", "pydantic": True, "n": 1}


def test_settings_arrive_at_the_resources(
    local_aws: LocalAws, stack: tuple[str, dict[str, str]]
) -> None:
    _, outputs = stack
    s3, bucket = local_aws.client("s3"), {"Bucket": outputs["Landing"]}
    assert s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"
    assert s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]["BlockPublicAcls"]
    rule = s3.get_bucket_lifecycle_configuration(**bucket)["Rules"][0]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert "SecureTransport" in s3.get_bucket_policy(**bucket)["Policy"]
    queue = local_aws.client("sqs").get_queue_attributes(
        QueueUrl=outputs["Arrivals"], AttributeNames=["All"]
    )["Attributes"]
    assert queue["VisibilityTimeout"] == "60"
    assert json.loads(queue["RedrivePolicy"])["maxReceiveCount"] == 3
    job = local_aws.client("glue").get_job(JobName=outputs["Prepare"])["Job"]
    assert job["Command"]["ScriptLocation"].startswith("s3://aws-sam-cli-managed-default")
    assert job["ExecutionProperty"]["MaxConcurrentRuns"] == 5
    function = local_aws.client("lambda").get_function_configuration(FunctionName=outputs["Note"])
    assert function["MemorySize"] == 256
    ttl = local_aws.client("dynamodb").describe_time_to_live(TableName=outputs["Ledger"])
    assert ttl["TimeToLiveDescription"]["AttributeName"] == "expires"


def test_names_are_made_as_cloudformation_makes_them(
    local_aws: LocalAws, stack: tuple[str, dict[str, str]]
) -> None:
    stack_name, outputs = stack
    assert outputs["Landing"].startswith(f"{stack_name}-landing-")
    assert outputs["Note"].startswith(f"{stack_name}-Note-")
    assert outputs["Prepare"].startswith("Prepare-")


def test_the_stack_can_be_read_as_on_aws(
    local_aws: LocalAws, stack: tuple[str, dict[str, str]]
) -> None:
    stack_name, _ = stack
    client = local_aws.client("cloudformation")
    described = client.describe_stacks(StackName=stack_name)["Stacks"][0]
    assert described["StackStatus"] == "CREATE_COMPLETE"
    assert {"OutputKey": "Note", "Description": "What notes arrivals"}.items() <= next(
        output for output in described["Outputs"] if output["OutputKey"] == "Note"
    ).items()
    resources = client.describe_stack_resources(StackName=stack_name)["StackResources"]
    assert {"Landing", "NoteRole", "NoteArrival"} <= {r["LogicalResourceId"] for r in resources}
    events = client.describe_stack_events(StackName=stack_name)["StackEvents"]
    assert events[0]["ResourceStatus"] == "CREATE_COMPLETE"
    original = client.get_template(StackName=stack_name)["TemplateBody"]
    assert "AWS::Serverless::Function" in str(original)
    processed = client.get_template(StackName=stack_name, TemplateStage="Processed")
    assert "AWS::Lambda::Function" in str(processed["TemplateBody"])


def test_deploying_again_changes_what_changed_and_nothing_else(
    local_aws: LocalAws, folder: Path
) -> None:
    stack_name, template = name("changing"), folder / "template.yaml"
    first = deploy(local_aws, template, stack_name, {"Extra": "yes"})
    before = physical(local_aws, stack_name)
    assert deploy(local_aws, template, stack_name, {"Extra": "yes"}) == first
    assert physical(local_aws, stack_name) == before

    code = folder / "code" / "app.py"
    code.write_text(code.read_text().replace('"greeting"', '"salute"'))
    edit(folder, "VisibilityTimeout: 60", "VisibilityTimeout: 90")
    edit(folder, "[{AttributeName: id, KeyType: HASH}]", "[{AttributeName: key, KeyType: HASH}]")
    edit(
        folder,
        "[{AttributeName: id, AttributeType: S}]",
        "[{AttributeName: key, AttributeType: S}]",
    )
    with pytest.raises(DeploymentError, match=r"Ledger.*AttributeDefinitions cannot be changed"):
        deploy(local_aws, template, stack_name, {"Greeting": "moin"})
    assert status(local_aws, stack_name) == "UPDATE_ROLLBACK_COMPLETE"
    assert physical(local_aws, stack_name) == before
    assert invoke(local_aws, first["Note"], {})["Payload"]["greeting"] == "hello"

    edit(folder, "AttributeName: key", "AttributeName: id")
    second = deploy(local_aws, template, stack_name, {"Greeting": "moin", "Retention": "14"})
    assert invoke(local_aws, first["Note"], {})["Payload"]["salute"] == "moin"
    assert status(local_aws, stack_name) == "UPDATE_COMPLETE"
    after = physical(local_aws, stack_name)
    assert "Key" not in after
    assert "Key" not in second
    same = before.keys() - {"Key", "NoteArrival"}
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    key = local_aws.client("kms").describe_key(KeyId=before["Key"])["KeyMetadata"]
    assert key["KeyState"] == "PendingDeletion"
    groups = local_aws.client("logs").describe_log_groups(logGroupNamePrefix=first["Logs"])
    assert groups["logGroups"][0]["retentionInDays"] == 14

    local_aws.client("cloudformation").delete_stack(StackName=stack_name)
    with pytest.raises(ClientError, match="does not exist"):
        local_aws.client("cloudformation").describe_stacks(StackName=stack_name)
    functions = local_aws.client("lambda").list_functions()["Functions"]
    assert first["Note"] not in [function["FunctionName"] for function in functions]
    with pytest.raises(ClientError):
        local_aws.client("s3").head_bucket(Bucket=first["Landing"])


def test_a_resource_that_aws_refuses_is_named_and_the_stack_rolled_back(
    local_aws: LocalAws, folder: Path
) -> None:
    edit(folder, "layer/", "layer/")
    (folder / "layer" / "requirements.txt").write_text("no-such-package\n")
    stack_name = name("broken")
    with pytest.raises(
        DeploymentError, match=r"Packages\w+ \(AWS::Lambda::LayerVersion\).*no-such"
    ):
        deploy(local_aws, folder / "template.yaml", stack_name, {})
    assert status(local_aws, stack_name) == "ROLLBACK_COMPLETE"
    assert physical(local_aws, stack_name) == {}
    buckets = local_aws.client("s3").list_buckets()["Buckets"]
    assert not [bucket for bucket in buckets if bucket["Name"].startswith(stack_name)]
    (folder / "layer" / "requirements.txt").write_text("pydantic\n")
    assert deploy(local_aws, folder / "template.yaml", stack_name, {})["Note"]
    local_aws.client("cloudformation").delete_stack(StackName=stack_name)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("AWS::KMS::Key", "AWS::EC2::VPC", r"Key \(AWS::EC2::VPC\): the type is not supported"),
        ("MaxConcurrentRuns: 5}", "MaxConcurrentRuns: 5}\n      Colour: red",
         r"Prepare \(AWS::Glue::Job\): the property Colour is not supported"),
        ("CodeUri: code/", "CodeUri: nowhere/", r"Globals.Function: CodeUri names .*nowhere"),
        ("!Ref Landing\n", "!Ref Landnig\n", "refers to Landnig, which is not a parameter"),
        ("Condition: HasExtra\n    Properties", "Condition: HasMore\n    Properties",
         "condition HasMore is not defined"),
        ("DisplayName:", "DisplayName: x\n      DisplayName:", "DisplayName.*twice|mapping"),
        ("Transform: AWS::Serverless-2016-10-31", "Transform: [AWS::LanguageExtensions]",
         "AWS::LanguageExtensions is not supported"),
        ("Outputs:", "Hooks: {}\nOutputs:", "section Hooks is not supported"),
        ("Landing: {Value: !Ref Landing}", "Landing: [", "not valid YAML"),
    ],
)  # fmt: skip
def test_a_template_that_cannot_be_deployed_is_refused_before_anything_is_made(
    local_aws: LocalAws, folder: Path, old: str, new: str, message: str
) -> None:
    edit(folder, old, new)
    stack_name = name("refused")
    with pytest.raises(TemplateError, match=message):
        deploy(local_aws, folder / "template.yaml", stack_name, {"Extra": "yes"})
    with pytest.raises(ClientError, match="does not exist"):
        local_aws.client("cloudformation").describe_stacks(StackName=stack_name)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Greeting": "Hi 5"}, r"'Greeting' must be text that matches \[a-z\]\+, not 'Hi 5'"),
        ({"Retention": "8"}, "'Retention' must be one of 7, 14, not '8'"),
        ({"Nonsense": "1"}, "Nonsense.* do not exist in the template; it has: Extra, Greeting"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused_by_name(
    local_aws: LocalAws, given: dict[str, str], message: str
) -> None:
    with pytest.raises(TemplateError, match=message):
        deploy(local_aws, SOURCE / "template.yaml", name("refused"), given)


def plain(tmp_path: Path, **template: Any) -> Path:
    """A template without SAM, from Python values."""
    path = tmp_path / "plain.yaml"
    path.write_text(yaml.safe_dump(template))
    return path


def test_a_circle_of_references_is_named(local_aws: LocalAws, tmp_path: Path) -> None:
    def topic(other: str) -> dict[str, Any]:
        return {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": other}}}

    template = plain(tmp_path, Resources={"One": topic("Two"), "Two": topic("One")})
    with pytest.raises(TemplateError, match=r"Circular dependency.*One.*Two"):
        deploy(local_aws, template, name("circle"), {})


def test_a_wrong_name_inside_a_property_is_named_with_what_is_known(
    local_aws: LocalAws, tmp_path: Path
) -> None:
    rules = [{"Id": "x", "Status": "Enabled", "NoncurrentVersionExpiration": {"Days": 3}}]
    bucket = {
        "Type": "AWS::S3::Bucket",
        "Properties": {"LifecycleConfiguration": {"Rules": rules}},
    }
    message = (
        r"B \(AWS::S3::Bucket\).*NoncurrentVersionExpiration.Days is not known.*NoncurrentDays"
    )
    with pytest.raises(DeploymentError, match=message):
        deploy(local_aws, plain(tmp_path, Resources={"B": bucket}), name("wrong"), {})


def test_intrinsic_functions_give_what_cloudformation_gives(
    local_aws: LocalAws, tmp_path: Path
) -> None:
    expressions: dict[str, tuple[Any, str]] = {
        "Sub": ({"Fn::Sub": "${AWS::Region}/${!Literal}/${N}"}, "us-east-1/${Literal}/3"),
        "Join": ({"Fn::Join": ["+", {"Ref": "Names"}]}, "x+y"),
        "Select": ({"Fn::Select": [1, {"Ref": "Names"}]}, "y"),
        "Split": ({"Fn::Select": ["2", {"Fn::Split": ["/", "a/b/c"]}]}, "c"),
        "If": ({"Fn::If": ["Is3", {"Fn::FindInMap": ["M", "a", "b"]}, "no"]}, "found"),
        "Base64": ({"Fn::Base64": "text"}, "dGV4dA=="),
        "Empty": ({"Fn::Join": ["", {"Ref": "None"}]}, ""),
        "GetAtt": ({"Fn::GetAtt": ["Topic", "TopicName"]}, "t-1"),
    }
    outputs = {key: {"Value": value} for key, (value, _) in expressions.items()}
    template = plain(
        tmp_path,
        Parameters={
            "N": {"Type": "Number", "Default": 3},
            "Names": {"Type": "CommaDelimitedList", "Default": "x, y"},
            "None": {"Type": "CommaDelimitedList", "Default": ""},
        },
        Conditions={
            "Is3": {"Fn::And": [{"Condition": "Isnt4"}, {"Fn::Equals": [{"Ref": "N"}, 3]}]},
            "Isnt4": {"Fn::Not": [{"Condition": "Is4"}]},
            "Is4": {"Fn::Or": [{"Fn::Equals": [{"Ref": "N"}, "4"]}]},
        },
        Mappings={"M": {"a": {"b": "found"}}},
        Resources={
            "Topic": {
                "Type": "AWS::SNS::Topic",
                "Properties": {"TopicName": "t-1", "DisplayName": {"Ref": "AWS::NoValue"}},
            }
        },
        Outputs=outputs,
    )  # fmt: skip
    made = deploy(local_aws, template, name("expressions"), {})
    assert made == {key: expected for key, (_, expected) in expressions.items()}


def test_a_rule_of_the_template_refuses_parameters_with_its_own_words(
    local_aws: LocalAws, tmp_path: Path
) -> None:
    assertion = {"Assert": {"Fn::Equals": [{"Ref": "A"}, "x"]}, "AssertDescription": "A must be x"}
    template = plain(
        tmp_path,
        Parameters={"A": {"Type": "String"}},
        Rules={"OnlyX": {"Assertions": [assertion]}},
        Resources={"Topic": {"Type": "AWS::SNS::Topic"}},
    )
    with pytest.raises(TemplateError, match=r"OnlyX.*A must be x"):
        deploy(local_aws, template, name("rules"), {"A": "y"})
    with pytest.raises(TemplateError, match=r"\[A\] must have values"):
        deploy(local_aws, template, name("rules"), {})


def test_a_rule_may_ask_whether_a_list_contains_a_value_and_nothing_else_may(
    local_aws: LocalAws, tmp_path: Path
) -> None:
    known = {"Fn::Contains": [["x", "y"], {"Ref": "A"}]}
    assertion = {"Assert": known, "AssertDescription": "A must be x or y"}
    template = plain(
        tmp_path,
        Parameters={"A": {"Type": "String"}},
        Rules={"Known": {"Assertions": [assertion]}},
        Resources={"Topic": {"Type": "AWS::SNS::Topic"}},
    )
    deploy(local_aws, template, name("contains"), {"A": "y"})
    with pytest.raises(TemplateError, match=r"Known.*A must be x or y"):
        deploy(local_aws, template, name("contains"), {"A": "z"})
    topic = {"Type": "AWS::SNS::Topic", "Condition": "Known"}
    elsewhere = plain(
        tmp_path,
        Parameters={"A": {"Type": "String"}},
        Conditions={"Known": known},
        Resources={"Topic": topic},
    )
    with pytest.raises(TemplateError, match="only in the Rules section"):
        deploy(local_aws, elsewhere, name("contains"), {"A": "y"})


def test_what_is_to_be_retained_outlives_the_stack(local_aws: LocalAws, tmp_path: Path) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"}
    template = plain(
        tmp_path, Resources={"Kept": bucket}, Outputs={"Kept": {"Value": {"Ref": "Kept"}}}
    )
    stack_name = name("retaining")
    outputs = deploy(local_aws, template, stack_name, {})
    local_aws.client("cloudformation").delete_stack(StackName=stack_name)
    local_aws.client("s3").head_bucket(Bucket=outputs["Kept"])


NAMES_AT_A_START = f"""
import json
from ratchet.local_aws.cloudformation import deploy
from ratchet.local_aws.running.local import LocalAws
with LocalAws.start(port=0, announced=False) as local:
    deploy(local, {str(TEMPLATE)!r}, "lasting", {{"Extra": "yes"}})
    found = local.client("cloudformation").describe_stack_resources(StackName="lasting")
    ids = {{row["LogicalResourceId"]: row["PhysicalResourceId"] for row in found["StackResources"]}}
    print(json.dumps(ids).replace(local.endpoint, ""))
"""


def test_names_are_the_same_from_start_to_start() -> None:
    command = [sys.executable, "-c", NAMES_AT_A_START]
    starts = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    first, second = [json.loads(start.communicate(timeout=120)[0]) for start in starts]
    random = {logical_id for logical_id in first if first[logical_id] != second[logical_id]}
    assert random == NAMED_BY_THEIR_SERVICE
    assert re.fullmatch(r"lasting-landing-[a-z0-9]{12}", first["Landing"])
    assert re.fullmatch(r"lasting-Note-[A-Z0-9]{12}", first["Note"])


def test_two_local_aws_in_one_process_can_have_stacks_of_one_name(
    local_aws: LocalAws, tmp_path: Path
) -> None:
    template = plain(tmp_path, Resources={"Bucket": {"Type": "AWS::S3::Bucket"}})
    stack_name = name("twice")
    deploy(local_aws, template, stack_name, {})
    with LocalAws.start(port=0, announced=False) as other:
        deploy(other, template, stack_name, {})
        assert physical(other, stack_name) != physical(local_aws, stack_name)


def test_a_stack_created_again_does_not_meet_what_the_first_one_retained(
    local_aws: LocalAws, tmp_path: Path
) -> None:
    resources = {
        "Kept": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"},
        "Queue": {"Type": "AWS::SQS::Queue"},
    }
    stack_name, template = name("again"), plain(tmp_path, Resources=resources)
    made = []
    for _ in range(3):
        deploy(local_aws, template, stack_name, {})
        made.append(physical(local_aws, stack_name))
        local_aws.client("cloudformation").delete_stack(StackName=stack_name)
    assert len({each["Kept"] for each in made}) == 3
    for each in made:
        local_aws.client("s3").head_bucket(Bucket=each["Kept"])


def test_a_bucket_that_holds_data_stops_the_deletion(local_aws: LocalAws, tmp_path: Path) -> None:
    template = plain(
        tmp_path,
        Resources={"Full": {"Type": "AWS::S3::Bucket"}},
        Outputs={"Full": {"Value": {"Ref": "Full"}}},
    )
    stack_name = name("full")
    outputs = deploy(local_aws, template, stack_name, {})
    local_aws.client("s3").put_object(Bucket=outputs["Full"], Key="k", Body=b"1")
    local_aws.client("cloudformation").delete_stack(StackName=stack_name)
    assert status(local_aws, stack_name) == "DELETE_FAILED"
    local_aws.client("s3").delete_object(Bucket=outputs["Full"], Key="k")
    local_aws.client("cloudformation").delete_stack(StackName=stack_name)


def test_the_services_own_template_deploys_and_deploying_it_again_changes_nothing(
    local_aws: LocalAws,
) -> None:
    template, stack_name = REPOSITORY / "template.yaml", name("own")
    outputs = deploy(local_aws, template, stack_name, {})
    assert {"LandingBucket", "WorkBucket", "LedgerTable", "RegisterPipelineFunction"} <= set(
        outputs
    )
    before = physical(local_aws, stack_name)
    assert deploy(local_aws, template, stack_name, {}) == outputs
    assert physical(local_aws, stack_name) == before
    local_aws.client("cloudformation").delete_stack(StackName=stack_name)
