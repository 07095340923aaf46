"""Puts a function's adapters together: the one place that chooses them.

Nothing is kept between two invocations but the clients, so settings count as they are now.
"""

from __future__ import annotations

from retraining.adapters import Adapters
from retraining.settings import settings


def adapters() -> Adapters:
    """The adapters of one invocation."""
    return Adapters(settings)
