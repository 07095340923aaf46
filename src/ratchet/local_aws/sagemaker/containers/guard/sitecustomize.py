"""Python imports this first in a user's process: it says why a path in /opt/ml is not found.

Scripts that name /opt/ml have had that text replaced; a path that still begins with it was put
together at run time or read from a file. Standard library only.
"""

from __future__ import annotations

import os
import sys
from typing import Any

EVENTS = frozenset(
    {"open", "os.chdir", "os.listdir", "os.mkdir", "os.remove", "os.rename", "os.scandir"}
)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in EVENTS or not arguments or isinstance(arguments[0], int | None):
        return
    path = os.fsdecode(arguments[0])
    if path == "/opt/ml" or path.startswith("/opt/ml/"):
        raise FileNotFoundError(
            f"{path}: local AWS has no /opt/ml. It replaces that text in scripts and arguments; "
            "write this path as one text, or pass it as an argument"
        )


sys.addaudithook(_refuse)
