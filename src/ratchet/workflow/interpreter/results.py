"""Where a Map Run's results go: into the state's output, or into files and a manifest in S3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ratchet.workflow.asl.errors import RESULT_WRITER, StateError
from ratchet.workflow.asl.model import ResultWriter
from ratchet.workflow.asl.payload import Payload, dumps
from ratchet.workflow.asl.timestamps import iso
from ratchet.workflow.interpreter.dataflow import Data
from ratchet.workflow.interpreter.items import s3
from ratchet.workflow.interpreter.map_run import Child, MapRun
from ratchet.workflow.interpreter.status import FAILED, PENDING, SUCCEEDED
from ratchet.workflow.interpreter.visit import Visit


def outputs(writer: ResultWriter | None, run: MapRun) -> list[Payload]:
    """The results as the state's output; for a child that failed, all its metadata."""
    how = (writer.transformation if writer is not None else None) or "COMPACT"
    found: list[Payload] = []
    for child in run.children:
        found += _transformed(child, run, how)
    return found


async def write(writer: ResultWriter, visit: Visit, data: Data, run: MapRun) -> Payload:
    """Write all results to S3; gives their place. Raises States.ResultWriterFailed."""
    given = data.evaluator.value(writer.arguments) if writer.arguments is not None else None
    place = given if isinstance(given, dict) else {}
    prefix = str(place.get("Prefix") or "")
    if prefix and not prefix.endswith("/"):
        prefix += "/"
    folder = f"{prefix}{run.arn.rsplit(':', 1)[-1]}"
    files = _Files(visit, str(place.get("Bucket") or ""), folder)
    listed = {
        status: await files.results(status, list(_texts(writer, run, status)), writer.output_type)
        for status in (FAILED, PENDING, SUCCEEDED)
    }
    manifest = {"DestinationBucket": files.bucket, "MapRunArn": run.arn, "ResultFiles": listed}
    key = await files.put("manifest.json", dumps(manifest))
    run.results_written = len(run.children)
    return Payload(
        {"MapRunArn": run.arn, "ResultWriterDetails": {"Bucket": files.bucket, "Key": key}}
    )


class _Files:
    """The folder of one Map Run in the bucket of its results."""

    def __init__(self, visit: Visit, bucket: str, folder: str) -> None:
        self._visit = visit
        self.bucket = bucket
        self._folder = folder

    async def results(self, status: str, texts: list[str], kind: str) -> list[dict[str, Any]]:
        if not texts:
            return []
        body = "\n".join(texts) if kind == "JSONL" else f"[{','.join(texts)}]"
        ending = "jsonl" if kind == "JSONL" else "json"
        key = await self.put(f"{status}_0.{ending}", body)
        return [{"Key": key, "Size": len(body.encode())}]

    async def put(self, name: str, body: str) -> str:
        key = f"{self._folder}/{name}"
        try:
            await s3(self._visit, "putObject", {"Bucket": self.bucket, "Key": key, "Body": body})
        except StateError as error:
            raise StateError(RESULT_WRITER, error.cause or error.error) from error
        return key


def _texts(writer: ResultWriter, run: MapRun, status: str) -> Iterator[str]:
    how = writer.transformation or "NONE"
    for child in run.children:
        if _file_of(child) == status:
            yield from (part.text for part in _transformed(child, run, how))


def _file_of(child: Child) -> str:
    if child.status in (SUCCEEDED, PENDING):
        return child.status
    return FAILED


def _transformed(child: Child, run: MapRun, how: str) -> list[Payload]:
    execution = child.execution
    output = execution.output if execution is not None else None
    if output is None or child.status != SUCCEEDED or how == "NONE":
        return [Payload(_described(child, run))]
    if how == "FLATTEN" and isinstance(output.value, list):
        return [Payload(part) for part in output.value]
    return [output]


def _described(child: Child, run: MapRun) -> dict[str, Any]:
    """A child execution with its metadata, as the result files show it."""
    execution = child.execution
    if execution is None:
        return {"Status": PENDING, "StateMachineArn": run.machine_arn}
    shown: dict[str, Any] = {"ExecutionArn": execution.identity.arn}
    if execution.error is not None:
        shown["Error"] = execution.error
    if execution.cause is not None:
        shown["Cause"] = execution.cause
    shown |= {
        "Input": execution.input.text,
        "InputDetails": {"Included": True},
        "Name": execution.identity.name,
    }
    if execution.output is not None:
        shown |= {"Output": execution.output.text, "OutputDetails": {"Included": True}}
    shown |= {"RedriveCount": execution.redrives, **_redrive(execution.status)}
    shown |= {
        "StartDate": iso(execution.started),
        "StateMachineArn": execution.identity.machine_arn,
        "Status": execution.status,
    }
    if execution.stopped is not None:
        shown["StopDate"] = iso(execution.stopped)
    return shown


def _redrive(status: str) -> dict[str, str]:
    if status == SUCCEEDED:
        return {
            "RedriveStatus": "NOT_REDRIVABLE",
            "RedriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
        }
    return {"RedriveStatus": "REDRIVABLE"}
