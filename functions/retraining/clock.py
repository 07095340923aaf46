"""The one clock of the steps, so that tests can turn it."""

from __future__ import annotations

import datetime as dt
import time


def now() -> float:
    """Epoch seconds."""
    return time.time()


def stamp() -> str:
    """The moment as ISO text, UTC."""
    return dt.datetime.fromtimestamp(now(), dt.UTC).isoformat()
