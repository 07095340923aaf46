"""What a listener observes: every request to local AWS, with the access key of its caller.

As on AWS, each function has its own keys, so a call shows which function made it.
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

    access_key: of the caller, "" if unsigned; a function's is `function_key` of its name.
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


def reporting_status(start: Any, report: Callable[[int], None]) -> Any:
    """WSGI's start_response, which also reports the status of the answer."""

    def begin(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        report(int(status.partition(" ")[0]))
        return start(status, headers, *rest)

    return begin
