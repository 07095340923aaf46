"""The attributes of a queue: their defaults and ranges, as CreateQueue documents them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from ratchet.local_aws.sqs import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY = 86_400
LARGEST_MESSAGE = 1_048_576


class Range(NamedTuple):
    """The whole numbers an attribute takes, and its value unless set."""

    least: int
    most: int
    default: int


RANGES = {
    "DelaySeconds": Range(0, 900, 0),
    "KmsDataKeyReusePeriodSeconds": Range(60, DAY, 300),
    "MaximumMessageSize": Range(1024, LARGEST_MESSAGE, LARGEST_MESSAGE),
    "MessageRetentionPeriod": Range(60, 14 * DAY, 4 * DAY),
    "ReceiveMessageWaitTimeSeconds": Range(0, 20, 0),
    "VisibilityTimeout": Range(0, 43_200, 30),
}
ALWAYS = frozenset(RANGES) - {"KmsDataKeyReusePeriodSeconds"}
"""Numbers that every queue has."""
DOCUMENTS = frozenset({"Policy", "RedrivePolicy", "RedriveAllowPolicy"})
"""JSON texts; an empty one removes the attribute."""
SETTABLE = frozenset(RANGES) | DOCUMENTS | {"KmsMasterKeyId", "SqsManagedSseEnabled"}
FIFO = frozenset(
    {"FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"}
)
READABLE = SETTABLE | {
    "All",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
}
RECEIVES = Range(1, 1000, 10)
"""maxReceiveCount of a redrive policy."""


class Redrive(NamedTuple):
    """Where messages go after so many receives."""

    target: str
    receives: int


def defaults() -> dict[str, str]:
    """The attributes of a queue that sets none."""
    numbers = {name: str(RANGES[name].default) for name in ALWAYS}
    return {**numbers, "SqsManagedSseEnabled": "true"}


def checked(wanted: Mapping[str, str]) -> dict[str, str]:
    """The attributes of a request, each within its range."""
    for name, value in wanted.items():
        if name in FIFO:
            raise errors.unsupported(f"FIFO queues ({name})", "use a standard queue")
        if name not in SETTABLE:
            raise errors.unknown_attribute(name)
        if name in RANGES and not _is_in(RANGES[name], value):
            raise errors.invalid_attribute(name)
        if name in DOCUMENTS and value:
            _document(name, value)
        if name == "SqsManagedSseEnabled" and value not in ("true", "false"):
            raise errors.invalid_attribute(name)
    return dict(wanted)


def check_name(name: str) -> None:
    """Refuse the name of an attribute that no queue has; those of FIFO queues are just not set."""
    if name not in READABLE | FIFO:
        raise errors.unknown_attribute(name)


def _is_in(allowed: Range, text: str) -> bool:
    return text.isdecimal() and allowed.least <= int(text) <= allowed.most


def _document(name: str, text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise errors.invalid_attribute(name)
    return document


def redrive_of(attributes: Mapping[str, str]) -> Redrive | None:
    """The redrive policy among the attributes."""
    text = attributes.get("RedrivePolicy")
    if not text:
        return None
    policy = _document("RedrivePolicy", text)
    receives = str(policy.get("maxReceiveCount", RECEIVES.default))
    if not _is_in(RECEIVES, receives):
        reason = (
            f"Invalid value for maxReceiveCount: {receives}, valid values are from "
            f"{RECEIVES.least} to {RECEIVES.most} both inclusive"
        )
        raise errors.invalid_value("RedrivePolicy", text, reason)
    return Redrive(str(policy.get("deadLetterTargetArn", "")), int(receives))


def allows(attributes: Mapping[str, str], source: str) -> bool:
    """Whether a dead-letter queue with these attributes takes messages of that queue."""
    text = attributes.get("RedriveAllowPolicy")
    policy = _document("RedriveAllowPolicy", text) if text else {}
    permission = policy.get("redrivePermission", "allowAll")
    return permission == "allowAll" or (
        permission == "byQueue" and source in policy.get("sourceQueueArns", [])
    )
