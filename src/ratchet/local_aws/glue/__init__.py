"""Living Glue: Spark and Python shell jobs run their scripts unmodified in a child process.

The service is imported on first use, so that a child that imports this package stays small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ratchet.local_aws.glue.service import Glue

__all__ = ["Glue"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ratchet.local_aws.glue import service

    return getattr(service, name)
