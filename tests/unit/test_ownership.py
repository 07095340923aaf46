"""What exists under one of our names is touched only if its tags are ours."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from unit_model import Run, serve
from unit_service import DEFINITION, ROLE, TAGS, Service, claim, concluded, finish, rows, started

from retraining import errors
from retraining.adapters.endpoints import Endpoints
from retraining.adapters.ownership import Ownership
from retraining.rules.names import Names
from retraining.rules.promotion import EndpointFacts

NAME = "ratchet--bank--rfjp"
THEIRS = {"ratchet:stack": "other", "ratchet:pipeline": "bank"}
TAG_LIST = [{"Key": key, "Value": value} for key, value in THEIRS.items()]
MACHINE = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
SAID = rf"{NAME}.* with ratchet:stack=other, ratchet:pipeline=bank instead of ratchet:stack=ratchet"


def recipe(service: Service) -> None:
    service.client("databrew").create_recipe(Name=NAME, Steps=[], Tags=THEIRS)


def dataset(service: Service) -> None:
    where = {"S3InputDefinition": {"Bucket": "theirs", "Key": "data/"}}
    service.client("databrew").create_dataset(Name=NAME, Input=where, Tags=THEIRS)


def recipe_job(service: Service) -> None:
    service.client("databrew").create_recipe_job(
        Name=NAME,
        RoleArn=ROLE,
        DatasetName=NAME,
        RecipeReference={"Name": NAME, "RecipeVersion": "7.0"},
        Tags=THEIRS,
    )


def package_group(service: Service) -> None:
    service.client("sagemaker").create_model_package_group(
        ModelPackageGroupName=NAME, ModelPackageGroupDescription="theirs", Tags=TAG_LIST
    )


def machine(service: Service) -> None:
    service.client("stepfunctions").create_state_machine(
        name=f"{NAME}-training",
        definition=json.dumps(MACHINE),
        roleArn=ROLE,
        tags=[{"key": key, "value": value} for key, value in THEIRS.items()],
    )


def own_training() -> dict[str, Any]:
    definition = copy.deepcopy(DEFINITION)
    return definition | {"training": {"workflow": MACHINE, "max_runtime": "1h"}}


@pytest.mark.parametrize("make", [recipe, dataset, recipe_job, package_group, machine])
def test_a_push_adopts_nothing_that_somebody_else_made(
    service: Service, make: Callable[[Service], None]
) -> None:
    make(service)
    with pytest.raises(errors.PipelineRejected, match=SAID):
        service.push(own_training())
    assert service.aws.ledger.registration("bank") is None


def test_a_push_adopts_what_an_earlier_push_made(service: Service) -> None:
    service.push(own_training())
    assert service.push(own_training(), "1" * 64)["changed"] == []


def test_what_carries_no_tags_at_all_is_not_ours(service: Service) -> None:
    service.client("sagemaker").create_model_package_group(ModelPackageGroupName=NAME)
    with pytest.raises(errors.PipelineRejected, match="with none of our tags instead of ratchet"):
        service.push()


def test_a_claim_points_no_job_that_somebody_else_made(service: Service) -> None:
    started(service, a=rows(40))
    databrew = service.client("databrew")
    databrew.delete_job(Name=NAME)
    recipe_job(service)
    with pytest.raises(errors.NotOurs, match=SAID):
        claim()
    assert databrew.describe_job(Name=NAME)["RecipeReference"]["RecipeVersion"] == "7.0"


def test_a_push_without_a_workflow_leaves_the_machine_of_somebody_else(service: Service) -> None:
    machine(service)
    service.push()
    names = service.client("stepfunctions").list_state_machines()["stateMachines"]
    assert f"{NAME}-training" in {one["name"] for one in names}


def test_no_promotion_moves_an_endpoint_that_somebody_else_made(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    serve(service, NAME, "theirs", TAG_LIST)
    with pytest.raises(errors.NotOurs, match=f"endpoint {SAID}"):
        run.decide(run.register()["package"])
    assert service.aws.ledger.promotion("bank") is None


class Vanishing:
    """SageMaker while an endpoint goes: described a last time, without tags a moment later."""

    def describe_endpoint(self, EndpointName: str) -> dict[str, str]:  # noqa: N803 - AWS's name
        return {"EndpointStatus": "Deleting", "EndpointArn": EndpointName}

    def get_paginator(self, _: str) -> Vanishing:
        return self

    def paginate(self, **_: str) -> Any:
        said = {"Code": "ValidationException", "Message": "Resource does not exist."}
        raise ClientError({"Error": said}, "ListTags")


def test_an_endpoint_that_goes_while_it_is_looked_at_is_gone() -> None:
    ownership = Ownership(Vanishing(), lambda: Names("ratchet", "rfjp"))
    endpoints = Endpoints(Vanishing(), lambda: None, ownership)
    assert endpoints.facts(NAME) == EndpointFacts()


@pytest.mark.parametrize("tags", [TAG_LIST, TAGS])
def test_a_run_that_was_not_promoted_deletes_only_its_own_model_and_config(
    service: Service, tags: list[dict[str, str]]
) -> None:
    Run(service, challenger=3.0).judge()
    sagemaker = service.client("sagemaker")
    serve(service, "elsewhere", f"{NAME}-000001", tags)
    sagemaker.delete_endpoint(EndpointName="elsewhere")
    run = {"pipeline": "bank", "token": 1, "execution": "arn", "package": None}
    finish({**run, **concluded("MODEL_REJECTED")})
    kept = 1 if tags == TAG_LIST else 0
    assert len(sagemaker.list_models()["Models"]) == kept
    assert len(sagemaker.list_endpoint_configs()["EndpointConfigs"]) == kept
