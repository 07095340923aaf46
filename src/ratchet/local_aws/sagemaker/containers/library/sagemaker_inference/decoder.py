"""Bodies of requests as arrays."""

from __future__ import annotations

from typing import Any

from ratchet.local_aws.sagemaker.containers import encoding


def decode(obj: Any, content_type: str) -> Any:
    """The array of a body; text of CSV is read by numpy."""
    return encoding.decode(obj, content_type, encoding.numbers)
