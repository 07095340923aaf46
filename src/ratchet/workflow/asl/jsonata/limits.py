"""The limits of one evaluation: time, depth and memory."""

from __future__ import annotations

import threading
import time
from typing import Any, TypeVar

from ratchet.workflow.asl.jsonata.errors import JsonataError, memory_exceeded

T = TypeVar("T")
MAX_SECONDS = 2.0
MAX_DEPTH = 100  # as measured on AWS by others
MAX_TEXT = 6_990_256  # as above: the maximum length of one string
MAX_ITEMS = 873_782  # as above: a range with one more exceeds the memory limit
MAX_MADE = 512 * 1024 * 1024  # bytes that one evaluation may allocate in total
BYTES_AN_ITEM = 32
SMALL = 4_096  # sizes not worth counting


def too_deep() -> JsonataError:
    return JsonataError(
        "Stack overflow error: Check for non-terminating recursive function. "
        "Consider rewriting as tail-recursive."
    )


def too_slow() -> JsonataError:
    return JsonataError("Expression evaluation timeout: Check for infinite loop")


class Limits:
    """The limits of one evaluation, for `with`.

    `enter` and `leave` are called by the library before and after each step.
    """

    __slots__ = ("_depth", "_end", "_made")

    def __init__(self) -> None:
        self._depth = 0
        self._made = 0
        self._end = time.monotonic() + MAX_SECONDS

    def __enter__(self) -> None:
        _current.limits = self

    def __exit__(self, *_: object) -> None:
        _current.limits = None

    def enter(self, _expression: Any, _input: Any, _frame: Any) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise too_deep()
        if time.monotonic() > self._end:
            raise too_slow()

    def leave(self, _expression: Any, _input: Any, _frame: Any, _result: Any) -> None:
        self._depth -= 1

    def make(self, size: int) -> None:
        """Count allocated bytes. Raises JsonataError once there are too many."""
        self._made += size
        if self._made > MAX_MADE:
            raise memory_exceeded()

    @property
    def seconds_left(self) -> float:
        return max(self._end - time.monotonic(), 0.001)


_current = threading.local()


def current() -> Limits | None:
    """The limits of the evaluation running in this thread."""
    return getattr(_current, "limits", None)


def made(value: T) -> T:
    """A new value, unless it is too large, alone or together with all before it."""
    size = len(value) if isinstance(value, str | list) else 0
    if size < SMALL:
        return value
    if size > (MAX_TEXT if isinstance(value, str) else MAX_ITEMS):
        raise memory_exceeded()
    limits = current()
    if limits is not None:
        limits.make(size if isinstance(value, str) else size * BYTES_AN_ITEM)
    return value
