"""The hashes that States.Hash and $hash know."""

from __future__ import annotations

import hashlib

_LIBRARY = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}
HASHES = tuple(_LIBRARY)


def digest(content: bytes, algorithm: str) -> str:
    """The hash of `content` by one of HASHES, as hexadecimal digits."""
    return hashlib.new(_LIBRARY[algorithm], content, usedforsecurity=False).hexdigest()
