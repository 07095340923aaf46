"""The model registry through the real client: versions, approval, events."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from sagemaker_world import BUCKET, IMAGE, World

from ratchet.local_aws.running.local import LocalAws

GROUP = "ratchet-houses"
SPECIFICATION = {
    "Containers": [{"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/model.tar.gz"}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}


@pytest.fixture(scope="module")
def world(local_aws: LocalAws) -> World:
    world = World(local_aws)
    world.sagemaker.create_model_package_group(
        ModelPackageGroupName=GROUP, Tags=[{"Key": "ratchet:stack", "Value": "ratchet"}]
    )
    return world


def register(world: World) -> str:
    arn: str = world.sagemaker.create_model_package(
        ModelPackageGroupName=GROUP,
        InferenceSpecification=SPECIFICATION,
        ModelApprovalStatus="PendingManualApproval",
        CustomerMetadataProperties={"run": "houses-000001"},
    )["ModelPackageArn"]
    return arn


def test_packages_of_a_group_are_numbered_and_found_by_approval(world: World) -> None:
    first, second = register(world), register(world)
    assert first.startswith(f"arn:aws:sagemaker:us-east-1:123456789012:model-package/{GROUP}/")
    world.sagemaker.update_model_package(
        ModelPackageArn=second, ModelApprovalStatus="Approved", ApprovalDescription="it is better"
    )
    newest = world.sagemaker.list_model_packages(
        ModelPackageGroupName=GROUP,
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
        MaxResults=1,
    )["ModelPackageSummaryList"]
    assert [package["ModelPackageArn"] for package in newest] == [second]
    described = world.sagemaker.describe_model_package(ModelPackageName=second)
    assert described["ApprovalDescription"] == "it is better"
    assert described["CustomerMetadataProperties"] == {"run": "houses-000001"}
    assert described["ModelPackageVersion"] == newest[0]["ModelPackageVersion"]


def test_an_approval_is_an_event_that_names_the_changed_field(world: World) -> None:
    events, sqs = world.local.client("events"), world.local.client("sqs")
    queue = sqs.create_queue(QueueName="package-events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {
            "ModelPackageGroupName": [{"prefix": "ratchet-"}],
            "ModelApprovalStatus": ["Approved"],
            "UpdatedModelPackageFields": ["ModelApprovalStatus"],
        },
    }
    events.put_rule(Name="approvals", EventPattern=json.dumps(pattern))
    target = {"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}
    events.put_targets(Rule="approvals", Targets=[target])
    package = register(world)
    world.sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
    detail = json.loads(message["Body"])["detail"]
    assert detail["ModelPackageArn"] == package


def test_a_group_is_created_once_and_deleted_when_empty(world: World) -> None:
    with pytest.raises(ClientError, match="Model Package Group already exists"):
        world.sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
    register(world)
    with pytest.raises(ClientError, match="still has model packages"):
        world.sagemaker.delete_model_package_group(ModelPackageGroupName=GROUP)
    for package in world.sagemaker.list_model_packages(ModelPackageGroupName=GROUP)[
        "ModelPackageSummaryList"
    ]:
        world.sagemaker.delete_model_package(ModelPackageName=package["ModelPackageArn"])
    world.sagemaker.delete_model_package_group(ModelPackageGroupName=GROUP)
    with pytest.raises(ClientError, match="does not exist"):
        world.sagemaker.describe_model_package_group(ModelPackageGroupName=GROUP)
