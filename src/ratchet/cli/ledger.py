"""Reads of the ledger and the work bucket: pipelines, runs, champion, verdict, reports.

The CLI reads; only the service's functions write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ratchet.cli import layout
from ratchet.cli.connection import Stack
from ratchet.cli.errors import CliError, nearest

REGISTRATIONS = "#registrations"


@dataclass(frozen=True)
class RunRef:
    """A run by pipeline and fencing token."""

    pipeline: str
    token: int

    @property
    def id(self) -> str:
        """'<pipeline>-000001', which is also the execution's name."""
        return layout.run_id(self.pipeline, self.token)

    @property
    def prefix(self) -> str:
        """Where the run's files are in the work bucket."""
        return layout.run_prefix(self.pipeline, self.token)

    @property
    def quarantine(self) -> str:
        """Where the objects that the run rejected are in the work bucket."""
        return layout.quarantine_prefix(self.pipeline, self.token)

    @classmethod
    def parse(cls, run: str) -> RunRef:
        """From a run id; CliError when it is not one."""
        found = re.fullmatch(r"(.+)-([0-9]{1,12})", run)
        if found is None or not layout.is_pipeline(found[1]):
            raise CliError(
                f"{run[:80]} is not a run id: one looks like bank-marketing-000001",
                "List them with: ratchet runs",
            )
        return cls(found[1], int(found[2]))


def registrations(stack: Stack) -> dict[str, dict[str, Any]]:
    """The registered pipelines by name."""
    return {item["item"]: item for item in _query(stack, REGISTRATIONS)}


def registration(stack: Stack, pipeline: str) -> dict[str, Any]:
    """One registered pipeline; CliError names similar ones and push."""
    known = registrations(stack)
    if pipeline not in known:
        push = f" Push its folder with: ratchet push pipelines/{pipeline}"
        raise CliError(
            f"pipeline {pipeline[:80]} is not registered in {stack.name}{nearest(pipeline, known)}",
            f"Registered: {', '.join(known) or 'none'}."
            + (push if layout.is_pipeline(pipeline) else " No pipeline can have that name."),
        )
    return known[pipeline]


def require(stack: Stack, pipeline: str) -> None:
    """CliError as of `registration`, unless a pipeline of that name had runs: records stay."""
    if not pipeline_state(stack, pipeline).get("token"):
        registration(stack, pipeline)


def runs(stack: Stack, pipeline: str) -> list[dict[str, Any]]:
    """The run records of a pipeline, newest first."""
    found = [{**item, "pipeline": pipeline} for item in _query(stack, pipeline, "run#")]
    return sorted(found, key=lambda run: int(run["token"]), reverse=True)


def run_record(stack: Stack, run: RunRef) -> dict[str, Any]:
    """One run record; CliError names the pipelines there are, or the newest runs of this one."""
    record = _get(stack, run.pipeline, layout.run_item(run.token))
    if record is None:
        registration(stack, run.pipeline)
        last = [RunRef(run.pipeline, int(r["token"])).id for r in runs(stack, run.pipeline)[:3]]
        known = f"Newest runs: {', '.join(last)}" if last else "That pipeline has no runs yet."
        raise CliError(f"there is no run {run.id} in stack {stack.name}", known)
    return record


def pipeline_state(stack: Stack, pipeline: str) -> dict[str, Any]:
    """Token, lease and arrivals of a pipeline; empty before its first arrival."""
    return (_get(stack, pipeline, "state") if layout.is_pipeline(pipeline) else None) or {}


def open_run(stack: Stack, pipeline: str) -> RunRef | None:
    """The run that holds the pipeline."""
    lease = pipeline_state(stack, pipeline).get("lease") or {}
    return RunRef(pipeline, int(lease["token"])) if lease.get("token") else None


def champion(stack: Stack, pipeline: str) -> dict[str, Any] | None:
    """The serving model, if there is one."""
    return _get(stack, pipeline, "champion")


def promotion(stack: Stack, pipeline: str) -> dict[str, Any]:
    """The promotion item: `holder` is the execution that promotes a model now."""
    return _get(stack, pipeline, "promotion") or {}


def waiting(stack: Stack, pipeline: str) -> int:
    """How many object versions wait for a run; those that the open run has claimed do not count."""
    pending = {item["item"] for item in _query(stack, pipeline, index="pending")}
    run = open_run(stack, pipeline)
    manifest = (read_json(stack, f"{run.prefix}/manifest.json") if run else None) or {}
    return len(pending - claimed(manifest))


def claimed(manifest: dict[str, Any]) -> set[str]:
    """The ledger's items of the objects in a manifest."""
    return {
        layout.object_item(one["key"], one["version"] or one["etag"])
        for one in manifest.get("objects", [])
    }


def landed_object(stack: Stack, pipeline: str, key: str, version: str) -> dict[str, Any] | None:
    """The ledger's item of one object version."""
    return _get(stack, pipeline, layout.object_item(key, version))


def objects(stack: Stack, pipeline: str) -> Iterator[dict[str, Any]]:
    """The ledger's items of all object versions of a pipeline."""
    return _query(stack, pipeline, "object#")


def read_json(stack: Stack, key: str) -> Any:
    """A JSON document of the work bucket; None when it does not exist."""
    body = read_bytes(stack, key)
    return None if body is None else json.loads(body)


def read_bytes(stack: Stack, key: str) -> bytes | None:
    """An object of the work bucket; None when it does not exist."""
    s3 = stack.client("s3")
    try:
        body: bytes = s3.get_object(Bucket=stack.work_bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
    return body


def key_of(stack: Stack, uri: str) -> str:
    """The key of an s3 URI in the work bucket."""
    return uri.removeprefix(f"s3://{stack.work_bucket}/")


def list_keys(stack: Stack, bucket: str, prefix: str) -> list[str]:
    """Every key under a prefix."""
    pages = stack.client("s3").get_paginator("list_objects_v2")
    return [
        found["Key"]
        for page in pages.paginate(Bucket=bucket, Prefix=prefix)
        for found in page.get("Contents", [])
    ]


def without_pipeline(stack: Stack) -> dict[str, int]:
    """Landing prefixes without a registered pipeline, and how many objects wait there.

    Of a deleted pipeline the ledger says how many were never claimed.
    """
    s3, known = stack.client("s3"), registrations(stack)
    bucket, root = stack.landing_bucket, stack.landing_prefix
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=root, Delimiter="/")
    found: dict[str, int] = {}
    for page in pages:
        found.update({key["Key"].removeprefix(root): 1 for key in page.get("Contents", [])})
        for prefix in (entry["Prefix"] for entry in page.get("CommonPrefixes", [])):
            within = prefix.removeprefix(root)
            name = within.rstrip("/")
            if name in known:
                continue
            deleted = bool(pipeline_state(stack, name).get("token"))
            count = waiting(stack, name) if deleted else len(list_keys(stack, bucket, prefix))
            if count:
                found[within] = count
    return found


def quarantine_reports(stack: Stack, run: RunRef) -> dict[str, Any]:
    """The reports on a run's rejected objects by their key in the work bucket."""
    keys = [
        k for k in list_keys(stack, stack.work_bucket, run.quarantine) if k.endswith("/report.json")
    ]
    return {key: read_json(stack, key) for key in keys}


def _get(stack: Stack, pipeline: str, item: str) -> dict[str, Any] | None:
    answer = stack.client("dynamodb").get_item(
        TableName=stack.ledger_table,
        Key={"pipeline": {"S": pipeline}, "item": {"S": item}},
        ConsistentRead=True,
    )
    return _plain(answer["Item"]) if "Item" in answer else None


def _query(
    stack: Stack, pipeline: str, begins: str = "", index: str = ""
) -> Iterator[dict[str, Any]]:
    condition, values = "pipeline = :pipeline", {":pipeline": {"S": pipeline}}
    if begins:
        condition += " AND begins_with(#item, :begins)"
        values[":begins"] = {"S": begins}
    pages = (
        stack.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=stack.ledger_table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ConsistentRead=True,
            **({"ExpressionAttributeNames": {"#item": "item"}} if begins else {}),
            **({"IndexName": index} if index else {}),
        )
    )
    for page in pages:
        yield from map(_plain, page["Items"])


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    """DynamoDB's typed values as Python's; numbers as int or float."""
    from boto3.dynamodb.types import TypeDeserializer

    read = TypeDeserializer().deserialize
    return {name: _number(read(value)) for name, value in item.items()}


def _number(value: Any) -> Any:
    from decimal import Decimal

    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: _number(inner) for key, inner in value.items()}
    return [_number(inner) for inner in value] if isinstance(value, list) else value
