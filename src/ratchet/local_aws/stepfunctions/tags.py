"""Tags of state machines."""

from __future__ import annotations

from typing import Any

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.stepfunctions.arns import machine_arn
from ratchet.local_aws.stepfunctions.records import Records


class TagOperations:
    """API operations on tags."""

    _records: Records

    def tag_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        tags = self._tags(request["resourceArn"])
        with self._records.lock:
            more = {tag["key"]: tag["value"] for tag in request["tags"]}
            if len(tags | more) > 50:
                raise ServiceError(
                    "TooManyTags", f"'{request['resourceArn']}' has more than 50 tags"
                )
            tags.update(more)
        return {}

    def untag_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        tags = self._tags(request["resourceArn"])
        with self._records.lock:
            for key in request["tagKeys"]:
                tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        tags = self._tags(request["resourceArn"])
        return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}

    def _tags(self, arn: str) -> dict[str, str]:
        record = self._records.find_machine(machine_arn(arn))
        if record is None:
            raise ServiceError("ResourceNotFound", f"Resource not found: '{arn}'")
        return record.tags
