"""A living service: one class per AWS service, one method per operation it answers.

The gateway parses and validates a request by botocore's model before calling the method, and
serialises what the method returns; a service knows nothing of HTTP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Host


class Service:
    """An AWS service that really does its work here.

    A method named after an operation in snake case (`CreateJob` -> `create_job`) takes the parsed
    request and returns the response: blobs are bytes, timestamps datetimes with a zone; a
    streaming blob may be bytes, a file-like object or an iterable of bytes. Methods are called
    from many threads at once. An operation with neither a method nor an entry in `passes` is
    answered with 501 NotSupportedByLocalAws.
    """

    name: ClassVar[str]
    """Signing name: "states", "lambda", "events", ..."""
    model: ClassVar[str]
    """botocore's name of the service model: "stepfunctions", "lambda", ..."""
    passes: ClassVar[frozenset[str]] = frozenset()
    """Operations that moto answers, passed on unchanged once they are valid."""

    def __init__(self, local: Host) -> None:
        self.local = local

    def about(self) -> dict[str, Any]:
        """What this service adds to `/_ratchet`, such as {"stack": name}."""
        return {}

    def close(self) -> None:
        """Stop the service's threads and children; called once, when local AWS closes."""
