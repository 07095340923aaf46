"""Durations as pipeline.yaml writes them; apart from the contract, which few functions need."""

from __future__ import annotations

from typing import Final

UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST_RUNTIME: Final = "5d"
"""Of a training job, of a workflow and of a whole search: a run ends by itself."""


def seconds(duration: str) -> int:
    """`90s`, `15m`, `12h` or `2d` in seconds."""
    return int(duration[:-1]) * UNITS[duration[-1]]
