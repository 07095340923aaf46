"""One scope of a machine, laid out with everything inside it: boxes inside boxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ratchet.workflow.drawing.boxes import box_size, head_width
from ratchet.workflow.drawing.captions import edges_of
from ratchet.workflow.drawing.lanes import Placed, place
from ratchet.workflow.drawing.layout import Size
from ratchet.workflow.drawing.theme import HEAD, PAD, SHELF, SHELF_GAP


@dataclass(frozen=True)
class Scope:
    """States with their positions; `inner` are the scopes inside Map and Parallel states."""

    states: Mapping[str, Any]
    start: str
    placed: Placed
    inner: Mapping[str, tuple[Scope, ...]]
    sizes: Mapping[str, Size]

    @property
    def size(self) -> Size:
        return Size(self.placed.width, self.placed.height)

    @classmethod
    def of(cls, definition: Mapping[str, Any]) -> Scope:
        """Lay out a definition, innermost scopes first. What is not a state is left out."""
        states = states_of(definition)
        inner = {name: tuple(map(cls.of, inside(state))) for name, state in states.items()}
        sizes = {name: _size(name, state, inner[name]) for name, state in states.items()}
        edges = [edge for name, state in states.items() for edge in edges_of(name, state)]
        start = str(definition.get("StartAt", ""))
        return cls(states, start, place(sizes, edges, start), inner, sizes)


def states_of(definition: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The states of a definition by name; those that are not objects are left out."""
    states = definition.get("States")
    if not isinstance(states, Mapping):
        return {}
    return {str(name): state for name, state in states.items() if isinstance(state, Mapping)}


def inside(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The machines inside a Map or Parallel state that have states to draw."""
    branches = state.get("Branches")
    processor = state.get("ItemProcessor") or state.get("Iterator")
    within = [processor, *(branches if isinstance(branches, list) else [])]
    return [machine for machine in within if isinstance(machine, Mapping) and states_of(machine)]


def shelves(inner: tuple[Scope, ...]) -> list[list[Scope]]:
    """Scopes side by side, in several rows so that a Parallel of a hundred branches is readable."""
    rows: list[list[Scope]] = []
    room = 0.0
    for scope in inner:
        if not rows or scope.size.width > room:
            rows.append([])
            room = SHELF
        rows[-1].append(scope)
        room -= scope.size.width + PAD
    return rows


def inner_width(rows: list[list[Scope]]) -> float:
    """The width of the widest row."""
    widths = (sum(scope.size.width for scope in row) + PAD * (len(row) - 1) for row in rows)
    return max(widths, default=0.0)


def shelf_height(shelf: list[Scope]) -> float:
    """The height of the tallest scope of a row."""
    return max(scope.size.height for scope in shelf)


def _size(name: str, state: Mapping[str, Any], inner: tuple[Scope, ...]) -> Size:
    if not inner:
        return box_size(name, state)
    rows = shelves(inner)
    height = sum(map(shelf_height, rows)) + SHELF_GAP * (len(rows) - 1) + HEAD + PAD / 2 + 1
    return Size(max(inner_width(rows) + 2 * PAD, head_width(name, state)), height)
