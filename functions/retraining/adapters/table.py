"""One DynamoDB table: reads that are consistent, writes that may carry a condition."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from retraining.adapters.clients import code
from retraining.adapters.items import plain, typed


class Table:
    """Items by partition (`pipeline`) and name (`item`)."""

    def __init__(self, dynamodb: Any, name: str) -> None:
        self._dynamodb, self._name = dynamodb, name

    def get(self, pipeline: str, item: str) -> dict[str, Any] | None:
        """An item, or None."""
        answer = self._dynamodb.get_item(
            TableName=self._name, Key=_key(pipeline, item), ConsistentRead=True
        )
        return plain(answer["Item"]) if "Item" in answer else None

    def put(
        self,
        pipeline: str,
        item: str,
        values: dict[str, Any],
        condition: str | None = None,
        given: dict[str, Any] | None = None,
        names: dict[str, str] | None = None,
    ) -> bool:
        """Write an item; False when the condition does not hold."""
        extra: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
        if given:
            extra["ExpressionAttributeValues"] = typed(given)
        if names:
            extra["ExpressionAttributeNames"] = names
        body = {**_key(pipeline, item), **typed(values)}
        return self._try(self._dynamodb.put_item, Item=body, **extra) is not None

    def update(
        self,
        pipeline: str,
        item: str,
        expression: str,
        values: dict[str, Any] | None = None,
        condition: str | None = None,
        names: dict[str, str] | None = None,
    ) -> dict[str, Any] | None:
        """Change an item; its new values, or None when the condition does not hold."""
        extra: dict[str, Any] = {}
        if values:
            extra["ExpressionAttributeValues"] = typed(values)
        if condition:
            extra["ConditionExpression"] = condition
        if names:
            extra["ExpressionAttributeNames"] = names
        answer = self._try(
            self._dynamodb.update_item,
            Key=_key(pipeline, item),
            UpdateExpression=expression,
            ReturnValues="ALL_NEW",
            **extra,
        )
        return None if answer is None else plain(answer.get("Attributes", {}))

    def _try(self, operation: Any, **request: Any) -> dict[str, Any] | None:
        try:
            answer: dict[str, Any] = operation(TableName=self._name, **request)
        except ClientError as error:
            if code(error) == "ConditionalCheckFailedException":
                return None
            raise
        return answer

    def query(
        self, pipeline: str, prefix: str = "", *, index: str | None = None, limit: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """Items of a partition whose name begins with `prefix`, or all of an index, in order."""
        condition, values = "pipeline = :pipeline", {":pipeline": pipeline}
        request: dict[str, Any] = {}
        if prefix:
            condition += " AND begins_with(#item, :prefix)"
            values[":prefix"] = prefix
            request["ExpressionAttributeNames"] = {"#item": "item"}
        if index:
            request["IndexName"] = index
        if limit:
            request["PaginationConfig"] = {"MaxItems": limit, "PageSize": limit}
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._name,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=typed(values),
            ConsistentRead=True,
            **request,
        )
        for page in pages:
            yield from map(plain, page["Items"])


def _key(pipeline: str, item: str) -> dict[str, Any]:
    return typed({"pipeline": pipeline, "item": item})
