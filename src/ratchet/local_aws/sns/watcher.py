"""Watches SNS requests on their way to moto, and hands what a topic sends to a queue on to ours.

moto delivers to a queue of its own, which no client sees: a mirror of the same name, made when the
queue subscribes and emptied after every publication. Filters, raw delivery and the envelope are
moto's.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.door.gateway import read_body, replay
from ratchet.local_aws.door.moto_app import ask_moto

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

log = logging.getLogger(__name__)


class Host(Protocol):
    """What the watcher needs of local AWS."""

    @property
    def region(self) -> str:
        """The Region it simulates."""

    @property
    def account(self) -> str:
        """The account id."""

    @property
    def endpoint(self) -> str:
        """The URL of all services."""

    @property
    def services(self) -> Mapping[str, Any]:
        """The living services by signing name."""


class SnsWatcher:
    """WSGI: everything goes to moto; what it puts into a mirror goes to the queue itself."""

    def __init__(self, local: Host, moto: Any) -> None:
        self._local = local
        self._moto = moto
        self._mirrors: dict[str, str] = {}
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        body = read_body(environ)
        form = dict(parse_qsl(body.decode("utf-8", "replace")))
        if form.get("Action") == "Subscribe" and form.get("Protocol") == "sqs":
            self._mirror(form.get("Endpoint", ""))
        answer = list(self._moto(replay(environ, body), start))
        if form.get("Action") in ("Publish", "PublishBatch"):
            self._hand_on()
        return answer

    def _mirror(self, arn: str) -> None:
        name = arn.rpartition(":")[2]
        with self._lock:
            made = self._ask("CreateQueue", QueueName=name)
            if "QueueUrl" in made:
                self._mirrors[name] = made["QueueUrl"]

    def _hand_on(self) -> None:
        with self._lock:
            for name, mirror in self._mirrors.items():
                try:
                    self._empty(name, mirror)
                except Exception:  # moto fails on a binary attribute that is delivered raw
                    log.exception("what a topic sent to the queue %s is lost", name)
                    self._ask("PurgeQueue", QueueUrl=mirror)

    def _empty(self, name: str, mirror: str) -> None:
        while messages := self._take(mirror):
            for message in messages:
                self._send(name, message)

    def _take(self, mirror: str) -> list[dict[str, Any]]:
        wanted = {"MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
        messages = self._ask("ReceiveMessage", QueueUrl=mirror, **wanted).get("Messages", [])
        for message in messages:
            self._ask("DeleteMessage", QueueUrl=mirror, ReceiptHandle=message["ReceiptHandle"])
        return list(messages)

    def _send(self, name: str, message: dict[str, Any]) -> None:
        request = {
            "QueueUrl": f"{self._local.endpoint}/{self._local.account}/{name}",
            "MessageBody": message["Body"],
            "MessageAttributes": message.get("MessageAttributes", {}),
        }
        try:
            self._local.services["sqs"].send_message(request)
        except ServiceError as error:
            log.warning("a message of a topic did not reach the queue %s: %s", name, error)

    def _ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return ask_moto(self._moto, self._local.region, f"AmazonSQS.{operation}", parameters)
