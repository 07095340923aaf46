"""How long an execution may keep the event loop before others run."""

from __future__ import annotations

import asyncio
import time

LONGEST = 0.1  # seconds of evaluating


class Turn:
    """The time an execution has spent evaluating since others could last run.

    One expression takes `limits.MAX_SECONDS` at most, and cannot be interrupted: a loop that is
    shared is free again after that and LONGEST at the latest.
    """

    __slots__ = ("_spent",)

    def __init__(self) -> None:
        self._spent = 0.0

    def spend_since(self, begun: float) -> None:
        """Count the time since `begun` (time.monotonic)."""
        self._spent += time.monotonic() - begun

    @property
    def is_over(self) -> bool:
        return self._spent > LONGEST

    async def end(self) -> None:
        """Let others run."""
        self._spent = 0.0
        await asyncio.sleep(0)
