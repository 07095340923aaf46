"""Arming a pipeline's one wake."""

from __future__ import annotations

from retraining import clock
from retraining.adapters import Adapters
from retraining.rules.arrivals import delay


def arm(
    aws: Adapters, pipeline: str, reason: str, seconds: float, signature: str | None = None
) -> bool:
    """Send a delayed wake unless one is on its way; True when this call sent it.

    With a step's own signature its repetition sends the wake again that it may not have sent.
    """
    wait, now = delay(seconds), int(clock.now())
    if not aws.ledger.arm_wake(pipeline, now + wait, now, signature):
        return False
    aws.wakes.send(pipeline, reason, wait)
    return True
