"""DynamoDB as the ledger uses it, in a dictionary; test_fakes.py holds it equal to moto's."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from retraining.adapters.items import plain, typed

Item = dict[str, Any]
Names = dict[str, str]
Values = dict[str, Any]
Test = Callable[[Item, Names, Values], Any]

_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),+-]|[#:\w.]+)")
_CLAUSE = re.compile(r"\b(SET|REMOVE|ADD)\s")
_ABSENT = object()


def refused(code: str, message: str, operation: str, **more: Any) -> ClientError:
    """The error that botocore raises for an answer of AWS."""
    status = 500 if code.startswith("Internal") else 400
    found = {"Error": {"Code": code, "Message": message}, **more}
    return ClientError({**found, "ResponseMetadata": {"HTTPStatusCode": status}}, operation)


class Dynamodb:
    """One table of `tables`: its operations, as botocore's client has them."""

    def __init__(self, tables: dict[str, dict[tuple[str, str], Item]]) -> None:
        self._tables = tables

    def _table(self, name: str) -> dict[tuple[str, str], Item]:
        return self._tables[name]

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool) -> Item:
        found = self._table(TableName).get(_key(plain(Key)))
        return {} if found is None else {"Item": typed(found)}

    def put_item(self, *, TableName: str, Item: Item, **given: Any) -> Item:
        table, item = self._table(TableName), plain(Item)
        _require(table.get(_key(item)), given, "PutItem")
        table[_key(item)] = item
        return {}

    def update_item(
        self,
        *,
        TableName: str,
        Key: Item,
        UpdateExpression: str,
        **given: Any,
    ) -> Item:
        table, key = self._table(TableName), plain(Key)
        before = table.get(_key(key))
        _require(before, given, "UpdateItem")
        item = copy.deepcopy(before) if before is not None else dict(key)
        names, values = _given(given)
        for change in _changes(UpdateExpression):
            change(before or {}, item, names, values)
        table[_key(key)] = item
        return {"Attributes": typed(item)} if given.get("ReturnValues") == "ALL_NEW" else {}

    def delete_item(self, *, TableName: str, Key: Item, **given: Any) -> Item:
        table, key = self._table(TableName), _key(plain(Key))
        _require(table.get(key), given, "DeleteItem")
        table.pop(key, None)
        return {}

    def batch_get_item(self, *, RequestItems: Item) -> Item:
        found: Item = {}
        for name, given in RequestItems.items():
            keys = [_key(plain(key)) for key in given["Keys"]]
            table = self._table(name)
            found[name] = [typed(table[key]) for key in keys if key in table]
        return {"Responses": found}

    def transact_write_items(self, *, TransactItems: list[Item]) -> Item:
        """All or nothing."""
        reasons = []
        for part in TransactItems:
            ((kind, given),) = part.items()
            key = _key(plain(given["Key" if "Key" in given else "Item"]))
            try:
                _require(self._table(given["TableName"]).get(key), given, kind)
                reasons.append({"Code": "None"})
            except ClientError:
                reasons.append({"Code": "ConditionalCheckFailed"})
        if any(reason["Code"] != "None" for reason in reasons):
            code, operation = "TransactionCanceledException", "TransactWriteItems"
            raise refused(code, "cancelled", operation, CancellationReasons=reasons)
        for part in TransactItems:
            ((kind, given),) = part.items()
            if kind != "ConditionCheck":
                {"Put": self.put_item, "Update": self.update_item, "Delete": self.delete_item}[
                    kind
                ](**given)
        return {}

    def query(self, **request: Any) -> Item:
        names, values = _given(request)
        test = _condition(request["KeyConditionExpression"])
        index = request.get("IndexName")
        order = index or "item"
        found = [
            item
            for item in self._table(request["TableName"]).values()
            if order in item and test(item, names, values)
        ]
        ordered = sorted(found, key=lambda item: item[order])
        if not request.get("ScanIndexForward", True):
            ordered.reverse()
        return {"Items": [typed(item) for item in ordered[: request.get("Limit")]]}

    def paginate(self, operation: str, request: Item) -> Iterator[Item]:
        most = request.pop("PaginationConfig", {}).get("MaxItems")
        yield getattr(self, operation)(**request, **({"Limit": most} if most else {}))


def _key(item: Item) -> tuple[str, str]:
    return item["pipeline"], item["item"]


def _given(request: Item) -> tuple[Names, Values]:
    names = request.get("ExpressionAttributeNames", {})
    return names, plain(request.get("ExpressionAttributeValues", {}))


def _require(item: Item | None, request: Item, operation: str) -> None:
    expression = request.get("ConditionExpression")
    if expression is None or _condition(expression)(item or {}, *_given(request)):
        return
    shown = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and item is not None
    more = {"Item": typed(item)} if shown and item is not None else {}
    code, message = "ConditionalCheckFailedException", "The conditional request failed"
    raise refused(code, message, operation, **more)


def _look(item: Any, path: str, names: Names) -> Any:
    for part in path.split("."):
        name = names[part] if part.startswith("#") else part
        if not isinstance(item, dict) or name not in item:
            return _ABSENT
        item = item[name]
    return item


# conditions


@cache
def _condition(expression: str) -> Test:
    parser = _Parser(expression)
    test = parser.either()
    parser.end()
    return test


class _Parser:
    def __init__(self, expression: str) -> None:
        self.expression, self.tokens = expression, _TOKEN.findall(expression)
        if "".join(self.tokens) != re.sub(r"\s", "", expression):
            raise NotImplementedError(f"the model's DynamoDB cannot read {expression!r}")

    def next(self, wanted: str | None = None) -> str:
        token: str = self.tokens.pop(0)
        if wanted is not None and token != wanted:
            raise NotImplementedError(f"{token} where {wanted} is due in {self.expression!r}")
        return token

    def peek(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def end(self) -> None:
        if self.tokens:
            raise NotImplementedError(f"{self.tokens} left over in {self.expression!r}")

    def either(self) -> Test:
        tests = [self.both()]
        while self.peek() == "OR":
            self.next()
            tests.append(self.both())
        return lambda *given: any(test(*given) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self.peek() == "AND":
            self.next()
            tests.append(self.one())
        return lambda *given: all(test(*given) for test in tests)

    def one(self) -> Test:
        if self.peek() == "NOT":
            self.next()
            negated = self.one()
            return lambda *given: not negated(*given)
        if self.peek() == "(":
            self.next()
            inner = self.either()
            self.next(")")
            return inner
        name = self.next()
        if name in _FUNCTIONS and self.peek() == "(":
            return _FUNCTIONS[name](*self.arguments())
        sign = self.next()
        if sign == "IN":
            left, found = _operand(name), [_operand(one) for one in self.arguments()]
            return lambda *given: left(*given) in [one(*given) for one in found]
        return _comparison(_operand(name), sign, _operand(self.next()))

    def arguments(self) -> list[str]:
        self.next("(")
        found = [self.next()]
        while self.next() == ",":
            found.append(self.next())
        return found


def _operand(token: str) -> Test:
    if token.startswith(":"):
        return lambda item, names, values: values[token]
    return lambda item, names, values: _look(item, token, names)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _comparison(left: Test, sign: str, right: Test) -> Test:
    compare = _COMPARISONS[sign]

    def test(*given: Any) -> bool:
        a, b = left(*given), right(*given)
        if _ABSENT in (a, b) or type(a) is not type(b):
            return sign == "<>"
        return compare(a, b)

    return test


def _exists(path: str) -> Test:
    return lambda item, names, values: _look(item, path, names) is not _ABSENT


def _is_absent(path: str) -> Test:
    return lambda item, names, values: _look(item, path, names) is _ABSENT


def _begins(path: str, value: str) -> Test:
    return lambda item, names, values: str(_look(item, path, names)).startswith(values[value])


_FUNCTIONS: dict[str, Callable[..., Test]] = {
    "attribute_exists": _exists,
    "attribute_not_exists": _is_absent,
    "begins_with": _begins,
}


# changes

Change = Callable[[Item, Item, Names, Values], None]


@cache
def _changes(expression: str) -> list[Change]:
    parts = _CLAUSE.split(expression)
    if parts[0].strip():
        raise NotImplementedError(f"the model's DynamoDB cannot read {expression!r}")
    found = []
    for kind, text in zip(parts[1::2], parts[2::2], strict=True):
        found += [_MAKERS[kind](one.strip()) for one in re.split(r",(?![^(]*\))", text)]
    return found


def _place(item: Item, path: str, names: Names) -> tuple[Item, str]:
    *parents, last = [names[p] if p.startswith("#") else p for p in path.split(".")]
    for part in parents:
        if not isinstance(item.get(part), dict):
            message = "The document path provided in the update expression is invalid for update"
            raise refused("ValidationException", message, "UpdateItem")
        item = item[part]
    return item, last


def _set(text: str) -> Change:
    path, _, value = (part.strip() for part in text.partition("="))
    read = _value(value)

    def change(before: Item, item: Item, names: Names, values: Values) -> None:
        where, name = _place(item, path, names)
        where[name] = read(before, names, values)

    return change


def _value(text: str) -> Test:
    for sign in (" + ", " - "):
        if sign in text:
            left, right = (_value(part.strip()) for part in text.split(sign))
            factor = 1 if sign == " + " else -1
            return lambda *given: left(*given) + factor * right(*given)
    if text.startswith("if_not_exists("):
        path, default = (p.strip() for p in text[len("if_not_exists(") : -1].split(","))
        fallback = _operand(default)

        def found(item: Item, names: Names, values: Values) -> Any:
            seen = _look(item, path, names)
            return fallback(item, names, values) if seen is _ABSENT else seen

        return found
    return _operand(text)


def _remove(path: str) -> Change:
    def change(before: Item, item: Item, names: Names, values: Values) -> None:
        where, name = _place(item, path, names)
        where.pop(name, None)

    return change


def _add(text: str) -> Change:
    path, value = text.split()

    def change(before: Item, item: Item, names: Names, values: Values) -> None:
        where, name = _place(item, path, names)
        where[name] = where.get(name, 0) + values[value]

    return change


_MAKERS: dict[str, Callable[[str], Change]] = {"SET": _set, "REMOVE": _remove, "ADD": _add}
