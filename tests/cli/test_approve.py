"""`ratchet approve` and `ratchet reject` write a person's word on the package that waits."""

from __future__ import annotations

from typing import Any

import pytest

from ratchet.cli import approve
from ratchet.cli.errors import CliError

GROUP = "arn:aws:sagemaker:us-east-1:1:model-package/ratchet--bank--rfjp"


def ran(token: int, version: int | None, outcome: str = "APPROVAL_PENDING") -> dict[str, Any]:
    package = None if version is None else f"{GROUP}/{version}"
    name = f"bank-{token:06d}"
    return {
        "pipeline": "bank", "token": token, "run": name, "package": package, "outcome": outcome,
    }  # fmt: skip


class Registry:
    """A model registry with these approval statuses by version."""

    def __init__(self, statuses: dict[int, str]) -> None:
        self.statuses = {f"{GROUP}/{version}": status for version, status in statuses.items()}
        self.written: dict[str, str] = {}

    def describe_model_package(self, **request: str) -> dict[str, str]:
        return {"ModelApprovalStatus": self.statuses[request["ModelPackageName"]]}

    def update_model_package(self, **request: str) -> None:
        self.written = request


P, R, A = "PendingManualApproval", "Rejected", "Approved"
OTHERS = [ran(1, 1, "PROMOTED"), ran(2, None, "DATA_REJECTED"), ran(3, 2, "FAILED")]


@pytest.mark.parametrize(
    ("statuses", "version", "said"),
    [
        ({}, None, "no model of bank waits for approval"),
        ({}, 1, "version 1 of bank does not wait for approval"),
        ({3: R}, None, "no model of bank waits for approval"),
        ({3: P, 4: P}, None, "several models of bank wait for approval"),
        ({3: A}, 3, "version 3 of bank is Approved already"),
        ({3: P}, 4, "version 4 of bank does not wait for approval"),
    ],
)
def test_what_does_not_wait_or_is_not_clear_is_refused_by_name(
    statuses: dict[int, str], version: int | None, said: str
) -> None:
    runs = [*OTHERS, *(ran(version + 7, version) for version in statuses)]
    with pytest.raises(CliError, match=said) as refused:
        approve.chosen(runs, "bank", version, Registry(statuses))
    for number, status in statuses.items():
        assert (str(number) in str(refused.value.next_step)) is (status == P)


@pytest.mark.parametrize(
    ("statuses", "version", "found"),
    [({3: P}, None, 3), ({3: P, 4: R, 5: A}, None, 3), ({3: P, 4: P}, 4, 4), ({3: R}, 3, 3)],
)
def test_the_one_that_waits_or_the_one_that_is_named_is_chosen(
    statuses: dict[int, str], version: int | None, found: int
) -> None:
    runs = [*OTHERS, *(ran(version + 7, version) for version in statuses)]
    assert approve.chosen(runs, "bank", version, Registry(statuses))["token"] == found + 7


def test_a_run_that_is_named_is_taken_even_if_it_was_rejected_before() -> None:
    assert approve.chosen([ran(7, 3)], "bank-000007", None, Registry({3: R}))["token"] == 7


class Stack:
    """A stack of one pipeline with one model that waits."""

    def __init__(self) -> None:
        self.registry = Registry({3: P})

    def client(self, _: str) -> Registry:
        return self.registry


@pytest.mark.parametrize("what", ["bank", "bank-000007"])
@pytest.mark.parametrize("command", ["approve", "reject"])
def test_the_commands_write_what_any_client_of_the_registry_writes(
    monkeypatch: pytest.MonkeyPatch, run: Any, command: str, what: str
) -> None:
    stack = Stack()
    monkeypatch.setattr("ratchet.cli.options.Where.find", lambda *_, **__: stack)
    monkeypatch.setattr("ratchet.cli.ledger.registrations", lambda _: {"bank": {}})
    record = {"pipeline": "bank", "token": 7, "run": "bank-000007", "package": f"{GROUP}/3"}
    record["outcome"] = "APPROVAL_PENDING"
    monkeypatch.setattr("ratchet.cli.ledger.runs", lambda *_: [record])
    monkeypatch.setattr("ratchet.cli.ledger.run_record", lambda *_: record)
    result = run(command, what, "--reason", "seen\nby us")
    assert result.exit_code == 0, result.output
    status = "Approved" if command == "approve" else "Rejected"
    assert stack.registry.written == {
        "ModelPackageArn": f"{GROUP}/3",
        "ModelApprovalStatus": status,
        "ApprovalDescription": "seen by us",
    }
    assert f"Version 3 of bank, of run bank-000007, is {status.lower()}" in result.output
