"""Retry and Catch: errors that can occur, in an order in which each entry can match."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ratchet.workflow.asl import errors, tables
from ratchet.workflow.asl.findings import WARNING, Finding, Path
from ratchet.workflow.asl.model import Fail, State, as_list
from ratchet.workflow.checks import walk
from ratchet.workflow.checks.rule import Rule, Subject, nearest

_LINK = Rule.link + "concepts-error-handling.html"
_FIELDS = ("Retry", "Catch")
_HTTP_STATUS = re.compile(r"States\.Http\.StatusCode\.\d{3}")


def _entries(state: State) -> Iterator[tuple[Path, list[list[Any]]]]:
    """Retry and Catch with the names of each entry; a malformed entry has none."""
    for field in _FIELDS:
        entries = state.document.get(field)
        if field in tables.STATES.get(state.type, {}) and isinstance(entries, list):
            lists = [
                as_list(entry.get("ErrorEquals")) if isinstance(entry, dict) else []
                for entry in entries
            ]
            yield (*state.path, field), lists


class WildcardPlace(Rule):
    """States.ALL is alone and last."""

    id = "error-wildcard"
    summary = "States.ALL is alone in its entry, which is the last one"
    link = _LINK

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            for path, entries in _entries(state):
                for index, names in enumerate(entries):
                    if errors.ALL in names:
                        place = (*path, index, "ErrorEquals")
                        yield from self._all(place, names, is_last=index == len(entries) - 1)

    def _all(self, path: Path, names: list[Any], *, is_last: bool) -> Iterator[Finding]:
        if len(names) > 1:
            yield self.finding(
                path, "States.ALL must be the only name of its entry", "Give it a separate entry"
            )
        if not is_last:
            yield self.finding(
                path, "States.ALL must be in the last entry", "Move the entry to the end"
            )


class ErrorNames(Rule):
    """Names that begin with States. are AWS's, and can be retried or caught."""

    id = "error-names"
    summary = "Error names beginning with States. are AWS's, and can be retried or caught"
    link = _LINK

    def check(self, subject: Subject) -> Iterator[Finding]:
        fails = [state.document.get("Error") for state in subject.states if isinstance(state, Fail)]
        own = {error for error in fails if isinstance(error, str)}
        for state in subject.states:
            for path, entries in _entries(state):
                for index, names in enumerate(entries):
                    for name in names:
                        if (
                            isinstance(name, str) and name not in own
                        ):  # ours: a Fail state raises it
                            yield from self._name((*path, index, "ErrorEquals"), name)

    def _name(self, path: Path, name: str) -> Iterator[Finding]:
        if not name.startswith("States."):
            return
        if name == errors.RUNTIME:
            yield self.finding(
                path,
                "States.Runtime cannot be retried or caught: it always fails the execution",
                "Fix its cause",
                severity=WARNING,
            )
        elif name not in errors.PREDEFINED and not _HTTP_STATUS.fullmatch(name):
            reason = (
                f"{name[:100]} is not one of AWS's errors, and no other name may begin with States."
            )
            suggestion = nearest(name, errors.PREDEFINED)
            yield self.finding(path, reason, suggestion, severity=WARNING)


class UnreachableHandlers(Rule):
    """Each name can match: no entry before it takes the same errors."""

    id = "error-order"
    summary = "No entry of Retry or Catch names an error that an earlier one already takes"
    link = _LINK

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            for path, entries in _entries(state):
                taken: dict[str, int] = {}
                for index, names in enumerate(entries):
                    for name in names:
                        before = _taker(name, taken)
                        if before is not None:
                            yield self._dead((*path, index, "ErrorEquals"), name, before)
                    taken.update((name, index) for name in names if isinstance(name, str))

    def _dead(self, path: Path, name: str, before: int) -> Finding:
        reason = (
            f"{name[:100]} never reaches this entry: entry {before} of {path[-3]} already takes it"
        )
        return self.finding(
            path, reason, "Move the more specific entry to the front", severity=WARNING
        )


def _taker(name: Any, taken: dict[str, int]) -> int | None:
    if not isinstance(name, str) or name == errors.ALL:
        return None
    if name in taken:
        return taken[name]
    # States.TaskFailed matches every error of a task except a timeout.
    if name.startswith("States.") and name not in ("States.Permissions", errors.TASK_FAILED):
        return None
    return taken.get(errors.TASK_FAILED)


class Heartbeats(Rule):
    """A heartbeat is shorter than the timeout of its task."""

    id = "heartbeat"
    summary = "HeartbeatSeconds is less than TimeoutSeconds"
    link = Rule.link + "state-task.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            beat, limit = (
                state.document.get(name) for name in ("HeartbeatSeconds", "TimeoutSeconds")
            )
            if state.type == "Task" and tables.SECONDS.fits(beat) and tables.SECONDS.fits(limit):
                yield from self._compare((*state.path, "HeartbeatSeconds"), beat, limit)

    def _compare(self, path: Path, beat: Any, limit: Any) -> Iterator[Finding]:
        if beat >= limit:
            yield self.finding(
                path,
                f"HeartbeatSeconds {beat} is not less than TimeoutSeconds {limit}",
                "The task would time out before a heartbeat could be missed; shorten the heartbeat",
            )


class RetryDelays(Rule):
    """The maximum delay of a retry is longer than its first delay."""

    id = "retry-delay"
    summary = "MaxDelaySeconds is greater than IntervalSeconds"
    link = _LINK

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            for path, entry in walk.entries(state, "Retry"):
                first, longest = entry.get("IntervalSeconds", 1), entry.get("MaxDelaySeconds")
                fit = tables.FIXED_SECONDS.fits(first) and tables.MAX_DELAY.fits(longest)
                if fit and longest <= first:
                    yield self.finding(
                        (*path, "MaxDelaySeconds"),
                        f"MaxDelaySeconds {longest} is not greater than IntervalSeconds {first}",
                        "Make it longer, or remove it: the delay could never grow",
                        severity=WARNING,
                    )
