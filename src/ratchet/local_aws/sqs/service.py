"""The SQS API: standard queues on the clock of local AWS."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.running.service import Service
from ratchet.local_aws.shared.listing import Pager
from ratchet.local_aws.sqs import attributes, errors, messages
from ratchet.local_aws.sqs.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Callable

    from ratchet.local_aws.running.host import Host

Request = dict[str, Any]
MOST_MESSAGES = 10
LONGEST_WAIT = 20
BATCH = 10
SENDER = "AIDALOCALAWSSENDER000"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_PAGES = Pager(lambda token: errors.invalid(f"Invalid NextToken value: {token}"), size=1000)


class Sqs(Service):
    """Queues and what is in them."""

    name: ClassVar[str] = "sqs"
    model: ClassVar[str] = "sqs"

    def __init__(self, local: Host) -> None:
        super().__init__(local)
        self._queues: dict[str, Queue] = {}
        self._lock = threading.RLock()

    def close(self) -> None:
        with self._lock:
            for queue in self._queues.values():
                queue.close()

    # Queues

    def create_queue(self, request: Request) -> dict[str, Any]:
        """The same name and attributes again give the queue that exists."""
        name, wanted = _name(request), attributes.checked(request.get("Attributes", {}))
        with self._lock:
            self._check_redrive(name, wanted)
            queue = self._queues.get(name)
            if queue is None:
                values = {**attributes.defaults(), **{k: v for k, v in wanted.items() if v}}
                queue = Queue(name, self._arn(name), self.local.clock, values)
                queue.tags.update(request.get("tags", {}))
                self._queues[name] = queue
        for attribute, value in wanted.items():
            if queue.attributes.get(attribute, "") != value:
                raise errors.queue_exists(attribute)
        return {"QueueUrl": self._url(name)}

    def delete_queue(self, request: Request) -> dict[str, Any]:
        """At once, and its name is free at once; AWS keeps it for a minute."""
        with self._lock:
            queue = self._queues.pop(self._queue(request).name)
        queue.close()
        return {}

    def get_queue_url(self, request: Request) -> dict[str, Any]:
        if request.get("QueueOwnerAWSAccountId", self.local.account) != self.local.account:
            raise errors.no_queue()
        return {"QueueUrl": self._url(self._named(request["QueueName"]).name)}

    def list_queues(self, request: Request) -> dict[str, Any]:
        with self._lock:
            names = sorted(self._queues)
        prefix = request.get("QueueNamePrefix", "")
        urls = [self._url(name) for name in names if name.startswith(prefix)]
        return _page("QueueUrls", urls, request)

    def list_dead_letter_source_queues(self, request: Request) -> dict[str, Any]:
        target = self._queue(request).arn
        with self._lock:
            queues = sorted(self._queues.values(), key=lambda queue: queue.name)
        redrives = [(queue, attributes.redrive_of(queue.attributes)) for queue in queues]
        urls = [
            self._url(q.name) for q, redrive in redrives if redrive and redrive.target == target
        ]
        return _page("queueUrls", urls, request)

    def purge_queue(self, request: Request) -> dict[str, Any]:
        self._queue(request).purge()
        return {}

    # Attributes and tags

    def get_queue_attributes(self, request: Request) -> dict[str, Any]:
        queue, wanted = self._queue(request), request.get("AttributeNames", [])
        known = {
            **queue.attributes,
            **queue.counts(),
            "QueueArn": queue.arn,
            "CreatedTimestamp": str(int(queue.created.timestamp())),
            "LastModifiedTimestamp": str(int(queue.modified.timestamp())),
        }
        for name in wanted:
            attributes.check_name(name)
        if "All" not in wanted:
            known = {name: value for name, value in known.items() if name in wanted}
        return {"Attributes": known} if known else {}

    def set_queue_attributes(self, request: Request) -> dict[str, Any]:
        queue, wanted = self._queue(request), attributes.checked(request["Attributes"])
        with self._lock:
            self._check_redrive(queue.name, wanted)
        queue.change(wanted)
        return {}

    def tag_queue(self, request: Request) -> dict[str, Any]:
        self._queue(request).tags.update(request["Tags"])
        return {}

    def untag_queue(self, request: Request) -> dict[str, Any]:
        queue = self._queue(request)
        for key in request["TagKeys"]:
            queue.tags.pop(key, None)
        return {}

    def list_queue_tags(self, request: Request) -> dict[str, Any]:
        return {"Tags": dict(self._queue(request).tags)}

    # Messages

    def send_message(self, request: Request) -> dict[str, Any]:
        return self._send(self._queue(request), request)

    def send_message_batch(self, request: Request) -> dict[str, Any]:
        queue, entries = self._queue(request), _entries(request, "SendMessageBatchRequestEntry")
        size = sum(messages.size_of(entry) for entry in entries)
        if size > attributes.LARGEST_MESSAGE:
            raise errors.batch(
                "BatchRequestTooLong",
                f"Batch requests cannot be longer than {attributes.LARGEST_MESSAGE} bytes. "
                f"You have sent {size} bytes.",
            )
        return _each(entries, lambda entry: self._send(queue, entry))

    def receive_message(self, request: Request) -> dict[str, Any]:
        """Waits at most so long as the request or the queue says, on the clock of local AWS."""
        queue = self._queue(request)
        wait = request.get("WaitTimeSeconds", queue.seconds("ReceiveMessageWaitTimeSeconds"))
        most, visibility = request.get("MaxNumberOfMessages", 1), request.get("VisibilityTimeout")
        _within("WaitTimeSeconds", wait, 0, LONGEST_WAIT)
        _within("MaxNumberOfMessages", most, 1, MOST_MESSAGES)
        _check_visibility(visibility)
        letters, receives = self._dead_letters(queue)
        found, dead = queue.receive(most, visibility, wait, receives)
        if letters is not None:
            for message in dead:
                letters.bury(message, queue.arn)
        system = [
            *request.get("AttributeNames", []),
            *request.get("MessageSystemAttributeNames", []),
        ]
        names = request.get("MessageAttributeNames", [])
        shown = [message.shown(system, names) for message in found]
        return {"Messages": shown} if shown else {}

    def delete_message(self, request: Request) -> dict[str, Any]:
        self._queue(request).delete(request["ReceiptHandle"])
        return {}

    def delete_message_batch(self, request: Request) -> dict[str, Any]:
        queue = self._queue(request)
        entries = _entries(request, "DeleteMessageBatchRequestEntry")
        return _each(entries, lambda entry: queue.delete(entry["ReceiptHandle"]))

    def change_message_visibility(self, request: Request) -> dict[str, Any]:
        self._change_visibility(self._queue(request), request)
        return {}

    def change_message_visibility_batch(self, request: Request) -> dict[str, Any]:
        queue = self._queue(request)
        entries = _entries(request, "ChangeMessageVisibilityBatchRequestEntry")
        return _each(entries, lambda entry: self._change_visibility(queue, entry))

    def _send(self, queue: Queue, entry: Request) -> dict[str, Any]:
        messages.check(entry, queue.seconds("MaximumMessageSize"))
        delay = entry.get("DelaySeconds")
        _within("DelaySeconds", delay, 0, attributes.RANGES["DelaySeconds"].most)
        given = entry.get("MessageSystemAttributes", {})
        system = {"SenderId": SENDER, **{k: v["StringValue"] for k, v in given.items()}}
        if "MessageGroupId" in entry:
            system["MessageGroupId"] = entry["MessageGroupId"]
        named = entry.get("MessageAttributes", {})
        message = queue.send(entry["MessageBody"], named, system, delay)
        answer = {"MessageId": message.id, "MD5OfMessageBody": messages.digest(message.body)}
        if named:
            answer["MD5OfMessageAttributes"] = messages.digest_of_attributes(named)
        if given:
            answer["MD5OfMessageSystemAttributes"] = messages.digest_of_attributes(given)
        return answer

    def _change_visibility(self, queue: Queue, entry: Request) -> None:
        seconds = entry.get("VisibilityTimeout", queue.seconds("VisibilityTimeout"))
        _check_visibility(seconds)
        queue.change_visibility(entry["ReceiptHandle"], seconds)

    def _dead_letters(self, queue: Queue) -> tuple[Queue | None, int | None]:
        """The dead-letter queue, and after how many receives; neither if it is gone."""
        redrive = attributes.redrive_of(queue.attributes)
        letters = self._queues.get(redrive.target.rpartition(":")[2]) if redrive else None
        return (letters, redrive.receives) if redrive and letters else (None, None)

    # Names

    def _queue(self, request: Request) -> Queue:
        return self._named(urlsplit(request["QueueUrl"]).path.rpartition("/")[2])

    def _named(self, name: str) -> Queue:
        queue = self._queues.get(name)
        if queue is None:
            raise errors.no_queue()
        return queue

    def _url(self, name: str) -> str:
        return f"{self.local.endpoint}/{self.local.account}/{name}"

    def _arn(self, name: str) -> str:
        return f"arn:aws:sqs:{self.local.region}:{self.local.account}:{name}"

    def _check_redrive(self, name: str, wanted: dict[str, str]) -> None:
        redrive, text = attributes.redrive_of(wanted), wanted.get("RedrivePolicy")
        if redrive is None:
            return
        target = self._queues.get(redrive.target.rpartition(":")[2])
        if target is None or target.arn != redrive.target:
            raise errors.invalid_value("RedrivePolicy", text, "Dead letter target does not exist")
        if not attributes.allows(target.attributes, self._arn(name)):
            reason = f"{redrive.target} does not allow this queue in its RedriveAllowPolicy"
            raise errors.invalid_value("RedrivePolicy", text, reason)


def _name(request: Request) -> str:
    name = str(request["QueueName"])
    if name.endswith(".fifo"):
        raise errors.unsupported(f"FIFO queues ({name})", "use a standard queue")
    if not _NAME.fullmatch(name):
        raise errors.invalid(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        )
    return name


def _page(member: str, urls: list[str], request: Request) -> dict[str, Any]:
    items, more = _PAGES.page(urls, request)
    return {member: items, **more} if items else {}


def _within(name: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        reason = f"Must be between {least} and {most}, if provided"
        raise errors.invalid_value(name, value, reason)


def _check_visibility(seconds: int | None) -> None:
    allowed = attributes.RANGES["VisibilityTimeout"]
    _within("VisibilityTimeout", seconds, allowed.least, allowed.most)


def _entries(request: Request, what: str) -> list[Request]:
    """The entries of a batch, which is refused as a whole for their number and their ids."""
    entries: list[Request] = request["Entries"]
    ids = [entry["Id"] for entry in entries]
    if not entries:
        raise errors.batch(
            "EmptyBatchRequest", f"There should be at least one {what} in the request."
        )
    if len(entries) > BATCH:
        raise errors.batch(
            "TooManyEntriesInBatchRequest",
            f"Maximum number of entries per request are {BATCH}. You have sent {len(entries)}.",
        )
    if not all(_ENTRY_ID.fullmatch(each) for each in ids):
        raise errors.batch(
            "InvalidBatchEntryId",
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
            "It can be at most 80 letters long.",
        )
    repeated = next((each for each in ids if ids.count(each) > 1), None)
    if repeated is not None:
        raise errors.batch("BatchEntryIdsNotDistinct", f"Id {repeated} repeated.")
    return entries


def _each(
    entries: list[Request], work: Callable[[Request], dict[str, Any] | None]
) -> dict[str, Any]:
    """What became of each entry: one that is refused does not touch the others."""
    done, failed = [], []
    for entry in entries:
        try:
            done.append({"Id": entry["Id"], **(work(entry) or {})})
        except ServiceError as error:
            code = error.query_code or error.code
            failed.append(
                {"Id": entry["Id"], "SenderFault": True, "Code": code, "Message": error.message}
            )
    return {"Successful": done, "Failed": failed}
