"""Rewrites a Map or Parallel state so that its contents only answer with a mock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ratchet.workflow.asl.distribution import is_distributed
from ratchet.workflow.asl.findings import Path

PART = "(part of the mock)"
_FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:mock"
_OF_MAPS = frozenset(
    {
        "Items", "ItemsPath", "ItemReader", "ItemSelector", "ItemBatcher", "ItemProcessor",
        "Iterator", "Label", "MaxConcurrency", "MaxConcurrencyPath", "Parameters", "ResultWriter",
        "ToleratedFailureCount", "ToleratedFailureCountPath", "ToleratedFailurePercentage",
        "ToleratedFailurePercentagePath",
    }
)  # fmt: skip


def replaced(document: Any, path: Path, value: Any) -> Any:
    """A copy of `document` with `value` at `path`, which shares everything else."""
    if not path:
        return value
    first, rest = path[0], path[1:]
    if isinstance(document, list):
        return [
            replaced(part, rest, value) if index == first else part
            for index, part in enumerate(document)
        ]
    return {**document, first: replaced(document[first], rest, value)}


def emptied(state: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a state; a Map or Parallel gets a single Task inside, which sends its number.

    A distributed Map becomes a Task: its result may be anything, and its items are elsewhere.
    """
    made = dict(state)
    if state.get("Type") == "Parallel":
        made["Branches"] = [_flow(number) for number in range(len(state.get("Branches") or []))]
    elif is_distributed(state):
        made = {key: value for key, value in state.items() if key not in _OF_MAPS}
        made |= {"Type": "Task", "Resource": _FUNCTION}
    elif state.get("Type") == "Map":
        key = "ItemProcessor" if "ItemProcessor" in state else "Iterator"
        made[key] = _flow("{% $states.context.Map.Item.Index %}")
    return made


def _flow(number: int | str) -> dict[str, Any]:
    part = {
        "Type": "Task",
        "QueryLanguage": "JSONata",
        "Resource": _FUNCTION,
        "Arguments": number,
        "End": True,
    }
    return {"StartAt": PART, "States": {PART: part}}
