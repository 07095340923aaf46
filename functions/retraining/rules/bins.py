"""Bins of numbers that can be added up, whoever counted them: narrow, but never too many.

A bin is a code that grows with its numbers: 0 for zero, else sign and logarithm. At step 0 a bin is
0.05 % wide; each further step joins two neighbours, so two histograms agree at the greater step.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

MOST: Final = 400  # bins of a column, whatever its numbers are
WIDTH: Final = math.log(1.0005)
OFFSET: Final = 1 << 18  # makes the code of every 32-bit float positive: ln(1e38) / WIDTH < OFFSET
SMALLEST: Final = 1e-38  # what is smaller is zero


def code(number: float, step: int = 0) -> int:
    """The bin of a number."""
    if abs(number) < SMALLEST:
        return 0
    size = math.floor(math.log(abs(number)) / WIDTH) + OFFSET
    return joined(size if number > 0 else -size, step)


def joined(code: int, times: int = 1) -> int:
    """The bin that holds this one after so many further steps."""
    if code == 0:
        return 0
    size = max(1, abs(code) >> times)
    return size if code > 0 else -size


def middle(code: int, step: int) -> float:
    """A number in the middle of a bin."""
    if code == 0:
        return 0.0
    size = (abs(code) << step) + (1 << step) / 2 - OFFSET
    return math.copysign(math.exp(size * WIDTH), code)


def steps_to_fit(codes: Iterable[int], most: int = MOST) -> int:
    """How often to join until there are no more than `most` bins."""
    left, times = set(codes), 0
    while len(left) > most:
        left = {joined(one) for one in left}
        times += 1
    return times
