"""Regular expressions with a time limit, whatever the pattern and the text.

Python's own engine cannot be interrupted; `regex` takes a timeout for each search. The pattern of a
definition is applied to data of an input, and both may be hostile.
"""

from __future__ import annotations

import re
from typing import Any

SECONDS = 0.5
MAX_PATTERN = 4_096


class PatternTimeout(Exception):
    """A search took longer than `SECONDS`."""


class PatternError(ValueError):
    """A string that is not a regular expression."""


class BoundedPattern:
    """A compiled pattern whose searches have a time limit."""

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

    @property
    def groups(self) -> int:
        """How many groups it has."""
        return int(self._pattern.groups)

    def fullmatch(self, string: str) -> Any:
        """The match of the whole text, or None. Raises PatternTimeout."""
        try:
            return self._pattern.fullmatch(string, timeout=SECONDS, concurrent=True)
        except TimeoutError as error:
            raise self._slow() from error

    def first(self, string: str) -> Any:
        """The first match within the text, or None. Raises PatternTimeout."""
        try:
            return self._pattern.search(string, timeout=SECONDS, concurrent=True)
        except TimeoutError as error:
            raise self._slow() from error

    def _slow(self) -> PatternTimeout:
        return PatternTimeout(
            f"The regular expression /{self.pattern}/ took more than {SECONDS} seconds"
        )
