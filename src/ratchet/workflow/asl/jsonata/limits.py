"""What one evaluation may take: time, depth and the size of a text."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from typing import Any, TypeVar

from ratchet.workflow.asl.jsonata.errors import JsonataError, memory_exceeded
from ratchet.workflow.asl.patterns import SECONDS, BoundedPattern

T = TypeVar("T")
MAX_SECONDS = 2.0
MAX_DEPTH = 100  # as others measured on AWS
MAX_TEXT = 6_990_256  # as above: what an expression may hold in one text
MAX_ITEMS = 873_782  # as above: a range of one more exceeds the memory limit
MAX_MADE = 512 * 1024 * 1024  # bytes that one evaluation may make in all
BYTES_AN_ITEM = 32
SMALL = 4_096  # what is not worth counting


class TooSlow(BaseException):
    """The evaluation took longer than its caller can wait; no Exception, which the library eats."""


def too_deep() -> JsonataError:
    return JsonataError(
        "Stack overflow error: Check for non-terminating recursive function. "
        "Consider rewriting as tail-recursive."
    )


class Limits:
    """The limits of one evaluation, for `with`. With `at_most` it ends in TooSlow after that.

    `enter` and `leave` are called by the library before and after each step.
    """

    __slots__ = ("_depth", "_end", "_is_tight", "_made")

    def __init__(self, at_most: float | None) -> None:
        self._depth = 0
        self._made = 0
        self._is_tight = at_most is not None
        self._end = time.monotonic() + (MAX_SECONDS if at_most is None else at_most)

    def __enter__(self) -> None:
        _current.limits = self

    def __exit__(self, *_: object) -> None:
        _current.limits = None

    def enter(self, _expression: Any, _input: Any, _frame: Any) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise too_deep()
        if time.monotonic() > self._end:
            self.passed()
            raise JsonataError("Expression evaluation timeout: Check for infinite loop")

    def leave(self, _expression: Any, _input: Any, _frame: Any, _result: Any) -> None:
        self._depth -= 1

    def make(self, size: int) -> None:
        """Count bytes that were made. Raises JsonataError once there are too many."""
        self._made += size
        if self._made > MAX_MADE:
            raise memory_exceeded()

    def passed(self) -> None:
        """Time is up: raises TooSlow if only the caller's patience is."""
        if self._is_tight:
            raise TooSlow

    @property
    def for_a_search(self) -> float:
        """Seconds that a regular expression may take now."""
        left = max(self._end - time.monotonic(), 0.001)
        return min(left, SECONDS) if self._is_tight else SECONDS


_current = threading.local()


def made(value: T) -> T:
    """A value that was made just now, if it is not too large, alone or with all before it."""
    size = len(value) if isinstance(value, str | list) else 0
    if size < SMALL:
        return value
    if size > (MAX_TEXT if isinstance(value, str) else MAX_ITEMS):
        raise memory_exceeded()
    limits: Limits | None = getattr(_current, "limits", None)
    if limits is not None:
        limits.make(size if isinstance(value, str) else size * BYTES_AN_ITEM)
    return value


_MARKS = re.compile(r"\\.|\[\^?\]?|\]|\$", re.DOTALL)
_INSIDE = {"\\d": "0-9", "\\w": "A-Za-z0-9_"}
_OUTSIDE = {"\\d": "[0-9]", "\\w": "[A-Za-z0-9_]", "\\D": "[^0-9]", "\\W": "[^A-Za-z0-9_]"}


def as_javascript(pattern: str, *, multiline: bool) -> str:
    """A pattern that means to Python what it means in JavaScript.

    There digits and words are ASCII, and `$` is the very end unless lines count.
    """
    is_inside = False
    parts, start = [], 0
    for match in _MARKS.finditer(pattern):
        parts.append(pattern[start : match.start()])
        start, mark = match.end(), match[0]
        if mark == "$" and not is_inside and not multiline:
            mark = r"\Z"
        parts.append((_INSIDE if is_inside else _OUTSIDE).get(mark, mark))
        if mark[0] in "[]":
            is_inside = mark[0] == "["
    return "".join([*parts, pattern[start:]])


class TimedPattern(BoundedPattern):
    """A regular expression of an expression: within the time of the evaluation."""

    def __init__(self, pattern: str, flags: int) -> None:
        super().__init__(as_javascript(pattern, multiline=bool(flags & re.MULTILINE)), flags)
        self.pattern = pattern

    def finditer(self, string: str) -> Iterator[Any]:
        limits: Limits | None = getattr(_current, "limits", None)
        seconds = SECONDS if limits is None else limits.for_a_search
        try:
            return iter(list(self._pattern.finditer(string, timeout=seconds, concurrent=True)))
        except TimeoutError as error:
            if limits is not None:
                limits.passed()
            raise self._slow() from error
