"""Executions recorded on real AWS come out event by event (the recordings are not in the repo)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ratchet.workflow import Execution, Identity, Payload, TestClock, check, errors_of, load, parse

CASES = Path(__file__).parents[3] / "shared" / "asl-cases" / "cases.json"


def _cases() -> list[Any]:
    if not CASES.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{CASES} is not here"))]
    cases = json.loads(CASES.read_text())
    return [pytest.param(case, id=case["id"].split("::")[-1]) for case in cases if _supported(case)]


def _supported(case: dict[str, Any]) -> bool:
    """JSONPath fields and distributed Map come later; they are refused by name until then."""
    findings = errors_of(check(parse(case["definition"])))
    return not any(finding.rule == "unsupported" for finding in findings)


@pytest.mark.parametrize("case", _cases())
def test_a_recorded_execution_comes_out_event_by_event(case: dict[str, Any]) -> None:
    clock = TestClock()
    execution = Execution(
        load(case["definition"]),
        Payload.parse(case["input"]),
        clock=clock,
        identity=Identity(role_arn="snf_role_arn"),
    )
    clock.run(execution.run())
    actual = [_shown(event.as_api()) for event in execution.history.events]
    expected = case["expected"]["events"]
    assert len(actual) == len(expected)
    wild = {"timestamp", *case["wild"]}
    for mine, recorded in zip(actual, expected, strict=True):
        assert _matches(mine, recorded, wild, skipped=_skipped(case)), (mine, recorded)


def test_enough_recordings_are_within_what_is_supported() -> None:
    if not CASES.exists():
        pytest.skip(f"{CASES} is not here")
    assert sum(_supported(case) for case in json.loads(CASES.read_text())) >= 38


def _shown(value: Any) -> Any:
    """The recordings show inputs and outputs as JSON values where they are objects."""
    if isinstance(value, dict):
        return {key: _shown(part) for key, part in value.items()}
    if isinstance(value, str) and value.startswith("{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _skipped(case: dict[str, Any]) -> set[str]:
    """Member names that a recording leaves open everywhere (`$..redriveCount`)."""
    return {path[3:] for path in case["skip"] if path.startswith("$..") and "." not in path[3:]}


def _matches(mine: Any, recorded: Any, wild: set[str], skipped: set[str]) -> bool:
    if isinstance(recorded, str) and recorded in wild:
        return True
    if isinstance(recorded, dict) and isinstance(mine, dict):
        mine = {key: value for key, value in mine.items() if key not in skipped}
        recorded = {key: value for key, value in recorded.items() if key not in skipped}
        return mine.keys() == recorded.keys() and all(
            _matches(mine[key], recorded[key], wild, skipped) for key in recorded
        )
    return bool(mine == recorded)
