"""A call of one of the stack's functions, and what becomes of its errors."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Final

from ratchet.cli.connection import Stack
from ratchet.cli.errors import CliError

LOG: Final = "The function's log in CloudWatch has the details"


class Refused(Exception):
    """The function refused what it was asked for, in the message's words."""


def call(
    stack: Stack,
    name: str,
    function: str,
    given: dict[str, Any],
    refusals: Collection[str],
    *,
    step: str = f"{LOG}.",
) -> dict[str, Any]:
    """What the function answers: `name` is what people call it, `function` its name in AWS.

    Raises Refused for an error named in `refusals`, and CliError with `step` for any other.
    """
    reply = stack.client("lambda").invoke(FunctionName=function, Payload=json.dumps(given))
    answer: dict[str, Any] = json.loads(reply["Payload"].read())
    if not reply.get("FunctionError"):
        return answer
    # Lambda's error document: {"errorType", "errorMessage", "stackTrace"}
    kind, message = str(answer.get("errorType", "")), str(answer.get("errorMessage", "")).strip()
    if kind in refusals:
        raise Refused(message)
    raise CliError(f"{name} failed: {kind}: {message}", step)
