"""Parses the Resource of a Task: what it calls, and with which pattern."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Pattern = Literal["request", "sync", "sync:2", "waitForTaskToken"]
Kind = Literal["lambda", "optimised", "aws-sdk", "activity", "unknown"]

_INTEGRATION = re.compile(
    r"^arn:(?P<partition>aws[\w-]*):states:(?P<region>[^:]*):(?P<account>[^:]*):(?P<rest>.+)$"
)
_LAMBDA = re.compile(r"^arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:[\w-]+(:[\w$-]+)?$")


@dataclass(frozen=True, slots=True)
class Resource:
    """A parsed Resource. `type` and `name` are those in history events."""

    arn: str
    kind: Kind
    service: str = ""
    action: str = ""
    pattern: Pattern = "request"

    @property
    def type(self) -> str:
        return f"aws-sdk:{self.service}" if self.kind == "aws-sdk" else self.service

    @property
    def name(self) -> str:
        return self.action if self.pattern == "request" else f"{self.action}.{self.pattern}"

    @property
    def waits_for_token(self) -> bool:
        return self.pattern == "waitForTaskToken"

    @property
    def is_job(self) -> bool:
        return self.pattern in ("sync", "sync:2")


def parse_resource(arn: str) -> Resource:
    """Parse an ARN; one of an unknown form gets the kind `unknown`."""
    if _LAMBDA.match(arn):
        return Resource(arn, "lambda", "lambda", "invoke")
    match = _INTEGRATION.match(arn)
    if match is None:
        return Resource(arn, "unknown")
    if match["account"]:
        return Resource(arn, "activity" if match["rest"].startswith("activity:") else "unknown")
    return _integration(arn, match["rest"])


def _integration(arn: str, rest: str) -> Resource:
    sdk = rest.startswith("aws-sdk:")
    service, _, action = rest.removeprefix("aws-sdk:").partition(":")
    action, _, suffix = action.partition(".")
    pattern = suffix or "request"
    if pattern not in ("request", "sync", "sync:2", "waitForTaskToken") or not action:
        return Resource(arn, "unknown", service, action)
    return Resource(arn, "aws-sdk" if sdk else "optimised", service, action, pattern)  # type: ignore[arg-type]
