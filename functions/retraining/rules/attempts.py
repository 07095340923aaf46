"""In which order a chunk's objects are checked, and which of them killed the check twice.

A function that runs out of memory or time says nothing. So before it checks objects it writes
down which: a large one alone, small ones together, as a write for each would double the writes.
Who is called again begins with those, each alone. An object that the check dies on now has killed
it twice; nothing else has run before it, so that it cannot be blamed for the time of others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from retraining.documents.check_attempt import CheckAttempt

GROUP_OBJECTS: Final = 50
GROUP_BYTES: Final = 8 << 20


@dataclass(frozen=True)
class Plan:
    """What a call does with the objects of its chunk, which are named by their places."""

    suspects: tuple[int, ...]
    set_aside: tuple[int, ...]
    groups: tuple[tuple[int, ...], ...]

    def attempts(self, chunk: int) -> Iterator[CheckAttempt]:
        """What to write down, each before the objects that it names are checked."""
        suspects, closing = self.suspects, [()] if self.suspects else []
        for group in (*self.groups, *closing):  # a suspect that passed is none at the report
            yield CheckAttempt(
                chunk=chunk, checking=group, suspects=suspects, set_aside=self.set_aside
            )
            suspects = tuple(place for place in suspects if place not in group)


def plan(sizes: dict[int, int], former: CheckAttempt | None) -> Plan:
    """The plan of a call; `sizes` by place, `former` what the call before wrote last."""
    if former is None:
        return Plan((), (), tuple(_groups(sizes)))
    died, aside = former.checking, former.set_aside
    if len(died) == 1 and died[0] in former.suspects:
        died, aside = (), (*aside, *died)
    rest = {place: size for place, size in sizes.items() if place not in {*died, *aside}}
    return Plan(died, aside, (*((place,) for place in died), *_groups(rest)))


def _groups(sizes: dict[int, int]) -> Iterator[tuple[int, ...]]:
    """Places that follow each other, as many as are small together; a large one alone."""
    group: list[int] = []
    total = 0
    for place, size in sizes.items():
        if group and (len(group) == GROUP_OBJECTS or total + size > GROUP_BYTES):
            yield tuple(group)
            group, total = [], 0
        group.append(place)
        total += size
    if group:
        yield tuple(group)
