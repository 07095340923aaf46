"""Walks from a first state to all it leads to, without recursion, so 10,000 in a row work."""

from __future__ import annotations

from typing import Any

from ratchet.workflow.steps.block import Block
from ratchet.workflow.steps.state import State, Step


class Definition(Block):
    """A definition that begins at `branch`; a Map accepts one in place of its first step."""

    branch: Step


def reachable(start: Step) -> list[State]:
    """Every state that `start` leads to, itself first, in reading order.

    Raises ValueError if two different states have the same name.
    """
    found: dict[str, State] = {}
    waiting = [start.first]
    while waiting:
        state = waiting.pop()
        known = found.get(state.state_id)
        if known is state:
            continue
        if known is not None:
            raise ValueError(
                f"Two different states are named '{state.state_id}' ({known!r} and {state!r}); "
                "state names are unique in the whole workflow"
            )
        found[state.state_id] = state
        waiting += [target.first for target in reversed(list(state.targets()))]
    return list(found.values())


def flow_document(start: Step, *, jsonata: bool) -> dict[str, Any]:
    """StartAt and States of the flow that begins at `start`."""
    return {
        "StartAt": start.first.state_id,
        "States": {state.state_id: state.in_flow(jsonata=jsonata) for state in reachable(start)},
    }
