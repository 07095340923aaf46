"""Error names in Retry and Catch: known if reserved, States.ALL alone and last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ratchet.workflow.asl import errors
from ratchet.workflow.asl.findings import WARNING, Finding, Path
from ratchet.workflow.checks.rule import Rule, Subject, nearest


class ErrorNames(Rule):
    """ErrorEquals holds names that can occur, in an order in which each can match."""

    id = "error-names"
    summary = "States.ALL stands alone and last; names beginning with States. must be AWS's"
    link = Rule.link + "concepts-error-handling.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.machine.all_states():
            for field in ("Retry", "Catch"):
                entries = state.document.get(field)
                if isinstance(entries, list):
                    yield from self._entries((*state.path, field), entries)

    def _entries(self, path: Path, entries: list[Any]) -> Iterator[Finding]:
        for index, entry in enumerate(entries):
            names = entry.get("ErrorEquals") if isinstance(entry, dict) else None
            if not isinstance(names, list):
                continue
            here = (*path, index, "ErrorEquals")
            if errors.ALL in names:
                yield from self._all(here, names, is_last=index == len(entries) - 1)
            for name in names:
                yield from self._name(here, name)

    def _all(self, path: Path, names: list[Any], *, is_last: bool) -> Iterator[Finding]:
        if len(names) > 1:
            yield self.finding(
                path, "States.ALL must be the only name of its entry", "Give it an entry of its own"
            )
        if not is_last:
            yield self.finding(
                path, "States.ALL must be in the last entry", "Move the entry to the end"
            )

    def _name(self, path: Path, name: Any) -> Iterator[Finding]:
        if not isinstance(name, str) or not name.startswith("States."):
            return
        if name not in errors.PREDEFINED:
            yield self.finding(
                path, f"{name} is none of AWS's errors", nearest(name, errors.PREDEFINED)
            )
        elif name == errors.RUNTIME:
            yield self.finding(
                path,
                "States.Runtime cannot be retried or caught: it always fails the execution",
                "Mend what causes it",
                severity=WARNING,
            )
