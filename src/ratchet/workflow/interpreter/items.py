"""The items of a distributed Map: from its input, or from S3 (CSV, JSON, JSON Lines, a listing)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from ratchet.workflow.asl.errors import ITEM_READER, StateError
from ratchet.workflow.asl.model import ItemReader
from ratchet.workflow.asl.payload import Payload, loads
from ratchet.workflow.integrations.resource import parse_resource
from ratchet.workflow.interpreter.context import Item
from ratchet.workflow.interpreter.dataflow import Data
from ratchet.workflow.interpreter.tasks import TaskCall
from ratchet.workflow.interpreter.visit import Visit

MAX_ITEMS = 100_000_000
LIST = "listObjectsV2"
_DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


def given_items(value: list[Any] | dict[str, Any]) -> list[Item]:
    """The items of an array or of an object in the state's input."""
    return _items(_pairs(value) if isinstance(value, dict) else value, "STATE_DATA")


async def read_items(reader: ItemReader, visit: Visit, data: Data) -> list[Item]:
    """The items of a reader. Raises StateError (States.ItemReaderFailed)."""
    return await _Reading(reader, visit, data).items()


class _Pair(dict[str, Any]):
    """A member of an object as an item: its key and its value."""


def _pairs(value: dict[str, Any]) -> list[Any]:
    return [_Pair(Key=key, Value=part) for key, part in value.items()]


def _items(values: Iterable[Any], source: str, start: int = 0) -> list[Item]:
    return [
        Item(index, Payload(value), value["Key"] if isinstance(value, _Pair) else None, source)
        for index, value in enumerate(values, start)
    ]


class _Reading:
    """Reads one dataset."""

    def __init__(self, reader: ItemReader, visit: Visit, data: Data) -> None:
        self._reader = reader
        self._visit = visit
        self._data = data
        self._most = _limit(reader, data) or MAX_ITEMS
        given = data.evaluator.value(reader.arguments) if reader.arguments is not None else {}
        self._arguments: dict[str, Any] = dict(given) if isinstance(given, dict) else {}

    async def items(self) -> list[Item]:
        if self._reader.resource.action == LIST:
            objects = await self._objects()
            if self._reader.transformation == "LOAD_AND_FLATTEN":
                return await self._flattened(objects)
            return _items(objects, f"S3://{self._arguments.get('Bucket')}")
        return await self._file(self._arguments, self._most)

    async def _objects(self) -> list[Any]:
        found: list[Any] = []
        more: dict[str, Any] = {}
        while len(found) < self._most:
            page = await self._call("listObjectsV2", {**self._arguments, **more})
            found += [_object(entry) for entry in page.get("Contents") or []]
            if not page.get("IsTruncated"):
                break
            more = {"ContinuationToken": page["NextContinuationToken"]}
        return found[: self._most]

    async def _flattened(self, objects: list[Any]) -> list[Item]:
        items: list[Item] = []
        for entry in objects:
            place = {"Bucket": self._arguments.get("Bucket"), "Key": entry["Key"]}
            items += await self._file(place, self._most - len(items), len(items))
            if len(items) >= self._most:
                break
        return items

    async def _file(self, place: dict[str, Any], most: int, start: int = 0) -> list[Item]:
        answer = await self._call("getObject", place)
        text = str(answer.get("Body", "")).removeprefix("\ufeff")
        kind = self._reader.kind or _kind_of(str(place.get("Key", "")))
        parse = _PARSERS.get(kind)
        if parse is None:
            raise _failed(f"InputType {kind} is not supported; use CSV, JSON or JSONL")
        found = islice(parse(text, self._reader), most)
        return _items(found, f"S3://{place.get('Bucket')}/{place.get('Key')}", start)

    async def _call(self, action: str, arguments: dict[str, Any]) -> Any:
        try:
            return await s3(self._visit, action, arguments)
        except StateError as error:
            raise StateError(ITEM_READER, error.cause or error.error) from error


def _limit(reader: ItemReader, data: Data) -> int | None:
    try:
        return data.evaluator.number(reader.max_items, 0, MAX_ITEMS)
    except StateError as error:
        negative = (error.cause or "").endswith("cannot be negative.")
        cause = "field MaxItems must be positive" if negative else error.cause
        raise StateError(ITEM_READER, cause) from error


async def s3(visit: Visit, action: str, arguments: dict[str, Any]) -> Any:
    """One call of S3 by the execution's task runner."""
    runner = visit.environment.runner
    if runner is None:
        reason = f"Nothing here can call s3:{action}: the execution has no task runner"
        raise StateError("States.Runtime", visit.explained(reason))
    return await runner.request(
        TaskCall(
            resource=parse_resource(f"arn:aws:states:::aws-sdk:s3:{action}"),
            arguments=arguments,
            execution=visit.environment.identity.arn,
            state=visit.state.name,
            attempt=visit.retries,
        )
    )


def _object(entry: dict[str, Any]) -> dict[str, Any]:
    """An S3 object as AWS passes it to a child execution; the time is in epoch seconds."""
    modified = entry.get("LastModified")
    if isinstance(modified, str):
        modified = int(datetime.fromisoformat(modified).timestamp())
    return {
        "Etag": entry.get("ETag"),
        "Key": entry.get("Key"),
        "LastModified": modified,
        "Size": entry.get("Size"),
        "StorageClass": entry.get("StorageClass", "STANDARD"),
    }


def _kind_of(key: str) -> str:
    ending = key.rsplit(".", 1)[-1].upper()
    return ending if ending in _PARSERS else "JSON"


def _csv(text: str, reader: ItemReader) -> Iterator[dict[str, str]]:
    delimiter = _DELIMITERS.get(reader.delimiter, ",")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        given = reader.header_location == "GIVEN"
        headers = list(reader.headers) if given else next(rows, [])
        if len(set(headers)) < len(headers):
            raise _failed("CSV headers cannot contain duplicates.")
        for row in rows:
            if row:
                values = [*row, *[""] * (len(headers) - len(row))]
                yield dict(zip(headers, values, strict=False))
    except csv.Error as error:
        raise _failed(f"The CSV file cannot be read: {error}") from error


def _json(text: str, reader: ItemReader) -> Iterator[Any]:
    value = _pointed(_parsed(text), reader.pointer)
    if isinstance(value, dict):
        return iter(_pairs(value))
    if not isinstance(value, list):
        raise _failed("Attempting to map over non-iterable node.")
    return iter(value)


def _pointed(value: Any, pointer: str | None) -> Any:
    for step in (pointer or "").split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(name)] if isinstance(value, list) else value[name]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise _failed(f"ItemsPointer {pointer} points to nothing") from error
    return value


def _lines(text: str, _: ItemReader) -> Iterator[Any]:
    return (_parsed(line) for line in text.split("\n") if line.strip())


def _parsed(text: str) -> Any:
    try:
        return loads(text)
    except (ValueError, RecursionError) as error:
        raise _failed(f"The file is not JSON: {error}") from error


_PARSERS: dict[str, Callable[[str, ItemReader], Iterator[Any]]] = {
    "CSV": _csv,
    "JSON": _json,
    "JSONL": _lines,
}


def _failed(cause: str) -> StateError:
    return StateError(ITEM_READER, cause)
