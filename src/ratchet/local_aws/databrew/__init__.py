"""Living DataBrew: recipes are compiled to DuckDB SQL and run in a child process.

The service is imported on first use: the child imports this package and must not load boto3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ratchet.local_aws.databrew.service import DataBrew

__all__ = ["DataBrew"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ratchet.local_aws.databrew import service

    return getattr(service, name)
