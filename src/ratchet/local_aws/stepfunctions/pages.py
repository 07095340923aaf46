"""Lists in pages, as all list operations of Step Functions give them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, TypeVar

from ratchet.local_aws.door.errors import ServiceError

T = TypeVar("T")

DEFAULT = 100
MOST = 1_000


def page(items: Sequence[T], request: dict[str, Any]) -> tuple[Sequence[T], dict[str, str]]:
    """The wanted part of `items`, and {"nextToken": ...} if there is more."""
    start = _start(request.get("nextToken"))
    size = min(request.get("maxResults") or DEFAULT, MOST)
    end = start + size
    token = base64.urlsafe_b64encode(f"from:{end}".encode()).decode()
    return items[start:end], {"nextToken": token} if end < len(items) else {}


def _start(token: str | None) -> int:
    if token is None:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(token).decode().partition(":")
        if word == "from":
            return int(number)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        pass
    raise ServiceError("InvalidToken", f"Invalid Token: '{token}'")
