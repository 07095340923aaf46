"""Slow expressions are finished in a thread, so that other executions go on meanwhile.

The evaluation of a state's fields is plain code that cannot wait. An expression that takes longer
than a moment is therefore given up, evaluated to its end in a thread, and the plain code run
again: what was evaluated before is replayed, so that nothing happens twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ratchet.workflow.asl import jsonata

if TYPE_CHECKING:
    from ratchet.workflow.interpreter.execution import Execution

T = TypeVar("T")
MOMENT = 0.05  # seconds that an expression may hold up all executions


class _Slow(Exception):
    """An expression takes its time; `work` evaluates it to its end."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__()
        self.work = work


class Thoughts:
    """What the plain code evaluates, in order; what is known is replayed."""

    __slots__ = ("_known", "_next")

    def __init__(self, known: list[Any]) -> None:
        self._known = known
        self._next = 0

    def evaluated(self, text: str, bound: dict[str, Any], now: Callable[[], float]) -> Any:
        """The value of an expression. Raises JsonataError; for the caller of `patiently` only."""
        index = self._next
        self._next += 1
        if index == len(self._known):
            try:
                self._known.append(jsonata.evaluate(text, bound, now, at_most=MOMENT))
            except jsonata.TooSlow:
                raise _Slow(lambda: jsonata.evaluate(text, bound, now)) from None
        value = self._known[index]
        if isinstance(value, jsonata.JsonataError):
            raise value
        return value


async def patiently(execution: Execution, call: Callable[[], T]) -> T:
    """The result of plain code that evaluates expressions and then, at its end, acts."""
    if execution.thinkers is None:
        return call()
    known: list[Any] = []
    while True:
        execution.thoughts = Thoughts(known)
        try:
            return call()
        except _Slow as slow:
            work = slow.work
        finally:
            execution.thoughts = None
        loop = asyncio.get_running_loop()
        known.append(await loop.run_in_executor(execution.thinkers, _outcome, work))


def _outcome(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except jsonata.JsonataError as error:
        return error
