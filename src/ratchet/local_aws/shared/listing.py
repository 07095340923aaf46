"""Lists a page at a time, as every List operation of AWS gives them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ratchet.local_aws.door.errors import ServiceError

Item = TypeVar("Item")


@dataclass(frozen=True)
class Pager:
    """How one API pages its lists.

    refusal: the error for a token that no answer contained. size: the items of a page unless the
    request says otherwise. most: the items of any page, `size` by default. The members are those
    that hold the wanted size, the token of a request and the token of an answer.
    """

    refusal: Callable[[str], ServiceError]
    size: int = 100
    most: int | None = None
    size_member: str = "MaxResults"
    request_member: str = "NextToken"
    answer_member: str = "NextToken"

    def page(
        self, items: Sequence[Item], request: Mapping[str, Any]
    ) -> tuple[list[Item], dict[str, str]]:
        """The items that the request asks for, and {answer_member: token} if more follow."""
        token = request.get(self.request_member)
        start = self._position(token) if token else 0
        end = start + min(request.get(self.size_member) or self.size, self.most or self.size)
        more = {self.answer_member: _token(end)} if end < len(items) else {}
        return list(items[start:end]), more

    def _position(self, token: str) -> int:
        try:
            word, _, number = base64.urlsafe_b64decode(token).decode().partition(":")
        except (binascii.Error, ValueError) as error:
            raise self.refusal(token) from error
        if word != "next" or not number.isdecimal():
            raise self.refusal(token)
        return int(number)


def _token(position: int) -> str:
    return base64.urlsafe_b64encode(f"next:{position}".encode()).decode()
