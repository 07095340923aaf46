"""Timestamps as the States Language writes them: `2016-03-14T01:59:00Z`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")


def instant(text: str) -> tuple[int, int] | None:
    """Seconds since 1970, and nanoseconds, of an ISO 8601 offset date-time; None for other text."""
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    try:
        whole = datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError):
        return None
    return int(whole), int((match[2] or ".")[1:].ljust(9, "0"))


def timestamp(text: str) -> float | None:
    """Seconds since 1970 of such a date-time; None for other text."""
    moment = instant(text)
    return moment[0] + moment[1] / 1e9 if moment is not None else None


def iso(moment: float) -> str:
    """A moment as the context object writes it."""
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
