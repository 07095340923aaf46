"""`ratchet rollback` chooses an earlier champion, and says which there were."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ratchet.cli import rollback
from ratchet.cli.errors import CliError

GROUP = "arn:aws:sagemaker:us-east-1:1:model-package/ratchet--bank--rfjp"


def run(token: int, version: int | None, *, promoted: bool = True) -> dict[str, Any]:
    package = None if version is None else f"{GROUP}/{version}"
    return {
        "pipeline": "bank",
        "token": token,
        "run": f"bank-{token:06d}",
        "package": package,
        "promoted": promoted,
    }


RUNS = [run(7, 4), run(6, 3, promoted=False), run(5, 2), run(4, None, promoted=False), run(1, 1)]


@pytest.mark.parametrize(
    ("champion", "to", "token"), [(4, None, 5), (4, 1, 1), (2, None, 1), (2, 4, 7), (2, 2, 5)]
)
def test_the_one_before_or_the_version_asked_for_is_chosen(
    champion: int, to: int | None, token: int
) -> None:
    assert rollback.chosen(RUNS, {"version": champion}, to)["token"] == token


@pytest.mark.parametrize(
    ("champion", "to", "said"),
    [
        (1, None, "no model was champion before version 1"),
        (4, 3, "version 3 was never the champion"),
        (4, 9, "version 9 was never the champion"),
    ],
)
def test_another_version_is_refused_with_those_that_there_are(
    champion: int, to: int | None, said: str
) -> None:
    with pytest.raises(CliError, match=said) as refused:
        rollback.chosen(RUNS, {"version": champion}, to)
    assert "1, 2, 4" in str(refused.value.next_step)


class Stack:
    """Step Functions that takes one execution."""

    work_bucket, promotion_arn = "work", "arn:machine"

    def __init__(self) -> None:
        self.started: dict[str, str] = {}

    def client(self, _: str) -> Stack:
        return self

    def start_execution(self, **request: str) -> dict[str, str]:
        self.started = request
        return {"executionArn": "arn:execution"}


class Timeline:
    error, cause = "GoldenRowsDiffer", "row 3"

    def __init__(self, status: str) -> None:
        self.status = status


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED"])
def test_the_promotion_machine_is_started_and_its_end_told(
    monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    monkeypatch.setattr("ratchet.cli.following.follow_execution", lambda *_: Timeline(status))
    stack: Any = Stack()
    champion = {"package": f"{GROUP}/4", "version": 4}
    if status == "FAILED":
        with pytest.raises(CliError, match="GoldenRowsDiffer: row 3"):
            rollback._promote(stack, RUNS[2], champion)
    else:
        rollback._promote(stack, RUNS[2], champion)
    assert json.loads(stack.started["input"]) == {
        "pipeline": "bank",
        "token": 5,
        "manifest": "s3://work/runs/bank/000005/manifest.json",
        "package": f"{GROUP}/2",
        "replaces": f"{GROUP}/4",
    }
    assert stack.started["name"].startswith("bank-000005--rollback-")


def test_the_champions_own_promotion_replaces_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ratchet.cli.following.follow_execution", lambda *_: Timeline("SUCCEEDED"))
    stack: Any = Stack()
    rollback._promote(stack, RUNS[2], {"package": f"{GROUP}/2", "version": 2})
    assert "replaces" not in json.loads(stack.started["input"])
