"""What all operations of DataBrew share: stored definitions, their ARNs, tags and dates."""

from __future__ import annotations

import threading
from typing import Any

from ratchet.local_aws.databrew.api.answers import not_found
from ratchet.local_aws.running.host import Host
from ratchet.local_aws.running.service import Service


class Resources(Service):
    """Definitions by name, in memory, behind one lock."""

    def __init__(self, local: Host) -> None:
        super().__init__(local)
        self.lock = threading.RLock()
        self.datasets: dict[str, dict[str, Any]] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self._tags: dict[str, dict[str, str]] = {}

    def arn(self, kind: str, name: str) -> str:
        return f"arn:aws:databrew:{self.local.region}:{self.local.account}:{kind}/{name}"

    def made(self, kind: str, request: dict[str, Any]) -> dict[str, Any]:
        """A new definition from its request; tags are stored separately."""
        arn, now = self.arn(kind, request["Name"]), self.local.clock.now()
        self._tags[arn] = dict(request.get("Tags") or {})
        definition = {key: value for key, value in request.items() if key != "Tags"}
        return definition | {
            "ResourceArn": arn,
            "CreatedBy": self.local.account,
            "CreateDate": now,
            "LastModifiedBy": self.local.account,
            "LastModifiedDate": now,
        }

    def touched(self, old: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
        return old | change | {"LastModifiedDate": self.local.clock.now()}

    def with_tags(self, definition: dict[str, Any]) -> dict[str, Any]:
        return definition | {"Tags": dict(self._tags.get(definition["ResourceArn"], {}))}

    def tag_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        self._tags_of(request).update(request["Tags"])
        return {}

    def untag_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        tags = self._tags_of(request)
        for key in request["TagKeys"]:
            tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"Tags": dict(self._tags_of(request))}

    def forget(self, arn: str) -> None:
        self._tags.pop(arn, None)

    def _tags_of(self, request: dict[str, Any]) -> dict[str, str]:
        if request["ResourceArn"] not in self._tags:
            raise not_found("Resource", request["ResourceArn"])
        return self._tags[request["ResourceArn"]]
