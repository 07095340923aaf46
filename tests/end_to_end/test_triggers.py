"""What starts a run, on a stack whose clock is turned: a schedule of a pipeline, and a marker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from workplace import ROOT, Workplace, csv_bytes, pipeline_folder, until

from ratchet.local_aws.cloudformation import deploy
from ratchet.local_aws.running.local import LocalAws

STACK = "triggers"
EMPTY = csv_bytes("age;y", [])
"""Data that its check rejects: a run that starts has ended before anything is trained."""
CALL = datetime.now(UTC) + timedelta(minutes=20)
TRIGGERS = {
    "nightly": f'schedule: "cron({CALL.minute} {CALL.hour} * * ? *)"',
    "marked": "marker: _SUCCESS",
}


@dataclass
class World:
    """A local AWS with the stack in it."""

    local: LocalAws
    outputs: dict[str, str]

    def client(self, service: str) -> Any:
        return self.local.client(service)

    def drop(self, key: str, body: bytes) -> None:
        bucket = self.outputs["LandingBucket"]
        self.client("s3").put_object(Bucket=bucket, Key=key, Body=body)

    def item(self, pipeline: str, item: str) -> dict[str, Any]:
        """An item of the ledger, in DynamoDB's JSON; empty when there is none."""
        key = {"pipeline": {"S": pipeline}, "item": {"S": item}}
        answer = self.client("dynamodb").get_item(TableName=self.outputs["LedgerTable"], Key=key)
        found: dict[str, Any] = answer.get("Item", {})
        return found

    def recorded(self, pipeline: str) -> bool:
        """Whether its object has arrived, and its wake has come and found no reason to start."""
        state = self.item(pipeline, "state")
        return "arrivals" in state and "wake_at" not in state

    def outcome(self, pipeline: str) -> str | None:
        record = self.item(pipeline, "run#000001")
        return record["outcome"]["S"] if "outcome" in record else None


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    place = Workplace(tmp_path_factory.mktemp("triggers"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", None)
        patch.setenv("TMPDIR", str(place.temporary))
        with LocalAws.start(port=0, region="us-east-1", announced=False) as local:
            outputs = deploy(local, ROOT / "template.yaml", STACK, {"ArrivalsBatchingWindow": "0"})
            for name, trigger in TRIGGERS.items():
                folder = pipeline_folder(place, name)
                text = (folder / "pipeline.yaml").read_text()
                assert "trigger:\n" in text
                text = text.replace("trigger:\n", f"trigger:\n  {trigger}\n")
                (folder / "pipeline.yaml").write_text(text)
                options = ("--endpoint-url", local.endpoint, "--stack", STACK)
                place.run("ratchet", "push", str(folder), *options)
            yield World(local, outputs)


def test_a_marker_starts_the_drop_that_it_completes(world: World) -> None:
    world.drop("marked/day=1/part-0.csv", EMPTY)
    until(lambda: world.recorded("marked"), "the object was recorded")
    assert "token" not in world.item("marked", "state")
    world.drop("marked/day=1/_SUCCESS", b"")
    until(lambda: world.outcome("marked") == "DATA_REJECTED", "the marker started a run")


def test_a_schedule_starts_what_was_collected_until_then(world: World) -> None:
    world.drop("nightly/part-0.csv", EMPTY)
    until(lambda: world.recorded("nightly"), "the object was recorded")
    assert "token" not in world.item("nightly", "state")
    world.local.clock.turn(timedelta(minutes=36))  # the call and its window
    until(lambda: world.outcome("nightly") == "DATA_REJECTED", "the schedule started a run")


def test_a_sweep_finds_nothing_to_do_for_pipelines_at_rest(world: World) -> None:
    resource = {"StackName": STACK, "LogicalResourceId": "SweepLedgerFunction"}
    detail = world.client("cloudformation").describe_stack_resource(**resource)
    name = detail["StackResourceDetail"]["PhysicalResourceId"]
    answer = world.client("lambda").invoke(FunctionName=name)
    found = json.loads(answer["Payload"].read())
    assert found.pop("pipelines") == 2
    assert [kind for kind, those in found.items() if those] == []
    assert {"woken", "arrivals", "out_of_step"} <= set(found)
