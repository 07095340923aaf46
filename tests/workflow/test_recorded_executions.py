"""Executions recorded on real AWS come out event by event (the recordings are not in the repo)."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ratchet.workflow import Identity, Payload, TestClock, load
from ratchet.workflow.interpreter.execution import Execution

CASES = Path(__file__).parents[3] / "shared" / "asl-cases" / "cases.json"

# When the inputs were made: some hold moments relative to it.
RECORDED = datetime(2026, 11, 20, 6, 31, tzinfo=UTC)

# Other recordings of the same flow have the run's success before the exit, not its start.
UNSTABLE = {
    "test_reference_in_map_state[MAP_STATE_REFERENCE_IN_ITEM_SELECTOR]": {
        "$..events[8].previousEventId"
    }
}


def _cases() -> list[Any]:
    if not CASES.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{CASES} is not here"))]
    return [pytest.param(case, id=_name(case)) for case in json.loads(CASES.read_text())]


def _name(case: dict[str, Any]) -> str:
    return str(case["id"].split("::")[-1])


@pytest.mark.parametrize("case", _cases())
def test_a_recorded_execution_comes_out_event_by_event(case: dict[str, Any]) -> None:
    execution = _run(case)
    if "$..events" in case["skip"]:
        assert execution.status == "FAILED"
        return
    expected = case["expected"]["events"]
    actual = [event.as_api() for event in execution.history.events]
    if expected[-1]["type"] == "WaitStateEntered":  # recorded while it waited
        actual = actual[: len(expected)]
    comparison = _Comparison(case)
    assert [event["type"] for event in actual] == [event["type"] for event in expected]
    for index, (mine, recorded) in enumerate(zip(actual, expected, strict=True)):
        assert comparison.same(mine, recorded, f"$.events[{index}]"), (mine, recorded)


def _run(case: dict[str, Any]) -> Execution:
    clock = TestClock(RECORDED)
    execution = Execution(
        load(case["definition"]),
        Payload.parse(case["input"]),
        clock=clock,
        identity=Identity(role_arn="snf_role_arn"),
    )
    clock.run(execution.run())
    return execution


class _Comparison:
    """Compares with a recording: `wild` words stand for any value, `skip` paths do not count."""

    def __init__(self, case: dict[str, Any]) -> None:
        self._wild = {"timestamp", *case["wild"]}
        paths = {*case["skip"], *UNSTABLE.get(_name(case), ())}
        self._skipped = [re.compile(_pattern(path)) for path in paths]

    def same(self, mine: Any, recorded: Any, path: str) -> bool:
        if any(pattern.fullmatch(path) for pattern in self._skipped):
            return True
        if isinstance(recorded, str):
            return self._same_text(mine, recorded, path)
        if isinstance(mine, str):
            mine = _parsed(mine)
        if isinstance(recorded, dict) and isinstance(mine, dict):
            mine, recorded = self._counted(mine, path), self._counted(recorded, path)
            return mine.keys() == recorded.keys() and all(
                self.same(mine[key], recorded[key], f"{path}.{key}") for key in recorded
            )
        if isinstance(recorded, list) and isinstance(mine, list):
            return len(mine) == len(recorded) and all(
                self.same(one, other, f"{path}[{index}]")
                for index, (one, other) in enumerate(zip(mine, recorded, strict=True))
            )
        return type(mine) is type(recorded) and bool(mine == recorded)

    def _same_text(self, mine: Any, recorded: str, path: str) -> bool:
        if recorded in self._wild:
            return True
        if not isinstance(mine, str):
            return False
        if re.fullmatch(_masked(recorded), mine, re.DOTALL):
            return True
        parsed, other = _parsed(mine), _parsed(recorded)
        return (parsed, other) != (mine, recorded) and self.same(parsed, other, path)

    def _counted(self, value: dict[str, Any], path: str) -> dict[str, Any]:
        return {
            key: part
            for key, part in value.items()
            if not any(pattern.fullmatch(f"{path}.{key}") for pattern in self._skipped)
        }


def _pattern(path: str) -> str:
    """`$..a.b` and `$..a..b` as a regular expression of paths."""
    return re.escape(path).replace(r"\.\.", r"\.(?:.*\.)?")


def _masked(recorded: str) -> str:
    """Words in angle brackets, and the account, were put there in place of what AWS gave."""
    pattern = re.sub(r"<[\w:-]+>", ".*", re.escape(recorded).replace(r"\-", "-"))
    return pattern.replace("1" * 12, r"\d{12}")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
