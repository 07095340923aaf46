"""`ratchet delete` asks first, and says what goes, what stays and how to remove that."""

from __future__ import annotations

import io
import json
from typing import Any

import boto3
import pytest

from ratchet.cli.connection import Stack
from ratchet.runs import runs_of

from .conftest import Run, outputs, put_item, register

ENDPOINT = "ratchet--bank--rfjp"


@pytest.fixture
def asked(stack: str, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the service was asked, of a pipeline that serves and one whose run is open."""
    register("bank")
    put_item(pipeline="bank", item="champion", endpoint=ENDPOINT, version=3)
    found: list[dict[str, Any]] = []
    client = Stack.client

    class Lambda:
        def invoke(self, **request: Any) -> dict[str, Any]:
            assert request["FunctionName"] == "ratchet-delete-pipeline"
            found.append(json.loads(request["Payload"]))
            answer: dict[str, Any] = {"errorType": "DeletionRefused", "errorMessage": "run is open"}
            if found[-1] == {"pipeline": "bank"}:
                answer = {"pipeline": "bank", "version": 3, "endpoint": ENDPOINT, "waiting": 2}
            failed = {"FunctionError": "Unhandled"} if "errorType" in answer else {}
            return {"Payload": io.BytesIO(json.dumps(answer).encode()), **failed}

    def chosen(stack: Stack, service: str) -> Any:
        return Lambda() if service == "lambda" else client(stack, service)

    monkeypatch.setattr(Stack, "client", chosen)
    return found


def test_what_goes_and_what_stays_is_told(run: Run, asked: list[dict[str, Any]]) -> None:
    answer = run("delete", "bank", "--yes")
    assert answer.exit_code == 0, answer.stderr
    assert asked == [{"pipeline": "bank"}]
    assert f"Pipeline bank is deleted, and endpoint {ENDPOINT} goes." in answer.stdout
    assert "2 objects that no run has claimed wait for another push." in answer.stdout
    for place in ("/accepted/bank/", "/quarantine/bank/", "/runs/bank/"):
        assert place in answer.stdout
    assert "Key=ratchet:stack,Values=ratchet Key=ratchet:pipeline,Values=bank" in answer.stdout


def test_nothing_is_asked_for_without_a_yes(run: Run, asked: list[dict[str, Any]]) -> None:
    answer = run("delete", "bank", input="n\n")
    assert answer.exit_code == 1
    assert f"Delete pipeline bank and its endpoint {ENDPOINT}?" in answer.stderr
    assert asked == []
    assert json.loads(run("delete", "bank", "--yes", "--json").stdout)["version"] == 3


def test_what_a_deleted_pipeline_has_trained_on_waits_for_nobody(run: Run, stack: str) -> None:
    found = outputs()
    for key in ("bank/a.csv", "bank/b.csv", "other/a.csv"):
        boto3.client("s3").put_object(Bucket=found["LandingBucket"], Key=key, Body=b"x")
    put_item(pipeline="bank", item="state", token=2)
    said = json.loads(run("info", "--json").stdout)["without_pipeline"]
    assert said == {"other/": 1}
    put_item(pipeline="bank", item="object#b", pending="1", key="bank/b.csv", state="PENDING")
    said = json.loads(run("info", "--json").stdout)["without_pipeline"]
    assert said == {"bank/": 1, "other/": 1}


def test_a_name_that_there_never_was_is_not_asked_about(
    run: Run, asked: list[dict[str, Any]]
) -> None:
    answer = run("delete", "bonk")
    assert answer.exit_code == 1
    assert "pipeline bonk is not registered in ratchet (did you mean bank?)" in answer.stderr
    assert "is not registered" in run("delete", "").stderr
    assert asked == []
    put_item(pipeline="bonk", item="state", token=1)  # of a deletion that may have broken off
    assert run("delete", "bonk", "--yes").exit_code == 1
    assert asked == [{"pipeline": "bonk"}]


def test_the_runs_of_a_deleted_pipeline_are_told(run: Run, stack: str) -> None:
    put_item(pipeline="gone", item="state", token=1)
    record = {
        "token": 1,
        "run": "gone-000001",
        "outcome": "PROMOTED",
        "started": "2026-03-04T10:00:00+00:00",
    }
    put_item(pipeline="gone", item="run#000001", **record)
    assert "gone-000001" in run("runs", "gone").stdout
    assert [one.id for one in runs_of("gone")] == ["gone-000001"]


def test_a_refusal_says_where_to_look(run: Run, asked: list[dict[str, Any]]) -> None:
    register("busy")
    answer = run("delete", "busy", "--yes")
    assert answer.exit_code == 1
    assert "run is open" in answer.stderr
    assert "ratchet runs busy" in answer.stderr
