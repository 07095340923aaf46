"""One DynamoDB table: reads that are consistent, writes that may carry a condition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from botocore.exceptions import ClientError

from retraining.adapters.clients import code
from retraining.adapters.items import plain, typed

MOST_KEYS: Final = 100  # that BatchGetItem takes (API reference)


@dataclass(frozen=True)
class Hand:
    """The signature of a conditional write, by which it recognizes what it wrote itself.

    The SDK sends a request again whose reply was lost. If the first one was carried out, the
    second fails its condition because of what the first wrote, and must not take that for somebody
    else's write. `attribute` keeps the latest signature of one kind of write in the item. A step
    that may be repeated as a whole gives its own signature, which then survives the repetition.
    """

    attribute: str
    signature: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True)
class Held:
    """What must hold of another item for a write to be made."""

    pipeline: str
    item: str
    condition: str
    given: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


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
        hand: Hand | None = None,
    ) -> bool:
        """Write an item; False when the condition does not hold, as in `update`."""
        extra: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
        if given:
            extra["ExpressionAttributeValues"] = typed(given)
        if names:
            extra["ExpressionAttributeNames"] = names
        signed = {hand.attribute: hand.signature} if hand else {}
        body = {**_key(pipeline, item), **typed({**values, **signed})}
        return self._try(self._dynamodb.put_item, hand, Item=body, **extra) is not None

    def delete(
        self,
        pipeline: str,
        item: str,
        condition: str | None = None,
        given: dict[str, Any] | None = None,
    ) -> None:
        """Delete an item, if there is one and the condition holds."""
        extra: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
        if given:
            extra["ExpressionAttributeValues"] = typed(given)
        self._try(self._dynamodb.delete_item, Key=_key(pipeline, item), **extra)

    def put_while(
        self,
        pipeline: str,
        item: str,
        values: dict[str, Any],
        held: Held,
        condition: str | None = None,
        given: dict[str, Any] | None = None,
        names: dict[str, str] | None = None,
    ) -> bool:
        """Write an item while something holds of another one too; False when it does not.

        In one transaction, which the SDK's own token makes safe to send twice.
        """
        put = {"TableName": self._name, "Item": {**_key(pipeline, item), **typed(values)}}
        if condition:
            put |= _condition(condition, given or {}, names or {})
        return self._transact([self._check(held), {"Put": put}])

    def delete_while(self, pipeline: str, item: str, *held: Held) -> bool:
        """Delete an item, if there is one, while something holds of others; False when not."""
        delete = {"TableName": self._name, "Key": _key(pipeline, item)}
        return self._transact([*map(self._check, held), {"Delete": delete}])

    def _check(self, held: Held) -> dict[str, Any]:
        check = {"TableName": self._name, "Key": _key(held.pipeline, held.item)}
        return {"ConditionCheck": check | _condition(held.condition, held.given, held.names)}

    def _transact(self, parts: list[dict[str, Any]]) -> bool:
        """False when a condition does not hold; after a write that came between it tries again."""
        while True:
            try:
                self._dynamodb.transact_write_items(TransactItems=parts)
            except ClientError as error:
                if code(error) != "TransactionCanceledException":
                    raise
                cancelled: Any = error.response.get("CancellationReasons") or []
                reasons = {reason.get("Code") for reason in cancelled}
                if "ConditionalCheckFailed" in reasons:
                    return False
                if "TransactionConflict" not in reasons:
                    raise
            else:
                return True

    def update(
        self,
        pipeline: str,
        item: str,
        expression: str,
        values: dict[str, Any] | None = None,
        condition: str | None = None,
        names: dict[str, str] | None = None,
        hand: Hand | None = None,
    ) -> dict[str, Any] | None:
        """Change an item; its new values, or None when the condition does not hold.

        A condition that fails because this `hand` has already written counts as held.
        """
        extra: dict[str, Any] = {}
        if hand:
            expression = _signed(expression)
            values = {**(values or {}), ":hand": hand.signature}
            names = {**(names or {}), "#hand": hand.attribute}
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
            hand=hand,
            ReturnValues="ALL_NEW",
            **extra,
        )
        return None if answer is None else plain(answer.get("Attributes", {}))

    def _try(
        self, operation: Any, hand: Hand | None = None, **request: Any
    ) -> dict[str, Any] | None:
        """The answer; None when the condition fails because of somebody else's write.

        ALL_OLD returns the item that failed the condition, without another read (API reference,
        UpdateItem, ReturnValuesOnConditionCheckFailure).
        """
        if hand:
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        try:
            answer = _past_transactions(operation, TableName=self._name, **request)
        except ClientError as error:
            if code(error) != "ConditionalCheckFailedException":
                raise
            stored: Any = error.response.get("Item") or {}
            own = hand is not None and plain(stored).get(hand.attribute) == hand.signature
            return {"Attributes": stored} if own else None
        return answer

    def query(
        self,
        pipeline: str,
        prefix: str = "",
        *,
        index: str | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Items of a partition whose name begins with `prefix`, or all of an index, in order.

        `after` leaves out those of the index that sort before it.
        """
        condition, values = "pipeline = :pipeline", {":pipeline": pipeline}
        request: dict[str, Any] = {}
        if prefix:
            condition += " AND begins_with(#item, :prefix)"
            values[":prefix"] = prefix
            request["ExpressionAttributeNames"] = {"#item": "item"}
        if index:
            request["IndexName"] = index
        if index and after:
            condition += " AND #index > :after"
            values[":after"] = after
            request["ExpressionAttributeNames"] = {"#index": index}
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

    def existing(self, pipeline: str, items: list[str]) -> set[str]:
        """Those of these items that exist; a hundred a request, as many as one may ask for."""
        found: set[str] = set()
        for start in range(0, len(items), MOST_KEYS):
            keys = [_key(pipeline, item) for item in items[start : start + MOST_KEYS]]
            while keys:
                wanted = {
                    self._name: {
                        "Keys": keys,
                        "ProjectionExpression": "#item",
                        "ExpressionAttributeNames": {"#item": "item"},
                        "ConsistentRead": True,
                    }
                }
                answer = self._dynamodb.batch_get_item(RequestItems=wanted)
                found |= {plain(item)["item"] for item in answer["Responses"][self._name]}
                keys = answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
        return found


def _past_transactions(operation: Any, **request: Any) -> dict[str, Any]:
    """The answer; asked again while a transaction holds the item, which takes milliseconds.

    DynamoDB refuses the write then (API reference, TransactionConflictException), and botocore does
    not repeat it.
    """
    while True:
        try:
            answer: dict[str, Any] = operation(**request)
        except ClientError as error:
            if code(error) != "TransactionConflictException":
                raise
        else:
            return answer


def _signed(expression: str) -> str:
    """The update expression with the hand's signature among what it sets."""
    rest = f", {expression.removeprefix('SET ')}" if expression.startswith("SET ") else ""
    return f"SET #hand = :hand{rest or ' ' + expression}"


def _key(pipeline: str, item: str) -> dict[str, Any]:
    return typed({"pipeline": pipeline, "item": item})


def _condition(text: str, given: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    named = {"ExpressionAttributeNames": names} if names else {}
    values = {"ExpressionAttributeValues": typed(given)} if given else {}
    return {"ConditionExpression": text, **values, **named}
