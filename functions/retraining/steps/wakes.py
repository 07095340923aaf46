"""Arming a pipeline's one wake."""

from __future__ import annotations

from retraining import clock
from retraining.adapters import Adapters
from retraining.rules.arrivals import State, delay


def arm(aws: Adapters, pipeline: str, reason: str, seconds: float) -> bool:
    """Send a delayed wake unless one is on its way; True when this call sent it."""
    wait, now = delay(seconds), int(clock.now())
    if not aws.ledger.arm_wake(pipeline, now + wait, now):
        return False
    aws.wakes.send(pipeline, reason, wait)
    return True


def ensure(aws: Adapters, pipeline: str, state: State, reason: str, seconds: float) -> None:
    """Send a delayed wake unless `state` claims one by then, and claim it afterwards.

    The order makes it safe to stop anywhere: the repetition sends what has not been sent. A wake
    too many, should it stop between the two, is harmless.
    """
    wait, now = delay(seconds), int(clock.now())
    if state.wake_at is None or not now <= state.wake_at <= now + wait:
        aws.wakes.send(pipeline, reason, wait)
        aws.ledger.arm_wake(pipeline, now + wait, now)
