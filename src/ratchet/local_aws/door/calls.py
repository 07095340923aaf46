"""What a listener hears of local AWS: every request, with the keys of its caller.

As on AWS each function has keys of its own, so that a call tells which function made it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ratchet.local_aws.door.protocol import Request


@dataclass(frozen=True)
class Call:
    """One request and the HTTP status of its answer.

    access_key: of the caller, "" when unsigned; `function_key` of its name for a function.
    service: the signing name ("sagemaker-runtime" for SageMaker's runtime).
    """

    access_key: str
    service: str
    request: Request
    status: int


Listener = Callable[[Call], None]
"""Called with each Call, in the thread that answers it."""


def function_key(function: str) -> str:
    """The access key id of a function's workers: a dummy, like every key of local AWS."""
    return f"local-{function}"


def telling(start: Any, tell: Callable[[int], None]) -> Any:
    """WSGI's start_response, which also tells the status of the answer."""

    def begin(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        tell(int(status.partition(" ")[0]))
        return start(status, headers, *rest)

    return begin
