"""A range of numbers that can say in words what it allows."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """From `low` to `high`; an open end is not part of it. NaN is in no range."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False

    def __contains__(self, value: float) -> bool:
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        return above and below

    def nearest(self, value: float) -> float:
        """The value, or the end that it lies beyond."""
        return min(max(value, self.low), self.high)

    def __str__(self) -> str:
        if not self.open_low and not self.open_high and math.isfinite(self.low + self.high):
            return f"{self.low:g} to {self.high:g}"
        ends = []
        if math.isfinite(self.low):
            ends.append(f"{'above' if self.open_low else 'at least'} {self.low:g}")
        if math.isfinite(self.high):
            ends.append(f"{'below' if self.open_high else 'at most'} {self.high:g}")
        return " and ".join(ends) or "any number"
