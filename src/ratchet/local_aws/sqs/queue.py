"""One queue. Every operation takes time that grows with the logarithm of what waits, at most.

A message is ready, delayed or in flight. Two heaps hold the moments at which messages appear and
expire; an entry counts only if its message is still there and still waits for exactly that moment.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import uuid
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ratchet.local_aws.sqs import errors
from ratchet.local_aws.sqs.messages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ratchet.local_aws.running.clock import Clock

MOST_IN_FLIGHT = 120_000
"""Of a standard queue ("Amazon SQS standard queue quotas")."""
PURGE_SECONDS = 60.0

_Heap = list[tuple[float, int, Message]]
_SPARE = 64
"""Entries of a heap that may be out of date before it is rebuilt, besides one per message."""
DeadLetters = list[Message]


class Queue:
    """The messages of one queue, its attributes and its tags."""

    def __init__(self, name: str, arn: str, clock: Clock, attributes: dict[str, str]) -> None:
        self.name = name
        self.arn = arn
        self.tags: dict[str, str] = {}
        self.attributes = attributes
        self.created = self.modified = clock.now()
        self._clock = clock
        self._purged: float | None = None
        self._numbers = itertools.count()
        self._live: dict[str, Message] = {}
        self._ready: OrderedDict[str, Message] = OrderedDict()
        self._delayed: dict[str, Message] = {}
        self._in_flight: dict[str, Message] = {}
        self._by_handle: dict[str, Message] = {}
        self._later: _Heap = []
        self._expiring: _Heap = []
        self._changed = threading.Condition()
        self._closed = False

    def seconds(self, name: str) -> int:
        """An attribute that is a number."""
        return int(self.attributes[name])

    def change(self, attributes: Mapping[str, str]) -> None:
        """Set attributes; an empty text removes one."""
        with self._changed:
            for name, value in attributes.items():
                if value:
                    self.attributes[name] = value
                else:
                    self.attributes.pop(name, None)
            self.modified = self._clock.now()

    def counts(self) -> dict[str, str]:
        """The attributes that count messages."""
        with self._changed:
            self._advance()
            return {
                "ApproximateNumberOfMessages": str(len(self._ready)),
                "ApproximateNumberOfMessagesDelayed": str(len(self._delayed)),
                "ApproximateNumberOfMessagesNotVisible": str(len(self._in_flight)),
            }

    def send(
        self, body: str, attributes: dict[str, Any], system: dict[str, str], delay: int | None
    ) -> Message:
        """Add a message."""
        delay = self.seconds("DelaySeconds") if delay is None else delay
        sent = self._now()
        message = Message(str(uuid.uuid4()), 0, body, attributes, system, sent, sent + delay)
        with self._changed:
            self._add(message)
        return message

    def bury(self, message: Message, source: str) -> None:
        """Take a message that was received in vain too often; it keeps its age."""
        message.visible = self._now()
        message.handles.clear()
        message.system["DeadLetterQueueSourceArn"] = source
        with self._changed:
            self._add(message)

    def receive(
        self, most: int, visibility: int | None, wait: int, receives: int | None
    ) -> tuple[list[Message], DeadLetters]:
        """Messages to show, and those received so often before; waits for either."""
        visibility = self.seconds("VisibilityTimeout") if visibility is None else visibility
        end = self._now() + wait
        with self._changed:
            while True:
                self._advance()
                if self._ready and len(self._in_flight) >= MOST_IN_FLIGHT:
                    raise errors.over_limit()
                found, dead = self._take(most, visibility, receives)
                if found or dead or self._closed or self._now() >= end:
                    return found, dead
                self._wait_until(min(end, self._later[0][0]) if self._later else end)

    def delete(self, handle: str) -> None:
        """Delete the message of a receipt handle; one that is gone already is fine."""
        with self._changed:
            message = self._of_handle(handle)
            if message is not None:
                self._drop(message)

    def change_visibility(self, handle: str, seconds: int) -> None:
        """Let a message in flight appear again so many seconds from now."""
        with self._changed:
            self._advance()
            message = self._of_handle(handle)
            if message is None or message.id not in self._in_flight:
                raise errors.not_in_flight()
            self._hide(message, seconds)
            self._advance()
            self._changed.notify_all()

    def purge(self) -> None:
        """Delete every message."""
        with self._changed:
            now = self._now()
            if self._purged is not None and now < self._purged + PURGE_SECONDS:
                raise errors.purging()
            self._purged = now
            for message in list(self._live.values()):
                self._drop(message)

    def close(self) -> None:
        """End what waits for messages."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    # What follows holds the lock

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _add(self, message: Message) -> None:
        message.number = next(self._numbers)
        self._live[message.id] = message
        heapq.heappush(self._expiring, (message.sent, message.number, message))
        if message.visible > self._now():
            self._delayed[message.id] = message
            heapq.heappush(self._later, (message.visible, message.number, message))
        else:
            self._ready[message.id] = message
        self._changed.notify_all()

    def _hide(self, message: Message, seconds: int) -> None:
        message.visible = self._now() + seconds
        self._in_flight[message.id] = message
        heapq.heappush(self._later, (message.visible, message.number, message))

    def _advance(self) -> None:
        """What has become visible by now is ready; what is too old is gone."""
        now = self._now()
        while self._later and self._later[0][0] <= now:
            moment, _, message = heapq.heappop(self._later)
            if self._appears(message, moment):
                self._in_flight.pop(message.id, None)
                self._delayed.pop(message.id, None)
                self._ready[message.id] = message
        oldest = now - self.seconds("MessageRetentionPeriod")
        while self._expiring and self._expiring[0][0] <= oldest:
            self._drop(heapq.heappop(self._expiring)[2])

    def _appears(self, message: Message, moment: float) -> bool:
        """Whether the message waits for this moment, and no other, to become visible."""
        hidden = message.id in self._in_flight or message.id in self._delayed
        return hidden and message.visible == moment

    def _take(
        self, most: int, visibility: int, receives: int | None
    ) -> tuple[list[Message], DeadLetters]:
        found: list[Message] = []
        dead: DeadLetters = []
        while self._ready and len(found) < most:
            _, message = self._ready.popitem(last=False)
            if receives is not None and message.receives >= receives:
                self._drop(message)
                dead.append(message)
            else:
                found.append(message)
        for message in found:
            message.receives += 1
            message.first_received = message.first_received or self._now()
            message.handles.append(uuid.uuid4().hex)
            self._by_handle[message.handles[-1]] = message
            self._hide(message, visibility)
        return found, dead

    def _of_handle(self, handle: str) -> Message | None:
        """The message, None if it is gone; handles are ours if they look like ours."""
        if len(handle) != 32 or not set(handle) <= _HEX:
            raise errors.no_handle(handle)
        return self._by_handle.get(handle)

    def _drop(self, message: Message) -> None:
        if not self._is_live(message):
            return
        for where in (self._live, self._ready, self._delayed, self._in_flight):
            where.pop(message.id, None)
        for handle in message.handles:
            self._by_handle.pop(handle, None)
        if len(self._expiring) > 2 * len(self._live) + _SPARE:
            self._expiring = [entry for entry in self._expiring if self._is_live(entry[2])]
            heapq.heapify(self._expiring)
        if len(self._later) > 2 * len(self._live) + _SPARE:
            self._later = [entry for entry in self._later if self._appears(entry[2], entry[0])]
            heapq.heapify(self._later)

    def _is_live(self, message: Message) -> bool:
        return self._live.get(message.id) is message

    def _wait_until(self, moment: float) -> None:
        """Wait for a change, or for the moment on the clock, which may be turned."""
        timer = self._clock.at(datetime.fromtimestamp(moment, UTC) + _A_MOMENT, self._wake)
        self._changed.wait()
        self._clock.cancel(timer)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


_HEX = set("0123456789abcdef")
_A_MOMENT = timedelta(milliseconds=1)
"""datetime rounds to microseconds: a little later, the moment is past for certain."""
