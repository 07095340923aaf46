"""Delivers to the targets of rules and schedules: SQS, SNS, Lambda, Step Functions.

In the background, with the target's retry policy and dead-letter queue, as EventBridge does: what
fails for a reason that a retry cannot fix goes to the dead-letter queue at once.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ratchet.local_aws.door.errors import ServiceError

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Host

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 185
MAX_AGE_SECONDS = 86_400
WORKERS = 4
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 300.0

_THROTTLED = {"ThrottlingException", "TooManyRequestsException", "ServiceUnavailable"}
_SERVER_ERROR = 500
_GONE = ("NotFound", "NonExistent", "DoesNotExist")


@dataclass(frozen=True)
class Delivery:
    """One payload for one target.

    `labels` are the dead letter's attributes that show its origin (RULE_ARN, ...);
    `name` starts the name of an execution that the delivery starts.
    """

    arn: str
    payload: str
    since: datetime
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    group: str | None = None
    dead_letters: str | None = None
    retries: int = MAX_ATTEMPTS
    max_age: timedelta = timedelta(seconds=MAX_AGE_SECONDS)
    attempt: int = 0


def delivery_options(target: Mapping[str, Any]) -> dict[str, Any]:
    """A target's RetryPolicy, DeadLetterConfig and SqsParameters as Delivery's fields."""
    policy = target.get("RetryPolicy", {})
    age = policy.get("MaximumEventAgeInSeconds", MAX_AGE_SECONDS)
    return {
        "retries": policy.get("MaximumRetryAttempts", MAX_ATTEMPTS),
        "max_age": timedelta(seconds=age),
        "dead_letters": target.get("DeadLetterConfig", {}).get("Arn"),
        "group": target.get("SqsParameters", {}).get("MessageGroupId"),
    }


def check_target(arn: str, role: str | None) -> None:
    """Refuse a target of an unsupported service, or without the role that it needs."""
    kind = _kind(arn)
    if kind not in _SENDERS:
        what = kind or arn
        raise ServiceError(
            "NotSupportedByLocalAws",
            f"local AWS delivers to {', '.join(_SENDERS)}; not to {what} (target {arn})",
            501,
        )
    if kind == "states" and not role:
        raise ServiceError("ValidationException", f"RoleArn is required for target {arn}.")


def _kind(arn: str) -> str:
    """The service of a target's ARN."""
    parts = arn.split(":", 5)
    return parts[2] if len(parts) == 6 else ""


@dataclass(frozen=True)
class _Failure:
    """Why a target did not take a delivery."""

    code: str
    message: str
    status: int

    @property
    def may_pass(self) -> bool:
        """Whether another attempt may succeed: after throttling and server errors."""
        supported = self.code != "NotSupportedByLocalAws"
        return supported and (self.code in _THROTTLED or self.status >= _SERVER_ERROR)

    @property
    def label(self) -> str:
        """The ERROR_CODE of a dead letter."""
        if any(part in self.code for part in _GONE):
            return "NO_RESOURCE"
        if self.code in _THROTTLED:
            return "THROTTLING"
        return "INTERNAL_ERROR" if self.may_pass else "SDK_CLIENT_ERROR"


class Dispatcher:
    """A few background threads that deliver; each starts when first needed."""

    def __init__(self, local: Host, name: str) -> None:
        self._local = local
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix=name)

    def submit(self, work: Callable[..., None], *args: Any) -> None:
        """Run in the background; dropped when local AWS is closing."""
        try:
            self._pool.submit(_logged, work, *args)
        except RuntimeError:
            log.debug("closing: dropped %s", work)

    def deliver(self, delivery: Delivery) -> None:
        """Deliver in the background, with retries if they may help, or to the dead-letter queue."""
        self.submit(self._try, delivery)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _try(self, delivery: Delivery) -> None:
        try:
            _SENDERS[_kind(delivery.arn)](self._local, delivery)
        except ClientError as error:
            given, meta = error.response["Error"], error.response.get("ResponseMetadata", {})
            status = int(meta.get("HTTPStatusCode", _SERVER_ERROR))
            message = given.get("Message") or str(error)
            self._failed(delivery, _Failure(given.get("Code", ""), message, status))
        except ServiceError as error:
            self._failed(delivery, _Failure(error.code, error.message, error.status))

    def _failed(self, delivery: Delivery, failure: _Failure) -> None:
        pause = min(FIRST_PAUSE_SECONDS * 2**delivery.attempt, LONGEST_PAUSE_SECONDS)
        again = self._local.clock.now() + timedelta(seconds=pause * random.uniform(0.5, 1.0))  # noqa: S311
        retry = replace(delivery, attempt=delivery.attempt + 1)
        if not failure.may_pass:
            self._give_up_after(delivery, failure)
        elif delivery.attempt >= delivery.retries:
            self._give_up_after(delivery, failure, EXHAUSTED_RETRY_CONDITION="MaximumRetryAttempts")
        elif again - delivery.since > delivery.max_age:
            self._give_up_after(
                delivery, failure, EXHAUSTED_RETRY_CONDITION="MaximumEventAgeInSeconds"
            )
        else:
            self._local.clock.at(again, lambda: self.deliver(retry))

    def _give_up_after(self, delivery: Delivery, failure: _Failure, **more: str) -> None:
        self.give_up(delivery, failure.label, failure.message, **more)

    def give_up(self, delivery: Delivery, code: str, message: str, **more: str) -> None:
        """Send the payload to the dead-letter queue, if the target has one."""
        log.warning("not delivered to %s: %s: %s", delivery.arn, code, message)
        if delivery.dead_letters is None:
            return
        labels = {
            **delivery.labels,
            "TARGET_ARN": delivery.arn,
            "ERROR_CODE": code,
            "ERROR_MESSAGE": message,
            "RETRY_ATTEMPTS": str(delivery.attempt),
            **more,
        }
        letter = {
            "QueueUrl": queue_url(self._local, delivery.dead_letters),
            "MessageBody": delivery.payload,
            "MessageAttributes": {
                key: {"DataType": "String", "StringValue": value} for key, value in labels.items()
            },
        }
        self._local.services["sqs"].send_message(letter)


def _logged(work: Callable[..., None], *args: Any) -> None:
    try:
        work(*args)
    except Exception:
        log.exception("a delivery failed")


# Senders


def queue_url(local: Host, arn: str) -> str:
    """The URL of the queue with this ARN, whether it exists or not."""
    account, name = arn.split(":")[4:6]
    return f"{local.endpoint}/{account}/{name}"


def _send_to_queue(local: Host, delivery: Delivery) -> None:
    more = {"MessageGroupId": delivery.group} if delivery.group else {}
    url = queue_url(local, delivery.arn)
    message = {"QueueUrl": url, "MessageBody": delivery.payload, **more}
    local.services["sqs"].send_message(message)


def _publish(local: Host, delivery: Delivery) -> None:
    local.client("sns").publish(TopicArn=delivery.arn, Message=delivery.payload)


def _invoke(local: Host, delivery: Delivery) -> None:
    local.client("lambda").invoke(
        FunctionName=delivery.arn, InvocationType="Event", Payload=delivery.payload.encode()
    )


def _start_execution(local: Host, delivery: Delivery) -> None:
    local.client("stepfunctions").start_execution(
        stateMachineArn=delivery.arn, name=delivery.name, input=delivery.payload
    )


_SENDERS: dict[str, Callable[[Host, Delivery], None]] = {
    "sqs": _send_to_queue,
    "sns": _publish,
    "lambda": _invoke,
    "states": _start_execution,
}
