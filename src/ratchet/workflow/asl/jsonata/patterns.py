"""The regular expressions of JSONata: JavaScript's, within the time limit of the evaluation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ratchet.workflow.asl.jsonata.limits import current, too_slow
from ratchet.workflow.asl.patterns import SECONDS, BoundedPattern

_MARKS = re.compile(r"\\.|\[\^?\]?|\]|\$", re.DOTALL)
_INSIDE = {"\\d": "0-9", "\\w": "A-Za-z0-9_"}
_OUTSIDE = {"\\d": "[0-9]", "\\w": "[A-Za-z0-9_]", "\\D": "[^0-9]", "\\W": "[^A-Za-z0-9_]"}


def as_javascript(pattern: str, *, multiline: bool) -> str:
    """A pattern that means in Python what it means in JavaScript.

    There, digits and words are ASCII, and `$` is the very end unless the pattern is multiline.
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
    """A regular expression that ends with its evaluation at the latest."""

    def __init__(self, pattern: str, flags: int) -> None:
        super().__init__(as_javascript(pattern, multiline=bool(flags & re.MULTILINE)), flags)
        self.pattern = pattern

    def finditer(self, string: str) -> Iterator[Any]:
        limits = current()
        left = SECONDS if limits is None else limits.seconds_left
        seconds = min(left, SECONDS)
        try:
            return iter(list(self._pattern.finditer(string, timeout=seconds, concurrent=True)))
        except TimeoutError as error:
            raise (self._slow() if seconds == SECONDS else too_slow()) from error

    # By these names the library recognises a regular expression; our functions use `finditer`.
    search = split = sub = finditer
