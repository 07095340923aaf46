"""Suffixes of generated physical names: the same from start to start, so that scripts last.

On AWS they are random. Here the first name of a resource follows from its place (account, Region,
stack and logical id); only a resource that replaces another, or belongs to a stack created again,
gets another name, since the first may still be in use.
"""

from __future__ import annotations

import hashlib
import string

from ratchet.local_aws.door import moto_app

LENGTH = 12
ALPHABET = string.ascii_uppercase + string.digits


def suffix(account: str, region: str, stack: str, logical_id: str) -> str:
    """The next suffix for a resource at this place; none is used twice."""
    place = f"{account}/{region}/{stack}/{logical_id}"
    number = moto_app.count(place)
    rest = int.from_bytes(hashlib.sha256(f"{place}/{number}".encode()).digest())
    letters = []
    for _ in range(LENGTH):
        rest, index = divmod(rest, len(ALPHABET))
        letters.append(ALPHABET[index])
    return "".join(letters)
