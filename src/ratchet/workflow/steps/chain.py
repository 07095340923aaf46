"""States in a row, each leading to the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ratchet.workflow.exceptions import DuplicateStatesInChain
from ratchet.workflow.steps.state import State, Step


class Chain(Step):
    """States linked one after the other; a chain among the steps is flattened."""

    def __init__(self, steps: Sequence[Step] = ()) -> None:
        if not isinstance(steps, list | tuple):
            raise TypeError(f"Chain takes a list of steps, not {type(steps).__name__}")
        self.steps: list[State] = []
        self._members: set[int] = set()
        for step in steps:
            self._extend(step)

    def _extend(self, step: Step) -> None:
        for state in step.steps if isinstance(step, Chain) else [step]:
            self.append(state)

    def append(self, step: Step) -> None:
        """Put a state at the end. Raises DuplicateStatesInChain if it is in the chain already."""
        if not isinstance(step, State):
            raise TypeError(
                f"Step {len(self.steps) + 1} of the chain must be a state or a chain, not {step!r}"
            )
        if id(step) in self._members:
            raise DuplicateStatesInChain(
                f"State '{step.state_id}' is in the chain twice, which would be a loop; "
                "make a second state with another name, or loop with next()"
            )
        if self.steps:
            self.steps[-1].next(step)
        self.steps.append(step)
        self._members.add(id(step))

    @property
    def first(self) -> State:
        if not self.steps:
            raise ValueError("The chain is empty: give it at least one state")
        return self.steps[0]

    @property
    def state_id(self) -> str:
        """The name of the first state. Raises ValueError if there is none."""
        return self.first.state_id

    def __iter__(self) -> Iterator[State]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"Chain({[state.state_id for state in self.steps]})"
