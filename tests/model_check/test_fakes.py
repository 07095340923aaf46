"""The fake ledger answers as moto's DynamoDB does all that functions ask of it on these paths."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from model_faults import Fault
from model_paths import BY_NAME, begun
from model_world import World, patched
from moto import mock_aws

from retraining.adapters.items import typed

COMPARED = ("Item", "Items", "Attributes")


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty ledger in moto."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    key = [("pipeline", "HASH"), ("item", "RANGE")]
    index = [("pipeline", "HASH"), ("pending", "RANGE")]
    with mock_aws():
        client: Any = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName="ledger",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"}
                for name in ("pipeline", "item", "pending")
            ],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in key],
            LocalSecondaryIndexes=[
                {
                    "IndexName": "pending",
                    "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in index],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )
        yield client


class Both:
    """Carries out each call to DynamoDB on moto too, and notes where the answers differ."""

    def __init__(self, world: World, dynamodb: Any) -> None:
        self.dynamodb, self.alone = dynamodb, world.call
        self.asked, self.different = 0, []
        for item in world.cloud.tables["ledger"].values():
            dynamodb.put_item(TableName="ledger", Item=typed(item))
        world.call = self.call  # type: ignore[method-assign]

    def call(self, service: str, operation: str, request: Any, carry_out: Any) -> Any:
        def both() -> Any:
            given = {name: value for name, value in request.items() if name != "PaginationConfig"}
            theirs = said(lambda: getattr(self.dynamodb, operation)(**given))
            ours = said(carry_out)
            self.asked += 1
            if "PaginationConfig" not in request and compared(ours) != compared(theirs):
                self.different.append((operation, request, compared(ours), compared(theirs)))
            if isinstance(ours, ClientError):
                raise ours
            return ours

        return self.alone(service, operation, request, both if service == "dynamodb" else carry_out)


def said(ask: Any) -> Any:
    try:
        return ask()
    except ClientError as error:
        return error


def compared(found: Any) -> Any:
    if isinstance(found, ClientError):
        return found.response["Error"]["Code"], found.response.get("Item")
    page = found[0] if isinstance(found, list) else found
    return {name: by_value(page[name]) for name in COMPARED if name in page}


def by_value(found: Any) -> Any:
    """An answer with its numbers as numbers: moto keeps 1.0, which DynamoDB answers as 1."""
    if isinstance(found, list):
        return [by_value(one) for one in found]
    if not isinstance(found, dict):
        return found
    if [*found] == ["N"]:
        return Decimal(found["N"])
    return {name: by_value(one) for name, one in found.items()}


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("registration", "-"),
        ("unregistered", "-"),
        ("update", "-"),
        ("data-rejected", "*.update_item(object)#1"),
        ("meanwhile", "start_retraining.update_item(state)#2"),
        ("stopped", "settle_data.update_item(state)#1"),
    ],
)
def test_the_fake_ledger_answers_as_motos(dynamodb: Any, path: str, call: str) -> None:
    world = begun(BY_NAME[path], Fault("resent", call))
    both = Both(world, dynamodb)
    with patched(world, path):
        BY_NAME[path].act(world)
    assert both.different == []
    assert both.asked > 20
