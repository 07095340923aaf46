"""Arrays as bodies of answers."""

from __future__ import annotations

from typing import Any

from ratchet.local_aws.sagemaker.containers import encoding


def encode(array_like: Any, content_type: str) -> Any:
    """The body of an array; CSV is written by numpy."""
    return encoding.encode(array_like, content_type, encoding.lines)
