"""What happens to a burst: thousands of objects at once, from the first PutObject to rest.

Usage: python benchmarks/burst.py [--objects 10000] [--peer-objects 200] [--claimed-only]

First the way of an object to a queue (PutObject, EventBridge, SQS, and out of the queue again) on
local AWS and on moto's server alone, for --peer-objects and for twice as many. Then the stack in
local AWS: --objects objects in shuffled order, every twentieth written twice, some as multipart
uploads, some as copies. Reports the rate at which versions are recorded in the ledger, that every
version is in exactly one manifest, how the runs ended, and the API calls by kind at AWS's list
prices (requests alone: no time of functions, jobs or endpoints). --claimed-only ends with the
manifest, as checking and training on thousands of files takes a laptop a while.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from main_job import RATCHET, copy_of_the_pipeline, ratchet, resident_megabytes

ROOT = Path(__file__).resolve().parent.parent
PIPELINE = "burst"
ROWS = 8  # of an object
THREADS = 8
TWICE, MULTIPART, COPIED = 20, 50, 25  # every so manieth object
QUIET = "20s"
DEADLINE_SECONDS = 3600
PRODUCER = "producer"  # the access key of whoever drops the objects

# US East (N. Virginia), dollars a request; none of these services' free tiers is taken off.
PRICES = {
    "S3 PUT, COPY, POST, LIST": 0.005 / 1_000,  # https://aws.amazon.com/s3/pricing/
    "S3 GET and others": 0.0004 / 1_000,
    "DynamoDB writes": 2 * 0.625 / 1_000_000,  # https://aws.amazon.com/dynamodb/pricing/on-demand/
    "DynamoDB reads": 0.125 / 1_000_000,
    "DynamoDB queries": 256 * 0.125 / 1_000_000,
    "SQS": 0.40 / 1_000_000,  # https://aws.amazon.com/sqs/pricing/
    "SNS": 0.50 / 1_000_000,  # https://aws.amazon.com/sns/pricing/
    "Lambda invocations": 0.20 / 1_000_000,  # https://aws.amazon.com/lambda/pricing/
    "state transitions": 0.025 / 1_000,  # https://aws.amazon.com/step-functions/pricing/
}
"""A write counts twice (the item, and its entry in the index); a query as a full page of 1 MB."""

Json = dict[str, Any]


# The child: local AWS with the stack, counting calls


def serve() -> None:
    """Local AWS with the stack, until stdin ends; every line of stdin asks for the counts."""
    from ratchet.cli.up import running

    with running(0, None, announced=False) as (local, _):
        calls: Counter[str] = Counter()
        local.listen(lambda call: calls.update(kind_of(call)))
        _count(local.services["sqs"], calls, "SQS", "receive_message", "send_message")
        _count(local.services["sqs"], calls, "SQS", "delete_message_batch", "send_message_batch")
        _count(local.services["lambda"], calls, "Lambda invocations", "run")
        print(json.dumps({"endpoint": local.endpoint, "outputs": outputs(local)}), flush=True)
        for _ in sys.stdin:
            print(json.dumps(calls), flush=True)


def outputs(local: Any) -> dict[str, str]:
    (found,) = local.client("cloudformation").describe_stacks()["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}


def kind_of(call: Any) -> list[str]:
    """The row of PRICES that a request counts for, if any."""
    target = call.request.headers.get("x-amz-target", "").rpartition(".")[2]
    if call.access_key == PRODUCER:
        return []
    if call.service == "s3":
        listing = call.request.method == "GET" and "list-type" in call.request.query
        costly = call.request.method in ("PUT", "POST") or listing
        return ["S3 PUT, COPY, POST, LIST" if costly else "S3 GET and others"]
    if call.service == "dynamodb" and target in ("PutItem", "UpdateItem", "DeleteItem"):
        return ["DynamoDB writes"]
    if call.service == "dynamodb":
        return ["DynamoDB queries" if target == "Query" else "DynamoDB reads"]
    return ["SNS"] if call.service == "sns" else []


def _count(service: Any, calls: Counter[str], kind: str, *methods: str) -> None:
    """Count calls that do not go through HTTP here, as they do on AWS."""

    def counted(work: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            calls[kind] += 1
            return work(*arguments, **more)

        return call

    for method in methods:
        setattr(service, method, counted(getattr(service, method)))


# The parent


@contextmanager
def child(*command: str | Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def client(service: str, endpoint: str) -> Any:
    config = Config(max_pool_connections=THREADS, s3={"addressing_style": "path"})
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=PRODUCER,
        aws_secret_access_key=PRODUCER,
        config=config,
    )


def in_turn(work: Callable[[Any], None], items: list[Any]) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, items))


# The way to a queue, against moto's server


def seconds_through_a_queue(endpoint: str, count: int, name: str) -> float:
    """PutObject -> EventBridge -> SQS -> receive and delete."""
    s3, sqs, events = (client(each, endpoint) for each in ("s3", "sqs", "events"))
    s3.create_bucket(Bucket=name)
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [name]}}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn["QueueArn"]}])
    began, left = time.perf_counter(), count
    in_turn(lambda n: s3.put_object(Bucket=name, Key=str(n), Body=b"x"), list(range(count)))
    while left:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, message in enumerate(answer.get("Messages", []))
        ]
        if entries:
            sqs.delete_message_batch(QueueUrl=url, Entries=entries)
        left -= len(entries)
    return time.perf_counter() - began


def compare(count: int) -> None:
    say(f"an object through EventBridge to a queue and out of it, {count:,} and {2 * count:,}")
    seconds: dict[str, list[float]] = {}
    for name, command, ready in (
        ("ratchet", (RATCHET, "up", "--port", "14571"), "/_ratchet"),
        ("moto", (RATCHET.with_name("moto_server"), "-p", "14572"), "/moto-api/data.json"),
    ):
        endpoint = f"http://127.0.0.1:{command[-1]}"
        with child(*command):
            wait_for(endpoint + ready)
            seconds_through_a_queue(endpoint, 20, "warm")
            seconds[name] = [
                seconds_through_a_queue(endpoint, times * count, f"burst-{times}")
                for times in (1, 2)
            ]
            rates = [
                times * count / took for times, took in zip((1, 2), seconds[name], strict=True)
            ]
            say(f"  {name:8} {rates[0]:7.0f} objects/s {rates[1]:7.0f} objects/s")
    ratios = [theirs / ours for ours, theirs in zip(*seconds.values(), strict=True)]
    say(f"  moto takes {ratios[0]:.1f} and {ratios[1]:.1f} times as long")


def wait_for(url: str) -> None:
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).read()
        except OSError:
            time.sleep(0.2)
        else:
            return


# The stack


class Stack:
    """The child's local AWS, seen from outside."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        assert process.stdin is not None
        self._in, self._out = process.stdin, process.stdout
        started = json.loads(self._out.readline())
        self.endpoint, outputs = started["endpoint"], started["outputs"]
        self.landing, self.work = outputs["LandingBucket"], outputs["WorkBucket"]
        self._table = outputs["LedgerTable"]
        self.s3, self.dynamodb, self.states = (
            client(name, self.endpoint) for name in ("s3", "dynamodb", "stepfunctions")
        )

    def calls(self) -> Counter[str]:
        self._in.write("\n")
        self._in.flush()
        return Counter(json.loads(self._out.readline()))

    def state(self) -> Json:
        """The pipeline's item in the ledger."""
        key = {"pipeline": {"S": PIPELINE}, "item": {"S": "state"}}
        found = self.dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return dict(found.get("Item", {}))

    def arrivals(self) -> int:
        return int(self.state().get("arrivals", {"N": "0"})["N"])

    def at_rest(self) -> bool:
        """Whether no run is open and no object waits."""
        pending = self.dynamodb.query(
            TableName=self._table,
            IndexName="pending",
            KeyConditionExpression="pipeline = :pipeline",
            ExpressionAttributeValues={":pipeline": {"S": PIPELINE}},
            Limit=1,
        )
        return not pending["Items"] and "lease" not in self.state()

    def manifests(self) -> list[Json]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.work)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        named = [key for key in keys if key.endswith("/manifest.json")]
        bodies = [self.s3.get_object(Bucket=self.work, Key=key)["Body"] for key in named]
        return [json.load(body) for body in bodies]

    def transitions(self) -> int:
        """States entered in all executions."""
        machines = self.states.list_state_machines()["stateMachines"]
        entered = 0
        for machine in machines:
            listed = self.states.list_executions(stateMachineArn=machine["stateMachineArn"])
            for execution in listed["executions"]:
                pages = self.states.get_paginator("get_execution_history").paginate(
                    executionArn=execution["executionArn"]
                )
                events = (event["type"] for page in pages for event in page["events"])
                entered += sum(kind.endswith("StateEntered") for kind in events)
        return entered


def drop(stack: Stack, bodies: list[bytes]) -> list[tuple[str, str]]:
    """Write the objects; the key and version of every write that the landing bucket saw."""
    written: list[tuple[str, str]] = []
    s3, landing, aside = stack.s3, stack.landing, "aside"
    s3.create_bucket(Bucket=aside)

    def write(number: int) -> None:
        key, body = f"{PIPELINE}/{number:05}.csv", bodies[number]
        place = {"Bucket": landing, "Key": key}
        if number % MULTIPART == 1:
            upload = {**place, "UploadId": s3.create_multipart_upload(**place)["UploadId"]}
            tag = s3.upload_part(**upload, PartNumber=1, Body=body)["ETag"]
            parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
            answer = s3.complete_multipart_upload(**upload, MultipartUpload=parts)
        elif number % COPIED == 2:
            s3.put_object(Bucket=aside, Key=str(number), Body=body)
            answer = s3.copy_object(**place, CopySource=f"{aside}/{number}")
        else:
            answer = s3.put_object(**place, Body=body)
        written.append((key, answer["VersionId"]))

    numbers = [*range(len(bodies)), *range(0, len(bodies), TWICE)]
    random.Random(1).shuffle(numbers)
    in_turn(write, numbers)
    return written


def made_up_objects(count: int, folder: Path) -> list[bytes]:
    script, whole = ROOT / "pipelines" / "bank-marketing" / "sample_data.py", folder / "all.csv"
    rows = max(count * ROWS, 20_000)
    command = [sys.executable, script, "--rows", str(rows), "--out", whole]
    subprocess.run(command, check=True, capture_output=True)
    header, *lines = whole.read_bytes().splitlines(keepends=True)
    size = -(-rows // count)
    return [header + b"".join(lines[n * size : (n + 1) * size]) for n in range(count)]


def until(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {DEADLINE_SECONDS} s: {what}")
        time.sleep(1)


def push(stack: Stack, folder: Path) -> None:
    copy = copy_of_the_pipeline(PIPELINE, folder)
    text = (copy / "pipeline.yaml").read_text()
    (copy / "pipeline.yaml").write_text(text.replace("quiet_period: 1s", f"quiet_period: {QUIET}"))
    ratchet(stack.endpoint, "push", copy)


def burst(count: int, folder: Path, *, claimed_only: bool) -> None:
    with child(sys.executable, Path(__file__).resolve(), "--serve") as process:
        stack = Stack(process)
        push(stack, folder)
        bodies = made_up_objects(count, folder)
        before, began, busy = stack.calls(), time.perf_counter(), core_seconds(process.pid)
        written = drop(stack, bodies)
        dropped = time.perf_counter() - began
        until(lambda: stack.arrivals() >= len(written), "every version in the ledger")
        recorded = time.perf_counter() - began
        say(f"{count:,} objects, {len(written):,} versions")
        say(
            f"  written in {dropped:.0f} s, recorded in {recorded:.0f} s: "
            f"{len(written) / recorded:.0f} versions/s into the ledger"
        )
        busy = (core_seconds(process.pid) - busy) / len(written)
        say(f"  of a core, local AWS took {busy * 1000:.1f} ms a version")
        until(lambda: len(claimed(stack)) >= len(written), "every version in a manifest")
        check(stack, written)
        costs(stack.calls() - before, len(written), "until then")
        if claimed_only:
            return
        until(lambda: stack.at_rest() and ended(stack), "the end of the last run")
        seconds, megabytes = time.perf_counter() - began, resident_megabytes(process.pid)
        say(f"  at rest after {seconds:.0f} s; local AWS takes {megabytes:.0f} MB")
        check(stack, written)
        say(f"  runs: {', '.join(run['outcome'] for run in runs(stack))}")
        calls = stack.calls() - before
        calls["state transitions"] = stack.transitions()
        costs(calls, len(written), "in all")


def core_seconds(pid: int) -> float:
    """What the process, without its children, has used of the processor."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def runs(stack: Stack) -> list[Json]:
    return list(ratchet(stack.endpoint, "runs", PIPELINE))


def ended(stack: Stack) -> bool:
    found = runs(stack)
    return bool(found) and all(run.get("outcome") for run in found)


def claimed(stack: Stack) -> list[tuple[str, str]]:
    """Key and version of every entry of every manifest."""
    return [(each["key"], each["version"]) for one in stack.manifests() for each in one["objects"]]


def check(stack: Stack, written: list[tuple[str, str]]) -> None:
    found, manifests = claimed(stack), len(stack.manifests())
    if sorted(found) != sorted(written):
        raise SystemExit(f"of {len(written)} versions, {len(set(found))} are in manifests")
    say(f"  each version is in exactly one manifest, of {manifests}")


def costs(calls: Counter[str], versions: int, when: str) -> None:
    say(f"  requests {when}, and their list price")
    total = 0.0
    for kind, price in PRICES.items():
        total += calls[kind] * price
        each = calls[kind] / versions
        say(f"    {kind:26}{calls[kind]:8,}{each:8.2f} a version  ${calls[kind] * price:.4f}")
    say(f"    ${total:.2f} for the burst, ${total / versions * 1e6:.2f} for a million versions")


def say(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--peer-objects", type=int, default=200)
    parser.add_argument("--claimed-only", action="store_true", help="do not wait for the run")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve()
        return
    compare(arguments.peer_objects)
    with tempfile.TemporaryDirectory() as temporary:
        burst(arguments.objects, Path(temporary), claimed_only=arguments.claimed_only)


if __name__ == "__main__":
    main()
