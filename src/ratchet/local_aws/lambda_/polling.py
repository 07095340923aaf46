"""Passes messages from an SQS queue to a function, as Lambda's event source mappings do.

The queue is long-polled, for a second at a time.
"""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ratchet.local_aws.door.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ratchet.local_aws.lambda_.sandboxes import Outcome
    from ratchet.local_aws.running.host import Host

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.15
LONG_POLL_SECONDS = 1
AFTER_ERROR_SECONDS = 1.0
RECEIVE_LIMIT = 10
DELETE_LIMIT = 10
PAYLOAD_LIMIT = 6_291_456
CONCURRENCY = 5

Message = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """Settings of a mapping: messages per call, seconds to collect them, partial failures."""

    batch_size: int = 10
    window: int = 0
    reports_failures: bool = False
    concurrency: int = CONCURRENCY


class Poller:
    """The threads of one enabled mapping; `run(event text)` invokes the function."""

    def __init__(
        self, local: Host, queue_arn: str, settings: Settings, run: Callable[[str], Outcome]
    ) -> None:
        self.problem = ""
        self._local = local
        self._arn = queue_arn
        self._settings = settings
        self._run = run
        self._closing = threading.Event()
        self._room = threading.BoundedSemaphore(settings.concurrency)
        self._threads = ThreadPoolExecutor(settings.concurrency, "sqs-batch")
        threading.Thread(target=self._poll, daemon=True, name="sqs-poller").start()

    def close(self) -> None:
        """Stop receiving; batches in progress are finished."""
        self._closing.set()
        self._threads.shutdown(wait=False)

    def _poll(self) -> None:
        while not self._closing.is_set():
            with self._room:  # receive nothing that could not be handled at once
                pass
            try:
                batch = self._gather()
                self.problem = ""
            except ServiceError as error:
                self._complain(error)
                continue
            if batch and not self._hand_over(batch):
                return

    def _hand_over(self, batch: list[Message]) -> bool:
        self._room.acquire()
        try:
            self._threads.submit(self._serve, batch)
        except RuntimeError:  # just closed: the messages reappear after their visibility timeout
            self._room.release()
            return False
        return True

    def _complain(self, error: Exception) -> None:
        self.problem = f"PROBLEM: {error}"
        if not self._closing.wait(AFTER_ERROR_SECONDS):
            log.warning("the event source mapping of %s cannot poll: %s", self._arn, error)

    def _gather(self) -> list[Message]:
        """The next batch: full, or what arrived within the window."""
        batch = self._receive(self._settings.batch_size, LONG_POLL_SECONDS)
        end = time.monotonic() + self._settings.window
        while batch and self._wants_more(batch, end) and not self._closing.is_set():
            more = self._receive(self._settings.batch_size - len(batch), 0)
            batch += more
            if not more:
                self._closing.wait(LOOK_SECONDS)
        return batch

    def _wants_more(self, batch: list[Message], end: float) -> bool:
        size = sum(len(message["Body"]) for message in batch)
        full = len(batch) >= self._settings.batch_size or size > PAYLOAD_LIMIT // 2
        return not full and time.monotonic() < end

    def _receive(self, count: int, wait: int) -> list[Message]:
        request = {
            "QueueUrl": self._url(),
            "MaxNumberOfMessages": min(count, RECEIVE_LIMIT),
            "WaitTimeSeconds": wait,
            "MessageSystemAttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        }
        return list(self._local.services["sqs"].receive_message(request).get("Messages", []))

    def _url(self) -> str:
        account, name = self._arn.split(":")[4:]
        return f"{self._local.endpoint}/{account}/{name}"

    def _serve(self, batch: list[Message]) -> None:
        try:
            event = {"Records": [record(m, self._arn, self._local.region) for m in batch]}
            outcome = self._run(json.dumps(event, ensure_ascii=False))
            self._delete(self._done(batch, outcome))
        except (ServiceError, OSError) as error:
            if not self._closing.is_set():
                log.warning("a batch of %s will reappear after its timeout: %s", self._arn, error)
        except Exception:
            log.exception("a batch of %s failed", self._arn)
        finally:
            self._room.release()

    def _done(self, batch: list[Message], outcome: Outcome) -> list[Message]:
        if outcome.failed:
            return []
        if not self._settings.reports_failures:
            return batch
        failed = failed_ids(outcome.payload, {message["MessageId"] for message in batch})
        return [message for message in batch if message["MessageId"] not in failed]

    def _delete(self, messages: list[Message]) -> None:
        for start in range(0, len(messages), DELETE_LIMIT):
            entries = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages[start : start + DELETE_LIMIT])
            ]
            request = {"QueueUrl": self._url(), "Entries": entries}
            self._local.services["sqs"].delete_message_batch(request)


def failed_ids(payload: bytes, ids: set[str]) -> set[str]:
    """The messages that a partial batch response names; all of them if it is malformed.

    See "Implementing partial batch responses" in Lambda's guide: null or no failures is
    success; an empty, unknown or malformed identifier fails the whole batch.
    """
    try:
        failures = (json.loads(payload) or {}).get("batchItemFailures") or []
        named = {failure["itemIdentifier"] for failure in failures}
    except (ValueError, TypeError, KeyError, AttributeError):
        return ids
    understood = named <= ids
    return named if understood else ids


def record(message: Message, queue_arn: str, region: str) -> dict[str, Any]:
    """A message in the form that a function receives."""
    attributes = message.get("MessageAttributes", {})
    made: dict[str, Any] = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {name: _attribute(value) for name, value in attributes.items()},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": region,
    }
    if attributes:
        made["md5OfMessageAttributes"] = message.get("MD5OfMessageAttributes", "")
    return made


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    }
    if "BinaryValue" in value:
        return {"binaryValue": base64.b64encode(value["BinaryValue"]).decode(), **made}
    return {"stringValue": value["StringValue"], **made}
