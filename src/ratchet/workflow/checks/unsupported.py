"""What AWS offers and this release does not: refused by name, never run half."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ratchet.workflow.asl.findings import Finding, Path
from ratchet.workflow.asl.model import Map, State, Task
from ratchet.workflow.checks.fields import NOT_YET_FIELDS
from ratchet.workflow.checks.rule import Rule, Subject

_DISTRIBUTED = frozenset({"ItemReader", "ItemBatcher", "ResultWriter", "Label"})


class NotYet(Rule):
    """JSONPath, distributed Map and activities."""

    id = "unsupported"
    summary = "JSONPath, distributed Map and activities are not supported yet"
    code = "UNSUPPORTED_BY_RATCHET"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.machine.all_states():
            yield from self._fields(state)
            if isinstance(state, Task) and state.resource.kind == "activity":
                yield self.finding(
                    (*state.path, "Resource"),
                    "Activities are not supported",
                    "Use .waitForTaskToken",
                )
            if isinstance(state, Map):
                yield from self._map(state)

    def _fields(self, state: State) -> Iterator[Finding]:
        for path, name in _names(state):
            if name in _DISTRIBUTED:
                yield self.finding(
                    path,
                    f"{name} belongs to distributed Map, which is not supported yet",
                    "Use an inline Map with Items",
                )
            elif name in NOT_YET_FIELDS or name.endswith(".$"):
                yield self.finding(
                    path,
                    f"The JSONPath field {name} is not supported yet",
                    'Set "QueryLanguage": "JSONata" and use Arguments, Output, Assign',
                )

    def _map(self, state: Map) -> Iterator[Finding]:
        config = state.processor.document.get("ProcessorConfig") if state.processor else None
        mode = config.get("Mode", "INLINE") if isinstance(config, dict) else "INLINE"
        if mode != "INLINE" and state.processor is not None:
            path = (*state.processor.path, "ProcessorConfig", "Mode")
            yield self.finding(
                path, f"Map mode {mode} is not supported yet", "Use INLINE, and chunk the items"
            )


def _names(state: State) -> Iterator[tuple[Path, str]]:
    """Field names of a state and its entries; inside a JSONPath state, of its payloads too."""
    waiting: list[tuple[Path, Any, bool]] = [(state.path, state.document, True)]
    while waiting:
        path, document, is_outer = waiting.pop()
        for name, value in document.items():
            if is_outer or (name.endswith(".$") and not state.is_jsonata):
                yield (*path, name), name
            waiting += list(_inside((*path, name), value, is_state=is_outer))


_FLOWS = ("Branches", "ItemProcessor", "Iterator")


def _inside(path: Path, value: Any, *, is_state: bool) -> Iterator[tuple[Path, Any, bool]]:
    if is_state and path[-1] in _FLOWS:
        return
    if isinstance(value, dict):
        yield path, value, False
    elif isinstance(value, list):
        entries = is_state and path[-1] in ("Choices", "Retry", "Catch")
        for index, part in enumerate(value):
            if isinstance(part, dict):
                yield (*path, index), part, entries
