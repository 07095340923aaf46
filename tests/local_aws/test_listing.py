"""Lists by the page: one pager, with the names, sizes and refusals of each API."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.running.local import LocalAws
from ratchet.local_aws.shared.listing import Pager

PAGER = Pager(lambda token: ServiceError("InvalidToken", token), size=3, most=5)
ROLE = "arn:aws:iam::123456789012:role/tests"
MACHINE = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})


def test_pages_hold_every_item_once() -> None:
    items, seen, request = list(range(8)), [], {}
    for _ in range(3):
        page, request = PAGER.page(items, request)
        seen.append(page)
    assert seen == [[0, 1, 2], [3, 4, 5], [6, 7]]
    assert request == {}


@pytest.mark.parametrize(("asked", "given"), [(2, 2), (5, 5), (50, 5), (0, 3)])
def test_a_page_is_as_large_as_asked_and_at_most_as_allowed(asked: int, given: int) -> None:
    page, _ = PAGER.page(list(range(8)), {"MaxResults": asked})
    assert len(page) == given


@pytest.mark.parametrize("token", ["5", "?", "bmV4dA==", "bmV4dDotMQ==", "w6k=", "\xe9"])
def test_a_token_that_no_answer_contained_is_refused(token: str) -> None:
    with pytest.raises(ServiceError) as refused:
        PAGER.page([1], {"NextToken": token})
    assert (refused.value.code, refused.value.message) == ("InvalidToken", token)


FORGED = [
    ("events", "list_rules", "NextToken", "ValidationException"),
    ("scheduler", "list_schedules", "NextToken", "ValidationException"),
    ("stepfunctions", "list_state_machines", "nextToken", "InvalidToken"),
    ("sagemaker", "list_models", "NextToken", "ValidationException"),
    ("databrew", "list_recipes", "NextToken", "ValidationException"),
    ("glue", "get_jobs", "NextToken", "InvalidInputException"),
    ("lambda", "list_functions", "Marker", "InvalidParameterValueException"),
]


@pytest.mark.parametrize(("service", "operation", "member", "code"), FORGED)
def test_each_api_refuses_a_forged_token_in_its_own_words(
    local_aws: LocalAws, service: str, operation: str, member: str, code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(local_aws.client(service), operation)(**{member: "forged"})
    assert refused.value.response["Error"]["Code"] == code


def _rule(client: Any, name: str) -> None:
    client.put_rule(Name=name, EventPattern='{"source": ["x"]}')


def _machine(client: Any, name: str) -> None:
    client.create_state_machine(name=name, definition=MACHINE, roleArn=ROLE)


def _job(client: Any, name: str) -> None:
    command = {"Name": "pythonshell", "PythonVersion": "3.9", "ScriptLocation": "s3://b/s.py"}
    client.create_job(Name=name, Role=ROLE, Command=command)


def _recipe(client: Any, name: str) -> None:
    client.create_recipe(Name=name, Steps=[])


def _function(client: Any, name: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", "")
    client.create_function(
        FunctionName=name,
        Role=ROLE,
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": buffer.getvalue()},
    )


LISTS = [
    ("events", "list_rules", _rule, "Rules", "Name"),
    ("stepfunctions", "list_state_machines", _machine, "stateMachines", "name"),
    ("glue", "get_jobs", _job, "Jobs", "Name"),
    ("databrew", "list_recipes", _recipe, "Recipes", "Name"),
    ("lambda", "list_functions", _function, "Functions", "FunctionName"),
]


@pytest.mark.parametrize(("service", "operation", "make", "key", "named"), LISTS)
def test_boto3_pages_through_each_list(
    local_aws: LocalAws, service: str, operation: str, make: Any, key: str, named: str
) -> None:
    client, start = local_aws.client(service), f"listed-{uuid.uuid4().hex[:8]}"
    made = [f"{start}-{number}" for number in range(3)]
    for name in made:
        make(client, name)
    more = {"RecipeVersion": "LATEST_WORKING"} if service == "databrew" else {}
    pages = client.get_paginator(operation).paginate(PaginationConfig={"PageSize": 2}, **more)
    found = [[item[named] for item in page[key]] for page in pages]
    assert all(len(page) <= 2 for page in found)
    assert sorted(name for page in found for name in page if name.startswith(start)) == made
