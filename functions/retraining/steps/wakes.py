"""Arming a pipeline's one wake."""

from __future__ import annotations

from retraining import adapters, clock
from retraining.rules.arrivals import delay


def arm(pipeline: str, reason: str, seconds: float) -> bool:
    """Send a delayed wake unless one is on its way; True when this call sent it."""
    wait, now = delay(seconds), int(clock.now())
    if not adapters.ledger().arm_wake(pipeline, now + wait, now):
        return False
    adapters.wakes().send(pipeline, reason, wait)
    return True
