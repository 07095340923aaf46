"""A message: what may be sent, its digests, and what a receiver is shown of it."""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ratchet.local_aws.sqs import errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_ATTRIBUTES = 10
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ALLOWED = "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,256}")
_TYPE = re.compile(r"(String|Number|Binary)(\..+)?")


@dataclass
class Message:
    """A message in a queue. Moments are seconds since the epoch, on the clock of local AWS."""

    id: str
    number: int
    body: str
    attributes: dict[str, dict[str, Any]]
    system: dict[str, str]
    sent: float
    visible: float
    receives: int = 0
    first_received: float = 0.0
    handles: list[str] = field(default_factory=list)

    def shown(self, system: Iterable[str], attributes: Iterable[str]) -> dict[str, Any]:
        """The message in the shape of ReceiveMessage, with the parts that the receiver wants."""
        body = {
            "MessageId": self.id,
            "ReceiptHandle": self.handles[-1],
            "MD5OfBody": digest(self.body),
            "Body": self.body,
        }
        wanted, known = set(system), self._system_attributes()
        if "All" not in wanted:
            known = {name: value for name, value in known.items() if name in wanted}
        chosen = _chosen(self.attributes, attributes)
        return {
            **body,
            **({"Attributes": known} if known else {}),
            **({"MessageAttributes": chosen} if chosen else {}),
            **({"MD5OfMessageAttributes": digest_of_attributes(chosen)} if chosen else {}),
        }

    def _system_attributes(self) -> dict[str, str]:
        return {
            **self.system,
            "SentTimestamp": str(int(self.sent * 1000)),
            "ApproximateReceiveCount": str(self.receives),
            "ApproximateFirstReceiveTimestamp": str(int(self.first_received * 1000)),
        }


def _chosen(attributes: dict[str, Any], wanted: Iterable[str]) -> dict[str, Any]:
    """Those with a wanted name: a name, All, or a beginning with ".*" behind it."""
    names = list(wanted)
    if "All" in names or ".*" in names:
        return attributes
    starts = tuple(name.removesuffix(".*") for name in names if name.endswith(".*"))
    return {k: v for k, v in attributes.items() if k in names or k.startswith(starts or ("\0",))}


def digest(text: str) -> str:
    """The MD5 of a body."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def digest_of_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> str:
    """Their MD5, as "Calculating the MD5 message digest for message attributes" describes it."""
    md5 = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        value = attributes[name]
        for part in (name, value["DataType"]):
            md5.update(struct.pack("!I", len(part.encode())) + part.encode())
        binary = "BinaryValue" in value
        content = value["BinaryValue"] if binary else value["StringValue"].encode()
        md5.update(bytes([2 if binary else 1]) + struct.pack("!I", len(content)) + content)
    return md5.hexdigest()


def size_of(entry: Mapping[str, Any]) -> int:
    """Bytes of a message: its body, and its attributes' names, types and values."""
    size = len(entry["MessageBody"].encode())
    for name, value in entry.get("MessageAttributes", {}).items():
        content = value.get("BinaryValue") or value.get("StringValue", "").encode()
        size += len(name.encode()) + len(value["DataType"].encode()) + len(content)
    return size


def check(entry: Mapping[str, Any], largest: int) -> None:
    """Refuse a message that SQS would not take."""
    body = entry["MessageBody"]
    if not body:
        raise errors.missing("MessageBody")
    forbidden = _FORBIDDEN.search(body)
    if forbidden:
        raise errors.invalid_contents(f"#x{ord(forbidden[0]):X}", _ALLOWED)
    if size_of(entry) > largest:
        raise errors.invalid(
            "One or more parameters are invalid. Reason: Message must be shorter than "
            f"{largest} bytes."
        )
    _check_attributes(entry.get("MessageAttributes", {}))


def _check_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> None:
    if len(attributes) > MOST_ATTRIBUTES:
        raise errors.invalid(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum "
            f"[{MOST_ATTRIBUTES}]."
        )
    for name, value in attributes.items():
        if not _NAME.fullmatch(name):
            raise errors.invalid(f"The message attribute name '{name}' is invalid.")
        if not _TYPE.fullmatch(value["DataType"]):
            raise errors.invalid(
                f"The type of message (user) attribute '{name}' is invalid. You must use only "
                "the following supported type prefixes: Binary, Number, String."
            )
        member = "BinaryValue" if value["DataType"].startswith("Binary") else "StringValue"
        if not value.get(member):
            raise errors.invalid(
                f"The message (user) attribute '{name}' must contain a non-empty value of type "
                f"{value['DataType']}."
            )
