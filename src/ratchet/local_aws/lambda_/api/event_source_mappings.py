"""Operations on event source mappings: SQS queues whose messages a function receives."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.lambda_.api.invocations import InvocationOperations
from ratchet.local_aws.lambda_.event_source import EventSourceMapping, settings_of
from ratchet.local_aws.lambda_.model import Function, invalid, not_found, pages, unsupported
from ratchet.local_aws.lambda_.polling import Poller, Settings

KNOWN = frozenset(
    {
        "UUID",
        "EventSourceArn",
        "FunctionName",
        "Enabled",
        "BatchSize",
        "MaximumBatchingWindowInSeconds",
        "FunctionResponseTypes",
        "ScalingConfig",
        "Tags",
    }
)
UNBATCHED_LIMIT = 10


class MappingOperations(InvocationOperations):
    """One method per operation."""

    def create_event_source_mapping(self, request: dict[str, Any]) -> dict[str, Any]:
        """Start passing a queue's messages to a function."""
        _check_known(request)
        queue_arn = request.get("EventSourceArn", "")
        function = self.function(request)
        self._check_queue(queue_arn, function)
        _check_batch(settings_of(request))
        number = str(uuid.uuid4())
        arn = self.arn("event-source-mapping", number)
        mapping = EventSourceMapping(number, arn, queue_arn, function, dict(request))
        with self.lock:
            self._check_new(mapping)
            self.mappings[number] = mapping
            self.tags[arn] = dict(request.get("Tags", {}))
        self._start(mapping)
        return mapping.describe()

    def get_event_source_mapping(self, request: dict[str, Any]) -> dict[str, Any]:
        """One mapping."""
        return self._mapping(request).describe()

    def list_event_source_mappings(self, request: dict[str, Any]) -> dict[str, Any]:
        """All mappings, or those of a queue or function, in pages."""
        with self.lock:
            found = list(self.mappings.values())
        if "EventSourceArn" in request:
            found = [m for m in found if m.queue_arn == request["EventSourceArn"]]
        if "FunctionName" in request:
            name = self.function(request).name
            found = [m for m in found if m.function.name == name]
        page, more = pages(100).page(found, request)
        return {"EventSourceMappings": [mapping.describe() for mapping in page], **more}

    def update_event_source_mapping(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change what the request contains."""
        _check_known(request)
        mapping = self._mapping(request)
        changed = {**mapping.request, **request}
        _check_batch(settings_of(changed))
        function = self.function(request) if "FunctionName" in request else mapping.function
        self._stop(mapping)
        mapping.request, mapping.function = changed, function
        mapping.modified = datetime.now(UTC)
        self._start(mapping)
        return mapping.describe()

    def delete_event_source_mapping(self, request: dict[str, Any]) -> dict[str, Any]:
        """Stop passing messages."""
        mapping = self._mapping(request)
        self._stop(mapping)
        with self.lock:
            self.mappings.pop(mapping.id, None)
            self.tags.pop(mapping.arn, None)
        return mapping.describe("Deleting")

    def _mapping(self, request: dict[str, Any]) -> EventSourceMapping:
        with self.lock:
            found = self.mappings.get(request["UUID"])
        if found is None:
            raise not_found("The resource you requested does not exist.")
        return found

    def _start(self, mapping: EventSourceMapping) -> None:
        if not mapping.request.get("Enabled", True):
            return
        name = mapping.function.name

        def run(event: str) -> Any:
            return self.run(self.function({"FunctionName": name}), event)

        settings = settings_of(mapping.request)
        mapping.poller = Poller(self.local, mapping.queue_arn, settings, run)

    def _stop(self, mapping: EventSourceMapping) -> None:
        poller, mapping.poller = mapping.poller, None
        if poller is not None:
            poller.close()

    def _check_new(self, mapping: EventSourceMapping) -> None:
        for other in self.mappings.values():
            same_function = other.function.name == mapping.function.name
            if same_function and other.queue_arn == mapping.queue_arn:
                raise ServiceError(
                    "ResourceConflictException",
                    f'An event source mapping with SQS arn (" {mapping.queue_arn} ") and function '
                    f'(" {mapping.function.name} ") already exists. Please update or delete the '
                    f"existing mapping with UUID {other.id}",
                    409,
                )

    def _check_queue(self, queue_arn: str, function: Function) -> None:
        """The queue must exist, with a visibility timeout not below the function's timeout."""
        if queue_arn.split(":")[2:3] != ["sqs"]:
            raise unsupported(f"event source {queue_arn or '(none)'}: use an SQS queue")
        sqs, name = self.local.services["sqs"], queue_arn.rpartition(":")[2]
        wanted = ["VisibilityTimeout"]
        try:
            url = sqs.get_queue_url({"QueueName": name})["QueueUrl"]
            answer = sqs.get_queue_attributes({"QueueUrl": url, "AttributeNames": wanted})
        except ServiceError as error:
            raise invalid(
                "Error occurred while ReceiveMessage. SQS Error Code: "
                f"{error.query_code or error.code}. SQS Error Message: {error.message}"
            ) from error
        visibility = int(answer["Attributes"]["VisibilityTimeout"])
        if visibility < function.timeout:
            raise invalid(
                f"Queue visibility timeout: {visibility} seconds is less than Function timeout: "
                f"{function.timeout} seconds"
            )


def _check_known(request: dict[str, Any]) -> None:
    unknown = sorted(key for key in request.keys() - KNOWN if request[key])
    if unknown:
        raise unsupported(f"{unknown[0]} of an event source mapping: remove it")


def _check_batch(settings: Settings) -> None:
    if settings.batch_size <= UNBATCHED_LIMIT:
        return
    if settings.window == 0:
        raise invalid(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is "
            "greater than 10"
        )
