"""The errors of SQS: each under the name of the model and the code of the former query protocol.

Clients show the second, which the header x-amzn-query-error carries ("Interpreting Amazon SQS JSON
API responses" in SQS's guide).
"""

from __future__ import annotations

from ratchet.local_aws.door.errors import ServiceError

_PREFIX = "AWS.SimpleQueueService."


def invalid(message: str) -> ServiceError:
    """A value that SQS does not take."""
    return ServiceError("InvalidParameterValue", message)


def invalid_value(name: str, value: object, reason: str) -> ServiceError:
    """A parameter's value that SQS does not take."""
    return invalid(f"Value {value} for parameter {name} is invalid. Reason: {reason}.")


def missing(name: str) -> ServiceError:
    """A parameter that is required."""
    return ServiceError("MissingParameter", f"The request must contain the parameter {name}.")


def invalid_contents(character: str, allowed: str) -> ServiceError:
    """A character that no message may contain."""
    return ServiceError(
        "InvalidMessageContents",
        f"Invalid binary character '{character}' was found in the message body, the set of "
        f"allowed characters is {allowed}",
    )


def no_queue() -> ServiceError:
    """The queue does not exist."""
    return ServiceError(
        "QueueDoesNotExist",
        "The specified queue does not exist.",
        query_code=f"{_PREFIX}NonExistentQueue",
    )


def queue_exists(attribute: str) -> ServiceError:
    """A queue of that name has another value of the attribute."""
    return ServiceError(
        "QueueNameExists",
        "A queue already exists with the same name and a different value for attribute "
        f"{attribute}",
        query_code="QueueAlreadyExists",
    )


def unknown_attribute(name: str) -> ServiceError:
    """A queue attribute that cannot be set."""
    return ServiceError("InvalidAttributeName", f"Unknown Attribute {name}.")


def invalid_attribute(name: str) -> ServiceError:
    """A queue attribute out of its range."""
    return ServiceError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")


def no_handle(handle: str) -> ServiceError:
    """A receipt handle that no answer of this queue contained."""
    return ServiceError(
        "ReceiptHandleIsInvalid", f'The input receipt handle "{handle}" is not valid.'
    )


def not_in_flight() -> ServiceError:
    """The visibility of a message that is not in flight cannot change."""
    return ServiceError(
        "MessageNotInflight",
        "The message referred to is not in flight.",
        query_code=f"{_PREFIX}MessageNotInflight",
    )


def batch(name: str, message: str) -> ServiceError:
    """A batch that is refused as a whole."""
    return ServiceError(name, message, query_code=f"{_PREFIX}{name}")


def purging() -> ServiceError:
    """Purged less than a minute ago."""
    return ServiceError(
        "PurgeQueueInProgress",
        "Only one PurgeQueue operation is allowed every 60 seconds.",
        query_code=f"{_PREFIX}PurgeQueueInProgress",
    )


def over_limit() -> ServiceError:
    """Too many messages in flight."""
    return ServiceError(
        "OverLimit", "The maximum number of in flight messages is reached; delete some.", 403
    )


def unsupported(what: str, instead: str) -> ServiceError:
    """Something that local AWS does not do."""
    return ServiceError(
        "NotSupportedByLocalAws", f"local AWS does not support {what}: {instead}", 501
    )
