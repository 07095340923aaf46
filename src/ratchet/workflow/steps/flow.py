"""Walks from a first state to all it leads to, without recursion: 10,000 in a row are nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ratchet.workflow.steps.chain import Chain
    from ratchet.workflow.steps.states import State


def head(step: State | Chain) -> State:
    """The state where a step begins. Raises ValueError for an empty chain."""
    from ratchet.workflow.steps.chain import Chain

    return step.first if isinstance(step, Chain) else step


def refuse_no_step(where: str, given: Any) -> None:
    """Raise TypeError for what is no state and no chain: most often a state's name."""
    from ratchet.workflow.steps.chain import Chain
    from ratchet.workflow.steps.states import State

    if not isinstance(given, State | Chain):
        hint = "; give the state itself, not its name" if isinstance(given, str) else ""
        raise TypeError(f"{where} must be a state or a chain, not {given!r}{hint}")


def reachable(start: State | Chain) -> list[State]:
    """Every state that `start` leads to, itself first, in the order a reader would meet them.

    Raises ValueError when two different states carry one name.
    """
    found: dict[str, State] = {}
    waiting = [head(start)]
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
        waiting += [head(target) for target in reversed(list(state.targets()))]
    return list(found.values())


def flow_document(start: State | Chain, *, jsonata: bool) -> dict[str, Any]:
    """StartAt and States of the flow that begins at `start`."""
    return {
        "StartAt": head(start).state_id,
        "States": {state.state_id: state.in_flow(jsonata=jsonata) for state in reachable(start)},
    }
