"""Asynchronous invocations: queued, retried as on AWS, their results sent to destinations.

AWS waits one minute before the first retry and two minutes before the second; throttled events
are retried until they reach their maximum age.
"""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.lambda_.model import Function, invalid, not_found

if TYPE_CHECKING:
    from collections.abc import Callable

    from ratchet.local_aws.lambda_.sandboxes import Outcome
    from ratchet.local_aws.running.host import Host

log = logging.getLogger(__name__)

RETRY_DELAYS = (timedelta(minutes=1), timedelta(minutes=2))
THROTTLED_DELAY = timedelta(seconds=1)
DEFAULT_AGE = 21_600
THREADS = 16


@dataclass(frozen=True)
class Event:
    """A queued event and how often it was tried."""

    function: str
    payload: str
    accepted: datetime
    attempts: int = 0


class AsyncInvocations:
    """The event queue of every function."""

    def __init__(
        self,
        local: Host,
        named: Callable[[str], Function | None],
        run: Callable[[Function, str], Outcome],
    ) -> None:
        """`named` finds a function that still exists; `run` runs its handler now."""
        self._local = local
        self._named = named
        self._run = run
        self._configs: dict[str, dict[str, Any]] = {}
        self._threads = ThreadPoolExecutor(THREADS, "lambda-async")

    def accept(self, function: str, payload: str) -> None:
        """Queue an event; the handler runs in the background."""
        self._submit(Event(function, payload, self._local.clock.now()))

    def configure(self, function: Function, config: dict[str, Any]) -> dict[str, Any]:
        """Set {"MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"}."""
        for target in config.get("DestinationConfig", {}).values():
            _check_destination(target.get("Destination", ""))
        self._configs[function.name] = {**config, "LastModified": datetime.now(UTC)}
        return self.described(function)

    def described(self, function: Function) -> dict[str, Any]:
        """The configuration in the API's shape; not found if there is none."""
        if function.name not in self._configs:
            raise not_found(
                f"The function {function.arn}:$LATEST doesn't have an EventInvokeConfig"
            )
        return {"FunctionArn": f"{function.arn}:$LATEST", **self._configs[function.name]}

    def forget(self, function: str) -> None:
        """Discard the configuration."""
        self._configs.pop(function, None)

    def close(self) -> None:
        """Stop starting invocations."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _submit(self, event: Event) -> None:
        try:
            self._threads.submit(self._attempt, event)
        except RuntimeError:
            log.info("local AWS is closing: an event for %s is dropped", event.function)

    def _attempt(self, event: Event) -> None:
        try:
            self._try_once(event)
        except Exception:
            log.exception("an asynchronous invocation of %s failed", event.function)

    def _try_once(self, event: Event) -> None:
        function = self._named(event.function)
        if function is None:
            log.warning("function %s no longer exists: its event is dropped", event.function)
            return
        try:
            outcome = self._run(function, event.payload)
        except ServiceError as error:
            self._after_throttle(event, function, error)
            return
        event = replace(event, attempts=event.attempts + 1)
        if not outcome.failed:
            self._send("OnSuccess", "Success", event, function, outcome)
        elif event.attempts <= self._setting(event, "MaximumRetryAttempts", len(RETRY_DELAYS)):
            self._later(event, function, outcome, RETRY_DELAYS[event.attempts - 1])
        else:
            self._give_up("RetriesExhausted", event, function, outcome)

    def _setting(self, event: Event, key: str, default: int) -> int:
        return int(self._configs.get(event.function, {}).get(key, default))

    def _after_throttle(self, event: Event, function: Function, error: ServiceError) -> None:
        if error.code != "TooManyRequestsException":
            raise error
        self._later(event, function, None, THROTTLED_DELAY)

    def _later(
        self, event: Event, function: Function, outcome: Outcome | None, delay: timedelta
    ) -> None:
        moment = self._local.clock.now() + delay
        age = timedelta(seconds=self._setting(event, "MaximumEventAgeInSeconds", DEFAULT_AGE))
        if moment > event.accepted + age:
            self._give_up("EventAgeExceeded", event, function, outcome)
        else:
            self._local.clock.at(moment, lambda: self._submit(event))

    def _give_up(
        self, condition: str, event: Event, function: Function, outcome: Outcome | None
    ) -> None:
        self._send("OnFailure", condition, event, function, outcome)
        dead_letters = (function.settings["DeadLetterConfig"] or {}).get("TargetArn")
        if dead_letters:
            self._deliver(dead_letters, event.payload, _dead_letter_attributes(outcome))

    def _send(
        self, which: str, condition: str, event: Event, function: Function, outcome: Outcome | None
    ) -> None:
        config = self._configs.get(event.function, {}).get("DestinationConfig", {})
        target = config.get(which, {}).get("Destination")
        if target:
            record = _record(condition, event, function, outcome)
            self._deliver(target, json.dumps(record), {})

    def _deliver(self, arn: str, body: str, attributes: dict[str, dict[str, str]]) -> None:
        service, name = arn.split(":")[2], arn.rpartition(":")[2]
        client = self._local.client(service)
        try:
            if service == "sqs":
                url = client.get_queue_url(QueueName=name)["QueueUrl"]
                client.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes)
            else:
                client.publish(TopicArn=arn, Message=body, MessageAttributes=attributes)
        except (ClientError, BotoCoreError) as error:
            log.warning("the result of an asynchronous invocation did not reach %s: %s", arn, error)


def _check_destination(arn: str) -> None:
    if arn and arn.split(":")[2] not in ("sqs", "sns"):
        raise invalid(f"local AWS sends to SQS queues and SNS topics, not to {arn}")


def _record(
    condition: str, event: Event, function: Function, outcome: Outcome | None
) -> dict[str, Any]:
    """The invocation record that AWS sends to a destination."""
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "requestContext": {
            "requestId": outcome.request_id if outcome else "",
            "functionArn": f"{function.arn}:$LATEST",
            "condition": condition,
            "approximateInvokeCount": event.attempts,
        },
        "requestPayload": json.loads(event.payload),
    }
    if outcome is not None:
        context: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST"}
        if outcome.failed:
            context["functionError"] = "Unhandled"
        record["responseContext"] = context
        record["responsePayload"] = json.loads(outcome.payload)
    return record


def _dead_letter_attributes(outcome: Outcome | None) -> dict[str, dict[str, str]]:
    if outcome is None:
        return {}
    message = str(json.loads(outcome.payload).get("errorMessage", ""))[:1024]
    values = {"RequestID": outcome.request_id, "ErrorCode": "200", "ErrorMessage": message or "-"}
    return {key: {"DataType": "String", "StringValue": value} for key, value in values.items()}
