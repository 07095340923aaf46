"""The error a command ends with, and the suggestion for a mistyped name."""

from __future__ import annotations

from collections.abc import Iterable

FAILED = 1
"""The exit code of a command that could not do its work."""
WRONG_USAGE = 2
"""The exit code of a command that cannot begin as it was called or installed."""


class CliError(Exception):
    """States what is wrong, where and with which value; `next_step` is what to do about it."""

    def __init__(self, what: str, next_step: str = "", code: int = FAILED) -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step
        self.code = code


def nearest(name: str, known: Iterable[object]) -> str:
    """' (did you mean x?)' for the known name that looks most like `name`, else nothing."""
    import difflib

    found = difflib.get_close_matches(name, [str(k) for k in known], n=2, cutoff=0.6)
    return f" (did you mean {' or '.join(found)}?)" if found else ""
