"""Distributed Map: items from S3, batches, children of their own, tolerated failures, results."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from asl_machines import Runner, types, until

from ratchet.workflow import StateError, TaskCall, TestClock, parse
from ratchet.workflow.asl.payload import Payload
from ratchet.workflow.interpreter.execution import Execution
from ratchet.workflow.interpreter.map_run import Child, MapRun

PASS = {"P": {"Type": "Pass", "End": True}}


class Bucket:
    """An S3 of one bucket, asked as a task runner asks it, and a listener to Map Runs."""

    def __init__(self, **objects: str) -> None:
        self.objects = {name.replace("__", "."): text for name, text in objects.items()}
        self.runs: list[MapRun] = []
        self.children: list[Execution] = []

    def answer(self, call: TaskCall) -> Any:
        arguments = call.arguments
        if call.resource.action == "putObject":
            self.objects[arguments["Key"]] = arguments["Body"]
            return {}
        if call.resource.action == "listObjectsV2":
            return self._page(arguments.get("ContinuationToken"))
        if arguments["Key"] not in self.objects:
            return StateError("S3.NoSuchKeyException", "The specified key does not exist.")
        return {"Body": self.objects[arguments["Key"]]}

    def _page(self, token: str | None) -> Any:
        names = sorted(self.objects)
        start = int(token or 0)
        entry = {"Key": names[start], "Size": 1, "LastModified": "2024-01-01T00:00:00Z"}
        more = {"IsTruncated": True, "NextContinuationToken": str(start + 1)}
        return {"Contents": [entry], **(more if start + 1 < len(names) else {})}

    def started(self, run: MapRun) -> None:
        self.runs.append(run)

    def child(self, run: MapRun, child: Child, execution: Execution) -> None:
        self.children.append(execution)


def _run(
    fields: dict[str, Any],
    value: Any = None,
    *,
    states: dict[str, Any] | None = None,
    bucket: Bucket | None = None,
) -> tuple[Execution, Bucket]:
    inner = states or PASS
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": next(iter(inner)),
        "States": inner,
    }
    each = {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}
    clock, bucket = TestClock(), bucket or Bucket()
    execution = Execution(
        parse({"StartAt": "Each", "States": {"Each": each}}),
        Payload([] if value is None else value),
        runner=Runner(clock, bucket.answer),
        clock=clock,
        map_runs=bucket,
    )
    clock.run(execution.run())
    return execution, bucket


def _read(kind: str, text: str, **config: Any) -> Any:
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": kind, **config},
        "Parameters": {"Bucket": "b", "Key": "file"},
    }
    execution, _ = _run({"ItemReader": reader}, bucket=Bucket(file=text))
    return execution.output.value if execution.output is not None else execution.cause


def test_items_are_read_from_files_of_each_kind() -> None:
    assert _read("CSV", '\ufeffid,"na;me"\n1,a\n2\n', CSVHeaderLocation="FIRST_ROW") == [
        {"id": "1", "na;me": "a"},
        {"id": "2", "na;me": ""},
    ]
    given = {"CSVHeaderLocation": "GIVEN", "CSVHeaders": ["x"], "CSVDelimiter": "PIPE"}
    assert _read("CSV", "1\n2\n", **given) == [{"x": "1"}, {"x": "2"}]
    assert _read("JSON", "[1, {}]", MaxItems=1) == [1]
    assert _read("JSON", '{"a": {"b": [7]}}', ItemsPointer="/a/b") == [7]
    assert _read("JSONL", '{"a":1}\n\n[2]\n') == [{"a": 1}, [2]]
    assert "duplicates" in _read("CSV", "a,a\n1,2\n")
    assert "not JSON" in _read("JSON", "[1")
    assert _read("JSONL", '"a\u2028b"\r\n2\r\n') == ["a\u2028b", 2]
    assert "not JSON" in _read("JSONL", "NaN")


def test_the_objects_of_a_bucket_are_items() -> None:
    reader = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "b"}}
    execution, _ = _run({"ItemReader": reader}, bucket=Bucket(one="1", two="2"))
    assert execution.output is not None
    assert [item["Key"] for item in execution.output.value] == ["one", "two"]
    assert execution.output.value[0]["LastModified"] == 1704067200


def test_a_file_that_is_not_there_fails_the_map_by_name() -> None:
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Parameters": {"Bucket": "b", "Key": "file"},
    }
    execution, bucket = _run({"ItemReader": reader})
    assert (execution.error, execution.cause) == (
        "States.ItemReaderFailed",
        "The specified key does not exist.",
    )
    assert types(execution)[2:] == [
        "MapStateStarted",
        "MapRunStarted",
        "MapRunFailed",
        "MapStateFailed",
        "ExecutionFailed",
    ]
    assert bucket.runs[0].status == "FAILED"


def test_items_go_in_batches_with_what_they_share() -> None:
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"size.$": "States.ArrayLength($)"}}
    execution, bucket = _run({"ItemBatcher": batcher}, [1, 2, 3])
    assert execution.output is not None
    assert execution.output.value == [
        {"BatchInput": {"size": 3}, "Items": [1, 2]},
        {"BatchInput": {"size": 3}, "Items": [3]},
    ]
    assert bucket.runs[0].counts(of_items=True)["succeeded"] == 3
    assert bucket.runs[0].counts(of_items=False)["succeeded"] == 2
    small, _ = _run({"ItemBatcher": {"MaxInputBytesPerBatch": 25}}, ["a" * 5, "b" * 5, "c"])
    assert small.output is not None
    assert [len(batch["Items"]) for batch in small.output.value] == [1, 2]


def test_children_are_executions_of_their_own() -> None:
    execution, bucket = _run({"Label": "Each"}, ["x", "y"])
    run = bucket.runs[0]
    assert ":mapRun:machine/Each:" in run.arn
    child = bucket.children[0]
    assert child.identity.machine_arn.endswith(":stateMachine:machine/Each")
    assert child.identity.arn.startswith(
        "arn:aws:states:us-east-1:123456789012:execution:machine/Each:"
    )
    assert types(child) == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    assert len(execution.history.events) == 8


CHECK = {
    "Check": {
        "Type": "Choice",
        "Choices": [{"Variable": "$", "NumericGreaterThan": 2, "Next": "Bad"}],
        "Default": "Good",
    },
    "Good": {"Type": "Succeed"},
    "Bad": {"Type": "Fail", "Error": "TooMuch", "Cause": "over 2"},
}


def test_an_object_in_the_input_is_run_over_by_members() -> None:
    selector = {"item.$": "$$.Map.Item"}
    execution, _ = _run({"ItemSelector": selector}, {"a": 1, "b": 2})
    assert execution.output is not None, execution.cause
    assert execution.output.value[1]["item"] == {
        "Index": 1,
        "Value": {"Key": "b", "Value": 2},
        "Key": "b",
        "Source": "STATE_DATA",
    }


def test_failures_are_tolerated_up_to_count_and_share() -> None:
    tolerated, _ = _run({"ToleratedFailureCount": 1}, [1, 2, 3], states=CHECK)
    assert tolerated.output is not None
    assert tolerated.output.value[:2] == [1, 2]
    failed = tolerated.output.value[2]
    assert (failed["Status"], failed["Error"], failed["Input"]) == ("FAILED", "TooMuch", "3")
    assert _run({"ToleratedFailurePercentage": 34}, [1, 2, 3], states=CHECK)[0].error is None
    for fields in ({}, {"ToleratedFailureCount": 0}, {"ToleratedFailurePercentage": 24}):
        execution, bucket = _run({**fields, "MaxConcurrency": 1}, [1, 3, 2, 1], states=CHECK)
        assert execution.error == "States.ExceedToleratedFailureThreshold"
        assert bucket.runs[0].status == "FAILED"


def test_exceeding_the_threshold_stops_what_still_runs() -> None:
    waits = {**CHECK, "Good": {"Type": "Wait", "Seconds": 1_000, "End": True}}
    execution, bucket = _run({}, [1, 3, 2], states=waits)
    assert {child.status for child in bucket.children} == {"ABORTED", "FAILED"}
    assert execution.stopped == execution.started


def test_results_are_written_with_a_manifest() -> None:
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": "b", "Prefix": "out"},
    }
    execution, bucket = _run(
        {"ResultWriter": writer, "ToleratedFailureCount": 1}, [1, 3], states=CHECK
    )
    assert execution.output is not None
    details = execution.output.value["ResultWriterDetails"]
    identity = bucket.runs[0].arn.rsplit(":", 1)[-1]
    assert details == {"Bucket": "b", "Key": f"out/{identity}/manifest.json"}
    files = json.loads(bucket.objects[details["Key"]])["ResultFiles"]
    assert files["PENDING"] == []
    [good] = json.loads(bucket.objects[files["SUCCEEDED"][0]["Key"]])
    assert (good["Status"], good["Input"], good["Output"]) == ("SUCCEEDED", "1", "1")
    [bad] = json.loads(bucket.objects[files["FAILED"][0]["Key"]])
    assert (bad["Status"], bad["Error"], bad["Cause"]) == ("FAILED", "TooMuch", "over 2")


def test_results_are_flattened_and_written_as_lines() -> None:
    lines = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": "b", "Prefix": ""},
        "WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSONL"},
    }
    _, bucket = _run({"ResultWriter": lines}, [[1, 2], [3]])
    assert [text for key, text in bucket.objects.items() if key.endswith(".jsonl")] == ["1\n2\n3"]
    flat = {"WriterConfig": {"Transformation": "FLATTEN"}}
    execution, _ = _run({"ResultWriter": flat}, [[1, 2], [3]])
    assert execution.output is not None
    assert execution.output.value == [1, 2, 3]


def test_only_so_many_children_run_at_a_time() -> None:
    waits = {"W": {"Type": "Wait", "Seconds": 10, "End": True}}
    execution, _ = _run({"MaxConcurrency": 2}, [1, 2, 3, 4, 5], states=waits)
    assert execution.stopped == execution.started + 30


def test_stopping_the_parent_aborts_run_and_children() -> None:
    waits = {"W": {"Type": "Wait", "Seconds": 1_000, "End": True}}
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "W",
        "States": waits,
    }
    each = {"Type": "Map", "ItemProcessor": processor, "End": True}
    clock, bucket = TestClock(), Bucket()
    execution = Execution(
        parse({"StartAt": "Each", "States": {"Each": each}}),
        Payload([1, 2]),
        clock=clock,
        map_runs=bucket,
    )

    async def scenario() -> None:
        running = asyncio.ensure_future(execution.run())
        await until(lambda: len(bucket.children) == 2)
        execution.stop("Enough")
        await running

    clock.run(scenario())
    assert types(execution)[-2:] == ["MapRunAborted", "ExecutionAborted"]
    assert {child.status for child in bucket.children} == {"ABORTED"}
    assert bucket.runs[0].status == "ABORTED"
