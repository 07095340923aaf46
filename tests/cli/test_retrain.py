"""`ratchet retrain`: the folder's settings, the run that was asked for, and its outcome."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from ratchet.cli import asked, following
from ratchet.cli.connection import Stack, connect, stack_in
from ratchet.cli.errors import CliError

from .conftest import ROOT, Run, outputs, put_item

PIPELINE = "bank-marketing"
ENDS = {4: "INCONCLUSIVE", 5: "DATA_REJECTED", 6: "PROMOTED"}


def claimed(token: int, number: int) -> None:
    """A run has written its manifest, after so many requests."""
    boto3.client("s3").put_object(
        Bucket=outputs()["WorkBucket"],
        Key=f"runs/{PIPELINE}/{token:06d}/manifest.json",
        Body=json.dumps({"asked": number}),
    )


def began(token: int, answered: int = 0) -> None:
    put_item(pipeline=PIPELINE, item="state", token=token, asked=2, answered=answered)


@pytest.fixture
def followed(stack: str, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Runs of which the first claims before the request, and the second brings bad data."""
    found: list[int] = []
    for token, number in ((4, 1), (5, 2), (6, 2)):
        claimed(token, number)
    began(4)

    def follow(_: Stack, run: Any, *__: Any) -> None:
        found.append(run.token)
        began(run.token + 1 if run.token == 5 else run.token, 2 if run.token == 6 else 0)

    def settled(_: Stack, run: Any) -> dict[str, Any]:
        return {"pipeline": PIPELINE, "run": run.id, "outcome": ENDS[run.token]}

    monkeypatch.setattr(following, "follow_run", follow)
    monkeypatch.setattr(following, "settled_record", settled)
    monkeypatch.setattr(following, "pause", lambda _: 0.0 if found else began(5))
    monkeypatch.setattr("time.sleep", lambda _: None)
    return found


def test_the_run_is_followed_that_answers_what_was_asked(followed: list[int]) -> None:
    from ratchet.cli.screen import stderr

    found = stack_in(connect(None, None, None), "ratchet")
    record = asked.follow_asked(found, PIPELINE, 2, stderr(), timeout=20.0)
    assert (record["run"], record["outcome"]) == (f"{PIPELINE}-000006", "PROMOTED")
    assert followed == [5, 6], "not the run that was open before"


@pytest.mark.parametrize("state", [{"paused": True}, {"answered": 2}])
def test_nobody_waits_for_a_run_that_cannot_come(stack: str, state: dict[str, Any]) -> None:
    from ratchet.cli.screen import stderr

    put_item(pipeline=PIPELINE, item="state", token=4, asked=2, **state)
    found = stack_in(connect(None, None, None), stack)
    with pytest.raises(CliError, match="no run has come"):
        asked.follow_asked(found, PIPELINE, 2, stderr())


@pytest.mark.parametrize(("outcome", "code"), [("PROMOTED", 0), ("UNCHANGED", 1)])
def test_retrain_pushes_the_folder_asks_and_ends_with_the_outcome(
    run: Run, stack: str, monkeypatch: pytest.MonkeyPatch, outcome: str, code: int
) -> None:
    given: list[dict[str, Any]] = []
    client, numbers = Stack.client, list[int]()

    class Lambda:
        def invoke(self, **request: Any) -> dict[str, Any]:
            given.append(json.loads(request["Payload"]))
            run_asked = {"by": "retrain", "after": None, "again": f"{PIPELINE}-000002"}
            answer = {"name": PIPELINE, "changed": [], "pending_objects": 0, "left_out": 0}
            answer["asked_run"] = {**run_asked, "batches": 2, "seconds": 0}
            return {"Payload": io.BytesIO(json.dumps(answer).encode())}

    def chosen(found: Stack, service: str) -> Any:
        return Lambda() if service == "lambda" else client(found, service)

    def follow(_: Stack, name: str, number: int, *__: Any) -> dict[str, Any]:
        numbers.append(number)
        return {"pipeline": name, "run": f"{name}-000003", "outcome": outcome}

    monkeypatch.setattr(Stack, "client", chosen)
    monkeypatch.setattr(asked, "follow_asked", follow)
    monkeypatch.chdir(ROOT)
    began(2)
    ended = run("retrain", PIPELINE, "--wait")
    assert ended.exit_code == code, ended.output
    assert given[0]["retrain"] is True
    assert numbers == [3], "the request after the two there were"
    assert f"The batch of run {PIPELINE}-000002 is judged again" in ended.stdout
    assert outcome in ended.stdout
    told = run("retrain", str(Path("pipelines") / PIPELINE), "--json")
    assert json.loads(told.stdout)["asked_run"]["again"] == f"{PIPELINE}-000002"
