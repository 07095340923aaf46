"""Regular expressions that end in time, whatever the pattern and the text.

Python's own engine cannot be interrupted; `regex` takes a timeout for each search. A pattern of a
definition meets data of an input, so both may be hostile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

SECONDS = 0.5
MAX_PATTERN = 4_096

_GROUP = re.compile(r"\\g<(\d+)>")


class PatternTimeout(Exception):
    """A search took longer than `SECONDS`."""


class PatternError(ValueError):
    """A text that is no regular expression."""


class BoundedPattern:
    """A compiled pattern with the methods that jsonata-python and our JSONPath call."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        import regex

        if len(pattern) > MAX_PATTERN:
            raise PatternError(f"a regular expression of {len(pattern)} characters is too long")
        ours = regex.VERSION0
        ours |= regex.IGNORECASE if flags & re.IGNORECASE else 0
        ours |= regex.MULTILINE if flags & re.MULTILINE else 0
        ours |= regex.DOTALL if flags & re.DOTALL else 0
        try:
            self._pattern = regex.compile(pattern, ours)
        except regex.error as error:
            raise PatternError(str(error)) from error
        self.pattern = pattern
        self.flags = flags

    def search(self, string: str, *place: int) -> Any:
        return self._timed("search", string, *place)

    def match(self, string: str, *place: int) -> Any:
        return self._timed("match", string, *place)

    def fullmatch(self, string: str) -> Any:
        return self._timed("fullmatch", string)

    def finditer(self, string: str) -> Iterator[Any]:
        # All at once: the library may stop early, but a later step must not run out of time.
        try:
            return iter(list(self._pattern.finditer(string, timeout=SECONDS, concurrent=True)))
        except TimeoutError as error:
            raise self._slow() from error

    def sub(self, repl: Any, string: str, count: int = 0) -> str:
        """`repl` is a function of the match, or text in which `\\g<n>` stands for a group."""
        replacement = repl if callable(repl) else self._filled(str(repl))
        return str(self._timed("sub", replacement, string, count))

    def split(self, string: str, maxsplit: int = 0) -> list[str]:
        result: list[str] = self._timed("split", string, maxsplit)
        return result

    def _filled(self, template: str) -> Callable[[Any], str]:
        """JSONata: `$12` is group 12 if there is one, else group 1 and a 2, else nothing."""

        def fill(match: Any) -> str:
            return _GROUP.sub(lambda found: _group(match, found[1]), template)

        return fill

    def _timed(self, method: str, *arguments: Any) -> Any:
        try:
            return getattr(self._pattern, method)(*arguments, timeout=SECONDS, concurrent=True)
        except TimeoutError as error:
            raise self._slow() from error

    def _slow(self) -> PatternTimeout:
        return PatternTimeout(
            f"The regular expression /{self.pattern}/ took more than {SECONDS} seconds"
        )


def _group(match: Any, digits: str) -> str:
    for length in range(len(digits), 0, -1):
        if int(digits[:length]) <= match.re.groups:
            return (match[int(digits[:length])] or "") + digits[length:]
    return digits[1:]
