"""`ratchet data`, and what `show`, `runs` and `info` say of rows that are set aside."""

from __future__ import annotations

import io
import json
from typing import Any

import boto3
import pytest

from ratchet.cli import set_aside
from ratchet.cli.connection import Stack
from ratchet.cli.ledger import RunRef

from .conftest import Run, outputs, put_item, register

SENTENCE = "All 28,618 rows have label 0; earlier batches had 20 to 31 % ones."


@pytest.fixture
def batches(stack: str) -> None:
    """A pipeline with a good run, a suspect one and one with a bad object."""
    register("bank")
    states = (("TRAINED", None), ("SUSPECT", SENTENCE), ("TRAINED", None))
    for token, (state, reason) in enumerate(states, start=1):
        rows = {"accepted": 28618, "rejected": 12 * (token == 3)}
        put_item(
            pipeline="bank", item=f"run#{token:06d}", token=token, run=f"bank-{token:06d}",
            outcome="DATA_REJECTED" if reason else "PROMOTED", data_state=state, rows=rows,
            sentence=reason or "Promoted.", findings=[reason] if reason else ["wind: other unit?"],
            started="2026-03-04T10:00:00+00:00", ended="2026-03-04T10:01:00+00:00",
        )  # fmt: skip
        put_object(f"{token}.csv", state, token, reason)
    put_object("bad.csv", "QUARANTINED", 3, "column 'age', row 7: 'x' is not an integer")
    put_object("new.csv", "PENDING")


def put_object(name: str, state: str, token: int | None = None, reason: str | None = None) -> None:
    put_item(
        pipeline="bank", item=f"object#{name}", key=f"bank/{name}", state=state, run=token,
        reason=reason, size=900, version="v", etag="e",
    )  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the service was asked, and answers."""
    found: list[dict[str, Any]] = []
    client = Stack.client

    class Lambda:
        def invoke(self, **request: Any) -> dict[str, Any]:
            assert request["FunctionName"] == "ratchet-review-data"
            given = json.loads(request["Payload"])
            found.append(given)
            if given["token"] == 1:
                refusal = {"errorType": "ReviewRefused", "errorMessage": "nothing is set aside"}
                body = io.BytesIO(json.dumps(refusal).encode())
                return {"FunctionError": "Unhandled", "Payload": body}
            becomes = {"release": "TRAINED", "discard": "DISCARDED"}[given["decision"]]
            becomes = "PENDING" if given["token"] == 3 else becomes
            was = "WAITING" if given["token"] == 4 else "SUSPECT"
            becomes = "PENDING" if was == "WAITING" else becomes
            answer = {"run": "bank-000002", "objects": 1, "becomes": becomes, "was": was}
            return {"Payload": io.BytesIO(json.dumps(answer).encode())}

    def chosen(stack: Stack, service: str) -> Any:
        return Lambda() if service == "lambda" else client(stack, service)

    monkeypatch.setattr(Stack, "client", chosen)
    return found


def test_what_is_set_aside_is_listed_with_rows_and_reason(run: Run, batches: None) -> None:
    listed = json.loads(run("data", "list", "--json").stdout)
    assert [(one["run"], one["state"], one["objects"], one["rows"]) for one in listed] == [
        ("bank-000003", "QUARANTINED", 1, 12),
        ("bank-000002", "SUSPECT", 1, 28618),
    ]
    shown = run("data", "list", "bank")
    assert SENTENCE in shown.stdout
    assert "ratchet data release|discard RUN" in shown.stderr


def test_a_stack_without_such_data_says_so(run: Run, stack: str) -> None:
    register("bank")
    assert run("data", "list").stderr.strip() == "No data are set aside."


def test_the_objects_of_a_run_are_shown_with_what_to_do(run: Run, batches: None) -> None:
    shown = run("data", "show", "bank-000002").stdout
    assert (
        "28,618 rows are set aside (SUSPECT); take them back with: ratchet data release bank-000002"
    ) in shown
    assert "bank/2.csv" in shown
    assert "bank/1.csv" not in shown
    bad = run("data", "show", "bank-000003").stdout
    assert "in quarantine\n" in bad  # it is shown here, not elsewhere
    assert "12 rows are in quarantine" in bad
    assert "bank/bad.csv" in bad
    assert "Data: wind: other unit?" in bad


def test_a_row_that_was_tolerated_is_shown_where_its_run_points(run: Run, batches: None) -> None:
    """Its object was trained on, so no object is set aside; the row lies in quarantine."""
    problem = {"column": "age", "line": 7, "value": "x", "sentence": "is not an integer"}
    report = {"key": "bank/1.csv", "problems": [problem], "counts": [{"count": 1}]}
    boto3.client("s3").put_object(
        Bucket=outputs()["WorkBucket"],
        Key=f"{RunRef('bank', 1).quarantine}1/report.json",
        Body=json.dumps(report),
    )
    shown = run("data", "show", "bank-000001").stdout
    assert "is not an integer" in shown
    assert "Quarantine: s3://" in shown
    assert "object" not in run("data", "show", "bank-000001").stdout.split("Data check")[0]
    assert json.loads(run("data", "show", "bank-000001", "--json").stdout)["problems"]


def test_a_release_asks_the_service_and_says_what_follows(
    run: Run, batches: None, asked: list[dict[str, Any]]
) -> None:
    released = run("data", "release", "bank-000002")
    assert asked == [{"pipeline": "bank", "token": 2, "decision": "release"}]
    assert released.stdout == (
        "1 object of bank-000002 returned to the history, and a run trains on them; watch the run"
        " with: ratchet runs bank\n"
    )
    put_item(pipeline="bank", item="run#000004", token=4, run="bank-000004", data_state="WAITING")
    assert run("data", "release", "bank-000004").stdout == (
        "1 object of bank-000004 will wait no longer; watch the run with: ratchet runs bank\n"
    )
    refused = run("data", "release", "bank-000001")
    assert refused.exit_code == 1
    assert "nothing is set aside" in refused.stderr
    assert "ratchet data list bank" in refused.stderr


def test_a_release_can_follow_the_run_that_takes_it(
    run: Run, batches: None, asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the very object versions that were set aside, and the outcome as exit code."""
    followed: list[Any] = []

    def follow(_: Stack, pipeline: str, landed: Any, *__: Any) -> dict[str, Any]:
        followed.extend((pipeline, one.key, one.version) for one in landed)
        return {"pipeline": "bank", "run": "bank-000004", "token": 4, "outcome": outcome}

    monkeypatch.setattr("ratchet.cli.following.follow_drop", follow)
    for outcome, code in (("PROMOTED", 0), ("MODEL_REJECTED", 1)):
        released = run("data", "release", "bank-000003", "--wait")
        assert released.exit_code == code, released.output
        assert released.stdout.startswith("1 object of bank-000003 landed again.\n")
        assert outcome in released.stdout
    assert set(followed) == {("bank", "bank/bad.csv", "v")}
    told = run("data", "release", "bank-000003", "--wait", "--json")
    assert json.loads(told.stdout)["run"]["outcome"] == "MODEL_REJECTED"
    put_item(pipeline="bank", item="state", asked=4)
    numbers: list[int] = []

    def follow_the_asked(stack: Stack, pipeline: str, number: int, *_: Any) -> dict[str, Any]:
        numbers.append(number)
        return follow(stack, pipeline, [])

    monkeypatch.setattr("ratchet.cli.asked.follow_asked", follow_the_asked)
    outcome = "PROMOTED"
    assert run("data", "release", "bank-000002", "--wait").exit_code == 0
    assert numbers == [5], "the run that claims after this release"


def test_a_discard_is_asked_about_first(
    run: Run, batches: None, asked: list[dict[str, Any]]
) -> None:
    assert run("data", "discard", "bank-000002", input="n\n").exit_code == 1
    assert asked == []
    assert "discarded" in run("data", "discard", "bank-000002", "--yes").stdout
    assert asked[0]["decision"] == "discard"


def test_info_and_runs_say_what_is_set_aside(run: Run, batches: None) -> None:
    told = "bank: 28,618 rows are set aside (SUSPECT); take them back with: ratchet data release"
    assert told in run("info").stdout
    listed = run("runs", "bank").stdout
    assert "suspect" in next(line for line in listed.splitlines() if "bank-000002" in line)
    assert "trained" not in listed


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("TRAINED", []),
        ("PENDING", []),
        ("WAITING", ["7 rows wait for more; train without with: ratchet data release bank-000002"]),
        ("DISCARDED", ["7 rows were discarded."]),
        ("QUARANTINED", ["7 rows are in quarantine; see them with: ratchet data show bank-000002"]),
    ],
)
def test_a_run_says_what_became_of_its_rows(state: str, said: list[str]) -> None:
    record = {"run": "bank-000002", "data_state": state, "rows": {"accepted": 7, "rejected": 0}}
    assert list(set_aside.became(record)) == said


@pytest.mark.parametrize(
    ("state", "rejected", "said"),
    [
        ("TRAINED", 1, "1 row is in quarantine; see it with: ratchet data show bank-000002"),
        ("WAITING", 0, "1 row waits for more; train without with: ratchet data release bank-00"),
        ("SUSPECT", 0, "1 row is set aside (SUSPECT); take it back with: ratchet data release b"),
        ("DISCARDED", 0, "1 row was discarded."),
    ],
)
def test_one_row_is_one_row(state: str, rejected: int, said: str) -> None:
    rows = {"accepted": 1, "rejected": rejected}
    (told,) = set_aside.became({"run": "bank-000002", "data_state": state, "rows": rows})
    assert told.startswith(said)
