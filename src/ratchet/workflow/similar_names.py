"""What a mistyped name was meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 100
"""Characters of a name that are compared: more would take seconds in a hostile definition."""


def most_similar(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` resembles, first of all one that differs in case alone."""
    names = list(known)
    same = (other for other in names if other.lower() == name.lower())
    close = get_close_matches(name[:_LONGEST], names, n=1)
    return next(same, close[0] if close else None)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the known one that it resembles, or nothing."""
    near = most_similar(name, known)
    return f"; did you mean '{near}'?" if near else ""
