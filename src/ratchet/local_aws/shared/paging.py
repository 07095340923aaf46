"""Lists a page at a time, as every List operation of AWS does."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from ratchet.local_aws.door.errors import ServiceError

Item = TypeVar("Item")


def page(
    items: Sequence[Item], size: int | None, token: str | None, *, most: int = 100
) -> tuple[list[Item], str | None]:
    """The items behind the token, at most `size` or `most` of them, and the next page's token.

    A token that no answer gave is refused with ValidationException.
    """
    start = _position(token) if token else 0
    end = start + min(size or most, most)
    return list(items[start:end]), _token(end) if end < len(items) else None


def _token(position: int) -> str:
    return base64.urlsafe_b64encode(f"next:{position}".encode()).decode()


def _position(token: str) -> int:
    try:
        word, _, number = base64.urlsafe_b64decode(token).decode().partition(":")
        if word == "next" and number.isdecimal():
            return int(number)
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _refusal(token) from error
    raise _refusal(token)


def _refusal(token: str) -> ServiceError:
    return ServiceError("ValidationException", f"NextToken {token!r} is not one of this list.")
